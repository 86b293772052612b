"""The disk's need: reckoned before the start, refused with the figures."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from model_runtime import tiling
from model_runtime.errors import StorageError
from model_runtime.pipeline import disk_space
from model_runtime.pipeline.job import Job
from model_runtime.pipeline.outputs import Output, OutputSpec


def job(margin=8, share=1.0, rasters=1, name="o.tif", **stored):
    model = SimpleNamespace(wavelength_nm=(500.0,) * 10, output_unit="reflectance")
    layout = tiling.Layout(1000, 2000, tiling.Window(0, 0, 1000, 2000), 64, 8, margin, 32)
    outputs = OutputSpec((Output(name, tuple(range(10)), "mean"),) * rasters, **stored)
    return Job(None, model, layout, None, None, outputs, None, valid_share=share)


def test_the_journal_and_the_file_are_there_at_one_time():
    values = 1000 * 2000 * 10 * 2
    both = int(values + values * disk_space.PACKED_SHARE)
    assert disk_space.bytes_needed(job()) == both


def test_a_run_that_keeps_no_units_needs_room_for_its_file_alone():
    packed = int(1000 * 2000 * 10 * 2 * disk_space.PACKED_SHARE)
    assert disk_space.bytes_needed(job(), journal=False) == packed


def test_more_is_more():
    plain = disk_space.bytes_needed(job())
    larger = [
        job(rasters=2),
        job(overviews=True),
        job(cog=True),
        job(name="o.img"),
        job(dtype="float32"),
        job(margin=None),
    ]
    assert all(disk_space.bytes_needed(one) > plain for one in larger)


def test_envi_data_hold_masked_pixels_too_and_no_overviews():
    values = 1000 * 2000 * 10 * 2
    packed = 0.1 * values * (1 + disk_space.PACKED_SHARE)
    need = disk_space.bytes_needed(job(share=0.1, name="o.img", overviews=True))
    assert need == pytest.approx(packed + values, abs=1)


def test_masked_pixels_take_nothing():
    whole = disk_space.bytes_needed(job())
    assert disk_space.bytes_needed(job(share=0.1)) == pytest.approx(whole / 10, abs=1)


def test_too_little_room_is_refused_with_the_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: SimpleNamespace(free=2**30))
    disk_space.require(str(tmp_path / "o.tif"), 2**30)
    with pytest.raises(StorageError, match=r"needs 3\.2 GB, 1\.1 GB are free on the disk"):
        disk_space.require(str(tmp_path / "o.tif"), 3 * 2**30)


def test_what_the_journal_holds_is_written_already(tmp_path, monkeypatch):
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    folder = tmp_path / "o.tif.blocks"
    folder.mkdir()
    (folder / "0_0.block").write_bytes(bytes(100))
    disk_space.require(str(tmp_path / "o.tif"), 110)
    with pytest.raises(StorageError):
        disk_space.require(str(tmp_path / "o.tif"), 111)


def test_the_spreads_disk_is_looked_at_too(tmp_path, monkeypatch):
    """Of two disks, that of the spread lacks room; OUTPUT's is not asked twice."""
    here, there = tmp_path / "cube.tif", tmp_path / "other" / "spread.tif"
    there.parent.mkdir()
    bands = tuple(range(10))
    spec = OutputSpec((Output(str(here), bands, "mean"), Output(str(there), bands, "spread")))
    free = {there.parent: 29_999_999, tmp_path: 0}
    monkeypatch.setattr(
        disk_space.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free[folder])
    )
    monkeypatch.setattr(disk_space, "_disk_of", lambda folder: folder.name)
    with pytest.raises(StorageError, match=rf"needs 30 MB, .* on the disk of '{there.parent}'"):
        disk_space.require_elsewhere(replace(job(), outputs=spec), str(here))
    free[there.parent] += 1
    disk_space.require_elsewhere(replace(job(), outputs=spec), str(here))
