"""Names the bands of a stack, a VRT in which each band is another file, by their files.

``gdalbuildvrt -separate`` and QGIS's Build virtual raster write no names, and take the files in the
order of the alphabet: Sentinel-2's blue first. The plugin reads names by this module, too, so it
imports nothing beyond the standard library. The file is read, as GDAL 3.6 aborts when it is asked
for some sources.
"""

import html
import re
from pathlib import Path, PurePath
from typing import List

LONGEST_BYTES = 1 << 20  # of a stack's text; that of a mosaic may be far longer
_BAND = "<VRTRasterBand"
_MASK = re.compile(r"<MaskBand>.*?</MaskBand>", re.DOTALL)
_FILE = re.compile(r"<SourceFilename[^>]*>([^<]+)<")


def name_by_files(path: str, count: int) -> List[str]:
    """Name each of the ``count`` bands of the raster at ``path`` by its file.

    Returns: the files' names without folder and ending; "" for all bands unless it is a local VRT
        in which each has a file of its own.
    """
    bands = _MASK.sub("", _text_of(path)).split(_BAND)[1:]
    files = [_FILE.findall(band) for band in bands]
    names = {PurePath(html.unescape(found[0])).stem: None for found in files if len(found) == 1}
    return list(names) if len(names) == len(files) == count else [""] * count


def _text_of(path: str) -> str:
    if not path.lower().endswith(".vrt"):
        return ""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(LONGEST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
