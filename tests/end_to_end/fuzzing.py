"""Garbage in: random manifests, options, events and rasters, and how the runtime ends on each.

    python tests/end_to_end/fuzzing.py FOLDER [--count 10000] [--rasters 500] [--seed 0]

prints a table of exit codes. FOLDER holds a model package; it is not changed. Ends with 1 when
anything ended with a traceback, an internal error or a success without a whole output.
"""

import argparse
import collections
import contextlib
import copy
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # in front of it may lie a plugin that tests assembled
    sys.path.insert(0, str(ROOT))

KNOWN_ENDS = {0, 2, 3, 4, 5}
VALUES: List[Any] = [
    *(None, True, False, 0, -1, 1, 3, 2**31, 10**400, -0.0, 0.5, 1e308, float("nan"), float("inf")),
    *("", "x", "../../etc/passwd", "/etc/passwd", "a\x00b", "a\nb", "\ud800", "𝒳" * 300, "1e5"),
    *([], [1], [[]] * 50, [None] * 5000, {}, {"a": 1}, {"file": "x", "sha256": "0" * 64}),
]
OPTIONS = [
    "--model",
    "--bands",
    "--extent",
    "--quality",
    "--sampler",
    "--steps",
    "--guidance",
    "--truncation",
    "--samples",
    "--spread",
    "--seed",
    "--radiometry",
    "--device",
    "--threads",
    "--tile",
    "--overlap",
    "--dtype",
    "--format",
    "--no-overviews",
    "--report",
    "--overwrite",
    "--memory-limit",
    "--resume",
    "--no-resume",
    "--events",
    "--keep-stages",
    "--nonsense",
    "-x",
    "--",
]
WORDS = [
    "0",
    "1",
    "-1",
    "2.5",
    "nan",
    "inf",
    "1e9",
    "99999999999999999999",
    "1,2,3",
    "3,2,1",
    "0,0,0",
    "a,b,c",
    ",",
    ",,",
    "1,,2",
    "0,0,1,1",
    "-5,-5,5,5",
    "nan,nan,nan,nan",
    "inf,0,1,1",
    "fast",
    "best",
    "ddim",
    "ddpm",
    "dpm-solver++",
    "auto",
    "cpu",
    "cuda",
    "match",
    "uint16",
    "float32",
    "cog",
    "800M",
    "4G",
    "-4G",
    "1T",
    "G",
    "none.tif",
    "none.html",
    "/proc/x.tif",
    ".",
    "..",
    "/",
    "~",
    "%s",
    "$HOME",
    "ü",
    "木",
]


def end_of(words: List[str]) -> int:
    """The exit code of the command; 99 where it wrote a traceback."""
    from model_runtime.__main__ import main

    said, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(said):
        code = main(words)
    return 99 if "Traceback" in said.getvalue() + told.getvalue() else code


def manifests(count: int, package: Path, chance: random.Random) -> collections.Counter:
    """Ends of ``describe`` on packages whose model.json was tampered with."""
    ends: collections.Counter = collections.Counter()
    data = json.loads((package / "model.json").read_text())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(shutil.copytree(package, Path(name) / "package"))
        for _ in range(count):
            (folder / "model.json").write_bytes(_tampered(data, chance))
            ends[end_of(["describe", str(folder)])] += 1
    return ends


def _tampered(data: Dict[str, Any], chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return _damaged(json.dumps(data).encode(), chance)
    result = copy.deepcopy(data)
    for _ in range(chance.randint(1, 3)):
        place, key = _anywhere(result, chance)
        if isinstance(place, dict) and chance.random() < 0.2:
            del place[key]
        else:
            place[key] = copy.deepcopy(chance.choice(VALUES))
    return json.dumps(result).encode("utf-8", "surrogatepass")


def _anywhere(data: Any, chance: random.Random):
    """A container within ``data`` and one of its keys."""
    while True:
        keys = list(data) if isinstance(data, dict) else list(range(len(data)))
        key = chance.choice(keys)
        inner = data[key]
        if not isinstance(inner, (dict, list)) or not inner or chance.random() < 0.2:
            return data, key
        data = inner


def _damaged(content: bytes, chance: random.Random) -> bytes:
    """``content`` with bytes changed, taken out, put in, or the rest cut off."""
    result = bytearray(content)
    for _ in range(chance.choice([1, 1, 3, 20])):
        place = chance.randrange(len(result) + 1)
        how = chance.randrange(4)
        if how == 0 and place < len(result):
            result[place] = chance.randrange(256)
        elif how == 1:
            del result[place : place + chance.randint(1, 40)]
        elif how == 2:
            result[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 20)))
        elif len(result) > 40:
            del result[max(place, 40) :]
    return bytes(result)


def options(count: int, package: Path, chance: random.Random) -> collections.Counter:
    """Ends of ``upsample`` with options drawn at random."""
    ends: collections.Counter = collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        source = _picture(Path(name) / "a.tif")
        for i in range(count):
            folder = Path(name) / str(i)
            folder.mkdir()
            words = ["upsample", str(source), str(folder / "o.tif"), "--model", str(package)]
            with _inside(folder):
                ends[_checked(_with_options(words, chance), folder / "o.tif")] += 1
            shutil.rmtree(folder)
    return ends


@contextlib.contextmanager
def _inside(folder: Path):
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _with_options(words: List[str], chance: random.Random) -> List[str]:
    for _ in range(chance.randint(1, 4)):
        words = [*words, chance.choice(OPTIONS)]
        if chance.random() < 0.8:
            words.append(chance.choice(WORDS))
    return words


def _checked(words: List[str], output: Path) -> int:
    """The end; 98 for a success without a whole output, 97 for a failure that left one."""
    from osgeo import gdal

    code = end_of(words)
    helped = any(word in ("-h", "--help", "--version") for word in words)
    if code == 0 and not helped and gdal.Open(str(output)) is None:
        return 98
    return 97 if code and (output.exists() or Path(f"{output}.part").exists()) else code


def _picture(path: Path) -> Path:
    import numpy as np
    from osgeo import gdal

    values = np.random.default_rng(0).integers(5, 250, (3, 20, 24)).astype(np.uint8)
    options = ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16", "COMPRESS=DEFLATE"]
    made = gdal.GetDriverByName("GTiff").Create(str(path), 24, 20, 3, options=options)
    made.SetGeoTransform((0, 1, 0, 0, 0, -1))
    made.WriteArray(values)
    return path


def rasters(count: int, package: Path, chance: random.Random) -> collections.Counter:
    """Ends of ``upsample`` on a compressed GeoTIFF, a PNG and a VRT that were damaged."""
    from osgeo import gdal

    ends: collections.Counter = collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        tiff = _picture(Path(name) / "a.tif")
        gdal.Translate(str(Path(name) / "a.png"), str(tiff), format="PNG")
        gdal.Translate(str(Path(name) / "a.vrt"), str(tiff), format="VRT")
        kinds = {path.suffix: path.read_bytes() for path in Path(name).glob("a.???")}
        for i in range(count):
            folder = Path(name) / str(i)
            folder.mkdir()
            kind = chance.choice(sorted(kinds))
            bad = folder / f"bad{kind}"
            bad.write_bytes(_damaged(kinds[kind], chance))
            words = ["upsample", str(bad), str(folder / "o.tif"), "--model", str(package)]
            ends[_checked([*words, "--quality", "fast"], folder / "o.tif")] += 1
            shutil.rmtree(folder)
    return ends


class _Feedback:
    """What of QGIS's feedback a job speaks to."""

    def __getattr__(self, name: str) -> Callable:
        return lambda *_: None


def events(count: int, package: Path, chance: random.Random) -> collections.Counter:
    """Ends of the plugin's reading of event lines: 0, or 99 for an exception."""
    with _assembled_plugin() as (job, Progress):
        return _events(count, chance, job, Progress)


@contextlib.contextmanager
def _assembled_plugin() -> Iterator[Tuple[Any, Any]]:
    """The plugin's job and Progress as users get them: the runtime lies inside the plugin.

    Whatever plugin other tests have imported is there again afterwards.
    """
    before = {name: sys.modules.pop(name) for name in _plugin_modules()}
    with tempfile.TemporaryDirectory() as folder:
        assemble = [sys.executable, str(ROOT / "scripts" / "assemble_plugin.py")]
        places = [f"--plugins={folder}/plugins", f"--dist={folder}/dist"]
        subprocess.run([*assemble, *places], check=True, capture_output=True)
        sys.path.insert(0, f"{folder}/plugins")
        try:
            from scdm_qgis.runtime import job
            from scdm_qgis.runtime.progress import Progress

            yield job, Progress
        finally:
            sys.path.remove(f"{folder}/plugins")
            for name in _plugin_modules():
                del sys.modules[name]
            sys.modules.update(before)


def _plugin_modules() -> List[str]:
    return [name for name in sys.modules if name.split(".")[0] == "scdm_qgis"]


def _events(count: int, chance: random.Random, job: Any, Progress: Any) -> collections.Counter:
    ends: collections.Counter = collections.Counter()
    kinds = ["started", "progress", "warning", "done", "error", "other", None, 3]
    for _ in range(count):
        names = ("done", "total", "message", "remedy", "seed", "device", "output")
        line = {"event": chance.choice(kinds)}
        line.update({name: chance.choice(VALUES) for name in names if chance.random() < 0.5})
        text = json.dumps(line)
        if chance.random() < 0.4:
            text = _damaged(text.encode(), chance).decode("utf-8", "replace")
        feedback = _Feedback()
        try:
            job._take(text, job.Job(None, ()), job._State(Progress(feedback)), feedback)
            ends[0] += 1
        except Exception as error:
            print(f"{type(error).__name__}: {error} on {text[:200]}", file=sys.stderr)
            ends[99] += 1
    return ends


FUZZED = {"manifests": manifests, "options": options, "events": events, "rasters": rasters}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path)
    parser.add_argument("--count", type=int, default=10_000, help="manifests, options and events")
    parser.add_argument("--rasters", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    shares = {"manifests": 0.5, "options": 0.1, "events": 0.4}
    bad = False
    print("| what | tried | exit codes |\n|---|---:|---|")
    for name, fuzz in FUZZED.items():
        count = args.rasters if name == "rasters" else int(args.count * shares[name])
        ends = fuzz(count, args.package.resolve(), random.Random(args.seed))
        bad |= bool(set(ends) - KNOWN_ENDS)
        told = ", ".join(f"{code}: {number}" for code, number in sorted(ends.items()))
        print(f"| {name} | {count} | {told} |", flush=True)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
