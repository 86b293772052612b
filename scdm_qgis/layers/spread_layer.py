"""Which layer holds the spread of an estimate: the same run's standard deviations."""

from typing import Iterable, Optional

from qgis.core import QgsRasterLayer

from ..model_runtime.contract import SAMPLE_TAG, SPREAD_CONTENT, TAG_PREFIX, VALUES_TAGS
from .raster_file import scdm_tags

_SAME = (
    *("SEED", "SAMPLES", "SAMPLER", "STEPS", "GUIDANCE", "TRUNCATION", "COLOUR_CORRECTION"),
    *(name[len(TAG_PREFIX) :] for name in VALUES_TAGS),
)


def spread_of(layer: QgsRasterLayer, others: Iterable) -> Optional[QgsRasterLayer]:
    """The layer among ``others`` with the spread of ``layer``: same run, same grid; or None."""
    tags = scdm_tags(layer.source())
    if not tags or _is_spread(tags) or SAMPLE_TAG[len(TAG_PREFIX) :] in tags:
        return None  # one draw has no spread: it is one of those that make it
    for other in others:
        if isinstance(other, QgsRasterLayer) and _same_grid(layer, other):
            found = scdm_tags(other.source())
            if _is_spread(found) and _same_run(tags, found):
                return other
    return None


def is_spread(layer: QgsRasterLayer) -> bool:
    """Whether ``layer`` holds the spread of an estimate, not reflectance."""
    return _is_spread(scdm_tags(layer.source()))


def _is_spread(tags) -> bool:
    return tags.get("CONTENT") == SPREAD_CONTENT


def _same_run(tags, others) -> bool:
    return all(tags.get(name) == others.get(name) for name in _SAME)


def _same_grid(layer: QgsRasterLayer, other: QgsRasterLayer) -> bool:
    return (layer.width(), layer.height(), layer.bandCount(), layer.extent()) == (
        *(other.width(), other.height(), other.bandCount()),
        other.extent(),
    )
