"""Formulas of spectral indices: what they give, and what is no formula."""

from pathlib import Path

import numpy as np
import pytest

from model_runtime.errors import InputError
from model_runtime.spectra import index_catalogue, index_formula


def test_a_formula_gives_what_numpy_gives():
    formula = index_formula.parse("2.5 * (r860 - r670) / (r860 + 6*r670 - 7.5*r470_5 + 1) ** 2")
    assert formula.wavelength_nm == (470.5, 670.0, 860.0)
    blue, red, infrared = values = np.random.default_rng(0).uniform(0.01, 0.6, (3, 4, 5))
    expected = 2.5 * (infrared - red) / (infrared + 6 * red - 7.5 * blue + 1) ** 2
    assert formula.evaluate(values) == pytest.approx(expected, rel=1e-4)


def test_functions_and_signs():
    formula = index_formula.parse("-sqrt(abs(r500)) + log(exp(+r500))")
    assert formula.evaluate(np.array([[0.25, -0.25]])) == pytest.approx(
        [[-0.25, -0.75]][0], abs=1e-6
    )


def test_what_is_no_number_is_nan():
    formula = index_formula.parse("r500 / (r500 - r600)")
    found = formula.evaluate(np.array([[0.2, np.nan, 0.3], [0.2, 0.1, 0.1]]))
    assert np.isnan(found[:2]).all() and found[2] == pytest.approx(1.5)


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "ndvi", "r", "red", "r5.5", "r500.real", "r500[0]", "r500 if r600 else 1"),
        *("__import__('os')", "eval('1')", "sqrt(r500, r600)", "sqrt(x=r500)", "lambda: r500"),
        *(
            "r500 < r600",
            "r500 @ r600",
            "r500 // 2",
            "r500 + 1j",
            "r500 + True + 'a'",
            "r500 + 1e10",
        ),
        *("r500; r600", "r500 = 1", "(" * 500 + "r500" + ")" * 500, "-" * 60 + "r500"),
        *("r500 + " * 200 + "r600", "r500 + \x00", "f'{r500}'", "[r500]", "(r500, r600)"),
    ],
)
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(InputError, match=r"formula '|formula has"):
        index_formula.parse(text)


def test_the_catalogue_has_what_the_books_have():
    """Red 0.05, green 0.08, blue 0.04, red edge 0.1 and 0.3, infrared 0.4: known values."""
    at = {443: 0.03, 492: 0.04, 560: 0.08, 665: 0.05, 704: 0.1, 740: 0.3, 783: 0.38, 833: 0.4}

    def index(name):
        formula = index_formula.parse(index_catalogue.look_up(name).formula)
        return float(formula.evaluate(np.array([at[nm] for nm in formula.wavelength_nm])))

    assert index("NDVI") == pytest.approx(0.35 / 0.45)
    assert index("ndwi") == pytest.approx(-0.32 / 0.48)
    assert index("EVI") == pytest.approx(2.5 * 0.35 / (0.4 + 0.3 - 0.3 + 1))
    assert index("MTCI") == pytest.approx(0.2 / 0.05, rel=1e-5)


def test_every_entry_is_a_formula_of_the_visible_and_near_infrared():
    listed = index_catalogue.catalogue()
    assert len(listed) > 100
    for name, index in listed.items():
        nm = index_formula.parse(index.formula).wavelength_nm
        assert nm[0] >= 400 and nm[-1] <= 1000, name
        assert index.title and index.domain and index.reference


def test_a_near_miss_is_told():
    with pytest.raises(InputError, match="'NDV' is not in the catalogue: did you mean NDVI"):
        index_catalogue.look_up("NDV")


def test_the_page_lists_the_catalogue():
    page = (Path(__file__).parents[3] / "docs" / "indices.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| **")]
    assert [row.split("**")[1] for row in rows] == list(index_catalogue.catalogue())
