"""The assembled plugin on the path, and workers that speak events without computing."""

import atexit
import importlib.util
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsLayerTreeModel, QgsProcessingFeedback, QgsProject, QgsRasterLayer
from qgis.gui import QgsLayerTreeView, QgsMessageBar
from qgis.PyQt.QtCore import QCoreApplication

ROOT = Path(__file__).resolve().parents[2]


def _script(name: str):
    """The module scripts/``name``.py."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _assembled() -> Path:
    """A folder with the plugin as users get it; gone when the tests end."""
    plugins = Path(tempfile.mkdtemp(prefix="scdm-plugins-"))
    atexit.register(shutil.rmtree, plugins, ignore_errors=True)
    return ASSEMBLE.assemble(plugins)


ASSEMBLE = _script("assemble_plugin")
PLUGIN = _assembled()
sys.path.insert(0, str(PLUGIN.parent))
# Now: scripts that tests import put the checkout in front, where the plugin lacks the runtime.
import scdm_qgis  # noqa: E402


class Log(QgsProcessingFeedback):
    """Remembers what an algorithm told."""

    def __init__(self):
        super().__init__(False)
        self.infos, self.warnings, self.errors, self.debug = [], [], [], []
        self.texts, self.percent = [], []

    def pushInfo(self, info):
        self.infos.append(info)

    def pushWarning(self, warning):
        self.warnings.append(warning)

    def reportError(self, error, fatalError=False):
        self.errors.append(error)

    def pushDebugInfo(self, info):
        self.debug.append(info)

    def setProgressText(self, text):
        self.texts.append(text)

    def setProgress(self, progress):
        self.percent.append(progress)
        super().setProgress(progress)


@pytest.fixture
def log():
    """A feedback that remembers."""
    return Log()


@pytest.fixture(scope="session")
def plugin_folder():
    """The assembled plugin."""
    return PLUGIN


@pytest.fixture(scope="session")
def package():
    """The function that zips the assembled plugin: (folder, dist) -> path."""
    return ASSEMBLE.package


@pytest.fixture
def fake_worker(tmp_path, monkeypatch):
    """Makes SCDM_PYTHON a script: its ``body`` runs with ``say(**event)`` and ``argv`` at hand."""

    def make(body: str) -> Path:
        path = tmp_path / "fake_python"
        path.write_text(
            f"#!{sys.executable}\n"
            "import json, os, signal, subprocess, sys, time\n"
            "argv = sys.argv[1:]\n"
            "def say(**event):\n    print(json.dumps(event), flush=True)\n" + body
        )
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setenv("SCDM_PYTHON", str(path))
        return path

    return make


@pytest.fixture
def rgb_path(write_raster):
    """A small RGB GeoTIFF, wider than high: x 500000 to 500040, y 4099976 to 4100000."""
    values = np.random.default_rng(3).integers(20, 230, (3, 12, 20), np.uint8)
    return write_raster("field.tif", values)


@pytest.fixture
def write_cube(write_raster):
    """A function that writes a raster with wavelengths: (name, values, wavelength_nm) -> path."""

    def write(name, values, wavelength_nm):
        path = write_raster(name, values)
        dataset = gdal.Open(str(path), gdal.GA_Update)
        for number, nm in enumerate(wavelength_nm, 1):
            band = dataset.GetRasterBand(number)
            band.SetDescription(f"{nm} nm")
            band.SetMetadataItem("wavelength", str(nm))
            band.SetMetadataItem("wavelength_units", "Nanometers")
        return path

    return write


CAPABILITIES = b"""<?xml version="1.0" encoding="UTF-8"?>
<WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms">
<Service><Name>WMS</Name><Title>Ortho</Title></Service>
<Capability><Request><GetMap><Format>image/png</Format></GetMap></Request>
<Layer><Title>Ortho</Title><CRS>EPSG:3857</CRS>
<Layer><Name>ortho</Name><Title>ortho</Title><CRS>EPSG:3857</CRS>
<EX_GeographicBoundingBox><westBoundLongitude>-180</westBoundLongitude>
<eastBoundLongitude>180</eastBoundLongitude><southBoundLatitude>-80</southBoundLatitude>
<northBoundLatitude>80</northBoundLatitude></EX_GeographicBoundingBox>
</Layer></Layer></Capability></WMS_Capabilities>"""
LACKING = (
    *("addPluginToRasterMenu", "removePluginRasterMenu"),
    *("addCustomActionForLayerType", "removeCustomActionForLayerType"),
    *("registerOptionsWidgetFactory", "unregisterOptionsWidgetFactory"),
)


@pytest.fixture
def window(qgis_iface, monkeypatch):
    """QGIS's interface with what pytest-qgis's stand-in lacks.

    Taking menus and docks away; a real layer tree, which newer QGIS puts loaded layers into; a
    real message bar.
    """
    bar = QgsMessageBar(qgis_iface.mainWindow())
    monkeypatch.setattr(type(qgis_iface), "messageBar", lambda _: bar)
    tree = QgsLayerTreeView()
    tree.setModel(QgsLayerTreeModel(QgsProject.instance().layerTreeRoot(), tree))
    monkeypatch.setattr(type(qgis_iface), "layerTreeView", lambda _: tree, raising=False)
    for name in ("removeDockWidget", *LACKING):
        if not hasattr(qgis_iface, name):
            monkeypatch.setattr(type(qgis_iface), name, lambda *_: None, raising=False)
    return qgis_iface


@pytest.fixture
def wms_capabilities():
    """What a web map service with one layer, ``ortho``, says that it has."""
    return CAPABILITIES


@pytest.fixture
def open_panel(registered, window, qgis_new_project):
    """A function: paths -> the panel over their layers, the map in their reference system."""

    def show(paths):
        layers = [QgsRasterLayer(str(path), path.stem) for path in paths]
        QgsProject.instance().addMapLayers(layers)
        window.mapCanvas().setDestinationCrs(layers[0].crs())
        window.setActiveLayer(layers[0])
        registered.show_panel(True)
        return registered.panel

    return show


@pytest.fixture
def german(qgis_app):
    """Qt speaks German while the test runs."""
    from scdm_qgis.translation import install_translator

    translator = install_translator("de_DE")
    yield translator
    QCoreApplication.removeTranslator(translator)


@pytest.fixture
def registered(qgis_app, qgis_processing, window):
    """The plugin, its provider registered as in a QGIS with a window."""

    plugin = scdm_qgis.classFactory(window)
    plugin.initGui()
    yield plugin
    plugin.unload()
    QgsProject.instance().removeEntry("scdm", "/")  # the panel's spectra


@pytest.fixture
def opened(monkeypatch):
    """The names of the algorithms whose dialogs were made, each followed by ``shown``."""
    import processing

    names = []

    class Dialog:
        def show(self):
            names.append("shown")

    monkeypatch.setattr(
        processing, "createAlgorithmDialog", lambda name, _words: names.append(name) or Dialog()
    )
    return names
