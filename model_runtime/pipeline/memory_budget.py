"""How much memory a run may use, and the tile side that keeps it below that."""

from dataclasses import replace
from typing import Callable, NoReturn, Optional

import numpy as np

from .. import tiling
from ..diffusion.settings import Sampling
from ..errors import MemoryShortage
from ..system import address_space, hardware
from .job import Job

MIB = 2**20
# No network that we know takes more for a pixel of a tile: where this fits, none is tried.
GENEROUS_BYTES_A_PIXEL = 64 << 10
# Tiles are tried at this side: small enough to be quick, large enough to tell.
PROBE_SIDE = 64
# What the network does not count: noise, the solver's states, the moments, their copies (float32).
ARRAYS_A_TILE = 12
ARRAYS_A_UNIT = 3


def fit_layout(job: Job, limit: Optional[int], warn: Callable[[str], None]) -> tiling.Layout:
    """Choose tiles with which the run stays below ``limit`` bytes.

    ``limit`` None is half of what is free; a system that does not tell has none.

    Returns: the job's layout, or one of smaller tiles.
    Raises: MemoryShortage, with the figures, where no tile fits.
    """
    available = hardware.memory()["available"]
    # A given limit is for the whole process, the default for what the run adds to it.
    if limit is not None:
        free = limit - hardware.resident()
    elif available is not None:
        free = available // 2
    else:
        return job.layout
    room = address_space.free_bytes()
    # Heaps and libraries reserve more than they use: half is for the run, as of free memory.
    free = free if room is None else min(free, room // 2)
    layout: Optional[tiling.Layout] = job.layout
    generous = _need(job, job.layout, GENEROUS_BYTES_A_PIXEL)
    bytes_a_pixel = GENEROUS_BYTES_A_PIXEL if generous <= free else _measure(job)
    while layout is not None and _need(job, layout, bytes_a_pixel) > free:
        layout = layout.smaller()
    if layout is None:
        _refuse(job, bytes_a_pixel, free)
    if layout.size != job.layout.size:
        warn(
            f"tiles of {layout.size} instead of {job.layout.size} pixels keep the memory below "
            f"{free / MIB:.0f} MiB; the result is the same"
        )
    return layout


def _measure(job: Job) -> float:
    """Bytes that the network takes for a pixel of a tile, found with a small one."""
    cascade = job.cascade
    if job.runtime.device != "cpu" or cascade is None:  # its memory is another
        return 0.0
    least = 2 * (job.layout.margin or 0) + job.layout.multiple
    side = min(job.layout.size, tiling.round_up(max(PROBE_SIDE, least), job.layout.multiple))
    rgb = np.zeros((len(job.model.input_bands), side, side), np.float32)
    how: Sampling = replace(job.sampling, steps=1, samples=1)
    grown = hardware.growth(lambda: cascade.estimate(rgb, 0, 0, how))
    return GENEROUS_BYTES_A_PIXEL if grown is None else grown / side**2


def _need(job: Job, layout: tiling.Layout, a_pixel: float) -> float:
    """Bytes that a run in tiles of ``layout`` adds to the process."""
    bands, outputs = len(job.model.wavelength_nm), job.outputs.rasters
    made = [(job.band_count(output), job.encoding_of(output).item_bytes) for output in outputs]
    all_bands = sum(count for count, _ in made)
    kept = job.sampling.samples if job.outputs.draws else 0  # until the last one is drawn
    tile = layout.size**2 * (a_pixel + 4 * bands * (ARRAYS_A_TILE + kept))
    block = layout.block_side() ** 2
    unit = block * all_bands * 4 * ARRAYS_A_UNIT
    if layout.margin is None:  # the tiles that reach into one block are at hand together
        across = -(-tiling.BLOCK_SIDE // (layout.size - layout.overlap)) + 1
        unit += across**2 * layout.size**2 * all_bands * 4
    cache = 2 * block * sum(count * item_bytes for count, item_bytes in made)
    return tile + unit + cache


def _refuse(job: Job, a_pixel: float, free: float) -> NoReturn:
    layout, smaller = job.layout, job.layout.smaller()
    while smaller is not None:
        layout, smaller = smaller, smaller.smaller()
    need = _need(job, layout, a_pixel)
    raise MemoryShortage(
        f"a tile of {layout.size} pixels needs about {need / MIB:.0f} MiB of memory, "
        f"{max(free, 0) / MIB:.0f} may be used",
        "raise --memory-limit or close other programs"
        + (", or give a smaller --tile" if layout.margin is None else ""),
    )
