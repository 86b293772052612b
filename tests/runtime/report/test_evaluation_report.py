"""The page of an evaluation shows its figures and escapes its names."""

import numpy as np

from model_runtime.report import evaluation_report
from model_runtime.spectra import evaluation as evaluate
from model_runtime.spectra import metrics


def evaluation():
    rng = np.random.default_rng(0)
    reference = rng.uniform(0.1, 0.5, (4, 12, 15))
    reference[3] = np.nan
    estimate = reference + 0.1
    means = metrics.common_means(estimate, reference)
    scores = metrics.score(estimate, reference)
    return evaluate.Evaluation(scores, np.array([450.0, 550, 650, 990]), *means, ["<odd>"])


def test_figures_warnings_and_constants_are_shown():
    html = evaluation_report.html(evaluation(), "<a>.tif", "b.tif")
    assert "&lt;a&gt;.tif against b.tif" in html and "&lt;odd&gt;" in html
    assert ">20.0000<" in html  # PSNR of an error of 0.1 everywhere
    assert "PSNR peak 1" in html and "990.0 nm" in html


def test_a_measure_that_does_not_exist_has_no_chart():
    result = evaluation()
    result.scores.per_band["ssim"][:] = np.nan
    html = evaluation_report.html(result, "a.tif", "b.tif")
    assert "SSIM of each band" not in html and "RMSE of each band" in html


def test_means_are_over_what_both_hold():
    estimate = np.array([[[1.0, 2.0, np.nan]]])
    reference = np.array([[[np.nan, 3.0, 5.0]]])
    assert [m.tolist() for m in metrics.common_means(estimate, reference)] == [[2.0], [3.0]]
