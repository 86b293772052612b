"""What the dialog proposes as input: QGIS's own widget, pictures and results."""

import threading

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsApplication, QgsProcessingContext, QgsProject, QgsRasterLayer
from qgis.gui import QgsGui, QgsProcessingGui, QgsProcessingParameterWidgetContext

from scdm_qgis.layers.proposal import proposed_picture


@pytest.fixture
def project(registered):
    yield QgsProject.instance()
    QgsProject.instance().clear()


@pytest.fixture
def activate(window, monkeypatch):
    """A function that makes a layer the active one."""

    def activate(layer):
        monkeypatch.setattr(type(window), "activeLayer", lambda _: layer)

    activate(None)
    return activate


@pytest.fixture
def add(project, write_raster, activate):
    """A function that adds a layer on top of the others: (name, whether it is a result)."""

    def add(name, result=False):
        path = write_raster(f"{name}.tif", np.ones((3, 4, 5), np.uint8))
        if result:
            gdal.Open(str(path), gdal.GA_Update).SetMetadataItem("SCDM_CONTENT", "spread")
        layer = QgsRasterLayer(str(path), name)
        project.addMapLayer(layer, False)
        project.layerTreeRoot().insertLayer(0, layer)
        return layer

    return add


def shown():
    """The layer that the dialog shows when it opens."""
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("scdm:upsample")
    item = algorithm.parameterDefinition("INPUT")
    registry, kind = QgsGui.processingGuiRegistry(), QgsProcessingGui.Standard
    wrapper = registry.createParameterWidgetWrapper(item, kind)
    context, about = QgsProcessingContext(), QgsProcessingParameterWidgetContext()
    about.setProject(QgsProject.instance())
    context.setProject(QgsProject.instance())
    wrapper.setWidgetContext(about)
    wrapper.widget = wrapper.createWrappedWidget(context)  # kept while the value is asked for
    return wrapper.parameterValue()


def test_a_result_is_not_proposed_where_there_is_a_picture(add):
    picture = add("z picture")
    add("a result", result=True)
    assert shown() == picture.id()


def test_the_topmost_picture_is_proposed(add):
    add("a below")
    top = add("z top")
    add("m result", result=True)
    assert shown() == top.id()


def test_the_active_picture_is_proposed_first(add, activate):
    active = add("below")
    add("top")
    activate(active)
    assert shown() == active.id()


def test_an_active_result_is_not(add, activate):
    picture = add("picture")
    activate(add("result", result=True))
    assert shown() == picture.id()


def test_of_results_alone_qgis_proposes_one_and_the_run_refuses_it(add, window):
    result = add("result", result=True)
    assert proposed_picture(window) is None
    assert shown() == result.id()


def test_without_a_window_or_off_the_main_thread_no_layer_is_touched(add, window):
    add("picture")
    assert proposed_picture(None) is None
    found = []
    thread = threading.Thread(target=lambda: found.append(proposed_picture(window)))
    thread.start()
    thread.join()
    assert found == [None]
