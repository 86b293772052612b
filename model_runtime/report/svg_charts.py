"""Charts as SVG text: lines with bands, a colour scale, a scale bar with north. No I/O.

Colours are attributes, so that limited viewers draw them; a style sheet in each picture changes
them where the reader prefers dark.
"""

import math
from dataclasses import dataclass
from html import escape
from typing import List, Optional, Sequence, Tuple, Union

import numpy as np

Numbers = Union[Sequence[float], np.ndarray]
WIDTH, HEIGHT = 720, 350
NARROW = 360  # the width of a chart on a telephone, whose words are as large there
TICK_PIXELS = 60  # at least, from one tick of the x axis to the next
LEFT, RIGHT, TOP, BOTTOM = 74, 24, 24, 46
_STYLE = (
    "<style>text{font-family:system-ui,sans-serif;font-size:13px}"
    "@media (prefers-color-scheme:dark){.paper{fill:#1a1d21}.ink{fill:#e6e6e6}"
    ".axis{stroke:#aab}.grid{stroke:#3a3f46}}</style>"
)


@dataclass(frozen=True)
class Line:
    """One line of a chart; ``low`` and ``high`` bound the band drawn around it."""

    label: str
    colour: str
    x: Numbers
    y: Numbers
    low: Optional[Numbers] = None
    high: Optional[Numbers] = None


@dataclass(frozen=True)
class Range:
    """A stretch of the x axis shaded and named, such as an input band."""

    label: str
    colour: str
    start: float
    stop: float


@dataclass(frozen=True)
class _Scale:
    """From data to the chart's pixels on one axis."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, values):
        unit = (np.asarray(values, np.float64) - self.low) / (self.high - self.low)
        return self.start + unit * (self.stop - self.start)


def line_chart(
    lines: Sequence[Line],
    x_title: str,
    y_title: str,
    ranges: Sequence[Range] = (),
    width: int = WIDTH,
) -> str:
    """Draw a chart with axes, ticks, a legend and the ``ranges`` shaded behind the lines.

    Returns: SVG text.
    """
    x = _Scale(*_extent([line.x for line in lines], pad=0), LEFT, width - RIGHT)
    lows = [line.y if line.low is None else line.low for line in lines]
    highs = [line.y if line.high is None else line.high for line in lines]
    y = _Scale(*_extent([*lows, *highs], pad=0.04), HEIGHT - BOTTOM, TOP)
    parts = [_range(item, x) for item in ranges]
    parts += _axes(x, y, x_title, y_title)
    parts += [_band(line, x, y) for line in lines if line.low is not None]
    parts += [_path(line, x, y) for line in lines]
    return svg(parts + _legend(lines, width), width, HEIGHT + _legend_height(lines, width))


def svg(parts: Sequence[str], width: int, height: int) -> str:
    """Make an SVG document of ``parts`` on paper, ``width`` x ``height`` pixels.

    Returns: SVG text.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}">{_STYLE}<rect class="paper" width="{width}" height="{height}" '
        f'fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def ticks(low: float, high: float, most: int = 7) -> List[float]:
    """Choose round numbers between ``low`` and ``high``: steps of 1, 2 or 5 times a power of ten.

    Returns: the numbers, rising.
    """
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def _extent(values: Sequence[Numbers], pad: float) -> Tuple[float, float]:
    parts = [np.asarray(v, np.float64).ravel() for v in values]
    everything = np.concatenate(parts or [np.zeros(1)])
    finite = everything[np.isfinite(everything)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    margin = (high - low) * pad
    return (low - margin, high + margin) if high > low else (low - 0.5, high + 0.5)


def _axes(x: _Scale, y: _Scale, x_title: str, y_title: str) -> List[str]:
    base, middle, right = HEIGHT - BOTTOM, (TOP + HEIGHT - BOTTOM) / 2, x.stop
    parts = []
    for value in ticks(y.low, y.high):
        at = float(y(value))
        parts.append(_rule(LEFT, at, right, at, "grid", "#dddddd"))
        parts.append(text(LEFT - 8, at + 4, f"{value:.4g}", "end"))
    for value in ticks(x.low, x.high, max(2, int(right - LEFT) // TICK_PIXELS)):
        at = float(x(value))
        parts.append(_rule(at, base, at, base + 5, "axis", "#555555"))
        parts.append(text(at, base + 19, f"{value:.6g}", "middle"))
    parts.append(_rule(LEFT, base, right, base, "axis", "#555555"))
    parts.append(text((LEFT + right) / 2, base + 38, x_title, "middle"))
    turned = f' transform="rotate(-90 15 {middle:.1f})"'
    return [*parts, text(15, middle, y_title, "middle", turned)]


def _rule(x1: float, y1: float, x2: float, y2: float, kind: str, colour: str) -> str:
    return (
        f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}"/>'
    )


def text(x: float, y: float, words: str, anchor: str = "start", more: str = "") -> str:
    """Write a text element; ``words`` are escaped.

    Returns: SVG text.
    """
    return (
        f'<text class="ink" x="{x:.1f}" y="{y:.1f}" fill="#222222" font-size="13" '
        f'font-family="sans-serif" text-anchor="{anchor}"{more}>{escape(words)}</text>'
    )


def _range(item: Range, x: _Scale) -> str:
    start, stop = np.clip(x([item.start, item.stop]), LEFT, x.stop)
    return (
        f'<rect x="{start:.1f}" y="{TOP}" width="{stop - start:.1f}" '
        f'height="{HEIGHT - BOTTOM - TOP}" fill="{item.colour}" fill-opacity="0.13"/>'
        + text((start + stop) / 2, TOP - 7, item.label, "middle")
    )


def _points(xs: np.ndarray, ys: np.ndarray) -> List[str]:
    return [f"{a:.1f},{b:.1f}" for a, b in zip(xs, ys) if np.isfinite(b)]


def _band(line: Line, x: _Scale, y: _Scale) -> str:
    there = _points(x(line.x), y(line.high))
    back = _points(x(line.x), y(line.low))[::-1]
    return f'<polygon points="{" ".join(there + back)}" fill="{line.colour}" fill-opacity="0.18"/>'


def _path(line: Line, x: _Scale, y: _Scale) -> str:
    points = " ".join(_points(x(line.x), y(line.y)))
    return f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="2"/>'


_LEGEND_COLUMN, _LEGEND_ROW = 210, 22  # pixels


def _legend_columns(width: int) -> int:
    return max(1, (width - LEFT) // _LEGEND_COLUMN)


def _legend_height(lines: Sequence[Line], width: int) -> int:
    return -(-len(lines) // _legend_columns(width)) * _LEGEND_ROW + 4 if len(lines) > 1 else 0


def _legend(lines: Sequence[Line], width: int) -> List[str]:
    if len(lines) < 2:
        return []
    parts, columns = [], _legend_columns(width)
    for i, line in enumerate(lines):
        x = LEFT + (i % columns) * (width - LEFT) / columns
        y = HEIGHT + (i // columns) * _LEGEND_ROW + 8
        parts.append(
            f'<rect x="{x:.1f}" y="{y - 6:.1f}" width="22" height="6" fill="{line.colour}"/>'
        )
        parts.append(text(x + 29, y + 2, line.label))
    return parts


def colour_scale(colours: Sequence[Sequence[int]], low: str, high: str, title: str) -> str:
    """Draw a strip of ``colours`` from ``low`` to ``high`` with a title.

    Returns: SVG text.
    """
    width = 300 / len(colours)
    parts = [
        f'<rect x="{10 + i * width:.1f}" y="6" width="{width + 0.5:.1f}" height="14" '
        f'fill="rgb({r},{g},{b})"/>'
        for i, (r, g, b) in enumerate(colours)
    ]
    parts += [text(10, 37, low), text(310, 37, high, "end"), text(160, 37, title, "middle")]
    return svg(parts, 320, 44)


def scale_strip(metres_across: float, north_degrees: float) -> str:
    """Draw a scale bar for a picture ``metres_across`` wide shown at the strip's width, with north.

    ``north_degrees``: how far grid north is turned clockwise from the picture's up.

    Returns: SVG.
    """
    length = round_below(metres_across / 2.5)
    pixels = 400 * length / metres_across
    base = 22
    parts = [
        f'<rect class="ink" x="6" y="{base - 6}" width="{pixels:.1f}" height="6" fill="#222222"/>',
        text(pixels + 14, base + 1, _length(length)),
        f'<polygon class="ink" points="374,4 381,28 374,23 367,28" fill="#222222" '
        f'transform="rotate({north_degrees:.2f} 374 16)"/>',
        text(386, 21, "N"),
    ]
    return svg(parts, 400, 32)


def round_below(value: float) -> float:
    """Find the largest 1, 2 or 5 times a power of ten that is not above ``value``.

    Returns: that number.
    """
    power = 10.0 ** math.floor(math.log10(value))
    return max(digit * power for digit in (1, 2, 5) if digit * power <= value)


def _length(metres: float) -> str:
    if metres >= 1000:
        return f"{metres / 1000:g} km"
    return f"{metres:g} m" if metres >= 1 else f"{metres * 100:g} cm"
