"""The text of a VRT over sheets; pure."""

import html
from typing import Sequence

from ..tiling import Window
from .sheets import name_of

_END = "</VRTRasterBand>"


def text(described: str, whole: Window, sheets: Sequence[Window], folder: str) -> str:
    """Put the ``sheets`` of ``whole`` into ``described``, the XML of a VRT without sources.

    ``folder`` holds them and lies beside the VRT. All bands of a sheet are bands of the VRT.

    Returns: the XML.
    """
    bands = described.split(_END)
    parts = []
    for number, band in enumerate(bands[:-1], start=1):
        parts += [band, *(_source(number, whole, sheet, folder) for sheet in sheets), _END]
    return "".join([*parts, bands[-1]])


def _source(band: int, whole: Window, sheet: Window, folder: str) -> str:
    name = html.escape(f"{folder}/{name_of(sheet)}")
    size = f'xSize="{sheet.cols}" ySize="{sheet.rows}"'
    place = f'xOff="{sheet.col0 - whole.col0}" yOff="{sheet.row0 - whole.row0}"'
    return (
        f'<SimpleSource><SourceFilename relativeToVRT="1">{name}</SourceFilename>'
        f'<SourceBand>{band}</SourceBand><SrcRect xOff="0" yOff="0" {size} />'
        f"<DstRect {place} {size} /></SimpleSource>\n"
    )
