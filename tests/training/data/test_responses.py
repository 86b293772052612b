"""Responses of cameras: tables and drawn ones, over any sensor's bands."""

import json

import numpy as np
import pytest

from model_runtime.errors import InputError
from training.data import responses

CENTRES, WIDTHS = (640.0, 550.0, 465.0), (82.0, 82.0, 70.0)


@pytest.fixture
def write_table(tmp_path):
    """A function that writes a table of two cameras, of the licences that are given."""

    def write(licences=("MIT", "CC BY-NC-SA 4.0")):
        wavelength_nm = np.arange(400, 701, 5, dtype=np.float32)
        curves = [responses.gaussian("g", CENTRES, WIDTHS).response[:, 10:71]] * 2
        names = np.array(["one", "two"])
        path = tmp_path / "cameras.npz"
        np.savez(path, names=names, srf_rgb=np.array(curves), wavelength_nm=wavelength_nm)
        entries = [{"name": n, "licence": words} for n, words in zip(names.tolist(), licences)]
        path.with_suffix(".json").write_text(json.dumps(entries), encoding="utf-8")
        return path

    return write


def test_a_table_without_commercial_use_is_left_out(write_table):
    assert [response.name for response in responses.tables(write_table())] == ["one"]


def test_a_camera_without_a_known_licence_is_left_out(write_table):
    path = write_table()
    path.with_suffix(".json").write_text('[{"name": "two", "licence": "MIT"}]', encoding="utf-8")
    assert [response.name for response in responses.tables(path)] == ["two"]


@pytest.mark.parametrize("harm", ["no json", "not npz", "other arrays"])
def test_another_file_is_refused_with_what_is_wanted(write_table, harm):
    path = write_table()
    if harm == "no json":
        path.with_suffix(".json").unlink()
    elif harm == "not npz":
        path.write_bytes(b"nothing")
    else:
        np.savez(path, other=np.zeros(3))
    with pytest.raises(InputError, match="srf_rgb and wavelength_nm"):
        responses.tables(path)


@pytest.mark.parametrize("source_nm", [np.linspace(400, 1000, 121), np.linspace(1000, 400, 40)])
def test_weights_see_a_straight_spectrum_at_the_responses_centre(source_nm):
    camera = responses.gaussian("g", CENTRES, WIDTHS)
    weights = camera.weights(source_nm)
    np.testing.assert_allclose(weights.sum(1), 1)
    np.testing.assert_allclose(weights @ source_nm, CENTRES, atol=1.5)
    np.testing.assert_allclose(camera.centre_nm, CENTRES, atol=0.5)


def test_a_sensor_beside_a_response_gives_its_nearest_band():
    weights = responses.gaussian("g", (640.0, 550.0, 365.0), (82.0, 82.0, 5.0)).weights(
        np.linspace(450, 900, 46)
    )
    assert weights[2].tolist() == [1.0] + [0.0] * 45


def test_drawn_cameras_lie_about_the_models_bands_and_differ():
    rng = np.random.default_rng(0)
    cameras = [responses.draw(rng, CENTRES, WIDTHS, 12.0) for _ in range(200)]
    off = np.array([camera.centre_nm for camera in cameras]) - CENTRES
    assert np.abs(off.mean(0)).max() < 3
    assert off.std(0) == pytest.approx(12, rel=0.3)
