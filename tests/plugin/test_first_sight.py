"""A cube of the command line, added to a project: in natural colour, not in three blues."""

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsMultiBandColorRenderer, QgsProject, QgsRasterLayer

NM = (400, 412, 425, 465, 550, 640, 860)


@pytest.fixture
def added(registered, write_cube, qgis_new_project):
    """A function: (what the file says that it is, bands shown) -> the layer once it is added."""

    def add(content, shown=None):
        values = np.random.default_rng(2).uniform(0, 0.4, (1, 40, 50)).repeat(len(NM), 0)
        path = write_cube("cube.tif", values.astype(np.float32), NM)
        if content:
            dataset = gdal.Open(str(path), gdal.GA_Update)
            dataset.SetMetadataItem("SCDM_CONTENT", content)
            dataset = None
        layer = QgsRasterLayer(str(path), "cube")
        if shown:
            layer.setRenderer(QgsMultiBandColorRenderer(layer.dataProvider(), *shown))
        QgsProject.instance().addMapLayer(layer)
        return layer

    return add


def test_an_estimate_is_dressed(added):
    layer = added("mean of the samples")
    shown = [NM[band - 1] for band in layer.renderer().usesBands()]
    assert shown == pytest.approx([640, 550, 465], abs=45)
    assert "Colour infrared" in layer.styleManager().styles()


def test_a_spread_is_a_map(added):
    assert added("spread of the estimate").renderer().type() == "singlebandpseudocolor"


@pytest.mark.parametrize("content, shown", [(None, None), ("mean of the samples", (7, 6, 5))])
def test_other_rasters_and_other_styles_stay(added, content, shown):
    assert list(added(content, shown).renderer().usesBands()) == list(shown or (1, 2, 3))


@pytest.mark.parametrize(
    "content, style",
    [("reliability of the estimate", "singlebandpseudocolor"), (None, "singlebandgray")],
)
def test_a_reliability_is_a_map(registered, write_raster, qgis_new_project, content, style):
    path = write_raster("r.tif", np.full((1, 9, 8), 50, np.uint8), nodata=255)
    if content:
        dataset = gdal.Open(str(path), gdal.GA_Update)
        dataset.SetMetadataItem("SCDM_CONTENT", content)
        dataset = None
    layer = QgsRasterLayer(str(path), "r")
    QgsProject.instance().addMapLayer(layer)
    assert layer.renderer().type() == style
