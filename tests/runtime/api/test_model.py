"""``load().estimate()`` by itself: what is refused and with what words, progress, warnings."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import model_runtime
from model_runtime import load
from model_runtime.errors import DeviceError, InputError, PackageError

ROOT = Path(__file__).resolve().parents[3]
RGB = np.random.default_rng(0).uniform(0.02, 0.4, (3, 40, 50)).astype(np.float32)


@pytest.fixture(scope="module")
def model(tiny_package):
    """The tiny package, loaded."""
    return load(tiny_package)


@pytest.mark.parametrize(
    "rgb, how, said",
    [
        (np.moveaxis(RGB, 0, -1), {}, "(40, 50, 3)|numpy.moveaxis(rgb, -1, 0)"),
        (RGB[:2], {}, "(2, 40, 50)|(3, rows, cols): red, green, blue"),
        (RGB[0], {}, "(40, 50)|(3, rows, cols)"),
        (RGB[:, :0], {}, "(3, 0, 50)|(3, rows, cols)"),
        (RGB.astype(complex), {}, "complex64|complex128|floating-point"),
        (RGB * np.nan, {}, "no valid pixel|nodata"),
        (RGB, {"quality": "finest"}, "quality is 'finest'|fast, balanced, best"),
        (RGB, {"quality": None}, "quality is None|fast, balanced, best"),
        (RGB, {"radiometry": "dn"}, "radiometry is 'dn'|auto, reflectance"),
        (RGB, {"radiometry_from": RGB[:2]}, "radiometry_from has the shape|red, green, blue"),
        (RGB, {"radiometry_from": RGB * np.nan}, "radiometry_from holds no valid pixel|nodata"),
        (RGB, {"radiometry_from": "mosaic.tif"}, "radiometry_from has the shape ()|red"),
        (
            RGB,
            {"radiometry_from": RGB, "radiometry": "reflectance"},
            "radiometry_from needs values that are matched|leave out one",
        ),
        (RGB, {"calibration": "none.json"}, "'none.json' cannot be read|make it again"),
        (RGB, {"sampler": "euler"}, "sampler is 'euler'|ddpm, ddim"),
        (RGB, {"samples": 0}, "samples is 0|from 1 to 1000"),
        (RGB, {"samples": 2.5}, "samples is 2.5|a whole number"),
        (RGB, {"seed": -1}, "seed is -1|from 0"),
        (RGB, {"seed": None}, "seed is None|a whole number"),
        (RGB, {"steps": 60}, "steps is 60|at most 50"),
        (RGB, {"tile": 7}, "tile is 7|a multiple of 8"),
        (RGB, {"guidance": [1, 2, 3]}, "guidance has 3 numbers|one per stage"),
        (RGB, {"guidance_interval": (3, 1), "guidance": 1}, "guidance_interval is 3,1|timestep"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_value_and_remedy(model, rgb, how, said):
    with pytest.raises(InputError) as refused:
        model.estimate(rgb, **how)
    error, parts = refused.value, said.split("|")
    assert any(part in str(error) for part in parts[:-1]) and parts[-1] in error.remedy + str(error)
    assert error.remedy and "--" not in str(error)


def test_a_parameter_that_there_is_not_is_told_as_python_tells_it(model):
    with pytest.raises(TypeError, match="no parameter 'step': give sampler, steps"):
        model.estimate(RGB, step=3)


def test_what_cannot_be_loaded_is_refused(tmp_path):
    with pytest.raises(InputError, match="device is 'tpu': choose auto, cpu, cuda"):
        load(device="tpu")
    with pytest.raises(PackageError, match=r"holds no model\.json: .* or leave model out"):
        load(tmp_path)
    with pytest.raises(InputError, match="threads is -1"):
        load(threads=-1)


def test_a_device_that_is_not_there_is_refused(tiny_package):
    from model_runtime.diffusion import onnx_session

    if len(onnx_session.usable_providers()) > 1:
        pytest.skip("a GPU is here")
    with pytest.raises(DeviceError, match="no usable NVIDIA GPU"):
        load(tiny_package, device="cuda")


def test_progress_goes_up_to_all_tiles(model):
    heard = []
    model.estimate(RGB, tile=24, progress=lambda done, total: heard.append((done, total)))
    done, total = zip(*heard)
    assert list(done) == sorted(done) and set(total) == {done[-1]} and done[-1] > 1


def test_values_unlike_the_training_scenes_are_warned_of_at_the_callers_line(model):
    with pytest.warns(UserWarning, match="outside the colours of the training scenes") as told:
        model.estimate(RGB + 2, radiometry="reflectance")
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.estimate(RGB, radiometry="reflectance")


def test_the_input_is_left_as_it_was(model):
    given = RGB.copy()
    given[:, 3, 4] = np.nan
    before = given.copy()
    model.estimate(given)
    np.testing.assert_array_equal(given, before)


def test_provenance_says_model_settings_and_reading(model):
    said = model.estimate(RGB, "balanced", seed=5).provenance
    assert (said["SCDM_MODEL"], said["SCDM_SEED"], said["SCDM_SAMPLER"]) == (
        *("tiny", "5", "dpm-solver++"),
    )
    assert said["SCDM_RADIOMETRY"] == "reflectance"


def test_it_needs_neither_gdal_nor_xarray():
    program = (
        "import sys; sys.modules['osgeo'] = sys.modules['xarray'] = None\n"
        "import numpy, model_runtime\n"
        "made = model_runtime.load(threads=1).estimate(numpy.full((3, 9, 9), 0.1))\n"
        "assert made.mean.shape == (48, 9, 9) and numpy.isfinite(made.mean).all()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_package_offers_what_it_names_and_nothing_else():
    assert {"Estimate", "Model", "load"} <= set(model_runtime.__all__)
    for name in model_runtime.__all__:
        assert getattr(model_runtime, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'unload'"):
        _ = model_runtime.unload
