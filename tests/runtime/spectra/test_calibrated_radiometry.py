"""An input read by a calibration: the line's reflectance, and nothing that it was not made for."""

from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
import pytest

from model_runtime.errors import InputError
from model_runtime.package.manifest import Domain, InputBand
from model_runtime.spectra.empirical_line import Calibration, Line, Target
from model_runtime.spectra.radiometry import Stored, by_calibration

BANDS = (InputBand("red", 640, 82), InputBand("green", 550, 82), InputBand("blue", 465, 70))
GAIN, OFFSET = np.array([0.5, 0.6, 0.7]), np.array([-0.01, 0.02, -0.05])
LINES = tuple(Line(b.name, b.wavelength_nm, g, o, 0.0) for b, g, o in zip(BANDS, GAIN, OFFSET))
TARGETS = (Target("t", 9, (0.1,) * 3, (0.1,) * 3),) * 3
LINEAR = Calibration("linear", 1.0, True, 16, LINES, TARGETS)
SRGB = replace(LINEAR, curve="srgb", white=255.0, bits=8)


@dataclass(frozen=True)
class Model:
    """The part of a manifest that radiometry looks at."""

    domain: Optional[Domain] = None
    input_unit: str = "reflectance"
    input_bands: tuple = BANDS


def stored(bits, high, **facts):
    values = np.random.default_rng(0).integers(0, high, (3, 500)).astype(np.float32)
    return Stored(values, True, bits, **facts)


def test_a_line_over_values_with_a_band_scale():
    """Light is what the file's own scale makes of the numbers."""
    some = stored(16, 9000, scale=(1e-4,) * 3, offset=(0.1,) * 3)
    taken = by_calibration("auto", some, Model(), LINEAR, "c.json")
    line = GAIN[:, None] * (some.values * 1e-4 + 0.1) + OFFSET[:, None]
    bright = line > 0.1
    assert taken.apply(some.values)[bright] == pytest.approx(line[bright], abs=1e-4)
    assert taken.taken == "reflectance" and "'c.json': 3 targets" in taken.why


def test_srgb_is_undone_before_the_line():
    some = stored(8, 256)
    taken = by_calibration("reflectance", some, Model(), SRGB, "c.json")
    share = some.values / 255.0
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    line = GAIN[:, None] * light + OFFSET[:, None]
    bright = line > 0.1
    assert taken.apply(some.values)[bright] == pytest.approx(line[bright], abs=1e-4)


def test_a_line_below_nothing_stays_above_it():
    taken = by_calibration("auto", stored(16, 9), Model(), LINEAR, "c.json")
    assert (taken.apply(np.zeros((3, 1), np.float32)) > 0).all()


@pytest.mark.parametrize(
    "choice, some, model, known, why",
    [
        ("match", stored(16, 9), Model(), LINEAR, "--radiometry match are both given"),
        ("auto", stored(8, 9), Model(), LINEAR, "16 bits, INPUT holds whole numbers of 8 bits"),
        ("auto", stored(16, 9), Model(input_bands=BANDS[::-1]), LINEAR, "for other bands"),
        ("auto", stored(16, 9), Model(input_unit="radiance"), LINEAR, "for other bands"),
        ("auto", stored(16, 9), Model(input_bands=BANDS[:2]), LINEAR, "for other bands"),
    ],
)
def test_what_it_was_not_made_for_is_refused(choice, some, model, known, why):
    with pytest.raises(InputError, match=why):
        by_calibration(choice, some, model, known, "c.json")


@pytest.mark.parametrize("scale, light", [((1e-4,) * 3, 5000.0), (None, 0.5)])
def test_another_band_scale_than_that_of_the_targets_is_refused(scale, light):
    targets = (Target("t", 9, (light,) * 3, (0.3,) * 3),) * 3
    some = stored(16, 9000, scale=scale, offset=scale and (0.0,) * 3)
    with pytest.raises(InputError, match=r"values of .* after the band scale, INPUT's are about"):
        by_calibration("auto", some, Model(), replace(LINEAR, targets=targets), "c.json")


def test_a_black_frame_does_not_make_another_unit():
    targets = (Target("t", 9, (5000.0,) * 3, (0.3,) * 3),) * 3
    some = stored(16, 9000)
    some.values[:, :300] = 0
    by_calibration("auto", some, Model(), replace(LINEAR, targets=targets), "c.json")
