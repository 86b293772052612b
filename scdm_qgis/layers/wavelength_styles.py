"""Styles of a layer by the wavelengths of its bands, beside whatever style it has."""

from typing import Callable, List, NamedTuple, Tuple

from qgis.core import QgsRasterLayer

from ..model_runtime.contract import NATURAL_NM, RED_EDGE_NM
from ..model_runtime.raster.wavelengths import sees
from ..translation import tr
from .raster_file import wavelengths_nm
from .style import natural_colour, show_band, show_infrared


class WavelengthStyle(NamedTuple):
    """A style by its title; ``show`` gives it to a layer, False where its bands are not there."""

    title: str
    show: Callable[[QgsRasterLayer], bool]


def wavelength_styles() -> List[WavelengthStyle]:
    """Those that need no further choice."""
    return [
        WavelengthStyle(tr("Natural colour"), _show_natural),
        WavelengthStyle(tr("Colour infrared"), show_infrared),
        WavelengthStyle(tr("Red edge"), lambda layer: show_infrared(layer, RED_EDGE_NM)),
    ]


def _show_natural(layer: QgsRasterLayer) -> bool:
    return sees(wavelengths_nm(layer.source()), NATURAL_NM) and natural_colour(layer)


def bands_by_wavelength(layer: QgsRasterLayer) -> List[Tuple[float, int]]:
    """(nm, band from 1) of the bands whose wavelength is known, shortest first."""
    known = enumerate(wavelengths_nm(layer.source()), 1)
    return sorted((nm, band) for band, nm in known if nm is not None)


def refusal(layer) -> str:
    """Why ``layer`` cannot be styled by wavelength; empty where it can."""
    if not isinstance(layer, QgsRasterLayer) or layer.providerType() != "gdal":
        return tr("Choose a raster layer of a file in the layer panel first.")
    if not bands_by_wavelength(layer):
        text = tr(
            "'{}' does not say the wavelengths of its bands: choose a hyperspectral raster whose "
            "metadata holds them."
        )
        return text.format(layer.name())
    return ""


def apply_style(layer: QgsRasterLayer, style: WavelengthStyle) -> str:
    """Show ``layer`` in ``style``; why that cannot be, empty where it was done."""
    text = refusal(layer)
    if text:
        return text
    before = enter_style(layer, style.title)
    if style.show(layer):
        return ""
    leave_style(layer, style.title, before)
    text = tr("'{layer}' has no bands for {style}: its wavelengths are {low:g} to {high:g} nm.")
    nm = [centre for centre, _band in bands_by_wavelength(layer)]
    return text.format(layer=layer.name(), style=style.title, low=nm[0], high=nm[-1])


def enter_style(layer: QgsRasterLayer, title: str) -> str:
    """Make the style ``title`` the layer's current one, new where it is not there.

    The name of the one before it, which stays.
    """
    names = layer.styleManager()
    before = names.currentStyle()
    if title not in names.styles():
        names.addStyleFromLayer(title)
    names.setCurrentStyle(title)
    return before


def leave_style(layer: QgsRasterLayer, title: str, before: str) -> None:
    """Go back to the style ``before`` and drop ``title``, which was just made."""
    if before != title:
        layer.styleManager().setCurrentStyle(before)
        layer.styleManager().removeStyle(title)


def show_one_band(layer: QgsRasterLayer, band: int) -> None:
    """Show ``band`` (from 1) in the style *One band*."""
    enter_style(layer, tr("One band"))
    show_band(layer, band)
