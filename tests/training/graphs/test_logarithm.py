"""The graph's logarithm is a logarithm, made of nothing that depends on threads."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.graphs.logarithm import logarithm, mean_of_bands  # noqa: E402


def test_it_is_the_logarithm_to_the_rounding():
    values = np.geomspace(1e-3, 1e3, 100_001).astype(np.float32)
    found = logarithm(torch.from_numpy(values)).numpy()
    np.testing.assert_allclose(found, np.log(values.astype(np.float64)), rtol=0, atol=4e-6)


def test_the_mean_is_that_of_the_bands():
    values = torch.rand(2, 5, 3, 4)
    np.testing.assert_allclose(mean_of_bands(values), values.mean(1, keepdim=True), rtol=1e-6)
