"""Charts are well-formed SVG whose marks lie where the numbers say."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from model_runtime.report import svg_charts

SVG = "{http://www.w3.org/2000/svg}"


def points(svg, tag):
    elements = ElementTree.fromstring(svg).iter(SVG + tag)
    return [
        np.array([[float(v) for v in pair.split(",")] for pair in e.get("points").split()])
        for e in elements
    ]


@pytest.mark.parametrize(
    "low, high, expected",
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (400, 1000, [400, 500, 600, 700, 800, 900, 1000]),
        (-0.05, 0.05, [-0.04, -0.02, 0, 0.02, 0.04]),
        (0, 7e-4, [0, 1e-4, 2e-4, 3e-4, 4e-4, 5e-4, 6e-4, 7e-4]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert svg_charts.ticks(low, high) == pytest.approx(expected)


def test_a_line_fills_the_chart():
    line = svg_charts.Line("a", "#123456", [400, 700, 1000], [0, 1, 0.5])
    (drawn,) = points(svg_charts.line_chart([line], "nm", "reflectance"), "polyline")
    assert drawn[:, 0].tolist() == [
        svg_charts.LEFT,
        (svg_charts.LEFT + svg_charts.WIDTH - svg_charts.RIGHT) / 2,
        svg_charts.WIDTH - svg_charts.RIGHT,
    ]
    assert drawn[0, 1] > drawn[2, 1] > drawn[1, 1] > svg_charts.TOP


def test_the_band_lies_around_its_line():
    y = np.array([0.2, 0.3])
    line = svg_charts.Line("a", "#123456", [0, 1], y, y - 0.1, y + 0.1)
    svg = svg_charts.line_chart([line], "nm", "reflectance")
    (drawn,), (band,) = points(svg, "polyline"), points(svg, "polygon")
    assert band[0, 1] < drawn[0, 1] < band[3, 1]


def test_unknown_values_are_not_drawn():
    line = svg_charts.Line("a", "#123456", [0, 1, 2], [0.1, np.nan, 0.3])
    (drawn,) = points(svg_charts.line_chart([line], "nm", "reflectance"), "polyline")
    assert len(drawn) == 2


def test_words_are_escaped():
    lines = [svg_charts.Line(name, "#123456", [0, 1], [0, 1]) for name in ("<b>", "&")]
    ElementTree.fromstring(svg_charts.line_chart(lines, "<nm>", '"'))


@pytest.mark.parametrize(
    "across, words, pixels",
    [(88, "20 m", 400 * 20 / 88), (0.9, "20 cm", 400 * 0.2 / 0.9), (12000, "2 km", 400 / 6)],
)
def test_the_scale_bar_is_a_round_length(across, words, pixels):
    root = ElementTree.fromstring(svg_charts.scale_strip(across, 0))
    assert words in [e.text for e in root.iter(SVG + "text")]
    bar = next(e for e in root.iter(SVG + "rect") if e.get("height") == "6")
    assert float(bar.get("width")) == pytest.approx(pixels, abs=0.06)
