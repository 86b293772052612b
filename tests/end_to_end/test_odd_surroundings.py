"""Odd names, closed streams, broken set-ups: each ends in one line with its own exit code."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

ROOT = Path(__file__).resolve().parents[2]
PICTURE = np.random.default_rng(0).integers(5, 250, (3, 20, 30)).astype(np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path, write_raster, monkeypatch):
    """The working folder: a picture, a cube, and files that are neither."""
    monkeypatch.chdir(tmp_path)
    write_raster("in.tif", PICTURE)
    values = np.random.default_rng(1).integers(100, 5000, (8, 20, 30)).astype(np.uint16)
    for name, transform in {
        "cube.tif": (500000, 2, 0, 4100000, 0, -2),
        "nan.tif": (500000, math.nan, 0, 4100000, 0, -2),
        "inf.tif": (500000, math.inf, 0, 4100000, 0, -2),
    }.items():
        described(write_raster(name, values, scale=1e-4, transform=transform))
    content = (tmp_path / "cube.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.tif").write_text("not a raster")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "linked.tif.blocks").symlink_to("elsewhere")
    return tmp_path


def described(path, nm=tuple(400.0 + 75 * i for i in range(8))):
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for i, value in enumerate(nm):
        said = {"wavelength": f"{value:.10f}", "wavelength_units": "Nanometers"}
        dataset.GetRasterBand(i + 1).SetMetadata(said)


UP, EVALUATE = ("upsample", "in.tif"), ("evaluate", "cube.tif", "cube.tif")
LATIN = os.fsdecode(b"caf\xe9.tif")


@pytest.mark.parametrize(
    "words, code, says",
    [
        (("convert", "none.tif", "o.img", "--format", "envi"), 2, "'none.tif' does not exist"),
        (("convert", "none.tif", "o.tif", "--format", "cog"), 2, "'none.tif' does not exist"),
        (("convert", "text.tif", "o.tif", "--format", "cog"), 2, "'text.tif' cannot be read"),
        (("convert", "cut.tif", "o.img", "--format", "envi"), 2, "'cut.tif' cannot be read"),
        (("convert", "cut.tif", "o.tif", "--format", "cog"), 2, "'cut.tif' cannot be read"),
        (("evaluate", "nan.tif", "cube.tif"), 2, "not finite"),
        (("evaluate", "cube.tif", "inf.tif"), 2, "not finite"),
        (("upsample", "nan.tif", "o.tif", "--bands", "4,3,2", "--report", "r.html"), 2, "finite"),
        ((*EVALUATE, "--peak", "1e308"), 2, "--peak is 1e+308"),
        ((*EVALUATE, "--ssim-range", "1e-300"), 2, "--ssim-range is 1e-300"),
        ((*UP, "o.tif", "--cluster", "tcp://[::1"), 2, "--cluster is 'tcp://[::1'"),
        ((*UP, "o.tif", "--cluster", "tls://host:1"), 2, "needs certificates"),
        ((*UP, "x" * 300 + ".tif"), 2, "too long"),
        ((*UP, "x" * 240 + ".tif"), 2, "too long"),
        (("upsample", "x" * 300 + ".tif", "o.tif"), 2, "too long"),
        (("upsample", LATIN, "o.tif"), 2, "not in UTF-8"),
        ((*UP, LATIN), 2, "not in UTF-8"),
        (("upsample", "\x1b[2Je.tif", "o.tif"), 2, "\\x1b[2Je.tif"),
        ((*UP, "linked.tif"), 5, "is a link"),
    ],
)
def test_it_ends_in_one_line(command, tiny_package, folder, words, code, says):
    model = ["--model", tiny_package] if words[0] == "upsample" else []
    before = sorted(folder.iterdir())
    done = command(*words, *model)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr and "\x1b" not in done.stderr
    assert sorted(folder.iterdir()) == before and not any((folder / "elsewhere").iterdir())


def shell(line, **environment):
    """Run a line of the shell, with $P for the command."""
    program = f"{sys.executable} -m model_runtime"
    return subprocess.run(
        ["sh", "-c", line.replace("$P", program)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=200,
    )


@pytest.mark.parametrize(
    "streams, code",
    [("2>&-", 0), (">&-", 0), (">&- 2>&- <&-", 0), ("--events >&-", 0), ("--events <&-", 0)],
)
def test_closed_streams_are_no_hindrance(tiny_package, folder, streams, code):
    done = shell(f"$P upsample in.tif o.tif --model {tiny_package} {streams}")
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert gdal.Open(str(folder / "o.tif")).RasterCount == 8


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("words", ["evaluate cube.tif cube.tif --json", "doctor", "describe"])
def test_an_answer_that_cannot_be_written_is_exit_5(words):
    done = shell(f"$P {words} > /dev/full")
    assert done.returncode == 5 and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["PROJ_LIB", "PROJ_DATA"])
def test_projs_database_elsewhere_is_named(tiny_package, folder, name):
    done = shell(f"$P upsample in.tif o.tif --model {tiny_package}", **{name: "/nowhere"})
    told = done.stderr.splitlines()[-1]
    if done.returncode == 0:  # an older PROJ does not know PROJ_DATA
        assert name == "PROJ_DATA"
    else:
        assert done.returncode == 4 and f"{name}='/nowhere'" in told


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_the_same_bands_are_not_resampled(command, write_raster, order):
    """Whatever their order, and whatever a header rounded away."""
    nm = np.array([400.0 + 75 * i for i in range(8)])
    values = np.random.default_rng(2).integers(100, 5000, (8, 20, 30)).astype(np.uint16)
    described(write_raster("a.tif", values, scale=1e-4), nm)
    described(write_raster("b.tif", values[order], scale=1e-4), nm[order] + 1e-9)
    done = command("evaluate", "a.tif", "b.tif", "--json")
    assert json.loads(done.stdout)["overall"]["rmse"] == 0, done.stderr


def test_a_sparse_raster_of_a_million_rows_is_soon_begun(command, tiny_package, folder):
    """Only as many of its blocks are looked at as take seconds."""
    options = ["SPARSE_OK=TRUE", "TILED=YES", "BIGTIFF=YES"]
    driver = gdal.GetDriverByName("GTiff")
    dataset = driver.Create("huge.tif", 1_000_000, 1_000_000, 3, gdal.GDT_Byte, options)
    dataset.WriteArray(PICTURE)
    del dataset
    words = ["--extent", "0,-20,30,0", "--radiometry", "match", "--radiometry-from", "in.tif"]
    done = command("upsample", "huge.tif", "o.tif", "--model", tiny_package, *words)
    assert done.returncode in (0, 2) and "Traceback" not in done.stderr
