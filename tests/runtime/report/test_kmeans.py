"""k-means classes: found, ordered, repeatable."""

import numpy as np

from model_runtime.report.kmeans import cluster_spectra

CENTRES = np.array([[0.1, 0.2, 0.3], [0.5, 0.1, 0.0], [0.9, 0.9, 0.9]])


def scene():
    """Three materials covering 50, 30 and 20 % of 10 x 20 pixels, with a little noise."""
    kinds = np.repeat([1, 0, 2], [100, 60, 40]).reshape(10, 20)
    noise = np.random.default_rng(3).normal(0, 0.005, (3, 10, 20))
    return CENTRES[kinds].transpose(2, 0, 1) + noise, kinds


def test_materials_are_found_largest_first():
    cube, kinds = scene()
    found, labels = cluster_spectra(cube, 3)
    assert [one.share for one in found] == [0.5, 0.3, 0.2]
    assert np.abs(np.stack([one.mean for one in found]) - CENTRES[[1, 0, 2]]).max() < 0.005
    assert np.array_equal(labels, np.array([1, 0, 2])[kinds])


def test_the_same_picture_gives_the_same_classes():
    cube, _ = scene()
    assert np.array_equal(cluster_spectra(cube, 5)[1], cluster_spectra(cube, 5)[1])


def test_masked_pixels_belong_to_no_class():
    cube, _ = scene()
    cube[1, 2, 3] = np.nan
    found, labels = cluster_spectra(cube, 3)
    assert labels[2, 3] == -1 and (labels == -1).sum() == 1
    assert abs(sum(one.share for one in found) - 1) < 1e-9


def test_fewer_materials_than_classes():
    found, labels = cluster_spectra(np.full((4, 3, 5), 0.25), 5)
    assert len(found) == 1 and found[0].share == 1 and (labels == 0).all()


def test_nothing_valid_holds_nothing():
    found, labels = cluster_spectra(np.full((4, 3, 5), np.nan), 5)
    assert found == [] and (labels == -1).all()
