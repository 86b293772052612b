"""Noise that belongs to the ground, not to the tile: drawn from absolute block positions."""

import numpy as np

BLOCK = 32  # pixels a side; small enough that a tile's margin draws little that it does not use
_PER_STAGE, _PER_SAMPLE = 48, 24  # bits: step below 2^24, sample below 2^24, stage above
_KEY = 0x5343444D  # "SCDM"
_SHARED_KEY = _KEY + 1  # no block's


def block_noise(
    seed: int,
    stage: int,
    sample: int,
    step: int,
    bands: int,
    row0: int,
    col0: int,
    rows: int,
    cols: int,
) -> np.ndarray:
    """Standard normal float32 (bands, rows, cols) for the window at absolute (row0, col0).

    Windows that overlap see the same numbers where they do (Philox, counter-based: Salmon et al.
    2011). ``step`` is the timestep that the noise is added at, T for the start.
    """
    blocks_down = range(row0 // BLOCK, (row0 + rows - 1) // BLOCK + 1)
    blocks_across = range(col0 // BLOCK, (col0 + cols - 1) // BLOCK + 1)
    draw = _draw(stage, sample, step)
    whole = np.empty((bands, len(blocks_down) * BLOCK, len(blocks_across) * BLOCK), np.float32)
    for i, block_row in enumerate(blocks_down):
        for j, block_col in enumerate(blocks_across):
            area = np.s_[:, i * BLOCK : (i + 1) * BLOCK, j * BLOCK : (j + 1) * BLOCK]
            whole[area] = _block(seed, draw, block_row, block_col, bands)
    top, left = row0 - blocks_down[0] * BLOCK, col0 - blocks_across[0] * BLOCK
    return whole[:, top : top + rows, left : left + cols]


def shared_noise(
    seed: int, stage: int, sample: int, step: int, bands: int, samples: int
) -> np.ndarray:
    """Standard normal float32 (bands, 1, 1): one draw for every pixel, of ``samples`` that balance.

    A network that works on single pixels gives each the same distribution with it as with noise of
    its own, and samples that are coherent over the picture: the mean over a field has the spread of
    its pixels, where independent noise would average it away. As one draw stands for many pixels,
    chance must not show: the draws of a run sum to zero, and each is still standard normal (moment
    matching: Glasserman 2003, section 4.5.1).
    """
    words = np.array([0, 0, 0, _draw(stage, 0, step)], np.uint64)
    key = np.array([seed % 2**64, _SHARED_KEY], np.uint64)
    generator = np.random.Generator(np.random.Philox(counter=words, key=key))
    draws = generator.standard_normal((samples, bands, 1, 1))
    if samples > 1:
        draws = (draws - draws.mean(0)) * np.sqrt(samples / (samples - 1))
    return draws[sample].astype(np.float32)


def _draw(stage: int, sample: int, step: int) -> int:
    return (stage << _PER_STAGE) | (sample << _PER_SAMPLE) | step


def _block(seed: int, draw: int, block_row: int, block_col: int, bands: int) -> np.ndarray:
    words = np.array([0, block_col % 2**64, block_row % 2**64, draw], np.uint64)
    key = np.array([seed % 2**64, _KEY], np.uint64)
    generator = np.random.Generator(np.random.Philox(counter=words, key=key))
    return generator.standard_normal((bands, BLOCK, BLOCK), dtype=np.float32)
