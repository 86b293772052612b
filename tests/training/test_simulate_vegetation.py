"""Simulated crowns follow the recollision rule; PROSPECT itself is a package's."""

import numpy as np
import pytest

from training import simulate_vegetation

ALBEDO = np.array([[0.1, 0.5, 0.95]]).repeat(500, 0)


@pytest.fixture
def matt(monkeypatch):
    """Leaves that mirror nothing."""
    monkeypatch.setattr(simulate_vegetation, "MIRRORED", (0.0, 0.0))


def test_crowns_lie_between_a_leafs_spectrum_and_that_of_dense_shoots(matt):
    spectra, kinds = simulate_vegetation.crowns(np.random.default_rng(0), ALBEDO)
    assert set(kinds) == {"open", "middling", "dense"}
    ratio = spectra[:, 2] / spectra[:, 0]
    low, high = simulate_vegetation.RECOLLISION
    least, most = (0.95 / (1 - p * 0.95) / (0.1 / (1 - p * 0.1)) for p in (low, high))
    assert least <= ratio.min() < 1.2 * least and 0.8 * most < ratio.max() <= most
    for kind, other in (("open", "middling"), ("middling", "dense")):
        assert ratio[kinds == kind].max() <= ratio[kinds == other].min()


def test_a_crown_reflects_less_than_its_leaves_scatter(matt):
    spectra, _ = simulate_vegetation.crowns(np.random.default_rng(1), ALBEDO)
    assert (spectra < simulate_vegetation.LIT_SHARE[1] * ALBEDO + 1e-9).all()
    assert spectra.min() > 0


def test_what_leaves_mirror_is_alike_at_all_wavelengths_and_greys_a_crown():
    spectra, _ = simulate_vegetation.crowns(np.random.default_rng(2), ALBEDO)
    ratio = (spectra[:, 2] - spectra[:, 1]) / (
        spectra[:, 1] - spectra[:, 0]
    )  # free of what is alike
    matt_ratio = [
        (0.95 / (1 - q * 0.95) - 0.5 / (1 - q * 0.5)) / (0.5 / (1 - q * 0.5) - 0.1 / (1 - q * 0.1))
        for q in simulate_vegetation.RECOLLISION
    ]
    assert min(matt_ratio) * 0.99 < ratio.min() and ratio.max() < max(matt_ratio) * 1.01
    assert (spectra[:, 2] / spectra[:, 0]).min() < 0.8 * 0.95 / 0.1


def test_leaves_are_classed_by_their_green():
    spectra = np.full((3, 121), 0.2)
    spectra[:, (670 - 400) // 5] = 0.05, 0.12, 0.19
    assert simulate_vegetation._leaf_classes(spectra).tolist() == ["green", "pale", "dry or red"]
