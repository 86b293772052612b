"""Simulated crowns follow the recollision rule; PROSPECT itself is a package's."""

import numpy as np

from training import simulate_vegetation

ALBEDO = np.array([[0.1, 0.5, 0.95]]).repeat(500, 0)


def test_crowns_lie_between_a_leafs_spectrum_and_that_of_dense_shoots():
    spectra, kinds = simulate_vegetation.crowns(np.random.default_rng(0), ALBEDO)
    assert set(kinds) == {"open", "middling", "dense"}
    ratio = spectra[:, 2] / spectra[:, 0]
    low, high = simulate_vegetation.RECOLLISION
    least, most = (0.95 / (1 - p * 0.95) / (0.1 / (1 - p * 0.1)) for p in (low, high))
    assert least <= ratio.min() < 1.2 * least and 0.8 * most < ratio.max() <= most
    for kind, other in (("open", "middling"), ("middling", "dense")):
        assert ratio[kinds == kind].max() <= ratio[kinds == other].min()


def test_a_crown_reflects_less_than_its_leaves_scatter():
    spectra, _ = simulate_vegetation.crowns(np.random.default_rng(1), ALBEDO)
    assert (spectra < simulate_vegetation.LIT_SHARE[1] * ALBEDO + 1e-9).all()
    assert spectra.min() > 0


def test_leaves_are_classed_by_their_green():
    spectra = np.full((3, 121), 0.2)
    spectra[:, (670 - 400) // 5] = 0.05, 0.12, 0.19
    assert simulate_vegetation._leaf_classes(spectra).tolist() == ["green", "pale", "dry or red"]
