"""Exact group normalisation: the same numbers as torch's, also where features hardly vary."""

import torch
from torch import nn

from training.graphs.exact_norm import ExactGroupNorm, with_exact_norms


def norm_and_exact(groups=2, channels=6):
    torch.manual_seed(1)
    norm = nn.GroupNorm(groups, channels)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    return norm, ExactGroupNorm(norm)


def test_it_equals_torch_on_features_that_vary():
    norm, exact = norm_and_exact()
    x = 3 + torch.randn(2, 6, 5, 7)
    torch.testing.assert_close(exact(x), norm(x), rtol=1e-5, atol=1e-5)


def test_it_keeps_its_digits_where_features_hardly_vary():
    norm, exact = norm_and_exact()
    x = 1 + 1e-4 * torch.randn(1, 6, 160, 160)
    expected = norm.double()(x.double())
    norm.float()
    difference = (exact(x) - expected).abs().max() / expected.abs().max()
    assert difference <= 1e-5


def test_a_copy_is_changed_and_the_network_is_not():
    network = nn.Sequential(nn.Conv2d(3, 6, 1), nn.Sequential(nn.GroupNorm(3, 6)))
    changed = with_exact_norms(network)
    assert isinstance(network[1][0], nn.GroupNorm)
    assert isinstance(changed[1][0], ExactGroupNorm)
    x = torch.randn(1, 3, 4, 4)
    torch.testing.assert_close(changed(x), network(x))
