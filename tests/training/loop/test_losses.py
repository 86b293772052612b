"""The losses against hand-made numbers, and that what is not seen does not count."""

import numpy as np
import pytest
import torch

from training.loop.losses import spectral_angle_loss, target_loss


def pixels(*spectra):
    """Spectra as a tensor (1, bands, 1, pixels)."""
    return torch.tensor(spectra, dtype=torch.float32).T[None, :, None]


@pytest.fixture
def drawn():
    """(found, target, seen), each (2, 3, 4, 5)."""
    found, target = torch.randn(2, 2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    return found, target, torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(1)) > 0.4


@pytest.mark.parametrize("kind, expected", [("l1", (1 + 2 + 0) / 3), ("l2", (1 + 4 + 0) / 3)])
def test_the_target_loss_is_the_mean_error(kind, expected):
    found, target = pixels([1, 2, 3]), pixels([2, 0, 3])
    assert target_loss(kind, found, target).item() == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["l1", "l2"])
def test_the_target_loss_is_the_mean_over_what_is_seen(kind, drawn):
    found, target, seen = drawn
    error = np.abs((found - target).numpy()[seen.numpy()])
    expected = (error if kind == "l1" else error**2).mean()
    assert target_loss(kind, found, target, seen).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "found, expected",
    [([3, 0], 0), ([0, 2], 1), ([-1, 0], 2), ([1, 1], 1 - np.sqrt(0.5)), ([0, 0], 1)],
)
def test_the_angle_is_one_minus_the_cosine(found, expected):
    assert spectral_angle_loss(pixels(found), pixels([1, 0])).item() == pytest.approx(
        expected, abs=1e-6
    )


def test_the_angle_is_over_the_bands_that_are_seen():
    found, target = pixels([1, 2, 9], [1, 0, 0]), pixels([2, 4, -5], [0, 1, 0])
    seen = pixels([1, 1, 0], [1, 1, 1]).bool()
    assert spectral_angle_loss(found, target, seen).item() == pytest.approx(0.5)


def test_pixels_that_are_not_seen_do_not_count():
    found, target = pixels([1, 0], [0, 1]), pixels([1, 0], [1, 0])
    seen = pixels([1, 1], [0, 0]).bool()
    assert spectral_angle_loss(found, target, seen).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", [lambda *a: target_loss("l1", *a), spectral_angle_loss])
def test_what_is_not_seen_changes_nothing(loss, drawn):
    found, target, seen = drawn
    other = torch.where(seen, found, torch.full_like(found, 1e6))
    assert loss(other, target, seen).item() == pytest.approx(loss(found, target, seen).item())


@pytest.mark.parametrize("loss", [lambda *a: target_loss("l2", *a), spectral_angle_loss])
def test_all_seen_is_no_mask(loss, drawn):
    found, target, _ = drawn
    everything = torch.ones_like(found, dtype=torch.bool)
    assert loss(found, target, everything).item() == pytest.approx(loss(found, target).item())


@pytest.mark.parametrize("loss", [lambda *a: target_loss("l1", *a), spectral_angle_loss])
def test_a_batch_in_which_nothing_is_seen_has_no_loss_and_no_gradient(loss, drawn):
    found, target, seen = drawn
    found = found.clone().requires_grad_()
    value = loss(found, target, torch.zeros_like(seen))
    value.backward()
    assert value.item() == 0
    assert not found.grad.any()


def test_masked_and_black_pixels_have_finite_gradients(drawn):
    """A pixel that is all zero has no direction: the norm's slope there must not be NaN."""
    found, target, seen = drawn
    seen[0, :, 0, 0] = False
    found = found.clone()
    found[1, :, 1, 1] = 0
    found.requires_grad_()
    spectral_angle_loss(found, target, seen).backward()
    assert torch.isfinite(found.grad).all()
    assert not found.grad[0, :, 0, 0].any()
