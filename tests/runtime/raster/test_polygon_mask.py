"""Which pixels a mask of polygons leaves, against an independent test of their centres."""

import json
import pickle

import numpy as np
import pytest
from osgeo import gdal, ogr, osr

from model_runtime.errors import InputError
from model_runtime.raster.georeference import Georeference
from model_runtime.raster.polygon_mask import PolygonMask, read_mask
from model_runtime.tiling import Window

gdal.UseExceptions()
ROWS, COLS = 40, 60
TURNED = (500000, 2.0, 0.6, 4100000, 0.7, -2.0)
# Corners in pixels (column, row); none lies on a pixel's centre.
TRIANGLE = ((5.2, 3.1), (48.7, 11.3), (20.4, 36.9))
SQUARE = ((40.1, 25.2), (55.8, 25.2), (55.8, 38.6), (40.1, 38.6))


def reference(epsg):
    system = osr.SpatialReference()
    system.ImportFromEPSG(epsg)
    system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return system


@pytest.fixture
def write_polygons(tmp_path):
    """A function: (outlines of pixel corners, epsg, layers) -> GeoPackage of them, as they lie."""

    def write(outlines, epsg=32617, layers=("fields",), name="mask.gpkg", kind="Polygon"):
        path = tmp_path / name
        made = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
        change = osr.CoordinateTransformation(reference(32617), reference(epsg))
        for title in layers:
            layer = made.CreateLayer(title, reference(epsg))
            for outline in outlines:
                places = [gdal.ApplyGeoTransform(list(TURNED), *corner) for corner in outline]
                rings = [[list(place) for place in (*places, places[0])]]
                told = rings if kind == "Polygon" else rings[0]
                shape = ogr.CreateGeometryFromJson(json.dumps({"type": kind, "coordinates": told}))
                shape.Transform(change)
                feature = ogr.Feature(layer.GetLayerDefn())
                feature.SetGeometry(shape)
                layer.CreateFeature(feature)
        return path

    return write


def read(path, layer=None, window=None):
    whole = Window(0, 0, ROWS, COLS)
    place = Georeference(TURNED, reference(32617))
    return read_mask(str(path), layer, place, window or whole, whole)


def expected(*outlines):
    """Whose centre lies in one of the outlines: a ray to the right crosses it an odd number."""
    row, col = np.mgrid[:ROWS, :COLS] + 0.5
    inside = np.zeros((ROWS, COLS), bool)
    for outline in outlines:
        crossings = np.zeros((ROWS, COLS), int)
        for (x0, y0), (x1, y1) in zip(outline, (*outline[1:], outline[0])):
            if y0 != y1:
                between = (y0 <= row) != (y1 <= row)
                crossings += between & (col < x0 + (row - y0) / (y1 - y0) * (x1 - x0))
        inside |= crossings % 2 == 1
    return inside


def test_a_pixel_is_inside_where_its_centre_is(write_polygons):
    mask = read(write_polygons([TRIANGLE, SQUARE]))
    found = mask.inside(Window(0, 0, ROWS, COLS))
    np.testing.assert_array_equal(found, expected(TRIANGLE, SQUARE))


def test_windows_are_parts_of_the_whole(write_polygons):
    mask = read(write_polygons([TRIANGLE, SQUARE]))
    whole = expected(TRIANGLE, SQUARE)
    for row0, col0 in ((0, 0), (7, 13), (25, 40), (33, 51)):
        window = Window(row0, col0, 7, 9)
        np.testing.assert_array_equal(
            mask.inside(window), whole[row0 : row0 + 7, col0 : col0 + 9], str(window)
        )


def test_polygons_of_another_reference_system_are_brought_to_the_rasters(write_polygons):
    mask = read(write_polygons([TRIANGLE, SQUARE], epsg=4326))
    found = mask.inside(Window(0, 0, ROWS, COLS))
    np.testing.assert_array_equal(found, expected(TRIANGLE, SQUARE))


def test_the_share_is_that_of_the_area(write_polygons):
    mask = read(write_polygons([SQUARE]))
    whole = Window(0, 0, ROWS, COLS)
    assert mask.share_of(whole) == pytest.approx(expected(SQUARE).mean())
    assert mask.inside(whole, (10, 15)).mean() == pytest.approx(expected(SQUARE).mean(), abs=0.02)


def test_another_process_has_the_same_mask(write_polygons):
    mask = read(write_polygons([TRIANGLE]))
    again = PolygonMask(pickle.loads(pickle.dumps(mask.polygons)))
    whole = Window(0, 0, ROWS, COLS)
    np.testing.assert_array_equal(again.inside(whole), mask.inside(whole))
    assert again.polygons.description == mask.polygons.description


def test_what_it_is_called_goes_with_its_shape_not_with_its_file(write_polygons):
    one = read(write_polygons([TRIANGLE], name="a.gpkg")).polygons.description
    copy = read(write_polygons([TRIANGLE], name="b.gpkg")).polygons.description
    other = read(write_polygons([SQUARE], name="c.gpkg")).polygons.description
    assert one == copy != other
    assert one.startswith("1 polygon, sha256 ")


def test_polygons_beside_an_extent_are_left_out_of_it(write_polygons):
    path = write_polygons([TRIANGLE, SQUARE])
    assert len(read(path, window=Window(2, 4, 4, 4)).polygons.wkb) == 1


def test_one_of_several_layers_is_named(write_polygons):
    path = write_polygons([TRIANGLE], layers=("fields", "roads"))
    with pytest.raises(InputError) as refused:
        read(path)
    assert refused.value.remedy == "name one with --mask-layer: fields, roads"
    assert read(path, "roads").inside(Window(0, 0, ROWS, COLS)).any()


def test_arcs_are_outlines_too(tmp_path):
    """Of a CurvePolygon, as QGIS's circles are; GDAL burns none, which left nothing inside."""
    path = tmp_path / "circle.gpkg"
    made = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = made.CreateLayer("circle", reference(32617), ogr.wkbCurvePolygon)
    centre = gdal.ApplyGeoTransform(list(TURNED), 30, 20)
    ends = [(20, 0), (0, 20), (-20, 0), (0, -20), (20, 0)]
    text = ", ".join(f"{centre[0] + x} {centre[1] + y}" for x, y in ends)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromWkt(f"CURVEPOLYGON (CIRCULARSTRING ({text}))"))
    layer.CreateFeature(feature)
    del feature, layer, made
    inside = read(path).inside(Window(0, 0, ROWS, COLS))
    x0, a, b, y0, c, d = TURNED
    row, col = np.mgrid[:ROWS, :COLS] + 0.5
    away = np.hypot(x0 + a * col + b * row - centre[0], y0 + c * col + d * row - centre[1])
    np.testing.assert_array_equal(inside[abs(away - 20) > 0.1], (away < 20)[abs(away - 20) > 0.1])


def test_polygons_between_the_centres_are_refused(write_polygons):
    """Else the output would be nodata alone."""
    between = ((20.6, 20.6), (21.4, 20.6), (21.4, 21.4), (20.6, 21.4))
    with pytest.raises(InputError, match="has its centre in a polygon"):
        read(write_polygons([between]))


def test_lines_are_no_mask(write_polygons):
    path = write_polygons([TRIANGLE], kind="LineString")
    with pytest.raises(
        InputError, match=r"feature 1 of the mask .* is not a polygon \(linestring\)"
    ):
        read(path)


def test_what_is_taken_for_granted_is_told(write_polygons):
    path = write_polygons([TRIANGLE])
    whole = Window(0, 0, ROWS, COLS)
    mask = read_mask(str(path), None, Georeference(TURNED), whole, whole)
    assert mask.warnings == ["mask: the raster has no reference system: taken to be the other's"]
    np.testing.assert_array_equal(mask.inside(whole), expected(TRIANGLE))


def test_a_mask_beside_the_part_is_refused(write_polygons):
    far = tuple((col + 900, row) for col, row in SQUARE)
    with pytest.raises(InputError, match="meets the part that is to be done"):
        read(write_polygons([far]))
    with pytest.raises(InputError, match="meets the part that is to be done"):
        read(write_polygons([SQUARE], name="b.gpkg"), window=Window(0, 0, 5, 5))
