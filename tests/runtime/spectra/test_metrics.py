"""The measures against numbers worked out by hand and against scikit-image."""

import numpy as np
import pytest

from model_runtime.errors import InputError
from model_runtime.spectra import metrics

# Two bands of three pixels; every expected number below follows from these on paper.
REFERENCE = np.array([[1.0, 2.0, 4.0], [2.0, 2.0, 0.0]])
ESTIMATE = np.array([[1.0, 3.0, 4.0], [2.0, 0.0, 4.0]])


@pytest.fixture
def scene():
    rng = np.random.default_rng(5)
    reference = rng.uniform(0.05, 0.6, (4, 17, 23))
    return reference + rng.normal(0, 0.03, reference.shape), reference


def test_rmse_by_hand():
    assert metrics.rmse(ESTIMATE, REFERENCE) == pytest.approx(np.sqrt(21 / 6))
    per_band = metrics.rmse_per_band(ESTIMATE, REFERENCE)
    assert per_band == pytest.approx([np.sqrt(1 / 3), np.sqrt(20 / 3)])
    assert metrics.pixel_rmse(ESTIMATE, REFERENCE) == pytest.approx([0, np.sqrt(2.5), np.sqrt(8)])


def test_psnr_by_hand():
    assert metrics.psnr(ESTIMATE, REFERENCE, peak=1) == pytest.approx(-10 * np.log10(3.5))
    assert metrics.psnr(ESTIMATE, REFERENCE, peak=10) == pytest.approx(20 - 10 * np.log10(3.5))


def test_spectral_angle_by_hand():
    # pixel 1: equal; pixel 2: (3, 0) against (2, 2); pixel 3: (4, 4) against (4, 0)
    assert metrics.spectral_angles(ESTIMATE, REFERENCE) == pytest.approx([0, 45, 45])
    assert metrics.sam_degrees(ESTIMATE, REFERENCE) == pytest.approx(30)


def test_mrae_by_hand():
    expected = (1 / 2 + 2 / 2 + 4 / 0.5) / 6
    assert metrics.mrae(ESTIMATE, REFERENCE, epsilon=0.5) == pytest.approx(expected)
    per_band = metrics.mrae_per_band(ESTIMATE, REFERENCE, epsilon=0.5)
    assert per_band == pytest.approx([0.5 / 3, 9 / 3])


def test_ergas_by_hand():
    # mean references 7/3 and 4/3
    expected = 100 * 0.5 * np.sqrt(((1 / 3) / (7 / 3) ** 2 + (20 / 3) / (4 / 3) ** 2) / 2)
    assert metrics.ergas(ESTIMATE, REFERENCE, ratio=0.5) == pytest.approx(expected)


def test_cross_correlation_matches_numpy(scene):
    estimate, reference = scene
    expected = [np.corrcoef(e.ravel(), r.ravel())[0, 1] for e, r in zip(estimate, reference)]
    assert metrics.cross_correlation_per_band(estimate, reference) == pytest.approx(expected)
    assert metrics.cross_correlation(estimate, reference) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("data_range", [1.0, 0.4])
def test_ssim_matches_scikit_image(scene, data_range):
    library = pytest.importorskip("skimage.metrics")
    estimate, reference = scene
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = [
        library.structural_similarity(r, e, data_range=data_range, **options)
        for e, r in zip(estimate, reference)
    ]
    assert metrics.ssim_per_band(estimate, reference, data_range=data_range) == pytest.approx(
        expected, abs=1e-12
    )


def test_ssim_of_constant_images_by_hand():
    # No structure: only (2ab + c1) / (a^2 + b^2 + c1) is left.
    estimate, reference = np.full((1, 11, 13), 0.5), np.full((1, 11, 13), 0.3)
    expected = (2 * 0.15 + 1e-4) / (0.25 + 0.09 + 1e-4)
    assert metrics.ssim(estimate, reference) == pytest.approx(expected)


def test_ssim_ignores_what_masked_pixels_hold(scene):
    estimate, reference = scene
    masked = estimate.copy()
    masked[:, :4, :] = np.nan
    cropped = metrics.ssim_per_band(estimate[:, 4:], reference[:, 4:])
    assert metrics.ssim_per_band(masked, reference) == pytest.approx(cropped, abs=1e-12)


def test_ssim_without_a_whole_window_is_nan():
    small = np.ones((1, 10, 30))
    holed = np.ones((1, 11, 11))
    holed[0, 5, 5] = np.nan
    assert np.isnan(metrics.ssim(small, small))
    assert np.isnan(metrics.ssim(holed, np.ones((1, 11, 11))))


def test_ssim_refuses_a_list_of_pixels():
    with pytest.raises(InputError):
        metrics.ssim(ESTIMATE, REFERENCE)


def test_equal_cubes_are_perfect(scene):
    _, reference = scene
    overall = metrics.score(reference, reference).overall
    assert overall["psnr"] == np.inf
    assert overall["ssim"] == pytest.approx(1) and overall["cross_correlation"] == pytest.approx(1)
    assert [overall[k] for k in ("rmse", "sam_degrees", "mrae", "ergas")] == [0, 0, 0, 0]


def test_spectral_angle_ignores_brightness(scene):
    estimate, reference = scene
    gain = np.random.default_rng(1).uniform(0.1, 5, reference.shape[1:])
    angles = metrics.spectral_angles(estimate, reference)
    assert metrics.spectral_angles(estimate * gain, reference) == pytest.approx(angles, abs=1e-9)


def test_spectral_angle_is_exact_when_small():
    reference = np.array([[1.0], [1.0]])
    estimate = np.array([[1.0], [1.0 + 2e-8]])
    assert metrics.sam_degrees(estimate, reference) == pytest.approx(np.degrees(1e-8), rel=1e-6)


def test_zero_spectrum_has_no_angle_and_is_counted_out():
    estimate = np.array([[0.0, 1.0], [0.0, 1.0]])
    scores = metrics.score(estimate[:, None], np.ones((2, 1, 2)))
    assert scores.overall["sam_degrees"] == 0
    assert scores.counts["pixels_with_spectral_angle"] == 1
    assert scores.counts["pixels"] == 2


@pytest.mark.parametrize("measure", ["rmse", "psnr", "sam_degrees", "mrae", "ergas"])
def test_mask_nan_and_leaving_out_are_the_same(measure):
    estimate, reference = np.random.default_rng(2).uniform(0.1, 1, (2, 5, 40))
    valid = np.ones(40, bool)
    valid[7:19] = False
    holed = np.where(valid, estimate, np.nan)
    wild = np.where(valid, estimate, 1e30)
    expected = getattr(metrics, measure)(estimate[:, valid], reference[:, valid])
    assert getattr(metrics, measure)(holed, reference) == pytest.approx(expected)
    assert getattr(metrics, measure)(wild, reference, valid) == pytest.approx(expected)


def test_a_band_that_a_sensor_lacks_is_left_out(scene):
    estimate, reference = scene
    lacking = reference.copy()
    lacking[1] = np.nan
    scores = metrics.score(estimate, lacking)
    kept = [0, 2, 3]
    expected = metrics.score(estimate[kept], reference[kept])
    assert scores.overall == pytest.approx(expected.overall)
    assert scores.counts["bands"] == 3
    assert np.isnan(scores.per_band["rmse"][1]) and np.isnan(scores.per_band["psnr"][1])


def test_nothing_in_common_is_nan_not_perfect():
    overall = metrics.score(np.full((2, 3, 4), np.nan), np.ones((2, 3, 4))).overall
    assert all(np.isnan(value) for value in overall.values())


def test_spread_is_over_the_pixels():
    reference = np.ones((2, 1, 101))
    estimate = reference + np.arange(101) / 100
    spread = metrics.score(estimate, reference).spread["rmse"]
    assert spread == pytest.approx({"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95})


def test_constants_reach_their_measures(scene):
    constants = metrics.Constants(peak=2, mrae_epsilon=0.3, ssim_range=3, ergas_ratio=0.5)
    overall = metrics.score(*scene, constants=constants).overall
    assert overall["psnr"] == pytest.approx(metrics.psnr(*scene) + 20 * np.log10(2))
    assert overall["mrae"] == pytest.approx(metrics.mrae(*scene, epsilon=0.3))
    assert overall["ssim"] == pytest.approx(metrics.ssim(*scene, data_range=3))
    assert overall["ergas"] == pytest.approx(metrics.ergas(*scene) / 2)


def test_shapes_must_agree():
    with pytest.raises(InputError, match="shapes"):
        metrics.rmse(np.ones((2, 3)), np.ones((3, 2)))
