"""How a hyperspectral layer looks on the map: natural colour and colour infrared, stretched."""

from typing import List, Optional, Sequence, Tuple

from qgis.core import (
    QgsContrastEnhancement,
    QgsMultiBandColorRenderer,
    QgsRasterLayer,
    QgsSingleBandPseudoColorRenderer,
    QgsStyle,
)
from qgis.PyQt.QtCore import QCoreApplication

from .raster_file import wavelengths_nm

NATURAL_NM = (640.0, 550.0, 460.0)
INFRARED_NM = (860.0, 650.0, 550.0)
REACH_NM = 60.0  # a band further away than this shows something else than was asked for
SAMPLE_PIXELS = 250_000
CUT = (0.02, 0.98)  # the shares of the values between which colours are stretched
GAMMA = 1.4  # reflectance is linear, screens and the pictures beside it are not


def nearest_bands(
    wavelength_nm: Sequence[Optional[float]], targets: Sequence[float] = NATURAL_NM
) -> Tuple[int, ...]:
    """The band (1-based) nearest each target; empty when no band has a wavelength."""
    known: List[Tuple[int, float]] = [
        (band, nm) for band, nm in enumerate(wavelength_nm, 1) if nm is not None
    ]
    if not known:
        return ()
    return tuple(min(known, key=lambda item: abs(item[1] - nm))[0] for nm in targets)


def natural_colour(layer: QgsRasterLayer) -> bool:
    """Style ``layer`` in natural colour with a cumulative cut; False without wavelengths."""
    bands = nearest_bands(wavelengths_nm(layer.source()))
    if bands:
        _show(layer, bands, together=True)
    return bool(bands)


def both_styles(layer: QgsRasterLayer) -> bool:
    """Natural colour, with colour infrared as a second style; False without wavelengths."""
    nm = wavelengths_nm(layer.source())
    if not natural_colour(layer):
        return False
    names = layer.styleManager()
    natural = QCoreApplication.translate("scdm", "Natural colour")
    names.renameStyle(names.currentStyle(), natural)
    if sees_infrared(nm):
        infrared = QCoreApplication.translate("scdm", "Colour infrared")
        names.addStyleFromLayer(infrared)
        names.setCurrentStyle(infrared)
        _show(layer, nearest_bands(nm, INFRARED_NM), together=False)
        names.setCurrentStyle(natural)
    return True


def spread_colours(layer: QgsRasterLayer) -> bool:
    """The spread in the near infrared (the least known, where a band is there) from 0 in viridis.

    False without wavelengths.
    """
    nm = wavelengths_nm(layer.source())
    bands = nearest_bands(nm, INFRARED_NM)
    ramp = QgsStyle.defaultStyle().colorRamp("Viridis")
    if not bands or ramp is None:
        return False
    band, provider = bands[0], layer.dataProvider()
    _, top = provider.cumulativeCut(band, *CUT, layer.extent(), SAMPLE_PIXELS)
    renderer = QgsSingleBandPseudoColorRenderer(provider, band)
    renderer.setClassificationMin(0.0)
    renderer.setClassificationMax(top)
    renderer.createShader(ramp)
    layer.setRenderer(renderer)
    layer.triggerRepaint()
    return True


def sees_infrared(wavelength_nm: Sequence[Optional[float]]) -> bool:
    """Whether a band lies near enough to the near infrared of INFRARED_NM."""
    return any(nm is not None and abs(nm - INFRARED_NM[0]) <= REACH_NM for nm in wavelength_nm)


def _show(layer: QgsRasterLayer, bands: Tuple[int, ...], together: bool) -> None:
    """``bands`` as red, green and blue, cut at CUT.

    Each band on its own, or ``together``, which keeps the balance of the colours.
    """
    provider, extent = layer.dataProvider(), layer.extent()
    cuts = [provider.cumulativeCut(band, *CUT, extent, SAMPLE_PIXELS) for band in bands]
    if together:
        cuts = [(min(low for low, _ in cuts), max(high for _, high in cuts))] * len(bands)
    renderer = QgsMultiBandColorRenderer(provider, *bands)
    setters = (
        renderer.setRedContrastEnhancement,
        renderer.setGreenContrastEnhancement,
        renderer.setBlueContrastEnhancement,
    )
    for setter, band, cut in zip(setters, bands, cuts):
        setter(_stretch(provider.dataType(band), *cut))
    layer.setRenderer(renderer)
    layer.brightnessFilter().setGamma(GAMMA)
    layer.triggerRepaint()


def _stretch(data_type, low: float, high: float) -> QgsContrastEnhancement:
    algorithm = QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum
    enhancement = QgsContrastEnhancement(data_type)
    enhancement.setContrastEnhancementAlgorithm(algorithm, False)
    enhancement.setMinimumValue(low, False)
    enhancement.setMaximumValue(high)
    return enhancement
