"""Makes the pictures of QGIS's window: dialog, running job, layer, panel, infrared, NDVI.

    python docs/make_qgis_pictures.py RGB XMIN,XMAX,YMIN,YMAX FOLDER [--plugins build/plugins]

Starts a real QGIS in a profile of its own on a virtual screen (xvfb-run), which runs this file
again: opens RGB, runs scdm:upsample on the extent (in RGB's reference system) from its dialog,
clicks four pixels of the result in the panel, puts three reference spectra beside them and works
out the NDVI. Chromium then shows the report, light and dark. FOLDER also holds the rasters.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

SCREEN = (1500, 940)  # pixels
PROFILE = """[PythonPlugins]
scdm_qgis=true
processing=true
[qgis]
checkVersion=false
newsFeed=false
[core]
NewsFeed\\httpsfeedqgisorg\\disabled=true
[app]
news-feed-disabled=true
[migration]
fileVersion=2
firstRunVersionFlag=99999
settings=true
"""
# Where to click, as shares of the result's width and height from the upper left.
PIXELS = ((0.22, 0.32), (0.52, 0.45), (0.74, 0.75), (0.4, 0.8))
RUNNING_AT = 15  # percent
MATERIALS = """nm,green grass,dry grass,bare soil
400,0.03,0.06,0.05
500,0.04,0.10,0.08
550,0.08,0.13,0.10
600,0.05,0.16,0.12
660,0.035,0.19,0.15
680,0.04,0.20,0.155
700,0.12,0.22,0.16
740,0.35,0.24,0.18
800,0.45,0.26,0.20
1000,0.47,0.34,0.26
"""


def start(options) -> None:
    """Run QGIS on a virtual screen with this file; ends the program when it shows no picture."""
    if not (options.plugins / "scdm_qgis").is_dir():
        sys.exit(f"{options.plugins} holds no plugin: run `make plugin`, or name its folder")
    folder = options.folder.absolute()
    settings = folder / "config" / "profiles" / "default" / "QGIS"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "QGIS3.ini").write_text(PROFILE)
    job = {"rgb": str(options.rgb.absolute()), "extent": options.extent, "folder": str(folder)}
    qgis = ["qgis", "--noversioncheck", "--nologo", "--profiles-path", str(folder / "config")]
    screen = f"-screen 0 {SCREEN[0]}x{SCREEN[1]}x24"
    subprocess.run(
        ["xvfb-run", "-a", "-s", screen, *qgis, "--code", str(Path(__file__).absolute())],
        env={
            **os.environ,
            # The distribution's Python first: QGIS is built for it.
            "PATH": os.pathsep.join(("/usr/bin", os.environ["PATH"])),
            "QGIS_PLUGINPATH": str(options.plugins.absolute()),
            "SCDM_PICTURES": json.dumps(job),
            "LC_ALL": "C.UTF-8",
        },
        timeout=500,
    )
    if not (folder / "ndvi.png").is_file():
        sys.exit("QGIS made no pictures: see what it said above")
    for scheme, number in (("dark", 0), ("light", 1)):
        picture_report(folder, scheme, number)


def picture_report(folder: Path, scheme: str, number: int) -> None:
    """The report as a browser shows it to someone who prefers this colour scheme."""
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    browser += ["--window-size=1100,3000", f"--blink-settings=preferredColorScheme={number}"]
    picture = f"--screenshot={folder / f'report_{scheme}.png'}"
    page = (folder / "report.html").as_uri()
    subprocess.run([*browser, picture, page], check=True, capture_output=True, timeout=120)


class Tour:
    """Goes from picture to picture inside QGIS; each step hands over to the next by a timer."""

    def __init__(self, iface, rgb, extent, folder):
        from qgis.PyQt.QtCore import QTimer

        self._iface, self._folder = iface, Path(folder)
        self._rgb, self._extent = rgb, extent
        self._later = lambda seconds, step: QTimer.singleShot(int(1000 * seconds), self._safe(step))
        self._later(3, self.open)
        self._later(480, lambda: os._exit(1))

    def _safe(self, step):
        def run():
            try:
                step()
            except Exception:
                import traceback

                traceback.print_exc()
                os._exit(1)

        return run

    def _picture(self, name):
        from qgis.PyQt.QtWidgets import QApplication

        QApplication.processEvents()
        QApplication.primaryScreen().grabWindow(0).save(str(self._folder / f"{name}.png"))

    def open(self):
        """The picture on the map, the dialog over it."""
        import processing
        from qgis.core import QgsProject, QgsRasterLayer
        from qgis.PyQt.QtWidgets import QApplication, QDialog

        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog):
                widget.close()
        window = self._iface.mainWindow()
        window.setGeometry(0, 0, *SCREEN)
        self._close_docks("Browser")
        layer = QgsRasterLayer(self._rgb, Path(self._rgb).stem)
        QgsProject.instance().addMapLayer(layer)
        self._iface.zoomFull()
        place = {name: str(self._folder / file) for name, file in OUTPUTS.items()}
        words = {
            "INPUT": layer.id(),
            "EXTENT": f"{self._extent} [{layer.crs().authid()}]",
            "SEED": 7,
            **place,
        }
        self._dialog = processing.createAlgorithmDialog("scdm:upsample", words)
        self._dialog.show()
        self._dialog.setGeometry(180, 40, 1180, 860)
        self._later(3, self.run)

    def _close_docks(self, *titles):
        from qgis.PyQt.QtWidgets import QDockWidget

        for dock in self._iface.mainWindow().findChildren(QDockWidget):
            if dock.windowTitle() in titles:
                dock.close()

    def run(self):
        """Start the job; wait until its bar moves."""
        self._picture("dialog")
        self._dialog.runButton().click()
        self._later(0.5, self.wait)
        self._pictured = False

    def wait(self):
        """A picture on the way; on when all layers are there."""
        from qgis.core import QgsProject
        from qgis.PyQt.QtWidgets import QProgressBar

        bars = [bar.value() for bar in self._dialog.findChildren(QProgressBar)]
        if not self._pictured and bars and max(bars) >= RUNNING_AT:
            self._pictured = True
            self._picture("running")
        done = len(QgsProject.instance().mapLayers()) >= 3
        self._later(3 if done else 0.5, self.layer if done else self.wait)

    def layer(self):
        """The result over the picture."""
        from qgis.core import QgsProject

        self._picture("done")
        self._dialog.close()
        self._close_docks("Results Viewer")
        every = QgsProject.instance().mapLayers().values()
        (self._result,) = [one for one in every if one.name().endswith("spectra")]
        around = self._result.extent()
        around.scale(1.5)
        self._iface.mapCanvas().setExtent(around)
        self._iface.setActiveLayer(self._result)
        self._later(4, self.panel)

    def panel(self):
        """Four pixels clicked, with their spread."""
        from qgis.core import QgsPointXY
        from qgis.utils import plugins

        self._picture("layer")
        plugin = plugins["scdm_qgis"]
        plugin.show_panel(True)
        box = self._result.extent()
        for across, down in PIXELS:
            x, y = box.xMinimum() + across * box.width(), box.yMaximum() - down * box.height()
            plugin.panel.add_point(QgsPointXY(x, y))
        self._later(4, self.infrared)

    def infrared(self):
        """The second style, and spectra of a table."""
        from qgis.utils import plugins

        self._picture("panel")
        self._result.styleManager().setCurrentStyle("Colour infrared")
        self._result.triggerRepaint()
        (self._folder / "materials.csv").write_text(MATERIALS)
        plugins["scdm_qgis"].panel.add_library(str(self._folder / "materials.csv"))
        self._later(4, self.ndvi)

    def ndvi(self):
        """An index of the result, in QGIS's dark theme."""
        import processing
        from qgis.core import QgsApplication

        self._picture("infrared")
        asked = {"INPUT": self._result, "INDICES": ["NDVI"]}
        asked["OUTPUT"] = str(self._folder / "ndvi.tif")
        processing.runAndLoadResults("scdm:spectralindices", asked)
        QgsApplication.setUITheme("Night Mapping")
        self._later(6, self.end)

    def end(self):
        """The last picture."""
        self._picture("ndvi")
        os._exit(0)  # QGIS would ask whether to save the project


OUTPUTS = {"OUTPUT": "cube.tif", "SPREAD": "spread.tif", "REPORT": "report.html"}


def main() -> None:
    """Read the command line and start QGIS."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rgb", type=Path)
    parser.add_argument("extent", metavar="XMIN,XMAX,YMIN,YMAX")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--plugins", type=Path, default=Path("build/plugins"))
    start(parser.parse_args())


if "SCDM_PICTURES" in os.environ:
    from qgis.utils import iface

    tour = Tour(iface, **json.loads(os.environ["SCDM_PICTURES"]))
elif __name__ == "__main__":
    main()
