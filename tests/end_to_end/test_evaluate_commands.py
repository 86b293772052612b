"""simulate-rgb, upsample and evaluate as a user chains them, on real and broken rasters."""

import json

import numpy as np
import pytest
from osgeo import gdal, osr

from model_runtime.raster.cube import Cube, read_cube, write_cube
from model_runtime.raster.georeference import Georeference
from model_runtime.spectra.resample import resample

gdal.UseExceptions()
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


def reference_system(epsg):
    found = osr.SpatialReference()
    found.ImportFromEPSG(epsg)
    found.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return found


def on_grid(path, shape, transform, epsg, brightness):
    """A cube of three bands; ``brightness`` of UTM x and y says its values."""
    system = reference_system(epsg)
    rows, cols = np.indices(shape) + 0.5
    x0, a, b, y0, c, d = transform
    x, y = x0 + a * cols + b * rows, y0 + c * cols + d * rows
    if epsg != 32633:
        change = osr.CoordinateTransformation(system, reference_system(32633))
        points = change.TransformPoints(np.stack([x.ravel(), y.ravel()], 1).tolist())
        x, y = (np.array([p[i] for p in points]).reshape(shape) for i in (0, 1))
    grey = brightness(x, y).astype(np.float32)
    values = np.stack([grey, 0.5 * grey, 0.9 * grey**2])
    place = Georeference(transform, system)
    cube = Cube(values, NM[:3], np.full(3, 10.0), "reflectance", place)
    write_cube(str(path), cube, "float32", {})
    return path


def plane(x, y):
    return 0.3 + (x - 500040) / 1000 + (y - 3999960) / 700


GRID = (500000.0, 2.0, 0.0, 4e6, 0.0, -2.0)


@pytest.mark.parametrize(
    "transform, shape, epsg, how, least",
    [
        # A larger scene, of which the estimate is a part: the very pixels.
        ((499980.0, 2.0, 0.0, 4000030.0, 0.0, -2.0), (90, 80), 32633, "bilinear", 1e-7),
        # Smaller pixels, turned pixels, and degrees.
        ((499990.0, 0.5, 0.0, 4000010.0, 0.0, -0.5), (220, 240), 32633, "mean of", 1e-5),
        ((499980.0, 1.6, 1.2, 3999990.0, 1.2, -1.6), (90, 110), 32633, "bilinear", 3e-4),
        ((14.9997, 2.2e-5, 0.0, 36.1450, 0.0, -1.8e-5), (90, 90), 4326, "bilinear", 2e-4),
    ],
)
def test_a_reference_on_another_grid_is_warped_and_that_is_said(
    command, tmp_path, transform, shape, epsg, how, least
):
    estimate = on_grid(tmp_path / "e.tif", (40, 50), GRID, 32633, plane)
    reference = on_grid(tmp_path / "r.tif", shape, transform, epsg, plane)
    done = command("evaluate", estimate, reference, "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["overall"]["rmse"] < least
    assert figures["counts"]["pixels_with_spectral_angle"] > 1500
    (said,) = figures["warnings"]
    assert f"another grid ({shape[0]} x {shape[1]} pixels)" in said and how in said


def test_masked_pixels_of_a_warped_reference_do_not_count(command, tmp_path):
    """A hole stays a hole: nothing flows into it, and its nodata value into nothing."""
    estimate = on_grid(tmp_path / "e.tif", (40, 50), GRID, 32633, plane)
    larger = (499980.0, 2.0, 0.0, 4000030.0, 0.0, -2.0)

    def with_hole(x, y):
        return np.where((x > 500040) & (y > 3999960), np.nan, plane(x, y))

    reference = on_grid(tmp_path / "r.tif", (90, 80), larger, 32633, with_hole)
    figures = json.loads(command("evaluate", estimate, reference, "--json").stdout)
    assert figures["overall"]["rmse"] < 1e-7
    assert figures["counts"]["pixels_with_spectral_angle"] == 40 * 50 - 20 * 30


def test_a_reference_of_another_place_has_nothing_in_common(command, tmp_path):
    estimate = on_grid(tmp_path / "e.tif", (40, 50), GRID, 32633, plane)
    far = (600000.0, 2.0, 0.0, 4e6, 0.0, -2.0)
    reference = on_grid(tmp_path / "r.tif", (40, 50), far, 32633, lambda x, y: plane(x - 1e5, y))
    done = command("evaluate", estimate, reference)
    assert done.returncode == 2 and "lies elsewhere" in done.stderr
    assert "Warning" not in done.stderr


def test_the_error_map_is_each_pixels_angle(command, scene, tmp_path):
    truth = read_cube(str(scene))
    drawn = np.random.default_rng(2).uniform(0.8, 1.2, truth.values.shape).astype(np.float32)
    bent = Cube(truth.values * drawn, NM, truth.fwhm_nm, "reflectance", truth.georeference)
    estimate, page = tmp_path / "estimate.tif", tmp_path / "map.tif"
    write_cube(str(estimate), bent, "float32", {})
    done = command("evaluate", estimate, scene, "--error-map", page, "--json")
    assert done.returncode == 0, done.stderr
    made = gdal.Open(str(page))
    assert made.GetGeoTransform() == truth.geotransform
    band = made.GetRasterBand(1)
    assert (band.GetDescription(), band.GetUnitType()) == ("spectral angle", "degrees")
    e, r = read_cube(str(estimate)).values.astype(float), truth.values.astype(float)
    cosine = (e * r).sum(0) / np.sqrt((e * e).sum(0) * (r * r).sum(0))
    np.testing.assert_allclose(band.ReadAsArray(), np.degrees(np.arccos(cosine)), atol=1e-3)
    mean = json.loads(done.stdout)["overall"]["sam_degrees"]
    assert np.nanmean(band.ReadAsArray()) == pytest.approx(mean, rel=1e-5)
    for target, why in ((scene, "is also the input"), (page, "exists")):
        done = command("evaluate", estimate, scene, "--error-map", target)
        assert done.returncode == 2 and why in done.stderr


def test_qgis_warps_the_reference_and_writes_the_map(qgis_process, tmp_path):
    estimate = on_grid(tmp_path / "e.tif", (40, 50), GRID, 32633, plane)
    larger = (499980.0, 2.0, 0.0, 4000030.0, 0.0, -2.0)
    reference = on_grid(tmp_path / "r.tif", (90, 80), larger, 32633, plane)
    words = [f"ESTIMATE={estimate}", f"REFERENCE={reference}", f"ERROR_MAP={tmp_path / 'm.tif'}"]
    answer = qgis_process("run", "scdm:evaluate", "--", *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "another grid (90 x 80 pixels)" in answer.stdout + answer.stderr
    angles = gdal.Open(str(tmp_path / "m.tif")).ReadAsArray()
    assert angles.shape == (40, 50) and angles.max() < 1e-3


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
