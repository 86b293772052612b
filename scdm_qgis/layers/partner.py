"""Which layer holds the spread of an estimate: the same run's standard deviations."""

from typing import Iterable, Optional

from qgis.core import QgsRasterLayer

from ..model_runtime.contract import SPREAD_CONTENT
from .raster_file import scdm_tags

_SAME = ("MODEL_SHA256", "SEED", "SAMPLES", "SAMPLER", "STEPS", "GUIDANCE", "INPUT_BANDS")


def spread_of(layer: QgsRasterLayer, others: Iterable) -> Optional[QgsRasterLayer]:
    """The layer among ``others`` with the spread of ``layer``: same run, same grid; or None."""
    tags = scdm_tags(layer.source())
    if not tags or tags.get("CONTENT") == SPREAD_CONTENT:
        return None
    for other in others:
        if isinstance(other, QgsRasterLayer) and _same_grid(layer, other):
            found = scdm_tags(other.source())
            if found.get("CONTENT") == SPREAD_CONTENT and _same_run(tags, found):
                return other
    return None


def _same_run(tags, others) -> bool:
    return all(tags.get(name) == others.get(name) for name in _SAME)


def _same_grid(layer: QgsRasterLayer, other: QgsRasterLayer) -> bool:
    return (layer.width(), layer.height(), layer.bandCount(), layer.extent()) == (
        *(other.width(), other.height(), other.bandCount()),
        other.extent(),
    )
