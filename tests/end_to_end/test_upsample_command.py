"""``python -m model_runtime upsample`` in a process of its own, with a real (untrained) cascade."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest
from osgeo import gdal

gdal.UseExceptions()


def picture(rows=60, cols=70):
    rng = np.random.default_rng(0)
    return rng.integers(5, 250, (3, rows, cols)).astype(np.uint8)


def stored(path):
    dataset = gdal.Open(str(path))
    return dataset.ReadAsArray()


def events_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_picture_becomes_a_cube(command, write_raster, tiny_package, tmp_path):
    source, out = write_raster("a.tif", picture()), tmp_path / "o.tif"
    done = command("upsample", source, out, "--model", tiny_package, "--events")
    assert (done.returncode, done.stderr) == (0, "")
    events = events_of(done)
    assert events[0]["event"] == "started" and events[-1]["event"] == "done"
    assert events[-1]["output"] == str(out)
    dataset, original = gdal.Open(str(out)), gdal.Open(str(source))
    assert dataset.RasterCount == 8
    assert dataset.GetGeoTransform() == original.GetGeoTransform()
    assert dataset.GetSpatialRef().IsSame(original.GetSpatialRef())
    assert np.std(stored(out)[3]) > 0 and not (stored(out) == 65535).any()


@pytest.mark.parametrize("form", ["gtiff", "cog"])
def test_the_file_says_which_bands_show_natural_colour(
    command, write_raster, tiny_package, tmp_path, form
):
    source, names = write_raster("a.tif", picture()), ("o.tif", "s.tif")
    out, spread = (tmp_path / name for name in names)
    words = ("--model", tiny_package, "--samples", 2, "--spread", spread, "--format", form)
    assert command("upsample", source, out, *words).returncode == 0
    colours = [gdal.GCI_BlueBand, gdal.GCI_GreenBand, gdal.GCI_RedBand]  # 475, 550 and 625 nm
    assert interpretations(out)[1:4] == colours
    assert len(set(interpretations(out)) & set(colours)) == len(colours)
    assert not set(interpretations(spread)) & set(colours)


def interpretations(path):
    dataset = gdal.Open(str(path))
    return [dataset.GetRasterBand(i + 1).GetColorInterpretation() for i in range(8)]


def test_same_seed_same_file_other_seed_another(command, write_raster, tiny_package, tmp_path):
    source = write_raster("a.tif", picture())
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        out = tmp_path / f"{name}.o.tif"
        done = command("upsample", source, out, "--model", tiny_package, "--seed", seed)
        assert done.returncode == 0, done.stderr
    a, b, c = ((tmp_path / f"{name}.o.tif").read_bytes() for name in "abc")
    assert a == b
    assert a != c


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm-solver++"])
def test_any_tile_size_gives_the_same(command, write_raster, tiny_package, tmp_path, sampler):
    source, results = write_raster("a.tif", picture()), []
    for tile in (24, 32, 128):
        out = tmp_path / f"{tile}.o.tif"
        words = ("--model", tiny_package, "--tile", tile, "--dtype", "float32")
        done = command("upsample", source, out, *words, "--sampler", sampler)
        assert done.returncode == 0, done.stderr
        results.append(stored(out))
    np.testing.assert_allclose(results[0], results[2], atol=2e-6)
    np.testing.assert_allclose(results[1], results[2], atol=2e-6)


def test_a_network_that_sees_its_whole_tile_is_blended(
    command, write_raster, tiny_package, tiny_whole_tile_package, tmp_path
):
    source, out, exact = write_raster("a.tif", picture()), tmp_path / "o.tif", tmp_path / "e.tif"
    assert command("upsample", source, out, "--model", tiny_whole_tile_package).returncode == 0
    assert command("upsample", source, exact, "--model", tiny_package).returncode == 0
    difference = np.abs(stored(out).astype(int) - stored(exact))
    assert np.median(difference) <= 1  # only pixels near a tile's border see zeros beyond it


def test_spread_and_report(command, write_raster, tiny_package, tmp_path):
    source, out = write_raster("a.tif", picture()), tmp_path / "o.tif"
    extra = ("--spread", tmp_path / "s.tif", "--report", tmp_path / "r.html")
    done = command("upsample", source, out, "--model", tiny_package, "--events", *extra)
    assert done.returncode == 0, done.stderr
    assert events_of(done)[-1]["spread"] == str(tmp_path / "s.tif")
    assert stored(tmp_path / "s.tif").max() > 0
    assert "tiny" in (tmp_path / "r.html").read_text()
    assert not list(tmp_path.glob("*.part"))


def damaged(kind, write_raster, tmp_path):
    """A path of a bad input, and more options."""
    if kind == "one band":
        return write_raster("bad.tif", picture()[:1]), ()
    if kind == "missing":
        return tmp_path / "none.tif", ()
    path = write_raster("bad.tif", picture())
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:6000])
    options = {
        "empty extent": ("--extent", "-3,4,-3,9"),
        "extent elsewhere": ("--extent", "-3,4,-1,9"),
        "band out of range": ("--bands", "1,2,7"),
    }
    return path, options.get(kind, ())


@pytest.mark.parametrize(
    "kind",
    [
        "one band",
        "missing",
        "truncated",
        "empty extent",
        "extent elsewhere",
        "band out of range",
    ],
)
def test_bad_input_is_exit_2_in_one_line_and_leaves_nothing(
    command, write_raster, tiny_package, tmp_path, kind
):
    source, options = damaged(kind, write_raster, tmp_path)
    before = sorted(tmp_path.iterdir())
    out = tmp_path / "o.tif"
    done = command("upsample", source, out, "--model", tiny_package, *options)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_a_missing_model_is_exit_3(command, write_raster, tmp_path):
    source = write_raster("a.tif", picture())
    done = command("upsample", source, tmp_path / "o.tif", "--model", tmp_path / "none")
    assert done.returncode == 3 and done.stderr.count("\n") == 1


def test_a_full_disk_is_exit_5_in_one_line_and_leaves_nothing(write_raster, tiny_package, tmp_path):
    """A limit on the size of files stands for the full disk."""
    source, out = write_raster("a.tif", picture(200, 200)), tmp_path / "o.tif"
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
        "from model_runtime.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["upsample", source, out, "--model", tiny_package]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True
    )
    assert done.returncode == 5, done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_cancelling_is_exit_130_and_leaves_nothing(write_raster, tiny_package, tmp_path, number):
    source, out = write_raster("a.tif", picture(400, 400)), tmp_path / "o.tif"
    words = ["upsample", source, out, "--model", tiny_package, "--events", "--tile", 24]
    process = subprocess.Popen(
        [sys.executable, "-m", "model_runtime", *map(str, words), "--samples", "50", "--no-resume"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:  # wait for work to be under way
        if '"progress", "done": 0' in line:
            break
    process.send_signal(number)
    rest, complaints = process.communicate(timeout=60)
    assert process.returncode == 130, complaints
    said = json.loads(rest.splitlines()[-1])
    assert (said["kind"], said["message"]) == ("cancelled", "Cancelled. Nothing was written")
    assert complaints == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif"]


def test_a_listener_that_goes_away_ends_the_run(write_raster, tiny_package, tmp_path):
    source, out = write_raster("a.tif", picture(400, 400)), tmp_path / "o.tif"
    words = ["upsample", source, out, "--model", tiny_package, "--events", "--tile", 24]
    process = subprocess.Popen(
        [sys.executable, "-m", "model_runtime", *map(str, words), "--samples", "50", "--no-resume"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif"]


@pytest.mark.parametrize(
    ("name", "masked"),
    [("drone_ortho_alpha", True), ("landsat_rgb_nodata", True), ("neon_sjer_aerial", False)],
)
def test_real_rasters_keep_place_and_masks(
    command, shared_data, tiny_package, tmp_path, name, masked
):
    source, out = shared_data / "rgb" / f"{name}.tif", tmp_path / "o.tif"
    done = command("upsample", source, out, "--model", tiny_package, "--tile", 256)
    assert done.returncode == 0, done.stderr
    made, original = gdal.Open(str(out)), gdal.Open(str(source))
    assert made.GetGeoTransform() == original.GetGeoTransform()
    assert made.GetSpatialRef().IsSame(original.GetSpatialRef())
    rgb = original.ReadAsArray()
    expected = rgb[3] == 0 if len(rgb) == 4 else (rgb[:3] == 0).any(axis=0) & masked
    assert ((made.ReadAsArray() == 65535) == expected).all()
    assert expected.any() == masked


def test_a_path_with_spaces_and_umlauts(command, write_raster, tiny_package, tmp_path):
    folder = tmp_path / "Bäume & Straßen 木"
    folder.mkdir()
    source = write_raster(f"{folder.name}/ä b.tif", picture(20, 20))
    done = command("upsample", source, folder / "ö ü.tif", "--model", tiny_package, "--events")
    assert done.returncode == 0, done.stderr
    assert events_of(done)[-1]["output"] == str(folder / "ö ü.tif")
    assert (folder / "ö ü.tif").exists()
