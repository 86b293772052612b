"""Our spectral libraries and ENVI cubes, read by Spectral Python: a reader that is not ours."""

import csv

import numpy as np
import pytest
from osgeo import gdal, ogr

spectral = pytest.importorskip("spectral", reason="needs Spectral Python: pip install '.[dev]'")

ROWS, COLS = 40, 60


@pytest.fixture
def cube(command, write_raster, tiny_package, tmp_path):
    """An estimate as ENVI data."""
    values = np.random.default_rng(3).integers(20, 230, (3, ROWS, COLS)).astype(np.uint8)
    source, output = write_raster("a.tif", values), tmp_path / "cube.img"
    done = command("upsample", source, output, "--model", tiny_package)
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture
def fields(cube, tmp_path):
    """Two polygons, of names that an ENVI header has signs for."""
    place = gdal.Open(str(cube)).GetGeoTransform()
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "fields.gpkg"))
    layer = source.CreateLayer("f", gdal.Open(str(cube)).GetSpatialRef(), ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    for name, column in (("wheat, north", 5), ("mais {2}", 30)):
        x, y = place[0] + column * place[1], place[3] + 5 * place[5]
        x1, y1 = x + 12 * place[1], y + 20 * place[5]
        corners = ((x, y), (x1, y), (x1, y1), (x, y1), (x, y))
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["name"] = name
        ring = ", ".join(f"{a} {b}" for a, b in corners)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON(({ring}))"))
        layer.CreateFeature(feature)
    return tmp_path / "fields.gpkg"


def test_it_reads_the_library_of_features(command, cube, fields, tmp_path):
    words = ("--name-field", "name", "--csv", tmp_path / "t.csv", "--library", tmp_path / "l.sli")
    done = command("sample", cube, fields, *words)
    assert done.returncode == 0, done.stderr
    library = spectral.open_image(str(tmp_path / "l.hdr"))
    assert isinstance(library, spectral.io.envi.SpectralLibrary)
    text = [line for line in (tmp_path / "t.csv").read_text().splitlines() if line[0] != "#"]
    rows = [row for row in csv.DictReader(text) if row["variable"] == "spectrum"]
    means = np.array([float(row["mean"]) for row in rows]).reshape(2, -1)
    np.testing.assert_allclose(library.spectra, means, rtol=1e-6)
    assert library.bands.centers == pytest.approx([float(r["wavelength_nm"]) for r in rows[:8]])
    assert library.bands.band_unit == "Nanometers"
    assert library.names == ["wheat; north", "mais (2)"]


def test_it_reads_the_cube(cube):
    image = spectral.open_image(str(cube.with_suffix(".hdr")))
    own = gdal.Open(str(cube)).ReadAsArray()
    assert image.shape == (ROWS, COLS, len(own))
    np.testing.assert_array_equal(np.moveaxis(np.asarray(image.open_memmap()), -1, 0), own)
    assert len(image.bands.centers) == len(own) == len(image.bands.bandwidths)
    assert image.bands.centers[0] == pytest.approx(400, abs=1)
    assert image.metadata["data ignore value"] == "65535"
    np.testing.assert_allclose(np.moveaxis(image.load(), -1, 0), own * 1e-4, rtol=1e-6)
