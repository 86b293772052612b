"""The loop: what is kept is not made again, what memory does not hold is made in smaller tiles."""

from types import SimpleNamespace

import numpy as np
import pytest
from doubles import RecordedEvents

from model_runtime import tiling
from model_runtime.diffusion.settings import EVERYTHING, Sampling, TileEstimate
from model_runtime.errors import MemoryShortage
from model_runtime.journal.unit_store import UnitStore
from model_runtime.package import manifest
from model_runtime.pipeline.estimation import Estimation
from model_runtime.pipeline.job import Job, RuntimeInfo
from model_runtime.pipeline.outputs import Output, OutputSpec
from model_runtime.pipeline.work_units import LocalUnits, UnitMaker
from model_runtime.raster import encoding

STORED = encoding.of_dtype("uint16", "reflectance")
ROWS, COLS = 150, 330


class Cascade:
    """Band b is red x (b + 1): no pixel sees another. Tiles above ``largest`` do not fit."""

    def __init__(self, bands, largest=9999, error=MemoryShortage):
        self.bands, self.largest, self.error, self.sizes = bands, largest, error, []

    def estimate(self, rgb, row0, col0, how, wanted=EVERYTHING):
        self.sizes.append(max(rgb.shape[1:]))
        if self.sizes[-1] > self.largest:
            raise self.error("no memory")
        factors = np.arange(1, self.bands + 1, dtype=np.float32)[:, None, None]
        mean = (rgb[:1] * factors)[(slice(None), *wanted.kept)]
        spread = wanted.finish(mean / 4) if wanted.spread else None
        return TileEstimate(wanted.finish(mean), spread, [])


class Picture:
    """Reflectance in a ramp; the rightmost columns are masked."""

    bands_taken = "Red = band 1"

    def __init__(self):
        self.windows = []
        down, across = np.mgrid[:ROWS, :COLS].astype(np.float32)
        self.values = np.stack([down, across, down]) / 5000
        self.mask = across < 200

    def read(self, window):
        self.windows.append(window)
        rows = tiling.reflect(window.row0, window.row0 + window.rows, ROWS)
        cols = tiling.reflect(window.col0, window.col0 + window.cols, COLS)
        pick = np.ix_(rows, cols)
        return self.values[(slice(None), *pick)], self.mask[pick]

    def thin_validity(self, side):
        return self.mask, (1.0, 1.0)


@pytest.fixture
def made(tiny_package, tmp_path):
    """A function: work a job into the store of the test; values, estimation, cascade, events."""
    model = manifest.read(tiny_package)
    bands = len(model.wavelength_nm)

    def make(network=None, margin=8, size=64, outputs=1):
        network = network or Cascade(bands)
        window = tiling.Window(3, 5, ROWS - 3, COLS - 5)
        layout = tiling.Layout(ROWS, COLS, window, size, 8, margin, 16)
        how = Sampling("ddim", 2, outputs, (0.0, 0.0), 0)
        radiometry = SimpleNamespace(apply=np.copy, in_words="Radiometry: reflectance")
        rasters = (Output("o.tif", tuple(range(bands)), "mean"),) * outputs
        spec = OutputSpec(rasters, spread=outputs > 1)
        runtime = RuntimeInfo("cpu", ("TestProvider",))
        reader = Picture()
        job = Job(reader, model, layout, radiometry, how, spec, runtime, network)
        told, store = RecordedEvents(), UnitStore(tmp_path)
        maker = UnitMaker(job, told.warning)
        estimation = Estimation(job, store, told, LocalUnits(maker, store))
        values = STORED.nothing((outputs, bands, window.rows, window.cols))
        with estimation:
            for place, arrays in estimation.pieces():
                row, col = place.row0 - window.row0, place.col0 - window.col0
                for whole, part in zip(values, arrays):
                    whole[:, row : row + place.rows, col : col + place.cols] = part
        return SimpleNamespace(
            values=values, reused=estimation.reused, network=network, told=told, reader=reader
        )

    make.bands = bands
    return make


@pytest.mark.parametrize("margin", [8, None])
def test_a_second_run_makes_nothing_and_gives_the_same(made, margin):
    first = made(margin=margin, outputs=2)
    again = made(margin=margin, outputs=2)
    np.testing.assert_array_equal(first.values, again.values)
    assert again.network.sizes == [] and again.reused > 0
    assert again.told.counts[0][0] == 0 and again.told.counts[-1][0] == again.told.counts[-1][1]
    assert (first.values[0, :, :, 195:] == 65535).all()
    assert (first.values[0, 0, :, :195] != 65535).all()


@pytest.mark.parametrize("margin", [8, None])
def test_progress_counts_every_tile_once(made, margin):
    for _ in range(2):  # made, then taken from the store
        done = [count for count, _ in made(margin=margin).told.counts]
        total = made(margin=margin).told.counts[0][1]
        assert done == sorted(set(done)) and done[-1] == total


def test_only_what_is_missing_or_damaged_is_made(made, tmp_path):
    first = made()
    names = sorted(path.name for path in tmp_path.glob("*.block"))
    (tmp_path / names[0]).unlink()
    whole = (tmp_path / names[1]).read_bytes()
    (tmp_path / names[1]).write_bytes(whole[:-1])
    again = made()
    np.testing.assert_array_equal(first.values, again.values)
    assert again.reused == len(names) - 2
    assert len(again.told.warnings) == 1 and "damaged" in again.told.warnings[0]


@pytest.mark.parametrize("error", [MemoryShortage, MemoryError])
def test_out_of_memory_takes_smaller_tiles_for_the_same_result(made, error, tmp_path):
    whole = made().values
    for block in tmp_path.glob("*.block"):
        block.unlink()
    small = made(Cascade(made.bands, largest=40, error=error))
    np.testing.assert_array_equal(whole, small.values)
    assert len(small.told.warnings) == 1 and "32" in small.told.warnings[0]
    assert sum(size > 40 for size in small.network.sizes) == 1  # it is learnt once
    done = [count for count, _ in small.told.counts]
    assert done[-1] == small.told.counts[0][1]


def test_where_no_tile_fits_it_is_said(made):
    with pytest.raises(MemoryShortage, match="a tile of 24 pixels"):
        made(Cascade(made.bands, largest=1))


def test_blended_tiles_are_not_made_smaller(made):
    """Their size is part of the result."""
    with pytest.raises(MemoryShortage, match="a tile of 64 pixels") as caught:
        made(Cascade(made.bands, largest=40), margin=None)
    assert "--tile" in caught.value.remedy


def test_masked_units_are_neither_read_nor_sampled(made):
    network = made().network
    assert (
        len(network.sizes)
        < tiling.Layout(ROWS, COLS, tiling.Window(3, 5, ROWS - 3, COLS - 5), 64, 8, 8, 16).count()
    )


@pytest.mark.parametrize("margin", [8, None])
def test_every_tile_is_read_once(made, margin):
    """With its margin: not first for what is valid, and then again for the values."""
    windows = made(margin=margin).reader.windows
    assert len(set(windows)) == len(windows)
