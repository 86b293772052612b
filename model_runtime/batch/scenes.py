"""Which scenes an INPUT names that is a folder, a pattern or a STAC item collection."""

import glob
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Set
from urllib.parse import unquote, urlparse

from ..contract import ENVI_ENDS
from ..errors import InputError, ScdmError

GIVE_STAC = "give the GeoJSON of a STAC ItemCollection or Item"
# What a folder is searched for; any other raster can be named by a pattern.
SUFFIXES = (".tif", ".tiff", ".vrt", ".jp2", ".img", ".png", ".jpg", ".jpeg")
ONE_FILE = (".tif", ".tiff", ".vrt", *ENVI_ENDS)
MAX_COLLECTION_BYTES = 1 << 28
LONGEST_NAME = 100
# A file's name may have 255 bytes in most file systems; a journal's and a sidecar's ends come on.
LONGEST_NAME_BYTES = 180
# The first asset that has one of these roles, in this order; RGB pictures are "visual".
ROLES = ("visual", "data")
GIVE_ASSET = "give its picture the role 'visual' or 'data' and an href of a file, http(s) or s3"


@dataclass(frozen=True)
class Scene:
    """One scene: a file name without its end, and what GDAL opens; ``trouble`` instead of that."""

    name: str
    path: str = ""
    trouble: Optional[ScdmError] = None


def are_many(source: str, output: str) -> bool:
    """Decide whether INPUT names scenes, not one raster.

    Returns: whether it does.
    """
    path = Path(source)
    collection = path.is_file() and path.suffix.lower() in (".json", ".geojson")
    if path.is_dir() or collection:  # some rasters are folders: their output is one file
        return Path(output).suffix.lower() not in ONE_FILE
    return not path.exists() and glob.has_magic(source) and not source.startswith("/vsi")


def find_scenes(source: str) -> List[Scene]:
    """Find the scenes of a folder, a pattern or a STAC item collection.

    Returns: the scenes in a fixed order, no two of one name.
    Raises: InputError where there is none, or the collection cannot be read.
    """
    path = Path(source)
    if path.is_file():
        scenes = list(_of_collection(path))
    else:
        named = glob.glob(source, recursive=True)  # noqa: PTH207 - Path knows no absolute pattern
        paths = path.iterdir() if path.is_dir() else map(Path, named)
        kept = sorted(p for p in paths if p.is_file() and _is_wanted(p, path.is_dir()))
        scenes = [Scene(safe_name(p.stem), str(p)) for p in kept]
    if not scenes:
        raise InputError(
            f"'{source}' names no raster", f"a folder is searched for {' '.join(SUFFIXES)}"
        )
    return _number_equal_names(scenes)


def _is_wanted(path: Path, in_folder: bool) -> bool:
    return not in_folder or path.suffix.lower() in SUFFIXES


def safe_name(text: str) -> str:
    """Turn ``text`` into a file's name for any folder: it leads nowhere else and hides nothing.

    Returns: the name, without an end.
    """
    name = re.sub(r"[^\w.-]+", "_", text)[:LONGEST_NAME]
    name = name.encode("utf-8")[:LONGEST_NAME_BYTES].decode("utf-8", "ignore").strip(".")
    return name or "scene"


def _number_equal_names(scenes: List[Scene]) -> List[Scene]:
    """A number more for each further scene of one name; case alone does not tell files apart."""
    taken, apart = set(), []
    numbers: Dict[str, int] = {}
    for scene in scenes:
        name, number = scene.name, numbers.get(scene.name.lower(), 1)
        while name.lower() in taken:
            number += 1
            name = f"{scene.name}_{number}"
        taken.add(name.lower())
        numbers[scene.name.lower()] = number  # an archive may call all of them alike
        apart.append(Scene(name, scene.path, scene.trouble))
    return apart


def keep_names(scenes: List[Scene], names: Dict[str, str]) -> List[Scene]:
    """Give ``scenes`` the names that their inputs had, so that a new one moves no other's output.

    ``names``: of an earlier run, by input.

    Returns: the scenes, in the same order.
    """
    before = {_absolute(path): name for path, name in names.items() if safe_name(name) == name}
    kept = [before.pop(_absolute(scene.path), None) if scene.path else None for scene in scenes]
    taken = {name.lower() for name in kept if name}
    named = []
    for scene, name in zip(scenes, kept):
        name = name or _free(scene.name, taken)
        taken.add(name.lower())
        named.append(Scene(name, scene.path, scene.trouble))
    return named


def _absolute(path: str) -> str:
    return str(Path(path).absolute())


def _free(name: str, taken: Set[str]) -> str:
    """``name``, or the first of its numbered ones that is not taken."""
    numbered = (f"{name}_{number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], numbered) if free.lower() not in taken)


def _of_collection(path: Path) -> Iterator[Scene]:
    """The scenes of a STAC item collection (GeoJSON), or of one item."""
    for number, item in enumerate(_items(path), start=1):
        name = item.get("id") if isinstance(item, dict) else None
        name = safe_name(name) if isinstance(name, str) and name else f"item_{number}"
        try:
            yield Scene(name, _openable_path(_href(item), path.parent))
        except InputError as error:
            yield Scene(name, trouble=error)
        except (OSError, ValueError):  # no file system takes such a name
            trouble = InputError("the item's href cannot be a file's name", GIVE_ASSET)
            yield Scene(name, trouble=trouble)


def _items(path: Path) -> List[Any]:
    if path.stat().st_size > MAX_COLLECTION_BYTES:
        raise InputError(f"'{path}' is too large for a collection", "split it")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError, OSError) as error:
        raise InputError(
            f"'{path}' is not JSON ({error})", "give a STAC item collection"
        ) from error
    kind = content.get("type") if isinstance(content, dict) else None
    items = content.get("features") if kind == "FeatureCollection" else [content]
    if kind not in ("FeatureCollection", "Feature") or not isinstance(items, list):
        raise InputError(
            f"'{path}' is not a STAC item collection",
            GIVE_STAC,
        )
    return items


def _href(item: Any) -> str:
    """The href of the picture among an item's assets; raises InputError."""
    assets = item.get("assets") if isinstance(item, dict) else None
    known = [asset for asset in _values(assets) if isinstance(asset.get("href"), str)]
    for role in ROLES:
        for asset in known:
            if role in _roles(asset):
                return asset["href"]
    raise InputError("the item has no asset that is a picture", GIVE_ASSET)


def _roles(asset: Dict[str, Any]) -> List[Any]:
    roles = asset.get("roles")
    return roles if isinstance(roles, list) else []


def _values(assets: Any) -> List[Dict[str, Any]]:
    values = assets.values() if isinstance(assets, dict) else ()
    return [asset for asset in values if isinstance(asset, dict)]


def _openable_path(href: str, folder: Path) -> str:
    """What GDAL opens for ``href``: a file, /vsicurl/ or /vsis3/, and nothing else of its many.

    A relative href lies in ``folder`` or below: a collection from elsewhere names no other file.
    """
    try:
        parts = urlparse(href)
    except ValueError:  # half of an IPv6 address
        raise InputError(f"the href {_shorten(href)} is not an address", GIVE_ASSET) from None
    if not href.isprintable():
        raise InputError(f"the href {_shorten(href)} holds control characters", GIVE_ASSET)
    if parts.scheme in ("http", "https"):
        return f"/vsicurl/{href}"
    if parts.scheme == "s3":
        return f"/vsis3/{parts.netloc}{parts.path}"
    local = unquote(parts.path) if parts.scheme == "file" else href
    path = folder / local
    if parts.scheme not in ("", "file") or str(path).startswith("/vsi"):
        raise InputError(f"the href {_shorten(href)} is not one to be opened", GIVE_ASSET)
    if not Path(local).is_absolute() and folder.resolve() not in path.resolve().parents:
        raise InputError(
            f"the href {_shorten(href)} leaves the collection's folder", "give it in full"
        )
    if not path.is_file():
        raise InputError(f"'{path}' does not exist", "see the collection's hrefs")
    return str(path)


def _shorten(href: str) -> str:
    """``href`` for a message: its beginning, with nothing in it that a terminal would obey."""
    return ascii(href[:200])
