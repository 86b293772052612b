"""How values are stored: rounded, within the type's range, and nodata only where there is none."""

import numpy as np
import pytest

from model_runtime.raster.encoding import of_dtype

COUNTS = of_dtype("uint16", "reflectance")
PLAIN = {0.1: 1000, 0.99994: 9999, 0.00005: 0, 6.5534: 65534}


@pytest.mark.parametrize(
    "odd",
    [{}, {-0.2: 0}, {7.0: 65534}, {np.nan: 65535}, {-np.inf: 0, np.inf: 65534}]
    + [{-1.0: 0, 9.0: 65534, np.nan: 65535}],
    ids=str,
)
def test_no_value_wraps_or_becomes_nodata(odd):
    values = {**PLAIN, **odd}
    stored = COUNTS.encode(np.array(list(values), np.float32))
    assert stored.dtype == np.uint16
    assert stored.tolist() == list(values.values())


def test_of_nothing_comes_nothing():
    assert COUNTS.encode(np.zeros((3, 0, 5), np.float32)).shape == (3, 0, 5)
