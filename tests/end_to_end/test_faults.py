"""Accidents of every kind: nothing lost, nothing half, and the same command goes on.

SCDM_KILLS=50 kills that often; 3 without it.
"""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import killing
import numpy as np
import pytest
from osgeo import gdal

gdal.UseExceptions()

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("SCDM_KILLS", "3"))


@pytest.fixture
def source(write_raster):
    """300 x 400 pixels: several file blocks, and an overview."""
    rng = np.random.default_rng(0)
    return write_raster("a.tif", rng.integers(5, 250, (3, 300, 400)).astype(np.uint8))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "out"
    made.mkdir()
    return made


@pytest.fixture
def whole(command, source, tiny_package, tmp_path):
    """The unbroken output's bytes, for tiles of 64."""
    path = tmp_path / "whole.tif"
    done = command("upsample", source, path, "--model", tiny_package, "--tile", 64)
    assert done.returncode == 0, done.stderr
    return path.read_bytes()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def limited(limits, words):
    """The runtime with ``limits``: lines of Python that set them."""
    code = (
        f"import resource, sys; {limits};"
        "from model_runtime.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )


@pytest.mark.parametrize("package", ["tiny_package", "tiny_whole_tile_package"])
def test_a_killed_run_goes_on_to_the_very_same_bytes(request, source, tmp_path, package):
    options = ["--model", request.getfixturevalue(package), "--tile", "64", "--spread", "s.tif"]
    outcomes = list(killing.kills(source, tmp_path / "kills", KILLS, options))
    assert [outcome for outcome in outcomes if outcome.half or not outcome.same] == []


@pytest.mark.parametrize("size", [20_000, 400_000])
def test_a_full_disk_is_exit_5_and_the_same_goes_on(
    command, source, tiny_package, folder, whole, size
):
    """A limit on the size of a file: the first stops blocks, the second the raster."""
    words = ["upsample", source, folder / "o.tif", "--model", tiny_package, "--tile", 64]
    done = limited(f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))", words)
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    assert names(folder) == ([] if size == 20_000 else ["o.tif.blocks"])
    again = command(*words, "--events")
    assert again.returncode == 0, again.stderr
    assert (json.loads(again.stdout.splitlines()[-1])["reused"] > 0) == (size > 20_000)
    assert (folder / "o.tif").read_bytes() == whole
    assert names(folder) == ["o.tif"]


@pytest.mark.parametrize("megabytes", [300, 500, 800, 1200])
def test_little_memory_is_told_or_enough(source, tiny_package, folder, megabytes):
    """Whatever fails first, it is one line and exit 4, or it is done."""
    words = ["upsample", source, folder / "o.tif", "--model", tiny_package, "--threads", 1]
    limit = megabytes << 20
    code = "import numpy, osgeo.gdal, model_runtime.commands.upsample, model_runtime.__main__;"
    done = limited(f"{code} resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))", words)
    assert done.returncode in (0, 4), done.stderr
    assert "Traceback" not in done.stderr
    assert (folder / "o.tif").exists() == (done.returncode == 0)


def test_damaged_blocks_are_made_again(command, source, tiny_package, folder, whole):
    words = ["upsample", source, folder / "o.tif", "--model", tiny_package, "--tile", 64]
    limited("resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))", words)
    blocks = sorted((folder / "o.tif.blocks").glob("*.block"))
    assert len(blocks) > 3
    for block, content in zip(blocks, (b"", blocks[1].read_bytes()[:-7], b"x" * 5000)):
        block.write_bytes(content)
    again = command(*words, "--events")
    assert again.returncode == 0, again.stderr
    said = [json.loads(line) for line in again.stdout.splitlines()]
    assert sum(event["event"] == "warning" for event in said) == 3
    assert (folder / "o.tif").read_bytes() == whole


def under_way(words, count=5):
    """A run whose first ``count`` tiles are done."""
    process = killing.start(words, ROOT)
    for line in process.stdout:
        if json.loads(line).get("done", 0) >= count:
            return process
    raise AssertionError(process.stderr.read())


def test_cancelling_keeps_what_is_done(command, source, tiny_package, folder, whole):
    words = ["upsample", source, folder / "o.tif", "--model", tiny_package, "--tile", 64]
    process = under_way(words)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert (process.returncode, err) == (130, "")
    said = json.loads(out.splitlines()[-1])
    assert said["kind"] == "cancelled"
    kept = re.fullmatch(
        r"Cancelled\. (\d+) of (\d+) tiles are kept in o\.tif\.blocks \(.* [kM]B\)", said["message"]
    )
    assert 5 <= int(kept.group(1)) <= int(kept.group(2))
    assert "go on, or delete that folder" in said["remedy"]
    assert names(folder) == ["o.tif.blocks"]
    again = command(*words, "--events")
    assert f"{kept.group(1)} of {kept.group(2)} tiles are there" in again.stdout
    assert json.loads(again.stdout.splitlines()[-1])["reused"] > 0
    assert (folder / "o.tif").read_bytes() == whole


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_cancelling_with_no_resume_leaves_nothing(source, tiny_package, folder, number):
    words = ["upsample", source, folder / "o.tif", "--model", tiny_package, "--no-resume"]
    process = under_way([*words, "--tile", 24, "--samples", 9])
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 130
    assert names(folder) == []


def test_another_option_starts_anew_and_says_so(command, source, tiny_package, folder):
    words = ["upsample", source, folder / "o.tif", "--model", tiny_package, "--tile", 64]
    process = under_way(words)
    process.kill()
    process.communicate()
    again = command(*words, "--seed", 7, "--events")
    said = [json.loads(line) for line in again.stdout.splitlines()]
    assert said[-1]["reused"] == 0
    assert any("other settings (seed)" in event.get("message", "") for event in said)


@pytest.mark.parametrize("accident", ["deleted", "replaced", "cut short"])
def test_an_input_that_changes_while_it_is_read_is_exit_5(source, tiny_package, folder, accident):
    words = ["upsample", source, folder / "o.tif", "--model", tiny_package, "--tile", 64]
    process = under_way([*words, "--samples", 2])
    content = source.read_bytes()
    if accident == "deleted":
        source.unlink()
    elif accident == "replaced":
        source.with_suffix(".new").write_bytes(content[::-1])
        source.with_suffix(".new").replace(source)
    else:
        os.truncate(source, len(content) // 2)
    out, err = process.communicate()
    assert process.returncode == 5, out[-300:]
    assert json.loads(out.splitlines()[-1])["kind"] == "storage"
    assert "Traceback" not in err
    assert "o.tif" not in names(folder)


def test_a_second_run_of_one_output_is_refused(command, source, tiny_package, folder):
    words = ["upsample", source, folder / "o.tif", "--model", tiny_package, "--tile", 24]
    process = under_way([*words, "--samples", 9])
    second = command(*words)
    assert second.returncode == 5 and "another run" in second.stderr
    process.kill()
    process.communicate()


@pytest.mark.parametrize("shared", ["--spread=s.tif", "--report=p.html", "--draws=d"])
def test_nor_may_two_runs_share_what_they_make_beside(
    command, source, tiny_package, folder, shared
):
    option, name = shared.split("=")
    words = [option, folder / name, "--model", tiny_package, "--tile", 24]
    process = under_way(["upsample", source, folder / "a.tif", *words, "--samples", 9])
    second = command("upsample", source, folder / "b.tif", *words)
    assert second.returncode == 5 and f"another run is making '{folder / name}'" in second.stderr
    process.kill()
    process.communicate()
    assert command("upsample", source, folder / "b.tif", *words, "--samples", 2).returncode == 0
    assert not [path for path in names(folder) if path.endswith(".lock")]


def test_an_output_that_exists_needs_overwrite(command, source, tiny_package, folder):
    out = folder / "o.tif"
    out.write_bytes(b"precious")
    words = ["upsample", source, out, "--model", tiny_package]
    refused = command(*words)
    assert refused.returncode == 2 and "--overwrite" in refused.stderr
    assert out.read_bytes() == b"precious" and names(folder) == ["o.tif"]
    assert command(*words, "--overwrite").returncode == 0
    assert gdal.Open(str(out)).RasterCount == 8


@pytest.mark.parametrize("place", ["/proc/o.tif", "/proc/self/o.tif"])
def test_a_folder_that_cannot_be_written_is_exit_5(command, source, tiny_package, place):
    done = command("upsample", source, place, "--model", tiny_package)
    assert done.returncode == 5 and done.stderr.count("\n") == 1


def test_a_name_too_long_for_the_disk_is_an_input_error(command, source, tiny_package, folder):
    done = command("upsample", source, folder / f"{'n' * 248}.tif", "--model", tiny_package)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "too long" in done.stderr
    assert names(folder) == []


def test_a_long_path_of_odd_letters_works(command, source, tiny_package, folder):
    deep = folder
    for part in ("Ünïcödé " * 5, "目录" * 30, "🌲 " * 20, "p" * 200):
        deep = deep / part.strip()
    deep.mkdir(parents=True)
    done = command("upsample", source, deep / "ö.tif", "--model", tiny_package)
    assert done.returncode == 0, done.stderr
    assert names(deep) == ["ö.tif"]


def test_too_little_disk_is_told_before_the_start(source, tiny_package, folder):
    small = "import shutil; shutil.disk_usage = lambda _: type('U', (), {'free': 1000})"
    words = ["upsample", source, folder / "o.tif", "--model", tiny_package, "--events"]
    done = limited(small, words)
    assert done.returncode == 5 and "are free on the disk" in done.stdout
    assert '"started"' not in done.stdout
    assert names(folder) == []


def test_too_little_memory_allowed_is_told_before_the_start(command, source, tiny_package, folder):
    words = ["upsample", source, folder / "o.tif", "--model", tiny_package, "--events"]
    done = command(*words, "--memory-limit", "1M")
    assert done.returncode == 4 and "MiB" in done.stdout and '"started"' not in done.stdout
    assert names(folder) == []
