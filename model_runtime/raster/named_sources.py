"""Finds which other files a raster file names, and which of them may be followed."""

import html
import re
from pathlib import Path
from typing import Iterator, List, Optional, Tuple

VRT_MARK = b"<VRTDataset"
# What GDAL looks for beside a raster and opens in its turn.
SIDECARS = (".ovr", ".msk", ".aux.xml", ".aux")
# GDAL's file systems that reach another machine or a stream; with _streaming they are the same.
_NETWORK = re.compile(r"/vsi(curl|s3|gs|az|adls|oss|swift|hdfs|webhdfs)\b|/vsi\w+_streaming|://")
_STREAMS = re.compile(r"/vsi(stdin|stdout|mem|fifo|crypt|plugin)\b")
_MEMORY = "mem:::"
# Drivers that take their names by a prefix and read a part of one local file.
_PARTS = re.compile(
    r"(GTIFF_DIR|GTIFF_RAW|NETCDF|HDF4_SDS|HDF4_EOS|HDF5|BAG|GPKG|MBTILES|NITF_IM|SENTINEL2_\w+|"
    r"RPFTOC_TOC|ZARR|SAFE|TSX|RADARSAT_2_CALIB|JPEG_SUBFILE|ENVI|GRIB|HEIF|AVIF)(:.*)",
    re.IGNORECASE | re.DOTALL,
)
_SOURCE = re.compile(r"(?<![/\w])Source(?:Filename|Dataset)\b")
_ATTRIBUTE = re.compile(r"""\s*=\s*["']([^"']*)""")
_ELEMENT = re.compile(r"[^<>]*>(.*?)</", re.DOTALL)
_OVERVIEWS = re.compile(r"""OVERVIEW_FILE["'][^<>]*>([^<]*)<""")
_MARKUP = re.compile(r"<!--.*?-->|<!\[CDATA\[|\]\]>", re.DOTALL)
_BASE = ":::BASE:::"


def is_remote(path: str) -> bool:
    """Tell whether a name leads to another machine.

    Returns: True where it does.
    """
    return _NETWORK.search(path) is not None


def trouble_with(name: str, network: bool) -> Optional[str]:
    """Find what speaks against following ``name``; ``network``: other machines may be contacted.

    Returns: words; None where nothing does.
    """
    if name.lower().startswith(_MEMORY):
        return "an address of memory"
    if is_remote(name):
        return None if network else "on the network"
    return "not a file" if _STREAMS.search(name) or name.lstrip().startswith("<") else None


def texts(content: bytes) -> List[str]:
    """Decode ``content``, and again with its entities resolved: a VRT may hold another.

    Returns: the texts.
    """
    found = [content.decode("utf-8", "surrogateescape")]
    while len(found) < 4 and (plain := html.unescape(found[-1])) != found[-1]:
        found.append(plain)
    return found


def names_memory(content: bytes) -> bool:
    """Tell whether a memory address is named anywhere, whatever GDAL would take it for.

    Returns: True where one is.
    """
    return any(_MEMORY in text.lower() for text in texts(content))


def names_in(content: bytes) -> List[str]:
    """List the sources that a VRT names and the overviews that a sidecar names, each once.

    Returns: the names.
    """
    return list(dict.fromkeys(name for text in texts(content) for name in _names(text)))


def _names(text: str) -> Iterator[str]:
    for found in _SOURCE.finditer(text):
        rest = text[found.end() : found.end() + 65_536]
        value = _ATTRIBUTE.match(rest) or _ELEMENT.match(rest)
        name = html.unescape(_MARKUP.sub("", value.group(1))).strip() if value else ""
        if name and not name.startswith(VRT_MARK.decode()):  # what that one names is met by itself
            yield name
    for found in _OVERVIEWS.finditer(text):
        yield html.unescape(found.group(1)).strip().replace(_BASE, "")


def places_of(name: str, folder: Path) -> List[Path]:
    """List the existing files that ``name`` in a file of ``folder`` may mean.

    Returns: their paths.
    """
    part = _PARTS.fullmatch(name)
    if part:
        quoted = re.findall(r'"([^"]*)"', part.group(2))
        pieces = quoted or [piece for piece in part.group(2).split(":") if piece]
        return [place for piece in pieces for place in places_of_path(piece, folder)]
    return places_of_path(name, folder)


def places_of_path(name: str, folder: Path) -> List[Path]:
    """List the existing files that a path may mean, from ``folder`` and from the current one.

    Returns: their paths.
    """
    if name.startswith("/vsi"):
        archive = archive_of(name)
        return [archive] if archive else []
    return [place for place in _places_of(name, folder) if is_file(place)]


def _places_of(name: str, folder: Path) -> Tuple[Path, Path]:
    return folder / name, Path(name)


def archive_of(name: str) -> Optional[Path]:
    """Find the file on disk within which ``/vsizip/...`` and its like read.

    Returns: its path; None where there is none.
    """
    inside = re.sub(r"^/vsisubfile/[\d_]+,|^(/vsi\w+/)+|[{}]", "", name)
    for start in (inside, f"/{inside}"):
        for path in (Path(start), *Path(start).parents):
            if is_file(path):
                return path
    return None


def is_file(path: Path) -> bool:
    """Tell whether ``path`` is a file; names that no system accepts are not.

    Returns: True for a file.
    """
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
