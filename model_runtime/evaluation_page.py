"""An evaluation as a self-contained HTML page."""

from pathlib import Path
from typing import Iterator, List

import numpy as np

from . import charts, metrics, page
from .evaluate import TITLES, Evaluation, cell, constants_text

_CHARTED = ("rmse", "psnr", "mrae", "ssim", "cross_correlation")
_COLOUR, _REFERENCE_COLOUR = "#0072b2", "#e69f00"
_SPREAD_TITLES = {"sam_degrees": "SAM of a pixel (degrees)", "rmse": "RMSE of a pixel"}


def write(path: Path, evaluation: Evaluation, estimate: str, reference: str) -> None:
    """Write the page to ``path``; raises StorageError."""
    page.write(path, html(evaluation, Path(estimate).name, Path(reference).name))


def html(evaluation: Evaluation, estimate: str, reference: str) -> str:
    """The page of ``evaluation`` for rasters of these names."""
    scores = evaluation.scores
    overall = [[TITLES[name], cell(value)] for name, value in scores.overall.items()]
    body: List[str] = [
        page.heading(f"{estimate} against {reference}", 1),
        page.paragraph(constants_text(scores), "soft"),
        page.warnings(evaluation.warnings),
        page.heading("Overall"),
        page.table(["Measure", "Value"], overall),
        page.heading("Over the pixels"),
        _spread(scores),
        page.heading("By wavelength"),
        _mean_spectra(evaluation),
        page.gallery(_band_charts(evaluation), "charts"),
        _band_table(evaluation),
    ]
    return page.document(f"SCDM: {estimate} against {reference}", body)


def _spread(scores: metrics.Scores) -> str:
    head = ["Measure"] + [f"{p} %" for p in metrics.SPREAD_PERCENTILES]
    rows = [
        [_SPREAD_TITLES[name]] + [cell(value) for value in levels.values()]
        for name, levels in scores.spread.items()
    ]
    return page.table(head, rows)


def _mean_spectra(evaluation: Evaluation) -> str:
    nm = evaluation.wavelength_nm
    lines = [
        charts.Line("Estimate", _COLOUR, nm, evaluation.mean_estimate),
        charts.Line("Reference", _REFERENCE_COLOUR, nm, evaluation.mean_reference),
    ]
    chart = charts.line_chart(lines, "Wavelength (nm)", "Mean value")
    caption = "Mean of each band over the pixels that both rasters hold"
    return page.figure([page.svg_image(chart, caption, charts.WIDTH)], caption)


def _band_charts(evaluation: Evaluation) -> Iterator[str]:
    for name in _CHARTED:
        values = evaluation.scores.per_band[name]
        if np.isfinite(values).any():
            title = TITLES[name]
            line = charts.Line(title, _COLOUR, evaluation.wavelength_nm, values)
            chart = charts.line_chart([line], "Wavelength (nm)", title)
            yield page.figure([page.svg_image(chart, title, charts.WIDTH)], f"{title} of each band")


def _band_table(evaluation: Evaluation) -> str:
    per_band = evaluation.scores.per_band
    rows = [
        [f"{nm:.1f} nm"] + [cell(values[i]) for values in per_band.values()]
        for i, nm in enumerate(evaluation.wavelength_nm)
    ]
    return page.table(["Band"] + [TITLES[name] for name in per_band], rows)
