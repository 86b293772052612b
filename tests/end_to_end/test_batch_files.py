"""Many scenes: what is asked for is there or made, no input is lost, and no name moves."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.spectra.empirical_line import Calibration, Line, Target, as_text

WORDS = ("--quality", "fast", "--threads", "1")


@pytest.fixture
def scenes(write_raster, tmp_path):
    """A folder of three scenes."""
    (tmp_path / "in").mkdir()
    for i, name in enumerate("abc"):
        values = np.random.default_rng(i).integers(5, 250, (3, 24, 30)).astype(np.uint8)
        write_raster(f"in/{name}.tif", values)
    return tmp_path / "in"


@pytest.fixture
def run(command, scenes, tiny_package, tmp_path):
    """Run the scenes into ``out``: the last event."""

    def run(*words, source=scenes, output=tmp_path / "out"):
        options = [*WORDS, "--model", tiny_package, "--events", *words]
        done = command("upsample", source, output, *options)
        assert "Traceback" not in done.stderr
        last = json.loads(done.stdout.splitlines()[-1])
        return done.returncode, last

    return run


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_scene_is_warned_of_is_told(command, scenes, tiny_package, write_raster, tmp_path):
    values = np.random.default_rng(9).integers(5, 250, (3, 24, 30)).astype(np.uint8)
    values[:, :8] = 0
    write_raster("in/b.tif", values)
    done = command("upsample", scenes, tmp_path / "out", *WORDS, "--model", tiny_package)
    lines = {line[0]: line for line in done.stderr.splitlines() if ": done, " in line}
    assert "33 % of the pixels are 0 in all bands" in lines["b"]
    assert "warning" not in lines["a"]


def test_what_is_asked_for_later_is_made(run, tmp_path):
    assert run()[0] == 0
    more = ("--spread", tmp_path / "sp", "--report", tmp_path / "rep")
    code, last = run(*more, "--keep-stages", tmp_path / "st")
    assert code == 0 and last["already_there"] == 0
    assert names(tmp_path / "sp") == ["a.tif", "b.tif", "c.tif"]
    assert names(tmp_path / "rep") == ["a.html", "b.html", "c.html"]
    assert names(tmp_path / "st" / "b") == ["stage1.tif", "stage2.tif"]
    assert run(*more)[1]["already_there"] == 3
    assert run()[1]["already_there"] == 3


def test_one_of_many_files_of_a_scene_is_missed(run, tmp_path):
    more = ("--keep-stages", tmp_path / "st", "--reliability", tmp_path / "rel")
    assert run(*more)[0] == 0
    for victim in (tmp_path / "st" / "b" / "stage2.tif", tmp_path / "rel" / "c.tif"):
        whole = victim.read_bytes()
        victim.unlink()
        code, last = run(*more)
        assert (code, last["already_there"]) == (0, 2)
        assert victim.read_bytes() == whole


@pytest.mark.parametrize("harm", ["emptied", "cut", "removed", "spread removed"])
def test_what_was_lost_is_made_again(run, tmp_path, harm):
    more = ("--spread", tmp_path / "sp", "--samples", "2")
    assert run(*more)[0] == 0
    victim = tmp_path / ("sp" if harm.startswith("spread") else "out") / "b.tif"
    whole = victim.read_bytes()
    if harm in ("emptied", "cut"):
        victim.write_bytes(whole[: 0 if harm == "emptied" else 500])
    else:
        victim.unlink()
    code, last = run(*more)
    assert (code, last["already_there"]) == (0, 2)
    assert victim.read_bytes() == whole


def test_what_somebody_else_put_there_is_kept(run, tmp_path):
    assert run()[0] == 0
    (tmp_path / "out" / "b.tif").write_bytes(b"somebody else's work" * 10_000)
    code, last = run()
    assert code == 2 and "exists" in last["message"]
    assert (tmp_path / "out" / "b.tif").read_bytes().startswith(b"somebody")


@pytest.mark.parametrize("change", ["source of a VRT", "mask"])
def test_a_changed_input_is_made_again(run, scenes, tmp_path, change):
    if change == "mask":
        again = scenes / "b.tif"
    else:
        again = tmp_path / "b_source.tif"
        shutil.move(scenes / "b.tif", again)
        subprocess.run(["gdal_translate", "-q", "-of", "VRT", again, scenes / "b.vrt"], check=True)
    assert run()[0] == 0
    before = (tmp_path / "out" / "b.tif").read_bytes()
    if change == "mask":
        mask_half(again)
    else:
        shutil.copy(scenes / "c.tif", again)
    code, last = run()
    assert (code, last["already_there"]) == (0, 2)
    assert (tmp_path / "out" / "b.tif").read_bytes() != before


def write_calibration(path, gain):
    """A line of 8 bits for all bands."""
    bands = (("red", 640.0), ("green", 550.0), ("blue", 465.0))
    lines = tuple(Line(name, nm, gain, 0.0, 0.0) for name, nm in bands)
    target = Target("grey", 9, (100.0,) * 3, (100.0 * gain,) * 3)
    path.write_text(as_text(Calibration("linear", 1.0, True, 8, lines, (target,) * 2)))


@pytest.mark.parametrize("option", ["calibration", "radiometry-from"])
def test_what_the_values_are_read_by_counts(run, write_raster, tmp_path, option):
    """Another calibration under the same name makes every scene again, and so does a reference."""
    known = tmp_path / ("known.json" if option == "calibration" else "known.tif")

    def change(number):
        if option == "calibration":
            write_calibration(known, 0.002 / number)
        else:
            reflectance = np.random.default_rng(0).uniform(0.05, 0.3, (3, 24, 30)) / number
            write_raster("known.tif", reflectance.astype(np.float32))

    change(1)
    words = (f"--{option}", known)
    assert run(*words)[0] == 0
    before = (tmp_path / "out" / "b.tif").read_bytes()
    assert run(*words)[1]["already_there"] == 3
    change(2)
    code, last = run(*words)
    assert (code, last["already_there"]) == (0, 0)
    assert (tmp_path / "out" / "b.tif").read_bytes() != before


def mask_half(path):
    """A mask beside the file, which is as it was."""
    dataset = gdal.Open(str(path))
    dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
    valid = np.full((dataset.RasterYSize, dataset.RasterXSize), 255, np.uint8)
    valid[:12] = 0
    dataset.GetRasterBand(1).GetMaskBand().WriteArray(valid)


@pytest.mark.parametrize("option", ["output", "spread"])
def test_no_input_is_replaced(run, scenes, tmp_path, option):
    before = {path: path.read_bytes() for path in scenes.iterdir()}
    where = {"output": scenes} if option == "output" else {}
    more = ["--spread", scenes] if option == "spread" else []
    code, last = run("--overwrite", *more, **where)
    assert code == 2 and "folder is the folder of the scene" in last["message"]
    assert {path: path.read_bytes() for path in scenes.iterdir()} == before


def test_nor_the_source_of_a_scene(run, scenes, tmp_path):
    (tmp_path / "out").mkdir()
    source = tmp_path / "out" / "v.tif"
    shutil.move(scenes / "a.tif", source)
    subprocess.run(["gdal_translate", "-q", "-of", "VRT", source, scenes / "v.vrt"], check=True)
    before = source.read_bytes()
    code, last = run("--overwrite")
    assert code == 2 and "a file that a scene reads" in last["message"]
    assert source.read_bytes() == before


def test_a_new_scene_moves_no_other_ones_output(run, scenes, tmp_path):
    assert run()[0] == 0
    before = (tmp_path / "out" / "b.tif").read_bytes()
    subprocess.run(
        ["gdal_translate", "-q", "-of", "PNG", scenes / "c.tif", scenes / "b.png"], check=True
    )
    (scenes / "b.png.aux.xml").unlink(missing_ok=True)
    code, last = run()
    assert (code, last["already_there"], last["scenes"]) == (0, 3, 4)
    assert (tmp_path / "out" / "b.tif").read_bytes() == before
    assert (tmp_path / "out" / "b_2.tif").is_file()


def test_a_vrt_to_memory_costs_its_own_scene(run, scenes, tmp_path):
    source = "<SourceFilename>MEM:::DATAPOINTER=1,PIXELS=9,LINES=9,BANDS=3</SourceFilename>"
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{i}"><SimpleSource>{source}</SimpleSource>'
        "</VRTRasterBand>"
        for i in (1, 2, 3)
    )
    text = f'<VRTDataset rasterXSize="9" rasterYSize="9">{bands}</VRTDataset>'
    (scenes / "aa.vrt").write_text(text)
    code, last = run()
    assert code == 2 and "1 of 4 scenes failed" in last["message"]
    assert {"a.tif", "b.tif", "c.tif"} <= set(names(tmp_path / "out"))
