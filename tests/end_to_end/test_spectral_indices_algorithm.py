"""scdm:spectralindices in a real qgis_process."""

import numpy as np
import pytest
from osgeo import gdal

from model_runtime.raster.cube import Cube, write_cube

gdal.UseExceptions()
NM = np.arange(450.0, 900.0, 20)


@pytest.fixture
def values():
    """Reflectance of 20 x 31 pixels."""
    return np.random.default_rng(1).uniform(0.05, 0.6, (len(NM), 20, 31)).astype(np.float32)


@pytest.fixture
def cube(values, tmp_path):
    """Cube and two draws of it; returns the cube's path."""
    (tmp_path / "draws").mkdir()
    for name, factor in (("cube", 1), ("draws/sample_001", 1.1), ("draws/sample_002", 0.8)):
        bent = values**factor  # a shape that no index takes for brightness
        path = tmp_path / f"{name}.tif"
        write_cube(path, Cube(bent, NM, np.full(len(NM), 20.0), "reflectance"), "float32", {})
    return tmp_path / "cube.tif"


def test_names_a_formula_and_the_interval(qgis_process, cube, values, tmp_path):
    words = [f"INPUT={cube}", "INDICES=NDVI", "INDICES=GNDVI", "FORMULA=r850-r670"]
    words += [f"DRAWS={tmp_path / 'draws'}", f"OUTPUT={tmp_path / 'i.tif'}"]
    answer = qgis_process("run", "scdm:spectralindices", "--", *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    made = gdal.Open(str(tmp_path / "i.tif"))
    names = [made.GetRasterBand(i + 1).GetDescription() for i in range(made.RasterCount)]
    indices = ("NDVI", "GNDVI", "r850-r670")
    assert names == [f"{name}{end}" for name in indices for end in ("", " low", " high")]
    middle, low, high = made.ReadAsArray()[6:]
    np.testing.assert_allclose(middle, values[20] - values[11], atol=1e-6)
    assert (low < middle).all() and (middle < high).all()


def test_the_spread_gives_an_interval_and_a_warning(qgis_process, cube, values, tmp_path):
    spread = Cube(0.1 * values, NM, np.full(len(NM), 20.0), "reflectance")
    write_cube(str(tmp_path / "spread.tif"), spread, "float32", {})
    words = ["INPUT=cube.tif", "FORMULA=r850-r670", "SPREAD=spread.tif", "OUTPUT=i.tif"]
    answer = qgis_process("run", "scdm:spectralindices", "--", *words, cwd=tmp_path)
    said = answer.stdout + answer.stderr
    assert answer.returncode == 0 and "wider than it should be" in said, said
    _, low, high = gdal.Open(str(tmp_path / "i.tif")).ReadAsArray()
    np.testing.assert_allclose(high - low, 0.329 * (values[20] + values[11]), rtol=1e-3)
    answer = qgis_process("run", "scdm:spectralindices", "--", *words, "DRAWS=draws", cwd=tmp_path)
    assert answer.returncode != 0
    assert "Draws and Spread are both given" in answer.stdout + answer.stderr


def test_neither_name_nor_formula_is_refused(qgis_process, cube, tmp_path):
    answer = qgis_process(
        "run", "scdm:spectralindices", "--", f"INPUT={cube}", f"OUTPUT={tmp_path / 'i.tif'}"
    )
    assert answer.returncode != 0
    assert "Choose an index, or write a formula." in answer.stdout + answer.stderr
