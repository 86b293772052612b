"""simulate-rgb, upsample and evaluate as a user chains them, on real and broken rasters."""

import json

import numpy as np
import pytest

from model_runtime.raster.cube import Cube, read_cube, write_cube
from model_runtime.raster.georeference import Georeference
from model_runtime.spectra.resample import resample

NM = np.arange(400.0, 1000.0, 10)


@pytest.fixture
def scene(tmp_path):
    """A hyperspectral raster of 30 x 41 pixels with a masked corner; returns its path."""
    grey = np.random.default_rng(0).uniform(0.1, 0.4, (1, 30, 41))
    values = (grey * (1 + NM[:, None, None] / 1000)).astype(np.float32)
    values[:, :4, :5] = np.nan
    place = Georeference(geotransform=(500000.0, 2.0, 0.0, 4e6, 0.0, -2.0))
    path = tmp_path / "scene.tif"
    cube = Cube(values, NM, np.full(60, 10.0), "reflectance", place)
    write_cube(str(path), cube, "uint16", {})
    return path


def test_the_chain_ends_in_figures_and_pages(command, tiny_package, scene, tmp_path):
    rgb, estimate = tmp_path / "rgb.tif", tmp_path / "estimate.tif"
    report, page = tmp_path / "report.html", tmp_path / "evaluation.html"
    model = ("--model", tiny_package)
    assert command("simulate-rgb", scene, rgb, *model).returncode == 0
    words = ("--radiometry", "reflectance", "--report", report)
    assert command("upsample", rgb, estimate, *words, *model).returncode == 0
    done = command("evaluate", estimate, scene, "--json", "--report", page)
    figures = json.loads(done.stdout)
    assert done.returncode == 0 and figures["warnings"] == []
    assert figures["counts"]["pixels_with_spectral_angle"] == 30 * 41 - 20
    assert 0 < figures["overall"]["rmse"] < 1 and figures["left_out_nm"] == []
    assert "Spectra of what the picture holds" in report.read_text(encoding="utf-8")
    assert "By wavelength" in page.read_text(encoding="utf-8")


def test_the_figures_are_those_of_the_rasters(command, scene, tmp_path):
    """An estimate that is the scene plus 0.05 on other bands has that error, and no other."""
    nm, widths = np.linspace(450, 950, 11), np.full(11, 30.0)
    truth = read_cube(str(scene))
    values = resample(truth.values, truth.wavelength_nm, nm, widths) + np.float32(0.05)
    path = tmp_path / "estimate.tif"
    cube = Cube(values, nm, widths, "reflectance", truth.georeference)
    write_cube(str(path), cube, "float32", {})
    overall = json.loads(command("evaluate", path, scene, "--json", "--peak", "2").stdout)[
        "overall"
    ]
    assert overall["rmse"] == pytest.approx(0.05, abs=1e-6)
    assert overall["psnr"] == pytest.approx(20 * np.log10(2 / 0.05), abs=1e-3)
    assert overall["cross_correlation"] == pytest.approx(1, abs=1e-6)


def test_bad_input_is_one_line_and_exit_2(command, scene, tmp_path, write_raster, tiny_package):
    grey = write_raster("grey.tif", np.ones((2, 30, 41), np.float32))
    small = tmp_path / "small.tif"
    cube = read_cube(str(scene))
    cut = Cube(cube.values[:, :9], NM, cube.fwhm_nm, "reflectance", cube.georeference)
    write_cube(str(small), cut, "float32", {})
    before = sorted(tmp_path.iterdir())
    attempts = {
        "wavelengths": ("evaluate", grey, scene),
        "does not exist": ("evaluate", tmp_path / "no.tif", scene),
        "30 x 41": ("evaluate", small, scene),
        "--peak": ("evaluate", scene, scene, "--peak", "0"),
        "must be an HTML file": ("evaluate", scene, scene, "--report", tmp_path / "page.pdf"),
        "folder": ("evaluate", scene, scene, "--report", tmp_path / "none" / "page.html"),
        "is also the input": ("simulate-rgb", scene, scene, "--model", tiny_package),
    }
    for words, attempt in attempts.items():
        done = command(*attempt)
        assert done.returncode == 2 and words in done.stderr, attempt
        assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_events_are_alone_on_stdout(command, scene):
    done = command("evaluate", scene, scene, "--events")
    *progress, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert {event["event"] for event in progress} == {"progress"}
    assert last["event"] == "done" and last["overall"]["rmse"] == 0
    assert last["overall"]["psnr"] is None


def test_a_real_scene_passes_through(command, tiny_package, shared_data, tmp_path):
    scene, rgb = shared_data / "val" / "berlin_hymap_rows68.tif", tmp_path / "rgb.tif"
    done = command("simulate-rgb", scene, rgb, "--model", tiny_package)
    assert done.returncode == 0 and "63 % of the response of blue band" in done.stderr
    source, simulated = read_cube(str(scene)), read_cube(str(rgb))
    assert simulated.geotransform == source.geotransform
    assert simulated.crs_wkt == source.crs_wkt
    assert simulated.values.shape == (3, *source.values.shape[1:])


def test_a_raster_larger_than_the_memory_is_refused_unread(command, tmp_path):
    """A sparse raster of a few kilobytes that would take terabytes."""
    from osgeo import gdal

    options = ["SPARSE_OK=TRUE", "TILED=YES", "BLOCKXSIZE=4096", "BLOCKYSIZE=4096", "BIGTIFF=YES"]
    path = tmp_path / "huge.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(
        str(path), 200_000, 200_000, 20, gdal.GDT_Byte, options
    )
    for i in range(20):
        dataset.GetRasterBand(i + 1).SetMetadataItem("wavelength", str(400 + 20 * i))
    dataset = None
    done = command("evaluate", path, path)
    assert done.returncode == 4 and "GiB of memory" in done.stderr
