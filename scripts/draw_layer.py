"""Draws an input and its estimate side by side, as QGIS shows them.

``draw_layer.py RGB ESTIMATE PICTURE.png`` with QGIS's Python and build/plugins assembled.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["GDAL_PAM_ENABLED"] = "NO"  # statistics would lie as .aux.xml beside the input
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "build" / "plugins"))

from qgis.core import (
    QgsApplication,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QColor, QImage, QPainter

from scdm_qgis.layers.colour_samples import display_of
from scdm_qgis.layers.style import natural_colour, natural_look

LONG_SIDE, CAPTION, GAP = 720, 34, 12  # pixels


def open_layer(path: str) -> QgsRasterLayer:
    """The raster layer at ``path``; ends the program when it cannot be opened."""
    layer = QgsRasterLayer(path, Path(path).stem)
    if not layer.isValid():
        sys.exit(f"{path} is not a raster that QGIS can open")
    return layer


def map_image(layer: QgsRasterLayer) -> QImage:
    """``layer`` alone on a white map that it fills."""
    extent = layer.extent()
    scale = LONG_SIDE / max(extent.width(), extent.height())
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(extent)
    settings.setOutputSize(QSize(round(extent.width() * scale), round(extent.height() * scale)))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage()


def side_by_side(maps) -> QImage:
    """Captioned pictures in a row; ``maps`` are (caption, image)."""
    width = sum(image.width() for _, image in maps) + GAP * (len(maps) + 1)
    height = max(image.height() for _, image in maps) + CAPTION + GAP
    sheet = QImage(width, height, QImage.Format.Format_RGB32)
    sheet.fill(QColor("white"))
    painter, left = QPainter(sheet), GAP
    for caption, image in maps:
        flags = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(left, 0, image.width(), CAPTION, flags, caption)
        painter.drawImage(left, CAPTION, image)
        left += image.width() + GAP
    painter.end()
    return sheet


def draw(rgb: str, estimate: str) -> QImage:
    """The sheet of both layers."""
    before, after = open_layer(rgb), open_layer(estimate)
    natural_colour(after, natural_look(estimate, display_of(before)))
    captions = (
        f"Input: {Path(rgb).name}",
        f"Estimate: {after.bandCount()} bands, in natural colour",
    )
    return side_by_side([(captions[0], map_image(before)), (captions[1], map_image(after))])


def main(rgb: str, estimate: str, picture: str) -> None:
    """Draw both layers to ``picture``."""
    application = QgsApplication([], False)
    application.initQgis()
    written = draw(rgb, estimate).save(picture)
    application.exitQgis()  # after the layers are gone: QGIS crashes the other way round
    if not written:
        sys.exit(f"{picture} cannot be written")


if __name__ == "__main__":
    main(*sys.argv[1:4])
