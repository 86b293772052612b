"""Layers on the way in: what GDAL opens, band numbers, the extent's text."""

import shutil

import pytest
from qgis.core import QgsProcessingException, QgsRasterLayer, QgsRectangle

from scdm_qgis.layers.source import band_numbers, extent_text, gdal_name


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
    from osgeo import gdal

    gdal.Translate("/vsimem/field.tif", str(rgb_path))
    try:
        with pytest.raises(QgsProcessingException, match="export it to a file"):
            gdal_name(QgsRasterLayer("/vsimem/field.tif", "field"))
    finally:
        gdal.Unlink("/vsimem/field.tif")


def test_no_choice_of_bands_is_left_to_the_file(qgis_app, rgb_path):
    layer = QgsRasterLayer(str(rgb_path), "field")
    assert band_numbers(layer, (0, 0, 0)) is None
    assert band_numbers(layer, (3, 0, 1)) == (3, 2, 1)


def test_the_extent_keeps_its_digits(qgis_app):
    text = extent_text(QgsRectangle(-1.1, 0.123456789012, 2.0, 3.3000000000000003))
    assert text == "-1.1,0.123456789012,2.0,3.3000000000000003"
