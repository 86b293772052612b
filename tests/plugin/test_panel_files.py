"""What the panel saves: read again by GDAL, the library reader and from the text itself."""

import numpy as np
import pytest
from osgeo import ogr

from scdm_qgis.gui.spectra import Origin, Spectrum
from scdm_qgis.layers.spectra_file import WRITERS
from scdm_qgis.layers.spectral_library import read

NM = np.array([450.0, 550.0, 650.5])


def picked(number, crs, place, spread=None):
    """A spectrum of point ``number``."""
    origin = Origin(number, place, crs, "id", "cube", 3)
    return Spectrum(f"Point {number}", "", NM, np.array([0.1, 0.2, np.nan]), spread, origin)


@pytest.fixture
def spectra(qgis_app):
    """Two points of different reference systems at the same place, and a reference."""
    return [
        picked(1, "EPSG:32617", (500005, 4099995), np.array([0.01, 0.02, 0.03])),
        picked(2, "EPSG:4326", (-80.99994377, 37.04617740)),
        Spectrum("grass", "", np.array([400.0, 500.0]), np.array([0.3, 0.4])),
    ]


def test_csv_says_where_it_is_from_and_is_read_as_a_library(spectra, tmp_path):
    WRITERS[".csv"](tmp_path / "s.csv", spectra)
    text = (tmp_path / "s.csv").read_text(encoding="utf-8")
    assert text.startswith("# Point 1: cube, 500005 4099995, EPSG:32617, mean of 3 x 3 pixels\n")
    found = {one.name: one for one in read(tmp_path / "s.csv")}
    assert list(found)[-1] == "grass"
    point = found["Point 1 (500005 4099995)"]
    assert np.interp(550, point.wavelength_nm, point.values) == pytest.approx(0.2)


def test_the_library_has_one_grid_and_says_what_was_interpolated(spectra, tmp_path):
    assert "grass" in WRITERS[".sli"](tmp_path / "s.sli", spectra)
    found = read(tmp_path / "s.sli")
    assert [one.name for one in found] == ["Point 1", "Point 2", "grass"]
    assert found[0].wavelength_nm == pytest.approx(NM)
    assert found[2].values == pytest.approx([0.35, np.nan, np.nan], nan_ok=True)
    assert WRITERS[".sli"](tmp_path / "s.sli", spectra[:2]) == ""


def test_the_geopackage_holds_the_points_in_one_reference_system(spectra, tmp_path):
    WRITERS[".gpkg"](tmp_path / "s.gpkg", spectra)
    source = ogr.Open(str(tmp_path / "s.gpkg"))
    layer = source.GetLayer(0)
    first, second = list(layer)
    assert layer.GetSpatialRef().GetAuthorityCode(None) == "32617"
    assert (first["name"], first["point"], first["layer"], first["pixels"]) == (
        *("Point 1", 1, "cube"),
        9,
    )
    assert (first["mean_550"], first["spread_450"]) == pytest.approx((0.2, 0.01))
    assert first["mean_650_5"] is None and second["spread_450"] is None
    geometry = second.GetGeometryRef()
    assert (geometry.GetX(), geometry.GetY()) == pytest.approx((500005, 4099995), abs=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["s.gpkg"]


def test_a_geopackage_without_points_is_refused(spectra, tmp_path):
    with pytest.raises(ValueError, match="pick some first"):
        WRITERS[".gpkg"](tmp_path / "s.gpkg", spectra[2:])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".csv", ".sli", ".gpkg"])
def test_what_cannot_be_written_leaves_nothing_and_keeps_the_old(spectra, tmp_path, suffix):
    with pytest.raises(OSError):
        WRITERS[suffix](tmp_path / "none" / f"s{suffix}", spectra)
    assert list(tmp_path.iterdir()) == []
