"""Settings files: every key counts, and a wrong one is named."""

import dataclasses
import json

import pytest

from model_runtime.errors import InputError
from training import config as settings_file
from training.config import from_json, load


def refused(path, *overrides):
    """The InputError's one line for the settings with ``overrides``."""
    with pytest.raises(InputError) as caught:
        load(path, overrides)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def text(small_toml):
    """The small settings file's text."""
    return small_toml.read_text()


@pytest.fixture
def spoilt(text, tmp_path):
    """A function that writes the settings with ``old`` made ``new``: its path."""

    def write(old, new):
        assert old in text
        path = tmp_path / "spoilt.toml"
        path.write_text(text.replace(old, new, 1))
        return path

    return write


def test_the_small_settings_are_read(small_toml):
    config = load(small_toml)
    assert [stage.final_bands for stage in config.stages] == [(0, 4), tuple(range(8))]
    assert config.output.wavelength_nm[0] == 400
    assert config.output.wavelength_nm[-1] == pytest.approx(1000)
    assert config.output.fwhm_nm == pytest.approx((600 / 7,) * 8)
    assert config.stages[1].guidance_scale == 0.5
    assert config.training.ema_every == 1


def test_the_embedded_models_settings_are_those_of_the_design():
    folder = settings_file.__file__.replace("config.py", "configs")
    config = load(f"{folder}/vnir48.toml")
    assert len(config.output.wavelength_nm) == 48
    assert (config.output.wavelength_nm[0], config.output.wavelength_nm[-1]) == (400, 1000)
    assert config.stages[0].final_bands == tuple(range(0, 48, 4))
    assert set(config.qualities) == {"fast", "balanced", "best"}


def test_places_are_seen_from_the_settings_file_and_overrides_from_here(
    text, tmp_path, monkeypatch
):
    path = tmp_path / "settings" / "own.toml"
    path.parent.mkdir()
    changed = text.replace("train = [", 'libraries = ["/spectra"]\ntrain = ["../scenes", ', 1)
    path.write_text(changed)
    kept = load(path).data.train[1]
    for folder in (tmp_path, path.parent):
        monkeypatch.chdir(folder)
        found = load(path, ['data.validation=["val"]']).data
        assert found.train == (str(tmp_path / "scenes"), kept)
        assert (found.libraries, found.validation) == (("/spectra",), ("val",))
        assert load(path.name if folder == path.parent else "settings/own.toml").data.train == (
            "../scenes" if folder == path.parent else "scenes",
            kept,
        )


def test_a_runs_copy_reads_back_the_same(small_toml):
    config = load(small_toml)
    kept = json.loads(json.dumps(dataclasses.asdict(config)))
    assert from_json(kept) == config


@pytest.mark.parametrize(
    "old, new, match",
    [
        ("[data]", "[data]\nbatches = 3", "unknown key 'batches'"),
        ('name = "small"', 'name = "small"\ncolour = 1', "unknown key 'colour'"),
        ("patch = 8", "", "lacks 'patch'"),
        ("[normalisation]\noffset = 0.2\nscale = 0.2", "", "lacks 'normalisation'"),
        ("patch = 8", "patch = 8.0", "data: patch is 8.0"),
        ("patch = 8", "patch = true", "data: patch is True"),
        ("seed = 3", 'seed = "3"', "training: seed is '3'"),
        ("scale = 0.2", "scale = nan", "normalisation: scale is nan"),
        ("scale = 0.2", "scale = inf", "normalisation: scale is inf"),
        ('units = ["reflectance"]', 'units = "reflectance"', "data: units is 'reflectance'"),
        ("[tile]", "[tile", "is not TOML"),
        ("grid_nm = [400.0, 1000.0, 8]", "grid_nm = [400.0, 1000.0]", "output.grid_nm is"),
        ("grid_nm = [400.0, 1000.0, 8]", "grid_nm = [400.0, 1000.0, 1]", "output.grid_nm is"),
        ("grid_nm = [400.0, 1000.0, 8]", "grid_nm = 8", "output.grid_nm is 8"),
        ("every = 4", "every = 0", "every is 0"),
        ("every = 4", "every = 4\nfinal_bands = [0, 4]", "has every and final_bands"),
        ("grid_nm", "wavelength_nm = [1]\ngrid_nm", "has grid_nm and wavelength_nm"),
        ("every = 4", 'every = "4"', "every is '4'"),
        ("every = 4", "final_bands = [0, 8]", r"final_bands lie in 0..7"),
        ("[[stages]]\nevery = 1", "[[stages]]\nevery = 2", "the last must make all 8 bands"),
        ('fast = { sampler = "ddim"', 'turbo = { sampler = "ddim"', "qualities are fast"),
        ('sampler = "ddim"', 'sampler = "euler"', "sampler must be one of"),
        ('prediction = "x0"', 'prediction = "noise"', "prediction must be one of"),
        ('kind = "compact"\ncontext_widths', "context_widths", "needs its kind"),
        ("fwhm_nm = [82.0, 82.0, 70.0]", "fwhm_nm = [82.0]", "input.fwhm_nm has 1 numbers for 3"),
        ("wavelength_nm = [640.0, 550.0, 465.0]", "wavelength_nm = []", "0 numbers for 3"),
        (
            "fwhm_nm = [82.0, 82.0, 70.0]",
            "fwhm_nm = [0.082, 0.082, 0.07]",
            "input.fwhm_nm[0] is 0.082: widths are in nm, 82 for micrometres",
        ),
        (
            "wavelength_nm = [640.0, 550.0, 465.0]",
            "wavelength_nm = [0.64, 0.55, 0.465]",
            "input.wavelength_nm[0] is 0.64: wavelengths are in nm, 640 for",
        ),
        (
            'names = ["red", "green", "blue"]',
            'names = ["blue", "green", "red"]',
            "names[0] is 'blue', but input.wavelength_nm[0] is 640: blue lies from 380 to 520",
        ),
        ("multiple = 2", "multiple = 3", "data.patch must divide by tile.multiple"),
        ("multiple = 2", "multiple = 0", "tile.multiple must be at least 1"),
    ],
)
def test_a_wrong_settings_file_is_refused_by_name(spoilt, old, new, match):
    assert match in refused(spoilt(old, new))


@pytest.mark.parametrize(
    "override",
    ["data.patch=0", "data.mixture_share=1.5", "training.batch=0", "training.log_every=0"]
    + ["training.checkpoint_every=0", "training.ema_every=0", "training.ema_decay=1.1"]
    + ["training.learning_rate=-1", "training.learning_rate=nan", "stages.0.timesteps=0"]
    + ["stages.1.condition_dropout=2", "stages.0.iterations=0", "training.seed=-1"],
)
def test_a_number_out_of_its_range_is_refused(small_toml, override):
    name = override.split("=")[0].split(".")[-1]
    assert name in refused(small_toml, override)


@pytest.mark.parametrize(
    "key", ["sam_of", "decay", "loss", "precision", "optimiser"], ids=lambda key: f"training.{key}"
)
def test_a_word_that_means_nothing_is_refused(small_toml, key):
    assert f"training.{key} must be" in refused(small_toml, f"training.{key}=nothing")


def test_overrides_reach_any_place_and_take_toml_or_a_word(small_toml, tmp_path):
    overrides = ["training.batch=2", "stages.1.guidance_scale=2", 'name="other"', "version=2b"]
    overrides += ["data.train.0=elsewhere", "stages.0.network.width=16", "training.warmup = 7"]
    config = load(small_toml, overrides)
    assert (config.training.batch, config.stages[1].guidance_scale) == (2, 2.0)
    assert (config.name, config.version) == ("other", "2b")
    assert config.data.train == ("elsewhere",)
    assert config.stages[0].network["width"] == 16
    assert config.training.warmup == 7


@pytest.mark.parametrize(
    "override, match",
    [
        ("training.batch", "has no '='"),
        ("training.batches=3", "unknown key 'batches'"),
        ("trainings.batch=3", "there is no 'trainings'"),
        ("stages.2.timesteps=3", "there is no '2'"),
        ("stages.x.timesteps=3", "there is no 'x'"),
        ("data.train.7=a", "there is no '7'"),
        ("data.train.first=a", "there is no 'first'"),
        ("name.first=a", "'name' is not a table"),
        ("name.first.second=a", "there is no 'first'"),
        ("training.batch=many", "training: batch is 'many'"),
        ("stages=3", "stages is 3"),
        ("output=3", "output is 3"),
        ("stages.0=3", r"stages[0] is 3"),
        ("=3", "unknown key ''"),
    ],
)
def test_a_wrong_override_is_refused_by_name(small_toml, override, match):
    assert match in refused(small_toml, override)


ODD_TOML = {
    "missing": None,
    "binary": b"\xff\xfe",
    "empty": b"",
    "nested": b"a = " + b"[" * 5000,
    "long number": b"a = " + b"9" * 5000,
    "nested tables": b"[" + b".".join([b"a"] * 5000) + b"]",
}


@pytest.mark.parametrize("content", ODD_TOML.values(), ids=ODD_TOML)
def test_what_is_no_settings_file_is_refused(tmp_path, content):
    path = tmp_path / "no.toml"
    if content is not None:
        path.write_bytes(content)
    assert refused(path)
