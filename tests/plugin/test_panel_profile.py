"""The panel's spectra without a window: names, removal, clipping, one grid, what lies next."""

import numpy as np
import pytest

from scdm_qgis.gui.profile import Profile
from scdm_qgis.gui.spectra import (
    Origin,
    Spectrum,
    about,
    clip,
    dashes_of_point,
    nearest,
    on_one_grid,
)

NM = np.array([450.0, 550.0, 650.0])


def spectrum(number, layer_id="a", name="", nm=NM):
    """A flat spectrum of point ``number``."""
    origin = Origin(number, (1.0, 2.0), "EPSG:32617", layer_id, f"layer {layer_id}", 3)
    return Spectrum(
        name or f"Point {number}", "#000", nm, np.full(len(nm), 0.1 * number), None, origin
    )


@pytest.fixture
def profile():
    """Point 1 in layers a and b, point 2 in a, and two references."""
    made = Profile()
    made.add_point([spectrum(1), spectrum(1, "b")])
    made.add_point([spectrum(2)])
    for name in ("grass", "soil"):
        made.add_reference(name, np.array([400.0, 500.0, 900.0]), np.array([0.0, 0.1, 0.5]))
    return made


def test_a_point_is_left_as_long_as_one_of_its_spectra(profile):
    profile.remove([0])
    assert profile.numbers == {1, 2}
    profile.remove([0, 2])
    assert profile.numbers == {2} and [one.name for one in profile.references] == ["soil"]


def test_points_go_with_their_layer_and_numbers_do_not_come_again(profile):
    profile.forget_layers({"a"})
    assert [one.origin.layer_id for one in profile.points] == ["b"]
    assert profile.next_number == 3


def test_rename_reaches_points_and_references_but_takes_no_empty_name(profile):
    profile.rename(2, " roof ")
    profile.rename(3, "meadow")
    profile.rename(4, "  ")
    names = [one.name for one in profile.spectra]
    assert names == ["Point 1", "Point 1", "roof", "meadow", "soil"]


def test_references_reach_as_far_as_the_points_and_no_farther(profile):
    drawn = profile.drawn_references()[0]
    assert drawn.wavelength_nm == pytest.approx([450, 500, 650])
    assert drawn.values == pytest.approx([0.05, 0.1, 0.25])
    assert profile.references[0].wavelength_nm[-1] == 900  # only the drawing is clipped
    profile.clear_points()
    assert profile.drawn_references()[0].wavelength_nm[-1] == 900


@pytest.mark.parametrize("nm", [(300.0, 400.0), (700.0, 800.0)])
def test_a_reference_beside_the_points_range_has_nothing_to_draw(nm):
    beside = Spectrum("x", "", np.array(nm), np.array([0.1, 0.2]))
    assert len(clip(beside, [spectrum(1)]).values) == 0


def test_layers_at_one_point_have_their_own_dashes():
    styles = {dashes_of_point(Origin(1, (0, 0), "", "", rank=rank)) for rank in range(4)}
    assert len(styles) == 4


def test_what_lies_next_is_the_line_not_the_first():
    holes = Spectrum("h", "", NM, np.array([np.nan, 0.9, np.nan]))
    assert nearest([spectrum(1), spectrum(3), holes], 540, 0.28) == (1, 1)
    assert nearest([spectrum(1), holes], 460, 0.9) == (0, 0)  # no value of holes there
    assert nearest([spectrum(1)], 900, 0.1) is None
    assert nearest([], 500, 0.1) is None


def test_one_grid_is_the_first_spectrums():
    coarse = Spectrum("c", "", np.array([500.0, 600.0]), np.array([0.2, 0.4]))
    nm, values, moved = on_one_grid([spectrum(1), spectrum(2), coarse])
    assert nm == pytest.approx(NM) and moved == ["c"]
    assert values == pytest.approx(
        np.array([[0.1] * 3, [0.2] * 3, [np.nan, 0.3, np.nan]]), nan_ok=True
    )


def test_the_origin_is_told_in_one_line():
    assert about([spectrum(1)]) == ["Point 1: layer a, 1 2, EPSG:32617, mean of 3 x 3 pixels"]
