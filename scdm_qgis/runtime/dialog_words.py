"""The worker's messages as the dialog's user reads them: titles of parameters, not options.

The worker speaks to the command line: ``give --tile 2002 or more``. In the dialog the same thing
has a title. What a dialog can say better altogether stands in ``_BETTER``.
"""

import re
from typing import Mapping, Sequence, Tuple, Union

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ..translation import tr

Titles = Mapping[str, Union[str, Sequence[str]]]
"""Option -> its parameter's title, or the titles of several, which take its values in order."""

_OPTION = re.compile(r"(?P<option>--[a-z][a-z-]*[a-z])(?:[ =](?P<values>\d+(?:,\d+)+))?")
_HELP = re.compile(r":? see python -m \S+( \S+)? --help$")

# What the worker says, from its first word on, and what the dialog says instead.
_BETTER: Tuple[Tuple[str, str], ...] = (
    (
        r"device cuda was asked for, but|no usable NVIDIA GPU",
        QT_TRANSLATE_NOOP(
            "scdm",
            "No usable NVIDIA GPU in this runtime. Run Install runtime with Device = cuda, or "
            "choose Device auto or cpu.",
        ),
    ),
    (
        r"--cluster (local:N )?needs (Dask|the package cryptography)",
        QT_TRANSLATE_NOOP(
            "scdm",
            "This runtime has no Dask. Run Install runtime with Cluster support, or leave Cluster "
            "empty.",
        ),
    ),
    (
        r"--tile is \d+(: give a multiple of 2(?!\d)|, but it must be an even number)",
        QT_TRANSLATE_NOOP("scdm", "Tile size must be even."),
    ),
    (
        r"--tile is \d+(: give|, but it must be) a multiple of (?P<multiple>\d+)",
        QT_TRANSLATE_NOOP("scdm", "Tile size must be a multiple of {multiple}."),
    ),
    (
        r"--overlap (?P<overlap>\d+) is too large for the tile size, (?P<tile>\d+)",
        QT_TRANSLATE_NOOP(
            "scdm",
            "Overlap {overlap} is too large for the tile size {tile}: choose a smaller Overlap or "
            "a larger Tile size.",
        ),
    ),
    (
        r"this run needs (about )?(?P<need>[\d.]+ \w+)( of disk)?, (?P<free>[\d.]+( \w?B)?) are "
        r"free (on the disk of|in) '(?P<folder>.*?)'",
        QT_TRANSLATE_NOOP(
            "scdm",
            "Needs {need}, {free} are free on the disk of {folder}. Free some space, choose "
            "another folder, or a smaller extent.",
        ),
    ),
    (
        r"not enough memory",
        QT_TRANSLATE_NOOP(
            "scdm",
            "Not enough memory: close other programs, or choose a smaller Tile size or fewer "
            "Threads.",
        ),
    ),
    (
        r"the extent \S+ lies beside the raster (?P<raster>\S+): ",
        QT_TRANSLATE_NOOP(
            "scdm",
            "The extent lies beside the raster, which covers {raster} (xmin, ymin, xmax, ymax): "
            "choose an extent that overlaps it.",
        ),
    ),
    (
        r"no polygon of the mask '.*' meets ",
        QT_TRANSLATE_NOOP(
            "scdm",
            "No polygon of Mask meets the raster or its Extent: check the layer's reference "
            "system, or choose another layer.",
        ),
    ),
    (
        r"'(?P<path>.*)' has (?P<have>\d+) bands?, the model needs (?P<need>\d+): ",
        QT_TRANSLATE_NOOP(
            "scdm",
            "{path} has too few bands ({have}), the model needs {need}: choose a raster with red, "
            "green and blue bands.",
        ),
    ),
    (
        r"band (?P<band>\d+) of '(?P<path>.*)' is its alpha band: ",
        QT_TRANSLATE_NOOP(
            "scdm",
            "Band {band} of {path} is its alpha band: choose the bands that are red, green and "
            "blue.",
        ),
    ),
    (
        r"'(?P<path>.*)' holds no valid pixel: ",
        QT_TRANSLATE_NOOP(
            "scdm", "{path} holds no valid pixel: check its nodata value, mask and alpha band."
        ),
    ),
    (
        r"'(?P<path>.*)' ends before its pixels do \(\d+ bytes\): ",
        QT_TRANSLATE_NOOP("scdm", "{path} is damaged or cut short: copy or export it again."),
    ),
    (
        r"at least half of the pixels have the darkest value: ",
        QT_TRANSLATE_NOOP(
            "scdm",
            "At least half of the pixels have the darkest value: the image is effectively black. "
            "Check the bands, and mark areas outside the image as nodata.",
        ),
    ),
    (
        r"the values reach (?P<largest>\S+): neither reflectance ",
        QT_TRANSLATE_NOOP(
            "scdm",
            "The values reach {largest}: that is neither reflectance (to 1) nor reflectance × "
            "10,000. Set the scale of the bands, or choose Radiometry match.",
        ),
    ),
)


def in_dialog(text: str, titles: Titles) -> str:
    """``text`` of the worker for someone who sees ``titles`` and no options."""
    for pattern, better in _BETTER:
        found = re.match(pattern, text)
        if found and titles:
            return tr(better).format(**found.groupdict())
    return _OPTION.sub(lambda match: _title(match, titles), _HELP.sub("", text))


def _title(match, titles: Titles) -> str:
    title, values = titles.get(match["option"]), match["values"]
    if title is None:
        return match[0]
    if isinstance(title, str):
        return title if values is None else f"{title} {values}"
    if values is None:
        return ", ".join(title)
    return ", ".join(f"{one} {value}" for one, value in zip(title, values.split(",")))
