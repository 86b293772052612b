"""scdm:samplespectra in a real qgis_process."""

import csv

import numpy as np
import pytest
from osgeo import gdal, ogr, osr

from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.georeference import Georeference

gdal.UseExceptions()
NM = np.array([450.0, 550.0, 670.0, 860.0])


@pytest.fixture
def cube(tmp_path):
    """A cube of 20 x 31 pixels of 2 m, and a layer of two fields among others; the values."""
    place = osr.SpatialReference()
    place.ImportFromEPSG(32633)
    values = np.random.default_rng(1).uniform(0, 0.6, (4, 20, 31)).astype(np.float32)
    where = Georeference((500000.0, 2.0, 0.0, 4100000.0, 0.0, -2.0), place)
    made = Cube(values, NM, np.full(4, 10.0), "reflectance", where)
    write_cube(tmp_path / "cube.tif", made, "float32", {})
    file = gdal.GetDriverByName("GPKG").Create(str(tmp_path / "f.gpkg"), 0, 0, 0)
    file.CreateLayer("roads", place, ogr.wkbLineString)
    layer = file.CreateLayer("fields", place, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("crop", ogr.OFTString))
    for name, (col, cols) in {"maize": (2, 10), "rye": (14, 5)}.items():
        x, y = 500000 + 2 * col, 4100000 - 2 * 3
        ring = f"{x} {y},{x + 2 * cols} {y},{x + 2 * cols} {y - 12},{x} {y - 12},{x} {y}"
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField("crop", name)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON(({ring}))"))
        layer.CreateFeature(feature)
    return values


def test_the_fields_of_one_layer_of_several(qgis_process, cube, tmp_path):
    words = [f"INPUT={tmp_path / 'cube.tif'}", "NAME=crop", f"OUTPUT={tmp_path / 's.csv'}"]
    words.append(f"FEATURES={tmp_path / 'f.gpkg'}|layername=fields")
    answer = qgis_process("run", "scdm:samplespectra", "--", *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    lines = [line for line in (tmp_path / "s.csv").read_text().splitlines() if line[0] != "#"]
    rows = list(csv.DictReader(lines))
    assert [row["name"] for row in rows] == ["maize"] * 4 + ["rye"] * 4
    found = [float(row["mean"]) for row in rows]
    parts = cube[:, 3:9, 2:12], cube[:, 3:9, 14:19]
    assert found == pytest.approx(np.concatenate([part.mean((1, 2)) for part in parts]), rel=1e-5)
