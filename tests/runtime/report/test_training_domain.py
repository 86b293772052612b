"""How far pixels lie outside the training colours."""

import numpy as np
import pytest

from model_runtime.package.manifest import Domain
from model_runtime.report.training_domain import distance, share_outside

DOMAIN = Domain((0.01, 0.5, 0.99), ((0.1, 0.2, 0.5), (0.0, 0.1, 0.2)))


def test_inside_is_zero_and_outside_counts_widths_of_the_range():
    rgb = np.array([[[0.1, 0.3, 0.9, 0.02, 0.9]], [[0.2, 0.1, 0.1, 0.1, 0.4]]])
    assert distance(rgb, DOMAIN)[0] == pytest.approx([0, 0, 1, 0.2, 2**0.5])


def test_masked_pixels_are_unknown_and_not_counted():
    rgb = np.full((2, 1, 4), 0.15)
    rgb[0, 0, 0] = np.nan
    rgb[0, 0, 1] = 0.8
    found = distance(rgb, DOMAIN)
    assert np.isnan(found[0, 0])
    assert share_outside(found) == pytest.approx(1 / 3)
    assert np.isnan(share_outside(np.full((2, 2), np.nan)))
