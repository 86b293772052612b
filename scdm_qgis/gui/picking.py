"""From a place on the map to the spectra of the chosen layers there, named and coloured."""

from dataclasses import replace
from typing import List, Sequence

from ..translation import tr
from .sampler import Reading, Sampler
from .spectra import Origin, Spectrum, colour_of


def pick(samplers: Sequence[Sampler], point, crs, side: int, number: int) -> List[Spectrum]:
    """The spectra at ``point`` in ``crs`` as point ``number``; none of a layer without a value.

    Each is the mean of ``side`` × ``side`` pixels; with several layers it says its layer's name.
    """
    first = Origin(number, (point.x(), point.y()), _spoken(crs), "", side=side)
    found = [(one, one.at(point, crs, side)) for one in samplers]
    read = [(one, reading) for one, reading in found if reading is not None]
    several = len(samplers) > 1
    return [_spectrum(replace(first, rank=rank), *pair, several) for rank, pair in enumerate(read)]


def _spectrum(origin: Origin, sampler: Sampler, reading: Reading, several: bool) -> Spectrum:
    layer = {"layer_id": sampler.layer_id, "layer_name": sampler.layer_name}
    origin = replace(origin, is_spread=sampler.is_spread, **layer)
    text = tr("Point {} (spread)") if sampler.is_spread else tr("Point {}")
    name = text.format(origin.number) + (f" ({sampler.layer_name})" if several else "")
    return Spectrum(name, colour_of(origin.number - 1), *reading, origin)


def _spoken(crs) -> str:
    """A reference system as QGIS reads it again."""
    return crs.authid() or f"WKT:{crs.toWkt()}"
