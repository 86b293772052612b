"""The ablation as it is called, on a run and on its package."""

import pytest

from training import ablate, export
from training import train as train_command

FEW = ["--quality", "fast", "--guidance", "0.5", "--truncation", "0.96", "--samplers", "ddim"]
FEW += ["--steps", "3", "--seeds", "0"]


@pytest.fixture(scope="module")
def run(small_toml, tmp_path_factory):
    """The folder of a whole run of train.py."""
    folder = tmp_path_factory.mktemp("ablate") / "run"
    assert train_command.main(["--config", str(small_toml), "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def package(run, tmp_path_factory):
    """Its model package."""
    folder = tmp_path_factory.mktemp("package") / "model"
    export.export(run, folder)
    return folder


def cells(line):
    """The figures of a line, without the seconds."""
    return [cell.strip() for cell in line.split("|")[2:-2]]


def test_a_run_and_its_package_have_the_same_table(run, package, small_toml, tmp_path, capsys):
    assert ablate.main([str(run), *FEW, "--markdown", str(tmp_path / "table.md")]) == 0
    printed = capsys.readouterr().out
    assert (tmp_path / "table.md").read_text(encoding="utf-8") == printed
    assert ablate.main([str(package), "--config", str(small_toml), *FEW]) == 0
    of_package = capsys.readouterr().out.splitlines()
    lines = printed.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        "full: the model's own way = without truncation",
        "without guidance = without both",
        "guidance 0.5",
        "truncation 0.96",
        "guidance 0.5, truncation 0.96",
        "ddim, 3 steps, one sample",
    ]
    for one, other in zip(lines[2:], of_package[2:]):
        figures = [[float(cell) for cell in cells(line)] for line in (one, other)]
        # Quantiles of a whole scene count its margin too, for which a package has no features.
        near = 0.1 if "truncation 0" in one else 0.011
        assert figures[0] == pytest.approx(figures[1], abs=near)


def test_a_stage_alone_is_judged_without_the_one_before(run, tmp_path, capsys):
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("config.json", "stage2.pt"):
        (alone / name).write_bytes((run / name).read_bytes())
    assert ablate.main([str(alone), *FEW]) == 2
    assert "stage1.pt does not exist" in capsys.readouterr().err
    assert ablate.main([str(alone), "--stage", "2", *FEW]) == 0
    full = capsys.readouterr().out.splitlines()[2]
    assert cells(full)[-1] == "4"  # two steps, each with and without the condition


def test_other_cascades_are_trained_over_the_seeds(run, capsys):
    words = [*FEW[:-1], "0", "1", "--retrain", "60"]
    assert ablate.main([str(run), *words]) == 0
    trained = [x for x in capsys.readouterr().out.splitlines() if x.startswith("| trained: ")]
    assert [line.split("|")[1].strip()[9:] for line in trained] == [
        "two stages",
        "one stage",
        "three stages",
        "two stages without null dropout",
        "two stages without condition augmentation",
        "two stages without the angle loss",
    ]
    assert all(line.count("±") == 3 for line in trained)


def test_a_mistake_is_one_line(run, package, small_toml, capsys):
    for words, said in (
        ([package], "add --config"),
        ([run, "--stage", 3], "there are 2 stages"),
        ([run, "--steps", 51], "--steps 51: give 1 to 50"),
        ([run, "--validation", "nowhere"], "nowhere does not exist"),
        ([package, "--config", small_toml, "--set", "output.grid_nm=[400, 900, 8]"], "other bands"),
        ([package, "--config", small_toml, "--set", "data.train=[]"], "give --data"),
        ([package, "--config", small_toml, "--set", "data.validation=[]"], "give --validation"),
        ([run, "--stage", 2, "--retrain", 60], "leave one out"),
        ([run / "none"], "holds no config.json"),
    ):
        assert ablate.main([str(word) for word in words]) == 2
        (line,) = [s for s in capsys.readouterr().err.splitlines() if s.startswith("error: ")]
        assert said in line
