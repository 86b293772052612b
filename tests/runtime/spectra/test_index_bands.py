"""What bands say at a wavelength between them."""

import numpy as np
import pytest

from model_runtime.errors import InputError
from model_runtime.spectra.index_bands import weights_at


def test_between_two_bands_it_is_their_line():
    nm = np.array([700.0, 500.0, 520.0, 540.0])  # in any order
    found = weights_at([505.0, 540.0], nm)
    assert found.bands.tolist() == [1, 2, 3]
    values = np.array([0.2, 0.4, 0.7])[:, None, None]
    assert found.see(values)[:, 0, 0] == pytest.approx([0.25, 0.7])


def test_all_wavelengths_agree_with_numpys_line():
    nm = np.sort(np.random.default_rng(0).uniform(400, 1000, 40))
    spectrum = np.random.default_rng(1).uniform(0, 1, 40)
    wanted = np.linspace(nm[0], nm[-1], 57)
    found = weights_at(wanted, nm)
    seen = found.see(spectrum[found.bands][:, None, None])[:, 0, 0]
    assert seen == pytest.approx(np.interp(wanted, nm, spectrum), abs=1e-6)


def test_a_masked_band_masks_what_needs_it_alone():
    found = weights_at([500.0, 530.0], np.array([500.0, 520.0, 540.0]))
    seen = found.see(np.array([0.1, np.nan, 0.3])[:, None, None])[:, 0, 0]
    assert seen[0] == pytest.approx(0.1) and np.isnan(seen[1])


@pytest.mark.parametrize("target", [480.0, 580.0, 720.0])
def test_what_the_bands_do_not_see_is_refused(target):
    with pytest.raises(InputError, match=f"needs the value at {target:g} nm; the nearest bands"):
        weights_at([target], np.array([500.0, 540.0, 640.0, 700.0]))


def test_just_beyond_the_ends_their_own_value_is_taken():
    found = weights_at([490.0, 710.0], np.array([500.0, 700.0]))
    assert found.bands.tolist() == [0, 1] and found.weights.tolist() == [[1, 0], [0, 1]]


def test_near_a_band_of_a_multispectral_camera_its_own_value_is_taken():
    found = weights_at([665.0, 833.0], np.array([475.0, 560.0, 668.0, 842.0]))
    assert found.bands.tolist() == [2, 3] and found.weights.tolist() == [[1, 0], [0, 1]]
