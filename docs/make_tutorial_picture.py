"""Makes the picture of docs/tutorial.md: QGIS's window with ortho.tif and answer.gpkg of FOLDER.

    xvfb-run -a -s "-screen 0 1200x860x24" python docs/make_tutorial_picture.py FOLDER

Starts a real QGIS in a profile of its own, which runs this file again and saves
FOLDER/tutorial_map.png.
"""

import os
import subprocess
import sys
from pathlib import Path

SIZE = (1200, 860)  # pixels
LABEL = (
    "\"name\" || '\\n' || round(\"NDVI\", 2) || ' (' || round(\"NDVI_low\", 2) || ' to ' || "
    "round(\"NDVI_high\", 2) || ')'"
)
PROFILE = "[qgis]\ncheckVersion=false\n[app]\nnews-feed-disabled=true\n[migration]\n"
PROFILE += "fileVersion=2\nfirstRunVersionFlag=99999\nsettings=true\n"


def start(folder: Path) -> None:
    """Run QGIS with this file; ends the program when it makes no picture."""
    profiles = folder / "config"
    settings = profiles / "profiles" / "default" / "QGIS"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "QGIS3.ini").write_text(PROFILE)
    qgis = ["qgis", "--noversioncheck", "--nologo", "--profiles-path", str(profiles)]
    paths = os.pathsep.join(("/usr/bin", os.environ["PATH"]))  # the Python that QGIS is built for
    quiet = {"LC_ALL": "C.UTF-8", "PATH": paths}
    variables = {**os.environ, **quiet, "SCDM_TUTORIAL": str(folder)}
    code = ["--code", str(Path(__file__).absolute())]
    subprocess.run([*qgis, *code], env=variables, timeout=300)
    if not (folder / "tutorial_map.png").is_file():
        sys.exit("QGIS made no picture: see what it said above")


def load(iface, folder: Path):
    """The picture and the labelled fields on the map."""
    from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
    from qgis.PyQt.QtWidgets import QDockWidget

    picture = QgsRasterLayer(str(folder / "ortho.tif"), "ortho")
    fields = QgsVectorLayer(str(folder / "answer.gpkg"), "answer", "ogr")
    style(fields)
    QgsProject.instance().addMapLayers([fields, picture])  # the first on top
    window = iface.mainWindow()
    window.setGeometry(0, 0, *SIZE)
    for dock in window.findChildren(QDockWidget):
        if dock.windowTitle() == "Browser":
            dock.close()
    around = fields.extent()
    around.scale(1.2)
    iface.mapCanvas().setExtent(around)
    iface.mapCanvas().refresh()


def style(fields) -> None:
    """An outline and a label."""
    from qgis.core import (
        QgsFillSymbol,
        QgsPalLayerSettings,
        QgsTextBufferSettings,
        QgsTextFormat,
        QgsVectorLayerSimpleLabeling,
    )
    from qgis.PyQt.QtGui import QColor

    outline = {"style": "no", "outline_color": "white", "outline_width": "0.7"}
    fields.renderer().setSymbol(QgsFillSymbol.createSimple(outline))
    halo = QgsTextBufferSettings()
    halo.setEnabled(True)
    halo.setSize(0.8)
    text = QgsTextFormat()
    text.setSize(11)
    text.setColor(QColor("black"))
    text.setBuffer(halo)
    label = QgsPalLayerSettings()
    label.fieldName, label.isExpression = LABEL, True
    label.setFormat(text)
    fields.setLabeling(QgsVectorLayerSimpleLabeling(label))
    fields.setLabelsEnabled(True)


def save(iface, folder: Path) -> None:
    """The whole window, as it is."""
    iface.mainWindow().grab().save(str(folder / "tutorial_map.png"))
    os._exit(0)  # QGIS would ask whether to save the project


if "SCDM_TUTORIAL" in os.environ:
    from qgis.PyQt.QtCore import QTimer
    from qgis.utils import iface

    place = Path(os.environ["SCDM_TUTORIAL"])
    QTimer.singleShot(4000, lambda: load(iface, place))
    QTimer.singleShot(14000, lambda: save(iface, place))
elif __name__ == "__main__":
    start(Path(sys.argv[1]).absolute())
