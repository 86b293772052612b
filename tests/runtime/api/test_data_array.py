"""xarray in and out, as rioxarray opens rasters: place, wavelengths and what is said of values."""

import numpy as np
import pytest

from model_runtime import load
from model_runtime.errors import InputError

xarray = pytest.importorskip("xarray")
STORED = np.random.default_rng(3).integers(200, 4000, (3, 20, 30)).astype(np.uint16)


@pytest.fixture(scope="module")
def model(tiny_package):
    """The tiny package, loaded."""
    return load(tiny_package)


def opened(values=STORED, **said):
    """What rioxarray.open_rasterio gives of a georeferenced raster."""
    coordinates = {
        "band": [1, 2, 3],
        "y": 4099999.0 - 2 * np.arange(20),
        "x": 500001.0 + 2 * np.arange(30),
        "spatial_ref": (
            (),
            0,
            {"crs_wkt": "PROJCS[...]", "GeoTransform": "500000 2 0 4100000 0 -2"},
        ),
    }
    attributes = {"scale_factor": 1.0, "add_offset": 0.0, **said}
    return xarray.DataArray(values, coordinates, ("band", "y", "x"), attrs=attributes)


def test_place_stays_and_bands_become_wavelengths(model):
    rgb = opened()
    made = model.estimate(rgb, samples=2)
    for cube in (made.mean, made.spread):
        assert cube.dims == ("wavelength", "y", "x")
        np.testing.assert_array_equal(cube.wavelength, model.wavelength_nm)
        assert cube.wavelength.attrs["units"] == "nm"
        for name in ("x", "y", "spatial_ref"):
            xarray.testing.assert_identical(cube[name].variable, rgb[name].variable)
        assert "band" not in cube.coords
        assert np.isnan(cube.encoding["_FillValue"])
    assert made.reliability.dims == ("y", "x") and "wavelength" not in made.reliability.coords
    assert made.mean.attrs["SCDM_CONTENT"] != made.spread.attrs["SCDM_CONTENT"]
    near = made.mean.sel(wavelength=model.wavelength_nm[3] + 1, method="nearest")
    np.testing.assert_array_equal(near, made.mean[3])


def test_the_numbers_are_those_of_the_array(model):
    made, plain = model.estimate(opened(), samples=2), model.estimate(STORED, samples=2)
    np.testing.assert_array_equal(made.mean, plain.mean)
    np.testing.assert_array_equal(made.spread, plain.spread)


def with_names(values, names):
    """As ``Dataset.to_array("band")`` gives it."""
    return opened(values).assign_coords(band=list(names))


@pytest.mark.parametrize(
    "turn",
    [
        lambda values: with_names(values, ("blue", "green", "red")),
        lambda values: with_names(values, ("B02", "B03", "B04")),
        lambda values: opened(values, long_name=("Blau", "Grün", "Rot")),
        lambda values: opened(values).assign_coords(wavelength=("band", [465.0, 550.0, 640.0])),
        lambda values: opened(values).assign_coords(wavelength=("band", [0.465, 0.55, 0.64])),
    ],
)
def test_what_is_said_of_bands_goes_before_their_order(model, turn):
    turned = model.estimate(turn(STORED[::-1]))
    np.testing.assert_array_equal(turned.mean, model.estimate(opened()).mean)


def test_infrared_is_not_read_as_red(model):
    with pytest.raises(InputError, match="Band 1 is named 'nir'") as refused:
        model.estimate(with_names(STORED, ("nir", "red", "green")))
    assert "give the bands of rgb as red, green and blue" in refused.value.remedy


@pytest.mark.parametrize("nodata", ["0", [0, 0, 0], (0, 0, 0), True])
def test_nodata_that_is_not_one_number_is_refused(model, nodata):
    with pytest.raises(InputError, match=r"nodata is .*, not a number"):
        model.estimate(STORED, nodata=nodata)


def test_a_fill_value_masks_and_a_given_nodata_goes_before_it(model):
    values = STORED.copy()
    values[:, 2, 3], values[:, 5, 6] = 7, 9
    masked = [
        np.isnan(model.estimate(opened(values, _FillValue=7), nodata=n).mean[0]) for n in (None, 9)
    ]
    assert [list(zip(*np.nonzero(np.asarray(one)))) for one in masked] == [[(2, 3)], [(5, 6)]]


def test_a_scale_that_is_said_is_used(model):
    """As the command uses a band's scale: 4000 steps of 0.0002 are not those of 0.0001."""
    made = model.estimate(opened(scale_factor=2e-4, add_offset=0.01))
    exact = model.estimate(STORED * np.float32(2e-4) + np.float32(0.01), radiometry="reflectance")
    np.testing.assert_allclose(made.mean, exact.mean, atol=2e-6)
    assert made.provenance["SCDM_RADIOMETRY"] == "reflectance"


def test_what_it_is_matched_to_may_be_a_data_array_with_its_own_fill_value(model):
    other = STORED // 2
    other[:, :5] = 7
    of_array = model.estimate(opened(), radiometry_from=np.ma.masked_equal(other, 7)).mean
    of_data_array = model.estimate(opened(), radiometry_from=opened(other, _FillValue=7)).mean
    np.testing.assert_allclose(of_array, of_data_array, atol=1e-6)


def test_what_names_the_reference_system_is_kept(model):
    rgb = opened().rename(spatial_ref="crs")
    rgb.encoding["grid_mapping"] = "crs"
    made = model.estimate(rgb).mean
    assert made.encoding["grid_mapping"] == "crs" and "crs" in made.coords
