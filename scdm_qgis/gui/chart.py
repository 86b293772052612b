"""The panel's chart: spectra over wavelength, spread as a band. matplotlib only."""

from typing import List, Optional, Sequence, Tuple

import numpy as np
from matplotlib.figure import Figure

from .spectra import Spectrum, dashes_of_point, dashes_of_reference, nearest

# Of this share of its neighbours' distance and more, a gap between bands is left open.
GAP_FACTOR = 5
FONT = 8
LEGEND_LETTERS = 110  # that a picture has room for in a row
NUMBER_SHARE, NUMBER_POINTS = 0.03, 9  # of an axis that a number takes; points to the next one

Limits = Tuple[float, float]


class Chart:
    """Draws on a ``figure``; ``ink`` and ``paper`` are colours as matplotlib takes them.

    ``view``: the ranges of both axes that are looked at, None for all.
    """

    def __init__(self, figure: Figure, ink: str, paper: str):
        self._figure, self._ink, self._paper = figure, ink, paper
        self.axes = figure.add_subplot(1, 1, 1)
        self._drawn: List[Spectrum] = []
        self.view: Optional[Tuple[Limits, Limits]] = None
        self._pointed: List = []

    def recolour(self, ink: str, paper: str) -> None:
        """Other colours, from the next drawing on."""
        self._ink, self._paper = ink, paper

    def draw(self, points: Sequence[Spectrum], references: Sequence[Spectrum], words) -> None:
        """All lines anew; ``words``: titles of both axes and the hint of an empty chart."""
        axes = self.axes
        axes.clear()
        self._pointed, self._drawn = [], [*points, *references]
        self._dress(words)
        for one in points:
            self._line(one, dashes_of_point(one.origin))
        for place, one in enumerate(references):
            self._line(one, dashes_of_reference(place))
        if self._drawn:
            self._look()
            self._number([one for one in points if one.origin.rank == 0])  # layers share theirs
        else:
            self.view = None
            axes.text(0.5, 0.5, words.hint, ha="center", va="center", color=self._ink, wrap=True)
            axes.set_xticks([])
            axes.set_yticks([])

    def zoom(self, factor: float, nm: Optional[float] = None, value: Optional[float] = None):
        """Show ``factor`` of both axes' ranges about a place, the middle where none is given."""
        across, up = self.axes.get_xlim(), self.axes.get_ylim()
        self.view = _narrow(across, factor, nm), _narrow(up, factor, value)
        self._look()

    def move(self, nm: float, value: float) -> None:
        """Show what lies so far beside."""
        across, up = self.axes.get_xlim(), self.axes.get_ylim()
        self.view = (across[0] + nm, across[1] + nm), (up[0] + value, up[1] + value)
        self._look()

    def show_all(self) -> None:
        """Show every spectrum whole."""
        self.view = None
        self.axes.autoscale(True)

    def _look(self) -> None:
        if self.view is not None:
            self.axes.set_xlim(self.view[0])
            self.axes.set_ylim(self.view[1])

    def point_out(self, nm: float, value: float) -> str:
        """Mark the band that lies next to the place; its values as text, "" beside all lines."""
        self.point_out_nothing()
        found = nearest(self._drawn, nm, value)
        if found is None:
            return ""
        one, band = self._drawn[found[0]], found[1]
        at = one.wavelength_nm[band], one.values[band]
        limits = self.axes.get_xlim(), self.axes.get_ylim()
        self._pointed = [
            self.axes.axvline(at[0], color=self._ink, alpha=0.4, linewidth=0.8, label="_"),
            *self.axes.plot(*at, "o", color=one.colour, markersize=6, label="_"),
        ]
        self.axes.set_xlim(limits[0])
        self.axes.set_ylim(limits[1])
        return value_text(one, band)

    def point_out_nothing(self) -> None:
        """Take the mark away."""
        for artist in self._pointed:
            artist.remove()
        self._pointed = []

    def _dress(self, words) -> None:
        axes = self.axes
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
        self.axes.plot(nm, values, style, color=one.colour, linewidth=1.6, label=plain(one.name))
        if spread is not None:
            low, high = spread_limits(values, spread)
            self.axes.fill_between(nm, low, high, color=one.colour, alpha=0.22, linewidth=0)

    def _number(self, points: Sequence[Spectrum]) -> None:
        """Each point's number at the end of its line, as on the map; side by side if they meet."""
        limits = np.array([self.axes.get_xlim(), self.axes.get_ylim()])
        reach = NUMBER_SHARE * np.diff(limits)[:, 0]
        written: List[Tuple[np.ndarray, int]] = []  # (end of the line, place right of it, from 0)
        for one in points:
            seen = np.flatnonzero(np.isfinite(one.values))
            if seen.size:
                end = np.array([one.wavelength_nm[seen[-1]], one.values[seen[-1]]], np.float64)
                taken = {place for other, place in written if (abs(end - other) < reach).all()}
                place = min(set(range(len(written) + 1)) - taken)
                written.append((end, place))
                self._write_number(one, end, 4 + NUMBER_POINTS * place)

    def _write_number(self, one: Spectrum, end, points: int) -> None:
        """The number of ``one`` so many ``points`` right of ``end``, in the axes' units."""
        self.axes.annotate(
            str(one.origin.number),
            end,
            (points, 0),
            textcoords="offset points",
            color=one.colour,
            fontsize=FONT,
            fontweight="bold",
            verticalalignment="center",
            annotation_clip=True,
        )

    def add_legend(self) -> None:
        """Name the lines above the chart: for a picture, which has no list of them beside it."""
        lines = self.axes.get_lines()
        longest = max((len(line.get_label()) for line in lines), default=0)
        legend = self.axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1.01),
            ncol=max(1, LEGEND_LETTERS // (longest + 8)),
            fontsize=FONT,
            frameon=False,
            borderaxespad=0,
            columnspacing=1.2,
        )
        for text in legend.get_texts():
            text.set_color(self._ink)


def spread_limits(values: np.ndarray, spread: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Where the band around ``values`` (bands,) begins and ends: no surface reflects less than 0.

    A value that is itself below 0 is where its band begins.
    """
    return np.maximum(values - spread, np.minimum(values, 0.0)), values + spread


def value_text(one: Spectrum, band: int) -> str:
    """The values of ``one`` at ``band`` as text: name, nm, value and spread."""
    spread = "" if one.spread is None else f" ± {one.spread[band]:.4f}"
    return f"{one.name}: {one.wavelength_nm[band]:.6g} nm, {one.values[band]:.4f}{spread}"


def _narrow(limits: Limits, factor: float, about: Optional[float]) -> Limits:
    """``factor`` of a range; ``about`` keeps its share of it."""
    middle = sum(limits) / 2 if about is None else about
    return middle + factor * (limits[0] - middle), middle + factor * (limits[1] - middle)


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
