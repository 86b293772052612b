"""What a camera's draw does to a picture."""

import numpy as np
import pytest

from training.config import Data
from training.data import camera_augmentation

RGB_NM = np.array([640.0, 550.0, 465.0])
PICTURE = np.random.default_rng(0).uniform(0.05, 0.5, (3, 8, 8)).astype(np.float32)


def settings(**sigmas) -> Data:
    return Data(train=(), validation=(), units=(), patch=8, **sigmas)


def drawn(**sigmas) -> camera_augmentation.Drawn:
    return camera_augmentation.draw(np.random.default_rng(1), RGB_NM, settings(**sigmas))


def test_a_camera_without_sigmas_shows_the_picture():
    np.testing.assert_allclose(
        camera_augmentation.simulate_camera(PICTURE, drawn()), PICTURE, rtol=1e-5
    )


def test_white_balance_scales_each_channel_by_its_own_gain():
    made = camera_augmentation.simulate_camera(PICTURE, drawn(white_balance_sigma=0.1)) / PICTURE
    gains = made.mean((1, 2))
    np.testing.assert_allclose(made, np.broadcast_to(gains[:, None, None], made.shape), rtol=1e-4)
    assert len(set(gains.round(4))) == 3


def test_haze_adds_most_to_blue_and_the_same_everywhere():
    camera_ = camera_augmentation.Drawn(np.ones(3), 0.02 * (550 / RGB_NM) ** 2, 1.0)
    added = (camera_augmentation.simulate_camera(PICTURE, camera_) - PICTURE).mean((1, 2))
    assert added[2] > added[1] > added[0] > 0


def test_gamma_keeps_the_mean_level_in_place_and_the_order_of_values():
    made = camera_augmentation.simulate_camera(
        PICTURE, camera_augmentation.Drawn(np.ones(3), np.zeros(3), 1.3)
    )
    darker = PICTURE.mean() > PICTURE
    assert np.array_equal(made < PICTURE, darker)
    assert np.array_equal(made.ravel().argsort(), PICTURE.ravel().argsort())


def test_saturation_moves_colours_from_grey_and_leaves_grey():
    camera = camera_augmentation.Drawn(np.ones(3), np.zeros(3), 1.0, saturation=1.2)
    made = camera_augmentation.simulate_camera(PICTURE, camera)
    grey = PICTURE.mean(0)
    np.testing.assert_allclose(made - grey, 1.2 * (PICTURE - grey), atol=1e-6)


def test_eight_bits_hold_steps_and_no_value_moves_by_more_than_half_of_one():
    camera = camera_augmentation.Drawn(np.ones(3), np.zeros(3), 1.0, step=0.01)
    made = camera_augmentation.simulate_camera(PICTURE, camera)
    np.testing.assert_allclose(made / 0.01, np.round(made / 0.01), atol=1e-3)
    assert 0.004 < np.abs(made - PICTURE).max() < 0.00501


def test_a_black_level_beyond_the_darkest_pixel_leaves_positive_finite_values():
    made = camera_augmentation.simulate_camera(
        PICTURE, camera_augmentation.Drawn(np.ones(3), np.full(3, -0.3), 1.2)
    )
    assert np.isfinite(made).all() and (made > 0).all()


@pytest.mark.parametrize(
    "sigma", ["white_balance_sigma", "gamma_sigma", "haze_sigma", "saturation_sigma"]
)
def test_draws_differ_between_cameras(sigma):
    rng = np.random.default_rng(2)
    one, other = (camera_augmentation.draw(rng, RGB_NM, settings(**{sigma: 0.1})) for _ in range(2))
    assert not np.array_equal(
        camera_augmentation.simulate_camera(PICTURE, one),
        camera_augmentation.simulate_camera(PICTURE, other),
    )
