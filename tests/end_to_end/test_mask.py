"""`upsample --mask`: nodata outside of polygons, inside the numbers of the whole."""

import json

import numpy as np
import pytest
from killing import ROOT, start
from osgeo import gdal, osr

gdal.UseExceptions()
NODATA = 65535
# Of the raster that write_raster makes: 2 m pixels from (500000, 4100000); off all centres.
FIELD = [[500011, 4099989], [500071, 4099980], [500030, 4099921]]
PADDOCK = [[500080.5, 4099930], [500110, 4099930], [500110, 4099910], [500080.5, 4099910]]


def write_geojson(path, *outlines):
    """Polygons in EPSG:32617."""
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Polygon", "coordinates": [[*outline, outline[0]]]},
        }
        for outline in outlines
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32617"}}
    content = {"type": "FeatureCollection", "crs": crs, "features": features}
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def field(write_raster, tmp_path):
    """A picture of 60 x 70 pixels and a mask of two polygons."""
    values = np.random.default_rng(3).integers(20, 230, (3, 60, 70), np.uint8)
    source = write_raster("field.tif", values)
    return source, write_geojson(tmp_path / "mask.geojson", FIELD, PADDOCK)


def inside_by_gdal(source, mask):
    """What GDAL's own rasterizing gives of the whole raster at once."""
    grid = gdal.Open(str(source))
    made = gdal.GetDriverByName("MEM").Create("", grid.RasterXSize, grid.RasterYSize)
    made.SetGeoTransform(grid.GetGeoTransform())
    made.SetSpatialRef(grid.GetSpatialRef())
    layers = gdal.OpenEx(str(mask), gdal.OF_VECTOR)
    gdal.RasterizeLayer(made, [1], layers.GetLayer(0), burn_values=[1])
    return made.ReadAsArray() == 1


def read(path):
    return gdal.Open(str(path)).ReadAsArray()


@pytest.fixture
def upsample(command, tiny_package, tmp_path):
    """A function: (source, name, *options) -> the values that were made."""

    def run(source, name, *options):
        words = ["upsample", source, tmp_path / name, "--model", tiny_package, "--tile", "32"]
        done = command(*words, *options)
        assert done.returncode == 0, done.stderr
        return read(tmp_path / name)

    return run


def test_outside_is_nodata_and_inside_are_the_numbers_of_the_whole(field, upsample, tmp_path):
    source, mask = field
    spread, page = tmp_path / "s.tif", tmp_path / "page.html"
    whole = upsample(source, "whole.tif", "--samples", "2")
    options = ("--samples", "2", "--mask", mask, "--spread", spread, "--report", page)
    part = upsample(source, "part.tif", *options)
    inside = inside_by_gdal(source, mask)
    assert 0.1 < inside.mean() < 0.6
    np.testing.assert_array_equal(part, np.where(inside, whole, NODATA))
    np.testing.assert_array_equal(read(spread)[0] != NODATA, inside)
    assert "2 polygons, sha256" in gdal.Open(str(tmp_path / "part.tif")).GetMetadataItem(
        "SCDM_MASK"
    )
    assert "<html" in page.read_text(encoding="utf-8")


def test_blended_tiles_are_masked_too(field, command, tiny_whole_tile_package, upsample, tmp_path):
    source, mask = field
    words = ["--model", tiny_whole_tile_package]
    whole = upsample(source, "whole.tif", *words)
    part = upsample(source, "part.tif", *words, "--mask", mask)
    np.testing.assert_array_equal(part, np.where(inside_by_gdal(source, mask), whole, NODATA))


def test_mask_and_extent_go_together(field, upsample):
    source, mask = field
    whole = upsample(source, "whole.tif", "--mask", mask)
    part = upsample(source, "part.tif", "--mask", mask, "--extent", "500020,4099920,500080,4099980")
    np.testing.assert_array_equal(part, whole[:, 10:40, 10:40])


def test_a_clusters_workers_mask_too(field, upsample):
    source, mask = field
    pytest.importorskip("distributed")
    here = upsample(source, "here.tif", "--mask", mask)
    there = upsample(source, "there.tif", "--mask", mask, "--cluster", "local:2")
    np.testing.assert_array_equal(here, there)


def test_sheets_of_a_mosaic_are_masked(field, upsample):
    source, mask = field
    here = upsample(source, "here.tif", "--mask", mask)
    there = upsample(source, "there.vrt", "--mask", mask, "--sheet", "32")
    np.testing.assert_array_equal(here, there)


def broken_run(source, output, package, *options):
    """A run that is killed with some of its tiles in the journal."""
    words = ["upsample", source, output, "--model", package, "--tile", "64", *options]
    broken = start(words, ROOT)
    assert any(json.loads(line).get("done", 0) >= 6 for line in broken.stdout)
    broken.kill()
    broken.communicate()


@pytest.mark.parametrize("same", [True, False])
def test_only_the_same_polygons_go_on_with_a_broken_run(
    command, write_raster, tiny_package, tmp_path, same
):
    """The same from a file of another name, too: QGIS writes a new one for each run."""
    values = np.random.default_rng(3).integers(20, 230, (3, 300, 400)).astype(np.uint8)
    source, output = write_raster("large.tif", values), tmp_path / "cube.tif"
    wide = [[500000, 4100000], [500800, 4100000], [500800, 4099400], [500000, 4099401]]
    narrow = [[500000, 4100000], [500400, 4100000], [500800, 4099400], [500000, 4099401]]
    mask = write_geojson(tmp_path / "a.geojson", wide)
    broken_run(source, output, tiny_package, "--mask", mask)
    other = write_geojson(tmp_path / "b.geojson", wide if same else narrow)
    words = ["upsample", source, output, "--model", tiny_package, "--tile", "64", "--events"]
    done = command(*words, "--mask", other)
    assert done.returncode == 0, done.stderr
    reused = json.loads(done.stdout.splitlines()[-1])["reused"]
    assert (reused > 0) == same
    inside = inside_by_gdal(source, other)
    np.testing.assert_array_equal((read(output) != NODATA).all(0), inside)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mask", "none.gpkg"], "'none.gpkg' does not exist: check the path"),
        (["--mask", "field.tif"], "cannot be read"),
        (["--mask", "far.geojson"], "meets the part that is to be done"),
        (["--mask-layer", "a"], "--mask-layer is given without --mask: give --mask FILE too"),
    ],
)
def test_what_is_no_mask_is_refused(field, command, tiny_package, tmp_path, options, said):
    write_geojson(tmp_path / "far.geojson", [[0, 0], [1, 0], [1, 1]])
    words = ["upsample", "field.tif", "o.tif", "--model", tiny_package, *options]
    done = command(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.glob("o.*"))


def test_a_mask_from_which_no_way_leads_to_the_picture_is_refused(
    field, command, tiny_package, tmp_path
):
    """A site's own reference system, as CAD and total stations have it."""
    source, mask = field
    local = osr.SpatialReference()
    local.SetLocalCS("the site's")
    gdal.Open(str(source), gdal.GA_Update).SetSpatialRef(local)
    words = ("upsample", source, tmp_path / "o.tif", "--mask", mask, "--model", tiny_package)
    done = command(*words)
    assert done.returncode == 2
    assert "no way from the features' reference system (WGS 84 / UTM zone 17N)" in done.stderr
    assert "(the site's)" in done.stderr and "gdal_edit.py -a_srs" in done.stderr


def test_a_scene_is_made_again_for_another_mask(field, command, tiny_package, tmp_path):
    _, mask = field
    words = ["upsample", tmp_path / "fiel*.tif", tmp_path / "out", "--model", tiny_package]
    assert command(*words, "--mask", mask).returncode == 0
    before = read(tmp_path / "out" / "field.tif")
    write_geojson(mask, PADDOCK)
    assert command(*words, "--mask", mask, "--overwrite").returncode == 0
    after = read(tmp_path / "out" / "field.tif")
    assert (after != NODATA).sum() < (before != NODATA).sum()


def test_qgis_process_takes_an_extent_and_a_mask(
    field, qgis_process, upsample, tiny_package, tmp_path
):
    """By names relative to the user's folder."""
    source, mask = field
    whole = upsample(source, "whole.tif")
    words = ["INPUT=field.tif", "MASK=mask.geojson", "OUTPUT=part.tif", "TILE=32"]
    words += [f"MODEL={tiny_package}", "EXTENT=500020,500080,4099920,4099980 [EPSG:32617]"]
    answer = qgis_process("run", "scdm:upsample", "--", *words, cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    expected = np.where(inside_by_gdal(source, mask), whole, NODATA)
    np.testing.assert_array_equal(read(tmp_path / "part.tif"), expected[:, 10:40, 10:40])
