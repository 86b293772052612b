"""An evaluation as a self-contained HTML page."""

from pathlib import Path
from typing import Iterator, List, Sequence

import numpy as np

from ..contract import BLUE, ORANGE
from ..spectra import metrics
from ..spectra.evaluation import TITLES, Evaluation, cell, constants_text
from . import html_page, svg_charts

_CHARTED = ("rmse", "psnr", "mrae", "ssim", "cross_correlation")
_COLOUR, _REFERENCE_COLOUR = BLUE, ORANGE
_SPREAD_TITLES = {"sam_degrees": "SAM of a pixel (degrees)", "rmse": "RMSE of a pixel"}


def write(
    path: Path, evaluation: Evaluation, estimate: str, reference: str, overwrite: bool = True
) -> None:
    """Write the page to ``path``.

    Raises: StorageError.
    """
    page = html(evaluation, Path(estimate).name, Path(reference).name)
    html_page.write(path, page, overwrite)


def html(evaluation: Evaluation, estimate: str, reference: str) -> str:
    """Draw the page of ``evaluation`` for rasters of these names.

    Returns: HTML.
    """
    scores = evaluation.scores
    overall = [[TITLES[name], cell(value)] for name, value in scores.overall.items()]
    body: List[str] = [
        html_page.heading(f"{estimate} against {reference}", 1),
        html_page.paragraph(constants_text(scores), "soft"),
        html_page.warnings(evaluation.warnings),
        html_page.heading("Overall"),
        html_page.table(["Measure", "Value"], overall),
        html_page.heading("Over the pixels"),
        _spread(scores),
        html_page.heading("By wavelength"),
        _mean_spectra(evaluation),
        html_page.gallery(_band_charts(evaluation), "charts"),
        _band_table(evaluation),
    ]
    return html_page.document(f"SCDM: {estimate} against {reference}", body)


def _spread(scores: metrics.Scores) -> str:
    head = ["Measure"] + [f"{p} %" for p in metrics.SPREAD_PERCENTILES]
    rows = [
        [_SPREAD_TITLES[name]] + [cell(value) for value in levels.values()]
        for name, levels in scores.spread.items()
    ]
    return html_page.table(head, rows)


def _mean_spectra(evaluation: Evaluation) -> str:
    nm = evaluation.wavelength_nm
    lines = [
        svg_charts.Line("Estimate", _COLOUR, nm, evaluation.mean_estimate),
        svg_charts.Line("Reference", _REFERENCE_COLOUR, nm, evaluation.mean_reference),
    ]
    caption = "Mean of each band over the pixels that both rasters hold"
    return _chart(lines, "Mean value", caption, caption)


def _chart(lines: Sequence[svg_charts.Line], title: str, words: str, caption: str) -> str:
    def draw(width: int) -> str:
        return svg_charts.line_chart(lines, "Wavelength (nm)", title, width=width)

    shown = html_page.chart(draw, words, svg_charts.WIDTH, svg_charts.NARROW)
    return html_page.figure([shown], caption)


def _band_charts(evaluation: Evaluation) -> Iterator[str]:
    for name in _CHARTED:
        values = evaluation.scores.per_band[name]
        if np.isfinite(values).any():
            title = TITLES[name]
            line = svg_charts.Line(title, _COLOUR, evaluation.wavelength_nm, values)
            yield _chart([line], title, title, f"{title} of each band")


def _band_table(evaluation: Evaluation) -> str:
    per_band = evaluation.scores.per_band
    rows = [
        [f"{nm:.1f} nm"] + [cell(values[i]) for values in per_band.values()]
        for i, nm in enumerate(evaluation.wavelength_nm)
    ]
    return html_page.table(["Band"] + [TITLES[name] for name in per_band], rows)
