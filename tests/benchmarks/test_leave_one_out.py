"""One sensor is left out of training, the run goes on where it was, and one table says the end."""

import json

import leave_one_out
import numpy as np
import pytest
import sensor_groups
import split_run

from model_runtime.errors import InputError
from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.georeference import Georeference

NM = np.linspace(390, 1010, 40)
SCENES = {  # name: split and sensor
    "a": ("train", "CASI-1500"),
    "b": ("train", "HyMap"),
    "c": ("train", "EnMAP (simulated from HyMap)"),
    "d": ("val", "HyMap"),
}
SETTINGS = """
name = "small"
version = "1"
licence = "GPL-2.0-or-later"
[input]
unit = "reflectance"
names = ["red", "green", "blue"]
wavelength_nm = [640.0, 550.0, 465.0]
fwhm_nm = [82.0, 82.0, 70.0]
[output]
unit = "reflectance"
grid_nm = [400.0, 1000.0, 8]
[normalisation]
offset = 0.2
scale = 0.2
[data]
train = ["nowhere"]
validation = ["nowhere"]
units = ["reflectance"]
pairs = ["nowhere"]
patch = 8
[training]
seed = 0
batch = 2
learning_rate = 3e-3
loss = "l1"
sam_weight = 1.0
sam_of = "spectra"
ema_decay = 0.9
ema_start = 1
[tile]
multiple = 4
size = 64
overlap = 8
influence = 4
[qualities]
fast = { sampler = "ddim", steps = 1, samples = 1 }
"""
STAGE = """
[[stages]]
every = %d
prediction = "x0"
schedule = "cosine"
timesteps = 50
schedule_low = 0.0001
schedule_high = 0.02
guidance_scale = 0.0
pdt_lower_bound = 1.0
iterations = 1000
network = { kind = "compact", width = 8, blocks = 1 }
"""


def write_scene(path, seed):
    path.parent.mkdir(exist_ok=True)
    share = np.random.default_rng(seed).uniform(0, 1, (18, 20)).astype(np.float32)
    spectra = 0.05 + 0.3 * (NM - 390) / 620, 0.04 + 0.4 / (1 + np.exp(-(NM - 715) / 15))
    values = sum(s[:, None, None] * w for s, w in zip(spectra, (share, 1 - share)))
    cube = Cube(values.astype(np.float32), NM, np.full(40, 15.0), "reflectance", Georeference())
    write_cube(str(path), cube, "float32", {})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three training scenes of two groups and a held-out one."""
    folder = tmp_path_factory.mktemp("data")
    listed = []
    for seed, (name, (split, sensor)) in enumerate(SCENES.items()):
        write_scene(folder / split / f"{name}.tif", seed)
        entry = {"file": f"{split}/{name}.tif", "split": split, "sensor": sensor}
        listed.append({**entry, "units": "reflectance"})
    listed.append({**listed[0], "file": "train/none.tif", "units": "radiance"})
    (folder / "scenes.json").write_text(json.dumps(listed))
    return folder


def test_all_scenes_of_a_group_are_judged_and_none_is_trained_on(data):
    split = sensor_groups.without(data, "HyMap")
    assert [path.name for path in split.training] == ["a.tif"]
    assert [str(path.relative_to(data)) for path in split.judged] == [
        "train/b.tif",
        "train/c.tif",
        "val/d.tif",
    ]


def test_a_group_without_scenes_is_refused(data, tmp_path):
    with pytest.raises(InputError, match="no scene of NEON"):
        sensor_groups.without(data, "NEON")
    with pytest.raises(InputError, match=r"no scenes\.json"):
        sensor_groups.without(tmp_path, "NEON")


def test_the_real_scenes_are_all_in_a_group(shared_data):
    listed = json.loads((shared_data / "scenes.json").read_text())
    splits = [sensor_groups.without(shared_data, group) for group in sensor_groups.GROUPS]
    judged = [path.name for split in splits for path in split.judged]
    known = [s["file"].split("/")[1] for s in listed if s["units"] == "reflectance"]
    assert sorted(judged) == sorted(known)


@pytest.fixture(scope="module")
def made(data, tmp_path_factory, small_settings):
    """The folder of a run of two steps on one split, with a one-shot network beside it."""
    out = tmp_path_factory.mktemp("out")
    assert leave_one_out.main(words(data, out, small_settings)) == 0
    return out


@pytest.fixture(scope="module")
def small_settings(tmp_path_factory):
    """A settings file of a cascade that trains in a moment."""
    path = tmp_path_factory.mktemp("settings") / "small.toml"
    path.write_text(SETTINGS + STAGE % 4 + STAGE % 1, encoding="utf-8")
    return path


def words(data, out, config, *more):
    found = ["--data", data, "--out", out, "--config", config, "--groups", "HyMap", "--seeds", "3"]
    found += ["--iterations", "2", "--one-shot", "2", "--mst", "1", "--threads", "1", *more]
    return [str(word) for word in found]


def test_the_table_has_the_cascade_the_one_shot_and_the_baselines(made, capsys):
    assert leave_one_out.main(["--tables", "--out", str(made)]) == 0
    heads, _, group, mean, *_ = capsys.readouterr().out.splitlines()
    assert (
        heads
        == "| Left out, SAM° | ridge | neighbours | small fast | small one-shot | small MST++ |"
    )
    assert group.startswith("| HyMap | ") and mean.startswith("| mean | ")
    figures = json.loads((made / "small" / "HyMap" / "seed3" / "figures.json").read_text())
    assert list(figures) == ["b", "c", "d"]


def test_the_cascade_saw_only_its_split_and_its_seed(made):
    kept = json.loads((made / "small" / "HyMap" / "seed3" / "run" / "config.json").read_text())
    assert [path.rpartition("/")[2] for path in kept["data"]["train"]] == ["a.tif"]
    assert kept["data"]["validation"] == kept["data"]["pairs"] == []
    assert kept["training"]["seed"] == 3
    assert [stage["iterations"] for stage in kept["stages"]] == [2, 2]


def test_what_is_there_is_not_made_again(made, data, small_settings, monkeypatch):
    monkeypatch.setattr(split_run.subprocess, "run", lambda *_, **__: pytest.fail("a command ran"))
    assert leave_one_out.main(words(data, made, small_settings)) == 0


def test_figures_of_other_settings_are_not_mixed(made, data, small_settings, capsys):
    more = words(data, made, small_settings)
    more[more.index("--iterations") + 1] = "3"
    assert leave_one_out.main(more) == 2
    assert "made with another iterations" in capsys.readouterr().err


def test_the_pairs_of_scenes_that_are_trained_on_stay(data, tmp_path):
    split = sensor_groups.without(data, "HyMap")
    assert not split_run._has_pairs([str(tmp_path)], split)
    (tmp_path / "d_camera.tif").touch()  # of a scene that is left out
    assert not split_run._has_pairs([str(tmp_path)], split)
    (tmp_path / "a_camera.tif").touch()
    assert split_run._has_pairs([str(tmp_path)], split)


def test_a_training_that_fails_says_so_and_leaves_no_figures(data, tmp_path, small_settings, capfd):
    bad = words(data, tmp_path, small_settings, "--set", "data.units=['counts']")
    assert leave_one_out.main(bad) == 2
    assert "training/train.py ended with 2" in capfd.readouterr().err
    assert not list(tmp_path.glob("small/*/*/figures.json"))


def test_settings_that_are_wrong_are_refused_before_anything_is_made(
    data, tmp_path, small_settings, capsys
):
    bad = words(data, tmp_path, small_settings, "--set", "data.patch=-1")
    assert leave_one_out.main(bad) == 2
    assert "data.patch" in capsys.readouterr().err
    assert not (tmp_path / "small").exists()


def test_as_many_iterations_as_stages_are_wanted(data, tmp_path, small_settings, capsys):
    more = words(data, tmp_path, small_settings)
    more[more.index("--iterations") + 1] = "1,2,3"
    assert leave_one_out.main(more) == 2
    assert "--iterations has 3 numbers" in capsys.readouterr().err


def table(**angles):
    """A table of one scene."""
    names = ("rmse", "psnr", "mrae", "ssim", "coverage")
    return {"x": {m: {**dict.fromkeys(names, 1.0), "sam_degrees": a} for m, a in angles.items()}}


def test_the_mean_is_over_groups_for_each_seed():
    runs = {"NEON": [table(a=2.0), table(a=4.0)], "CASI": [table(a=6.0), table(a=10.0)]}
    assert leave_one_out.summarise(runs, "sam_degrees")["mean"] == {"a": [4.0, 7.0]}
    assert "| mean | 5.50 ± 2.12 |" in leave_one_out.tables(runs)


def test_a_method_that_lacks_a_group_has_no_mean():
    runs = {"NEON": [table(a=2.0, b=1.0)], "CASI": [table(a=6.0)]}
    assert leave_one_out.summarise(runs, "sam_degrees")["mean"] == {"a": [4.0]}
    assert "| CASI | 6.00 | – |" in leave_one_out.tables(runs)


def test_without_figures_it_says_so(tmp_path, capsys):
    assert leave_one_out.main(["--tables", "--out", str(tmp_path)]) == 2
    assert "holds no figures" in capsys.readouterr().err
