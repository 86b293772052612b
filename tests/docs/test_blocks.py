"""The commands of README and of some pages of docs/ run as they stand, on small data made here.

They run in a folder that looks like a checkout after ``make setup``. Only the number of training
steps in the settings files is another one there: two.
"""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from pages import ROOT, blocks

QGIS_PROCESS = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
NM = np.linspace(400.0, 1000.0, 25)
SOIL, LEAVES = 0.1 + 0.3 * (NM - 400) / 600, 0.04 + 0.4 / (1 + np.exp((715 - NM) / 15))
# The panels in each picture: first column, value, reflectance.
PANELS = ((2, 30, 0.03), (11, 90, 0.12), (20, 220, 0.5))
# Blocks that tests do not run, by a word in them, and why.
NOT_RUN = {
    "tensorboard": "serves until it is stopped",
    "simulate_vegetation": "needs prosail, which nothing else does",
    "simulate_water": "needs spectral libraries; tests/training/test_simulate_water.py has some",
    "average.py": "two steps keep nothing; tests/training/test_average.py averages four",
    "--retrain": "tests/training/test_ablate.py trains for less",
    "A.pth": "tests/training/test_import_reference.py runs it on the golden checkpoints",
}


def shell_blocks(page):
    """(page, text) of each shell block of a page that runs here."""
    texts = [block.text for block in blocks(ROOT / page) if block.language == "sh"]
    return [(page, text) for text in texts if not any(word in text for word in NOT_RUN)]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The folder that looks like a checkout, with the pictures and scenes that the pages name."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("model_runtime", "tests"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copytree(ROOT / "training", folder / "training")
    for settings in (folder / "training" / "configs").glob("*.toml"):
        text = settings.read_text(encoding="utf-8")
        settings.write_text(re.sub(r"^iterations = \d+", "iterations = 2", text, flags=re.M))
    write_picture(folder / "ortho.tif", 24, 32)
    (folder / "archive").mkdir()
    write_picture(folder / "archive" / "one.tif", 16, 20)
    write_polygons(folder / "field.gpkg", [((500010, 4099960, 500044, 4099994), 0.1)])
    write_fields(folder / "fields.gpkg")
    write_scene(folder / "scene.tif", 136, 136, 0)
    write_scene(folder / "reference.tif", 24, 32, 1)
    write_library(folder / "materials.csv")
    write_panels(folder / "panels.gpkg")
    for seed, split in enumerate(("train", "train", "val")):
        (folder / "scenes" / split).mkdir(parents=True, exist_ok=True)
        write_scene(folder / "scenes" / split / f"{seed}.tif", 36, 40, seed)
    return folder


def new_raster(path, bands, rows, cols, kind):
    """A georeferenced GeoTIFF, open for writing."""
    from osgeo import gdal, osr

    gdal.UseExceptions()
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), cols, rows, bands, kind)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32617)
    dataset.SetSpatialRef(reference)
    dataset.SetGeoTransform((500000, 2, 0, 4100000, 0, -2))
    return dataset


def write_picture(path, rows, cols):
    """An 8-bit RGB picture of a meadow with grey panels, where it is wide enough."""
    grain = np.random.default_rng(rows).integers(-15, 16, (3, rows, cols))
    values = (grain + np.array([80, 110, 55])[:, None, None]).astype(np.uint8)
    for col0, value, _ in PANELS:
        values[:, 2:10, col0 : col0 + 8] = value
    new_raster(path, 3, rows, cols, 1).WriteArray(values)


def write_polygons(path, polygons):
    """A layer of (bounds, reflectance), in the pictures' reference system."""
    from osgeo import ogr, osr

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32617)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = source.CreateLayer("field", reference, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("reflectance", ogr.OFTReal))
    for (xmin, ymin, xmax, ymax), value in polygons:
        feature = ogr.Feature(layer.GetLayerDefn())
        corners = f"{xmin} {ymin},{xmax} {ymin},{xmax} {ymax},{xmin} {ymax},{xmin} {ymin}"
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON (({corners}))"))
        feature.SetField("reflectance", value)
        layer.CreateFeature(feature)


def write_panels(path):
    """Polygons within the panels of the pictures."""
    places = [
        (500000 + 2 * col0 + 2, 4099982, 500000 + 2 * col0 + 14, 4099994) for col0, *_ in PANELS
    ]
    write_polygons(path, [(place, panel[2]) for place, panel in zip(places, PANELS)])


def write_fields(path):
    """Two fields side by side with names, in degrees."""
    from osgeo import ogr, osr

    ends = [osr.SpatialReference(), osr.SpatialReference()]
    for end, code in zip(ends, (32617, 4326)):
        end.ImportFromEPSG(code)
        end.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = source.CreateLayer("fields", ends[1], ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    for name, xmin, xmax in (("wheat", 500002, 500030), ("maize", 500030, 500062)):
        feature = ogr.Feature(layer.GetLayerDefn())
        corners = [(xmin, 4099998), (xmax, 4099998), (xmax, 4099954), (xmin, 4099954)]
        text = ", ".join(f"{x} {y}" for x, y in [*corners, corners[0]])
        outline = ogr.CreateGeometryFromWkt(f"POLYGON (({text}))")
        outline.Transform(osr.CoordinateTransformation(*ends))
        feature.SetField("name", name)
        feature.SetGeometry(outline)
        layer.CreateFeature(feature)


def write_library(path):
    """Soil and leaves as a table."""
    rows = (f"{nm:g},{soil:.4f},{leaf:.4f}" for nm, soil, leaf in zip(NM, SOIL, LEAVES))
    path.write_text("\n".join(["nm,soil,leaves", *rows]) + "\n")


def write_scene(path, rows, cols, seed):
    """A hyperspectral scene of soil and leaves: UInt16 reflectance x 10,000, wavelengths in nm."""
    share = np.random.default_rng(seed).random((rows, cols))
    values = SOIL[:, None, None] * share + LEAVES[:, None, None] * (1 - share)
    dataset = new_raster(path, len(NM), rows, cols, 2)
    for number, (centre, band_values) in enumerate(zip(NM, values), start=1):
        band = dataset.GetRasterBand(number)
        band.SetMetadata({"wavelength": str(centre), "wavelength_units": "Nanometers"})
        band.SetScale(0.0001)
        band.WriteArray(np.round(band_values * 10_000).astype(np.uint16))


@pytest.fixture(scope="module")
def environment(checkout):
    """Variables of a user's shell: the plugin assembled."""
    programs = checkout / "programs"
    programs.mkdir()
    if QGIS_PROCESS:  # Debian bookworm's wrapper of this name fails; README says so
        (programs / "qgis_process").symlink_to(QGIS_PROCESS)
    assemble = [sys.executable, str(ROOT / "scripts" / "assemble_plugin.py")]
    places = [f"--plugins={checkout / 'plugins'}", f"--dist={checkout / 'dist'}"]
    subprocess.run([*assemble, *places], check=True, capture_output=True)
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_PLUGINPATH": str(checkout / "plugins"),
        "SCDM_PYTHON": sys.executable,
        "OMP_NUM_THREADS": "1",
    }


def run_blocks(page, checkout, environment):
    """Run the blocks of a page in order, each builds on those before; returns their output.

    In a QGIS profile of the page's own: enabling a plugin twice is an error.
    """
    said, profile = "", checkout / "profiles" / page.replace("/", "_")
    environment = {**environment, "QGIS_CUSTOM_CONFIG_PATH": str(profile)}
    for _, text in shell_blocks(page):
        shell = ["sh", "-e", "-c", text]
        done = subprocess.run(
            shell, cwd=checkout, env=environment, capture_output=True, text=True, timeout=500
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        said += done.stdout
    return said


def test_readmes_commands_run(checkout, environment):
    for module in ("qgis", "torch", "distributed"):
        pytest.importorskip(module)
    run_blocks("README.md", checkout, environment)
    made = [
        "spectra.tif",
        "cube.tif",
        "spread.tif",
        "rgb.tif",
        "cube.img",
        "spectra/one.tif",
        "mosaic.vrt",
        "classes.tif",
    ]
    assert [name for name in made if not (checkout / name).exists()] == []
    assert (checkout / "mine" / "model.json").is_file() and (checkout / "own.tif").is_file()


def test_the_training_pages_commands_run(checkout, environment):
    pytest.importorskip("torch")
    shutil.rmtree(checkout / "mine", ignore_errors=True)
    shutil.rmtree(checkout / "runs", ignore_errors=True)
    (checkout / "own.tif").unlink(missing_ok=True)
    run_blocks("docs/training.md", checkout, environment)
    assert list((checkout / "blocks" / "train").glob("*.tif"))
    for package in ("mine", "few", "tiny"):
        assert (checkout / package / "model.json").is_file()
    assert (checkout / "own_spread.tif").is_file()


def test_the_uncertainty_pages_example_gives_an_interval(checkout, environment):
    said = run_blocks("docs/uncertainty.md", checkout, environment)
    found = re.search(r"NDVI (\S+), 90 % interval (\S+) to (\S+), 16 draws", said)
    middle, low, high = map(float, found.groups())
    assert -1 < low < middle < high < 1
    assert (checkout / "estimate_reliability.tif").is_file()


def test_the_matching_pages_command_runs(checkout, environment):
    run_blocks("docs/matching.md", checkout, environment)
    assert (checkout / "best.tif").is_file() and (checkout / "angle.tif").is_file()


def test_the_radiometry_pages_commands_run(checkout, environment):
    pytest.importorskip("onnxruntime")
    run_blocks("docs/radiometry.md", checkout, environment)
    from osgeo import gdal

    said = gdal.Open(str(checkout / "calibrated.tif")).GetMetadataItem("SCDM_RADIOMETRY_WHY")
    assert said.startswith("calibration 'flight.json': 3 targets")


def test_the_parts_pages_commands_run(checkout, environment):
    pytest.importorskip("onnxruntime")
    run_blocks("docs/parts.md", checkout, environment)
    from osgeo import gdal

    part = gdal.Open(str(checkout / "part.tif"))
    assert (part.RasterXSize, part.RasterYSize) == (17, 17)
    fields = gdal.Open(str(checkout / "fields.tif")).ReadAsArray(band_list=[1])
    assert (fields != 65535).sum() == (14 + 16) * 22  # what the fields of write_fields cover


def test_the_sensors_pages_command_runs(checkout, environment):
    estimate, is_ours = checkout / "cube.tif", not (checkout / "cube.tif").exists()
    if is_ours:  # else it is that of another page
        shutil.copy(checkout / "reference.tif", estimate)
    run_blocks("docs/sensors.md", checkout, environment)
    assert (checkout / "s2.tif").is_file()
    if is_ours:
        estimate.unlink()


def test_the_sensors_page_lists_the_catalogue():
    from model_runtime.spectra.sensor_catalogue import catalogue

    page = (ROOT / "docs" / "sensors.md").read_text(encoding="utf-8")
    for name, one in catalogue().items():
        assert f"| `{name}` | {one.title} | {len(one.bands)} | {one.source} |" in page


def test_the_tutorial_ends_in_a_geopackage_with_intervals_and_matches(checkout, environment):
    from osgeo import ogr

    pytest.importorskip("qgis")
    shutil.rmtree(checkout / "draws", ignore_errors=True)  # another page's, of another run
    run_blocks("docs/tutorial.md", checkout, environment)
    source = ogr.Open(str(checkout / "answer.gpkg"))
    layer = source.GetLayer(0)
    fields = {feature.GetField("name"): feature for feature in layer}
    pixels = {name: feature.GetField("pixels") for name, feature in fields.items()}
    assert pixels == {"wheat": 14 * 22, "maize": 16 * 22}
    for feature in fields.values():
        ndvi = [feature.GetField(f"NDVI{end}") for end in ("_low", "", "_high")]
        assert -1 < ndvi[0] < ndvi[1] < ndvi[2] < 1
        assert feature.GetField("best_majority") in (0, 1, 2)
    assert (checkout / "spectra.csv").is_file()


@pytest.mark.parametrize(
    "page", ["README.md", "docs/training.md", "docs/tutorial.md", "docs/uncertainty.md"]
)
def test_what_is_not_run_is_there_to_be_left_out(page):
    texts = [block.text for block in blocks(ROOT / page) if block.language == "sh"]
    left_out = [text for text in texts if (page, text) not in shell_blocks(page)]
    assert len(left_out) == (6 if page.endswith("training.md") else 0)
