"""Simulated input bands: right colours, honest about what the sensor does not see."""

from types import SimpleNamespace

import numpy as np
import pytest

from model_runtime import raster, simulate_rgb
from model_runtime.errors import InputError
from model_runtime.events import Events
from model_runtime.manifest import InputBand

BANDS = (InputBand("red", 640, 82), InputBand("green", 550, 82), InputBand("blue", 465, 70))
NM = np.arange(380.0, 1000.0, 10)


def materials(nm=NM):
    """A white, a red (step at 600 nm) and a masked pixel: (bands, 1, 3)."""
    values = np.full((len(nm), 1, 3), 0.5, np.float32)
    values[:, 0, 1] = np.where(nm >= 600, 0.4, 0.02)
    values[:, 0, 2] = np.nan
    return values


def test_colours_are_seen_in_their_bands():
    rgb, warnings = simulate_rgb.simulate(materials(), NM, BANDS)
    assert rgb.dtype == np.float32 and warnings == []
    assert rgb[:, 0, 0] == pytest.approx([0.5] * 3, abs=1e-6)
    assert rgb[0, 0, 1] > 0.3 and rgb[2, 0, 1] == pytest.approx(0.02, abs=1e-3)
    assert np.isnan(rgb[:, 0, 2]).all()


def test_a_band_seen_in_part_is_a_warning():
    nm = NM[NM >= 455]
    _, (warning,) = simulate_rgb.simulate(materials(nm), nm, BANDS)
    assert "blue band (465 nm, 70 nm wide)" in warning and "57 %" in warning


def test_a_band_not_seen_is_refused():
    nm = NM[NM >= 520]
    with pytest.raises(InputError, match="do not see the model's blue band"):
        simulate_rgb.simulate(materials(nm), nm, BANDS)


def test_bands_without_values_do_not_count_as_seen():
    values = materials()
    values[NM < 520] = np.nan
    with pytest.raises(InputError, match="520 to 990 nm"):
        simulate_rgb.simulate(values, NM, BANDS)


def test_a_raster_without_values_is_refused():
    with pytest.raises(InputError, match="no valid value"):
        simulate_rgb.simulate(np.full((3, 1, 2), np.nan), [450, 550, 650], BANDS)


@pytest.mark.parametrize("low, share", [(0, 1), (465, 0.5), (430.0, 0.8805)])
def test_the_share_of_a_response(low, share):
    # FWHM 70: sigma 29.73; 35 nm below the centre is 1.1774 sigma, which leaves 11.95 % below.
    assert simulate_rgb.response_share(np.array([low, 2000.0]), BANDS[2]) == pytest.approx(
        share, abs=1e-4
    )


def test_what_is_written_reads_back_exactly(tmp_path, tiny_package):
    place = raster.Georeference(geotransform=(500000.0, 2.0, 0.1, 4e6, 0.2, -2.0))
    cube = raster.Cube(materials(), NM, np.full(len(NM), 10.0), "reflectance", place)
    source, target = str(tmp_path / "cube.tif"), str(tmp_path / "rgb.tif")
    raster.write_cube(source, cube, "float32", {})
    args = SimpleNamespace(cube=source, output=target, model=str(tiny_package))
    simulate_rgb.run(args, Events())
    expected, _ = simulate_rgb.simulate(materials(), NM, BANDS)
    back = raster.read_cube(target)
    assert np.array_equal(back.values, expected, equal_nan=True)
    assert back.wavelength_nm.tolist() == [640, 550, 465]
    assert back.geotransform == pytest.approx(place.geotransform) and back.units == "reflectance"
    assert raster.Picture(target, None).bands == [1, 2, 3]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cube.tif", "rgb.tif"]
