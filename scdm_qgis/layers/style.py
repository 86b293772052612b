"""How a hyperspectral layer looks on the map: natural colour from the nearest bands, stretched."""

from typing import List, Optional, Sequence, Tuple

from qgis.core import (
    QgsContrastEnhancement,
    QgsMultiBandColorRenderer,
    QgsProcessingLayerPostProcessorInterface,
    QgsRasterLayer,
    QgsRasterMinMaxOrigin,
    QgsRectangle,
)

from .raster_file import wavelengths_nm

NATURAL_NM = (640.0, 550.0, 460.0)
SAMPLE_PIXELS = 250_000


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
    if not bands:
        return False
    layer.setRenderer(QgsMultiBandColorRenderer(layer.dataProvider(), *bands))
    layer.setContrastEnhancement(
        QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum,
        QgsRasterMinMaxOrigin.Limits.CumulativeCut,
        QgsRectangle(),
        SAMPLE_PIXELS,
    )
    layer.triggerRepaint()
    return True


class NaturalColour(QgsProcessingLayerPostProcessorInterface):
    """Styles a layer once Processing has loaded it."""

    def postProcessLayer(self, layer, context, feedback):
        if isinstance(layer, QgsRasterLayer) and not natural_colour(layer):
            feedback.pushWarning(f"Layer '{layer.name()}' has no wavelengths: left unstyled")


# Processing keeps a bare pointer, so Python must hold the object; it has no state, one is enough.
STYLER = NaturalColour()


def style_on_load(context, destination: str, name: str) -> None:
    """When Processing loads ``destination``: call the layer ``name`` and style it."""
    if context.willLoadLayerOnCompletion(destination):
        details = context.layerToLoadOnCompletionDetails(destination)
        details.name, details.forceName = name, True
        details.setPostProcessor(STYLER)
