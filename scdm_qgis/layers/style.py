"""How a hyperspectral layer looks on the map: natural colour and colour infrared, stretched."""

from typing import Optional, Sequence, Tuple

from qgis.core import (
    QgsContrastEnhancement,
    QgsMultiBandColorRenderer,
    QgsRasterLayer,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
    QgsStyle,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..model_runtime.contract import (
    INFRARED_NM,
    NATURAL_NM,
    RELIABILITY_CONTENT,
    SPREAD_CONTENT,
)
from ..model_runtime.raster.wavelengths import REACH_NM, nearest_bands, sees
from .band_cut import cut_of
from .colour_samples import Displayed, sample
from .look import CUT, OWN_GAMMA, Channel, Look, like, own, with_band_numbers
from .raster_file import scdm_tags, wavelengths_nm

INFRARED_CUT = (0.0, 0.99)
LEAST_VISIBLE = 0.5  # of the near infrared's brightest: plants stay red, soil stays dull


def natural_look(name: str, picture: Optional[Displayed] = None) -> Optional[Look]:
    """How the raster ``name`` looks in natural colour: as ``picture`` does, where that can be.

    None for a raster without red, green and blue. Reads the files; may be called in any thread.
    """
    found = sample(name, picture)
    if found is None:
        return None
    look = None if found.shown is None else like(found.shown, found.values, found.wavelength_nm)
    look = look or own(found.values, found.wavelength_nm)
    return look and with_band_numbers(look, found.numbers)


def natural_colour(layer: QgsRasterLayer, look: Optional[Look] = None) -> bool:
    """Style ``layer`` in natural colour, by ``look`` where it is known; False without wavelengths.

    A raster that does not see red, green and blue shows the bands nearest to them.
    """
    look = look or natural_look(layer.source())
    if look is not None:
        _show(layer, look)
        return True
    bands = nearest_bands(wavelengths_nm(layer.source()), NATURAL_NM)
    if bands:
        _show(layer, _cut_together(layer, bands))
    return bool(bands)


def both_styles(layer: QgsRasterLayer, look: Optional[Look] = None) -> bool:
    """Natural colour, with colour infrared as a second style; False without wavelengths."""
    nm = wavelengths_nm(layer.source())
    if not natural_colour(layer, look):
        return False
    names = layer.styleManager()
    natural = QCoreApplication.translate("scdm", "Natural colour")
    names.renameStyle(names.currentStyle(), natural)
    if sees_infrared(nm):
        infrared = QCoreApplication.translate("scdm", "Colour infrared")
        names.addStyleFromLayer(infrared)
        names.setCurrentStyle(infrared)
        _show(layer, _infrared_look(layer, nearest_bands(nm, INFRARED_NM)))
        names.setCurrentStyle(natural)
    return True


def spread_colours(layer: QgsRasterLayer) -> bool:
    """The spread in the near infrared (the least known, where a band is there) from 0 in viridis.

    False without wavelengths.
    """
    nm = wavelengths_nm(layer.source())
    bands = nearest_bands(nm, INFRARED_NM)
    if not bands:
        return False
    return _in_viridis(layer, bands[0], _cut(layer, bands[0], CUT)[1])


def reliability_colours(layer: QgsRasterLayer) -> bool:
    """The reliability from 0, dark, to 100 in viridis, in every picture alike."""
    return _in_viridis(layer, 1, 100.0)


def index_colours(layer: QgsRasterLayer) -> bool:
    """The first band in viridis between its own shares CUT: an index, without its interval."""
    return _in_viridis(layer, 1, *reversed(_cut(layer, 1, CUT)))


def error_colours(layer: QgsRasterLayer) -> bool:
    """The first band, an angle or an error, in viridis from 0."""
    return _in_viridis(layer, 1, _cut(layer, 1, CUT)[1])


def dress(layer: QgsRasterLayer, look: Optional[Look] = None) -> bool:
    """Style ``layer`` as what it says that it holds; False where that cannot be."""
    maps = {SPREAD_CONTENT: spread_colours, RELIABILITY_CONTENT: reliability_colours}
    as_map = maps.get(scdm_tags(layer.source()).get("CONTENT"))
    return both_styles(layer, look) if as_map is None else as_map(layer)


def show_infrared(layer: QgsRasterLayer, targets: Sequence[float] = INFRARED_NM) -> bool:
    """Show the bands nearest ``targets`` (nm), the first where plants are brightest, as colours.

    False where the raster does not see each of them in a band of its own.
    """
    nm = wavelengths_nm(layer.source())
    if not sees(nm, targets):
        return False
    _show(layer, _infrared_look(layer, nearest_bands(nm, targets)))
    return True


def show_band(layer: QgsRasterLayer, band: int) -> None:
    """Show one ``band`` (from 1) in greys, stretched between its own shares CUT."""
    provider = layer.dataProvider()
    renderer = QgsSingleBandGrayRenderer(provider, band)
    renderer.setContrastEnhancement(_stretch(provider.dataType(band), *_cut(layer, band, CUT)))
    layer.setRenderer(renderer)
    layer.brightnessFilter().setGamma(1.0)  # that of the style before
    layer.triggerRepaint()


def _in_viridis(layer: QgsRasterLayer, band: int, top: float, low: float = 0.0) -> bool:
    """One band from ``low`` to ``top``; False where QGIS has no such colours."""
    ramp = QgsStyle.defaultStyle().colorRamp("Viridis")
    if ramp is None:
        return False
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), band)
    renderer.setClassificationMin(_legible(low))
    renderer.setClassificationMax(_legible(top))
    renderer.createShader(ramp)
    layer.setRenderer(renderer)
    layer.triggerRepaint()
    return True


def _legible(value: float) -> float:
    """Three digits: the ends stand in the legend."""
    return float(f"{value:.3g}")


def sees_infrared(wavelength_nm: Sequence[Optional[float]]) -> bool:
    """Whether a band lies near enough to the near infrared of INFRARED_NM."""
    return any(nm is not None and abs(nm - INFRARED_NM[0]) <= REACH_NM for nm in wavelength_nm)


def _cut_together(layer: QgsRasterLayer, bands: Tuple[int, ...]) -> Look:
    """``bands`` stretched alike, which keeps the balance of the colours."""
    cuts = [_cut(layer, band, CUT) for band in bands]
    low, high = min(low for low, _ in cuts), max(high for _, high in cuts)
    red, green, blue = (Channel(band, low, high) for band in bands)
    return Look((red, green, blue), OWN_GAMMA)


def _infrared_look(layer: QgsRasterLayer, bands: Tuple[int, ...]) -> Look:
    """The near infrared as red, on its own: plants are several times as bright there.

    Red and green alike, and all from 0: more would paint every scene in the same strong colours.
    """
    _, infrared = _cut(layer, bands[0], INFRARED_CUT)
    visible = max(_cut(layer, band, INFRARED_CUT)[1] for band in bands[1:])
    visible = max(visible, LEAST_VISIBLE * infrared)
    red, green, blue = bands
    channels = Channel(red, 0, infrared), Channel(green, 0, visible), Channel(blue, 0, visible)
    return Look(channels, OWN_GAMMA)


def _cut(layer: QgsRasterLayer, band: int, shares: Tuple[float, float]) -> Tuple[float, float]:
    return cut_of(layer.source(), band, shares)


def _show(layer: QgsRasterLayer, look: Look) -> None:
    provider = layer.dataProvider()
    renderer = QgsMultiBandColorRenderer(provider, *(channel.band for channel in look.channels))
    setters = (
        renderer.setRedContrastEnhancement,
        renderer.setGreenContrastEnhancement,
        renderer.setBlueContrastEnhancement,
    )
    for setter, (band, low, high) in zip(setters, look.channels):
        setter(_stretch(provider.dataType(band), low, high))
    layer.setRenderer(renderer)
    layer.brightnessFilter().setGamma(look.gamma)
    layer.hueSaturationFilter().setSaturation(look.saturation)
    layer.triggerRepaint()


def _stretch(data_type, low: float, high: float) -> QgsContrastEnhancement:
    algorithm = QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum
    enhancement = QgsContrastEnhancement(data_type)
    enhancement.setContrastEnhancementAlgorithm(algorithm, False)
    enhancement.setMinimumValue(low, False)
    enhancement.setMaximumValue(high)
    return enhancement
