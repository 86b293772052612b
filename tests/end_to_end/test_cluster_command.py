"""``upsample --cluster`` with real workers, and runs over many scenes: the same pixels, no loss."""

import json
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from killing import ROOT, contents, start
from osgeo import gdal

from model_runtime.package import manifest
from tests.conftest import make_tiny_package

gdal.UseExceptions()
REASON = "needs Dask: pip install '.[cluster]'"


@pytest.fixture
def source(write_raster):
    """300 x 400 pixels, some masked: several file blocks of several units."""
    values = np.random.default_rng(0).integers(5, 250, (3, 300, 400)).astype(np.uint8)
    values[:, :, 330:] = 0
    return write_raster("a.tif", values, nodata=0)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "out"
    made.mkdir()
    return made


@pytest.fixture(params=["tiny_package", "tiny_whole_tile_package"])
def words(request, source):
    """The command without its output, for models that are cut and that are blended."""
    model = request.getfixturevalue(request.param)
    return ["upsample", source, "--model", model, "--tile", "64", "--threads", "1"]


@pytest.fixture
def whole(command, words, tmp_path):
    """The output of one machine, byte by byte."""
    return made(command, [*words, "--spread", tmp_path / "s.tif"], tmp_path / "whole.tif")


def made(command, words, output, *more):
    done = command(*words, *more, output)
    assert done.returncode == 0, done.stderr
    return output.read_bytes()


@pytest.fixture
def dask():
    return pytest.importorskip("distributed", reason=REASON)


def test_a_picture_whose_colours_are_corrected(dask, command, source, folder, tmp_path):
    """The client, which has no cascade, loads one to fit the correction; workers are given it."""
    model = make_tiny_package(tmp_path)
    replace(manifest.read(model), colour_correction=True).write(model)
    words = ["upsample", source, "--model", model, "--tile", "64", "--threads", "1"]
    alone = made(command, words, tmp_path / "whole.tif")
    assert b"SCDM_COLOUR_CORRECTION" in alone
    assert made(command, words, folder / "o.tif", "--cluster", "local:2") == alone


@pytest.mark.parametrize("count", [1, 2])
def test_workers_make_the_very_same_files(dask, command, words, whole, folder, tmp_path, count):
    spread = folder / "s.tif"
    options = ["--cluster", f"local:{count}", "--spread", spread]
    assert made(command, words, folder / "o.tif", *options) == whole
    assert spread.read_bytes() == (tmp_path / "s.tif").read_bytes()
    assert sorted(contents(folder)) == ["o.tif", "s.tif"]


def under_way(words, count=6):
    """A run whose first ``count`` tiles are done."""
    return await_tiles(start(words, ROOT), count)


def await_tiles(process, count=6):
    """``process``, once it says that its first ``count`` tiles are done."""
    for line in process.stdout:
        if json.loads(line).get("done", 0) >= count:
            return process
    raise AssertionError(process.stderr.read())


def workers_of(process):
    psutil = pytest.importorskip("psutil", reason=REASON)
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_dies_costs_nothing(dask, words, whole, folder, tmp_path, kind):
    output = folder / "o.tif"
    more = [output, "--cluster", "local:2", "--spread", folder / "s.tif"]
    process = under_way([*words, *more])
    workers_of(process)[0].send_signal(kind)
    _, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert output.read_bytes() == whole


@pytest.mark.parametrize("then", [["--cluster", "local:2"], []])
def test_cancelled_on_a_cluster_it_goes_on_anywhere(dask, command, words, whole, folder, then):
    output = folder / "o.tif"
    words = [*words, "--spread", folder / "s.tif"]
    process = start([*words, output, "--cluster", "local:2"], ROOT)
    process.stdout.readline()  # it has started: there are workers
    workers = workers_of(process)  # before the tiles: looking for them takes as long as some do
    await_tiles(process).send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert json.loads(out.splitlines()[-1])["kind"] == "cancelled"
    psutil = pytest.importorskip("psutil", reason=REASON)
    assert psutil.wait_procs(workers, timeout=30)[1] == []
    again = command(*words, output, *then, "--events")
    assert json.loads(again.stdout.splitlines()[-1])["reused"] > 0
    assert output.read_bytes() == whole


def test_begun_on_one_machine_it_ends_on_a_cluster(dask, command, words, whole, folder):
    output = folder / "o.tif"
    words = [*words, "--spread", folder / "s.tif"]
    process = under_way([*words, output])
    process.kill()
    process.communicate()
    again = command(*words, output, "--cluster", "local:2", "--events")
    assert json.loads(again.stdout.splitlines()[-1])["reused"] > 0, again.stdout[-500:]
    assert output.read_bytes() == whole


def test_a_workers_error_ends_the_run_as_its_own_would(dask, command, words, source, folder):
    """The second half of the file is gone when the workers come to it."""
    process = start([*words, folder / "o.tif", "--cluster", "local:2"], ROOT)
    process.stdout.readline()
    with source.open("rb+") as stream:
        stream.truncate(source.stat().st_size // 2)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 5, out[-500:]
    assert json.loads(out.splitlines()[-1])["kind"] == "storage"
    assert "Traceback" not in err and not (folder / "o.tif").exists()


def test_a_scheduler_elsewhere(dask, command, words, whole, folder, tmp_path):
    """Workers of a scheduler of its own process, as on other machines."""
    file = tmp_path / "scheduler.json"
    program = [sys.executable, "-m"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
    options = ["--port", "0", "--no-dashboard", "--scheduler-file", file]
    scheduler = subprocess.Popen([*program, "distributed.cli.dask_scheduler", *options], **quiet)
    options = ["--scheduler-file", file, "--nthreads", "2", "--no-dashboard", "--no-nanny"]
    worker = subprocess.Popen([*program, "distributed.cli.dask_worker", *options], **quiet)
    try:
        client = dask.Client(scheduler_file=str(file), timeout=60)
        address = client.scheduler.address
        client.close()
        more = ["--cluster", address, "--spread", folder / "s.tif"]
        assert made(command, words, folder / "o.tif", *more) == whole
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()


def pixels(path):
    return gdal.Open(str(path)).ReadAsArray()


@pytest.mark.parametrize("options", [[], ["--cluster", "local:2"], ["--format", "cog"]])
def test_a_vrt_over_sheets_is_the_whole(request, command, words, whole, folder, tmp_path, options):
    if "--cluster" in options:
        request.getfixturevalue("dask")
    options = [*options, "--sheet", "100", "--spread", folder / "s.vrt"]
    done = command(*words, folder / "o.vrt", *options)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(pixels(folder / "o.vrt"), pixels(tmp_path / "whole.tif"))
    np.testing.assert_array_equal(pixels(folder / "s.vrt"), pixels(tmp_path / "s.tif"))
    made, one = gdal.Open(str(folder / "o.vrt")), gdal.Open(str(tmp_path / "whole.tif"))
    assert made.GetMetadata("ENVI") == one.GetMetadata("ENVI")
    assert made.GetGeoTransform() == one.GetGeoTransform()
    assert sorted(contents(folder)) == ["o.sheets", "o.vrt", "s.sheets", "s.vrt"]
    assert len(list((folder / "o.sheets").glob("*/*.tif"))) > 1


def test_a_killed_run_of_sheets_goes_on(command, words, whole, folder, tmp_path):
    words = [*words, folder / "o.vrt", "--sheet", "100", "--spread", folder / "s.vrt"]
    process = under_way(words, 40)  # the first sheet, of 25 or 36 tiles, is done
    process.kill()
    process.communicate()
    assert not (folder / "o.vrt").exists()
    other = command(*words, "--seed", "9")
    assert other.returncode == 2 and "--overwrite" in other.stderr
    again = command(*words, "--events")
    assert json.loads(again.stdout.splitlines()[-1])["reused"] > 0, again.stdout
    np.testing.assert_array_equal(pixels(folder / "o.vrt"), pixels(tmp_path / "whole.tif"))


@pytest.fixture
def ten(write_raster, tmp_path):
    """Ten scenes, the fifth broken."""
    rng = np.random.default_rng(1)
    (tmp_path / "in").mkdir()
    for i in range(10):
        write_raster(f"in/s{i}.tif", rng.integers(5, 250, (3, 40, 50)).astype(np.uint8))
    (tmp_path / "in" / "s4.tif").write_bytes(b"II*\0 broken")
    return tmp_path / "in"


@pytest.mark.parametrize("options", [[], ["--cluster", "local:2"]])
def test_of_ten_scenes_one_is_broken(request, command, ten, tiny_package, folder, options):
    if options:
        request.getfixturevalue("dask")
    words = ["upsample", ten, folder / "made", "--model", tiny_package, *options, "--events"]
    done = command(*words)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    good = [f"s{i}.tif" for i in range(10) if i != 4]
    assert sorted(contents(folder / "made")) == [*good, "summary.json"]
    summary = json.loads((folder / "made" / "summary.json").read_text())
    assert (summary["done"], summary["failed"]) == (9, 1)
    (broken,) = (scene for scene in summary["scenes"] if scene["state"] == "failed")
    assert broken["name"] == "s4" and broken["kind"] == "input"
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(event["event"] == "scene" for event in said) == 10
    assert said[-1]["event"] == "error" and "1 of 10" in said[-1]["message"]
    alone = folder / "alone.tif"
    made(command, ["upsample", ten / "s7.tif", "--model", tiny_package], alone)
    assert (folder / "made" / "s7.tif").read_bytes() == alone.read_bytes()


def test_mended_scenes_are_made_and_the_others_left(command, ten, tiny_package, folder):
    words = ["upsample", ten / "s*.tif", folder / "made", "--model", tiny_package, "--events"]
    assert command(*words).returncode == 2
    before = (folder / "made" / "s1.tif").stat().st_mtime_ns
    (ten / "s4.tif").write_bytes((ten / "s5.tif").read_bytes())
    again = command(*words)
    assert again.returncode == 0, again.stderr
    last = json.loads(again.stdout.splitlines()[-1])
    assert (last["scenes"], last["already_there"]) == (10, 9)
    assert (folder / "made" / "s1.tif").stat().st_mtime_ns == before
    other = command(*words, "--seed", "5")
    assert other.returncode == 2 and "--overwrite" in other.stdout


def test_a_killed_run_of_scenes_goes_on(command, ten, tiny_package, folder):
    """A kill leaves notes instead of a summary, and the last of them may be cut off."""
    (ten / "s4.tif").unlink()
    words = ["upsample", ten, folder / "made", "--model", tiny_package, "--events"]
    assert command(*words).returncode == 0
    summary = folder / "made" / "summary.json"
    *noted, last = json.loads(summary.read_text())["scenes"]
    lines = [*map(json.dumps, noted), json.dumps(last)[:40]]
    (folder / "made" / "summary.notes").write_text("".join(f"\n{line}" for line in lines))
    summary.unlink()
    (folder / "made" / "s9.tif").unlink()
    again = command(*words)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout.splitlines()[-1])["already_there"] == len(noted) == 8
    assert json.loads(summary.read_text())["done"] == 1
    assert not (folder / "made" / "summary.notes").exists()


def test_folders_of_spreads_and_reports(command, ten, tiny_package, folder):
    (ten / "s4.tif").unlink()
    options = ["--spread", folder / "spread", "--report", folder / "html", "--samples", "2"]
    done = command("upsample", ten, folder / "made", "--model", tiny_package, *options)
    assert done.returncode == 0, done.stderr
    assert len(contents(folder / "spread")) == len(contents(folder / "html")) == 9
    refused = command("upsample", ten, folder / "x", "--spread", folder / "s.tif")
    assert refused.returncode == 2 and "name a folder" in refused.stderr
