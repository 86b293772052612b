"""Figures of a validation for TensorBoard."""

from typing import Sequence

import matplotlib
import numpy as np

from ..config import Config
from .validation import Judged

matplotlib.use("Agg")
from matplotlib.figure import Figure

SHOWN = 6


def spectra_figure(config: Config, stage: int, judged: Sequence[Judged]) -> Figure:
    """The centre pixel of up to six scenes: measured (dashed) and estimated spectra, in nm."""
    bands = list(config.stages[stage].final_bands)
    wavelength_nm = np.array(config.output.wavelength_nm)[bands]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    picked = judged[:: max(len(judged) // SHOWN, 1)][:SHOWN]
    for i, item in enumerate(picked):
        row, col = (n // 2 for n in item.scene.cube.shape[1:])
        seen = item.scene.seen[bands, row, col]
        measured = np.where(seen, item.scene.cube[bands, row, col], np.nan)
        axes.plot(wavelength_nm, measured, "--", color=f"C{i}")
        label = f"{item.scene.name}, SAM {item.scores['sam_degrees']:.1f}°"
        axes.plot(wavelength_nm, item.estimate[:, row, col], color=f"C{i}", label=label)
    axes.set(xlabel="wavelength / nm", ylabel=config.output.unit)
    axes.legend(fontsize="x-small")
    return figure
