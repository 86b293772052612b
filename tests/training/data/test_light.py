"""Light and air on patches."""

import numpy as np

from training.data import light

INPUT_NM, OUTPUT_NM = np.array([640.0, 550.0, 465.0]), np.linspace(400, 1000, 13)


def test_residual_haze_is_bluer_and_the_same_for_input_and_output():
    drawn = [
        light.residual_haze(np.random.default_rng(seed), INPUT_NM, OUTPUT_NM) for seed in range(400)
    ]
    present = [(rgb[:, 0, 0], cube[:, 0, 0]) for rgb, cube in drawn if rgb.max() > 0]
    assert abs(len(present) / 400 - light.HAZE_SHARE) < 0.1
    for rgb, cube in present:
        assert (np.diff(cube) <= 0).all() and (cube > 0).all()
        assert np.allclose(rgb, np.interp(INPUT_NM, OUTPUT_NM, cube), rtol=0.05)
    at_550 = np.array([rgb[1] for rgb, _ in present])
    assert abs(np.sqrt((at_550**2).mean()) / light.HAZE_SIGMA - 1) < 0.2


def test_illumination_is_a_smooth_gain_of_both():
    rgb, cube = light.illumination(np.random.default_rng(1), 0.3, 0.05, INPUT_NM, OUTPUT_NM)
    assert np.allclose(rgb[:, 0, 0], np.interp(INPUT_NM, OUTPUT_NM, cube[:, 0, 0]), rtol=0.01)


def test_shade_takes_more_of_the_infrared():
    _, cube = light.shade(np.random.default_rng(2), 32, INPUT_NM, OUTPUT_NM)
    assert (cube <= 1).all() and (cube[-1] <= cube[0] + 1e-6).all() and cube.min() < 0.95
