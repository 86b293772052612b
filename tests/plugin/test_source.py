"""Layers on the way in: what GDAL opens, band numbers, the extent's text."""

import shutil

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsMultiBandColorRenderer,
    QgsProcessingException,
    QgsRasterLayer,
    QgsRectangle,
    QgsSingleBandGrayRenderer,
)

from scdm_qgis.layers.source import (
    band_numbers,
    extent_text,
    gdal_name,
    shows_what_is_taken,
)


def test_a_relative_path_becomes_absolute(qgis_app, rgb_path, monkeypatch):
    monkeypatch.chdir(rgb_path.parent)
    assert gdal_name(QgsRasterLayer("field.tif", "field")) == str(rgb_path)


def test_a_name_that_is_no_path_stays(qgis_app, rgb_path, tmp_path):
    shutil.make_archive(str(tmp_path / "packed"), "zip", rgb_path.parent, rgb_path.name)
    name = f"/vsizip/{tmp_path}/packed.zip/field.tif"
    layer = QgsRasterLayer(name, "packed")
    assert layer.isValid()
    assert gdal_name(layer) == name


def test_driver_options_are_refused(qgis_app, rgb_path):
    layer = QgsRasterLayer(f"{rgb_path}|option:NUM_THREADS=2", "field")
    with pytest.raises(QgsProcessingException, match="add it again without them"):
        gdal_name(layer)


def test_qgis_memory_is_refused(qgis_app, rgb_path):
    gdal.Translate("/vsimem/field.tif", str(rgb_path))
    try:
        with pytest.raises(QgsProcessingException, match="held in memory"):
            gdal_name(QgsRasterLayer("/vsimem/field.tif", "field"))
    finally:
        gdal.Unlink("/vsimem/field.tif")


def test_no_choice_of_bands_is_left_to_the_file(qgis_app, rgb_path):
    layer = QgsRasterLayer(str(rgb_path), "field")
    assert band_numbers(layer, (0, 0, 0)) is None
    assert band_numbers(layer, (3, 0, 1)) == (3, 2, 1)


@pytest.fixture
def stack(write_raster):
    """A function: names of four bands -> their layer, shown as 4, 2, 3."""

    def make(*names, kind=np.uint16):
        path = write_raster("stack.tif", np.ones((4, 5, 6), kind))
        dataset = gdal.Open(str(path), gdal.GA_Update)
        for number, name in enumerate(names, 1):
            dataset.GetRasterBand(number).SetDescription(name)
        dataset = None
        layer = QgsRasterLayer(str(path), "stack")
        layer.setRenderer(QgsMultiBandColorRenderer(layer.dataProvider(), 4, 2, 3))
        return layer

    return make


def test_where_the_file_says_nothing_the_bands_are_those_that_the_layer_shows(qgis_app, stack):
    layer = stack()
    assert band_numbers(layer, (0, 0, 0)) == (4, 2, 3)
    assert band_numbers(layer, (0, 1, 0)) == (4, 1, 3)
    layer.setRenderer(QgsSingleBandGrayRenderer(layer.dataProvider(), 1))
    assert band_numbers(layer, (0, 0, 0)) is None


def test_band_names_go_before_what_the_layer_shows(qgis_app, stack):
    layer = stack("B2", "B3", "B4", "B8")
    assert band_numbers(layer, (0, 0, 0)) is None  # the worker reads the same names
    assert band_numbers(layer, (0, 0, 4)) == (3, 2, 4)


def test_band_names_go_before_the_colours_that_gdal_makes_up_for_bytes(qgis_app, stack):
    layer = stack("NIR", "Red", "Green", "Blue", kind=np.uint8)
    assert band_numbers(layer, (0, 0, 0)) is None
    assert band_numbers(layer, (0, 0, 1)) == (2, 3, 1)


@pytest.mark.parametrize(
    ("names", "chosen", "alike"),
    [
        ((), (0, 0, 0), True),  # taken as it is shown
        ((), (3, 0, 0), False),
        (("B2", "B3", "B4", "B8"), (0, 0, 0), False),  # shown in false colours: 4, 2, 3
        (("B2", "B3", "B4", "B8"), (4, 2, 3), True),
    ],
)
def test_a_layer_in_other_colours_than_those_taken_is_known(qgis_app, stack, names, chosen, alike):
    assert shows_what_is_taken(stack(*names), chosen) == alike


def test_a_layer_in_greys_shows_no_red_green_and_blue(qgis_app, stack):
    layer = stack()
    layer.setRenderer(QgsSingleBandGrayRenderer(layer.dataProvider(), 1))
    assert not shows_what_is_taken(layer, (0, 0, 0))


def test_the_names_of_a_stacks_files_go_before_what_the_layer_shows(
    qgis_app, write_raster, tmp_path
):
    files = [
        str(write_raster(f"T33UUU_B0{n}_10m.tif", np.ones((1, 5, 6), np.uint16))) for n in (2, 3, 4)
    ]
    path = str(tmp_path / "stack.vrt")
    gdal.BuildVRT(path, files, separate=True)
    layer = QgsRasterLayer(path, "stack")
    assert band_numbers(layer, (0, 0, 0)) is None  # the worker reads the same names
    assert band_numbers(layer, (0, 0, 1)) == (3, 2, 1)


def test_the_extent_keeps_its_digits(qgis_app):
    text = extent_text(QgsRectangle(-1.1, 0.123456789012, 2.0, 3.3000000000000003))
    assert text == "-1.1,0.123456789012,2.0,3.3000000000000003"
