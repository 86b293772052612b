"""The panel's chart: spectra over wavelength, spread as a band. matplotlib only."""

from typing import Sequence

import numpy as np
from matplotlib.figure import Figure

from .spectra import Spectrum, dashes_of

# Of this share of its neighbours' distance and more, a gap between bands is left open.
GAP_FACTOR = 5
FONT, LEGEND_COLUMNS = 8, 3


class Chart:
    """Draws on a ``figure``; ``ink`` and ``paper`` are colours as matplotlib takes them."""

    def __init__(self, figure: Figure, ink: str, paper: str):
        self._figure, self._ink, self._paper = figure, ink, paper
        self._axes = figure.add_subplot(1, 1, 1)

    def recolour(self, ink: str, paper: str) -> None:
        """Other colours, from the next drawing on."""
        self._ink, self._paper = ink, paper

    def draw(self, points: Sequence[Spectrum], references: Sequence[Spectrum], words) -> None:
        """All lines anew; ``words``: titles of both axes and the hint of an empty chart."""
        axes = self._axes
        axes.clear()
        self._dress(words)
        for one in points:
            self._line(one, dashes_of(one.number - 1, reference=False))
            self._number(one)
        for place, one in enumerate(references):
            self._line(one, dashes_of(place, reference=True))
        if points or references:
            self._legend()
        else:
            axes.text(0.5, 0.5, words.hint, ha="center", va="center", color=self._ink, wrap=True)
            axes.set_xticks([])
            axes.set_yticks([])

    def _dress(self, words) -> None:
        axes = self._axes
        self._figure.set_facecolor(self._paper)
        axes.set_facecolor(self._paper)
        axes.set_xlabel(words.across, color=self._ink, fontsize=FONT)
        axes.set_ylabel(words.up, color=self._ink, fontsize=FONT)
        axes.tick_params(colors=self._ink, labelsize=FONT)
        axes.grid(True, color=self._ink, alpha=0.15, linewidth=0.8)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(self._ink)

    def _line(self, one: Spectrum, style: str) -> None:
        nm, values, spread = with_gaps(one)
        self._axes.plot(nm, values, style, color=one.colour, linewidth=1.6, label=plain(one.name))
        if spread is not None:
            low, high = values - spread, values + spread
            self._axes.fill_between(nm, low, high, color=one.colour, alpha=0.22, linewidth=0)

    def _number(self, one: Spectrum) -> None:
        """The point's number at the end of its line, as on the map."""
        seen = np.flatnonzero(np.isfinite(one.values))
        if seen.size:
            place = one.wavelength_nm[seen[-1]], one.values[seen[-1]]
            self._axes.annotate(
                str(one.number),
                place,
                (4, 0),
                textcoords="offset points",
                color=one.colour,
                fontsize=FONT,
                fontweight="bold",
                verticalalignment="center",
            )

    def _legend(self) -> None:
        """Above the chart, where it hides no spectrum."""
        lines = len(self._axes.get_lines())
        legend = self._axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1.01),
            ncol=min(lines, LEGEND_COLUMNS),
            fontsize=FONT,
            frameon=False,
            borderaxespad=0,
            columnspacing=1.2,
            handlelength=1.4,
        )
        for text in legend.get_texts():
            text.set_color(self._ink)


def plain(name: str) -> str:
    """``name`` as matplotlib's label: none of it a formula, and not left out of the legend."""
    name = name.replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name


def with_gaps(one: Spectrum):
    """(nm, values, spread) with NaN where bands are missing, such as in water vapour's."""
    nm = np.asarray(one.wavelength_nm, np.float64)
    steps = np.diff(nm)
    if not len(steps):
        return nm, one.values, one.spread
    after = np.flatnonzero(steps > GAP_FACTOR * np.median(steps)) + 1
    parts = [np.insert(nm, after, (nm[after - 1] + nm[after]) / 2)]
    for values in (one.values, one.spread):
        parts.append(None if values is None else np.insert(values, after, np.nan))
    return tuple(parts)
