"""A large cube cut into scenes that training reads, through real GDAL files."""

import json

import numpy as np
import pytest
from osgeo import gdal, osr

from model_runtime.errors import InputError
from model_runtime.raster.cube import read_cube
from training import prepare

ROWS, COLS, BANDS = 30, 44, 6
WAVELENGTHS = [400.0, 450.0, 500.0, 550.0, 600.0, 650.0]


@pytest.fixture
def values():
    """(bands, rows, cols) uint16, every value another."""
    return np.arange(BANDS * ROWS * COLS, dtype=np.uint16).reshape(BANDS, ROWS, COLS) + 1


@pytest.fixture
def envi(tmp_path, values):
    """The cube as ENVI wrote it, with 0 for no data; ``wavelengths`` as the header may hold."""

    def write(wavelengths=True):
        path = tmp_path / "cube.dat"
        dataset = gdal.GetDriverByName("ENVI").Create(
            str(path), COLS, ROWS, BANDS, gdal.GDT_UInt16, ["INTERLEAVE=BIL"]
        )
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(26915)
        dataset.SetProjection(reference.ExportToWkt())
        dataset.SetGeoTransform((272056.0, 1.0, 0.0, 3290290.0, 0.0, -1.0))
        dataset.WriteArray(values)
        dataset = None
        if wavelengths:
            listed = ", ".join(map(str, WAVELENGTHS))
            with (tmp_path / "cube.hdr").open("a", encoding="utf-8") as header:
                header.write(f"wavelength units = Nanometers\nwavelength = {{{listed}}}\n")
        return path

    return write


def run(source, folder, *options):
    return prepare.main([str(source), str(folder), "--block", "10", "--gap", "2", *options])


def listed(folder):
    return json.loads((folder / prepare.LIST_NAME).read_text(encoding="utf-8"))


def test_every_block_is_its_part_of_the_cube(envi, values, tmp_path, capsys):
    folder = tmp_path / "scenes"
    assert run(envi(), folder, "--bands", "2-4,6") == 0
    table = listed(folder)
    assert len(table["blocks"]) == 12
    for block in table["blocks"]:
        cube = read_cube(str(folder / block["file"]))
        rows = slice(block["row0"], block["row0"] + block["rows"])
        cols = slice(block["col0"], block["col0"] + block["cols"])
        assert np.array_equal(cube.values, values[[1, 2, 3, 5], rows, cols].astype(np.float32))
        assert cube.wavelength_nm.tolist() == [450.0, 500.0, 550.0, 650.0]
        corner = (272056.0 + block["col0"], 3290290.0 - block["row0"])
        assert (cube.geotransform[0], cube.geotransform[3]) == corner
        assert "26915" in cube.crs_wkt
        assert block["file"].startswith(block["split"] + "/")
    assert "10 train, 1 val, 1 test" in capsys.readouterr().out
    assert table["bands"] == [2, 3, 4, 6]
    assert len(list(folder.glob("*/*.tif"))) == 12


def test_bands_are_chosen_by_wavelength(envi, tmp_path):
    folder = tmp_path / "scenes"
    assert run(envi(), folder, "--wavelengths", "655,460,548") == 0
    assert listed(folder)["bands"] == [6, 2, 4]


def test_a_wavelength_that_no_band_is_near_is_refused(envi, tmp_path, capsys):
    assert run(envi(), tmp_path / "scenes", "--wavelengths", "450,900") == 2
    assert "nearest 900 nm is at 650 nm" in capsys.readouterr().err


def test_a_header_without_wavelengths_needs_the_grid(envi, tmp_path, capsys):
    folder, source = tmp_path / "scenes", envi(wavelengths=False)
    assert run(source, folder) == 2
    assert "does not say the wavelengths" in capsys.readouterr().err
    assert not folder.exists()
    assert run(source, folder, "--bands", "1-4", "--grid-nm", "380,410") == 0
    cube = read_cube(str(folder / listed(folder)["blocks"][0]["file"]))
    assert cube.wavelength_nm.tolist() == [380.0, 390.0, 400.0, 410.0]
    assert cube.fwhm_nm.tolist() == [10.0] * 4


def test_masked_pixels_stay_masked_and_empty_blocks_are_left_out(envi, tmp_path, values):
    values[:, :10, :] = 0
    values[2, 15, 20] = 0
    source = envi()
    with (tmp_path / "cube.hdr").open("a", encoding="utf-8") as header:
        header.write("data ignore value = 0\n")
    folder = tmp_path / "scenes"
    assert run(source, folder, "--shares", "1,0,0") == 0
    blocks = listed(folder)["blocks"]
    assert len(blocks) == 8
    assert min(block["row0"] for block in blocks) == 10
    block = next(b for b in blocks if (b["row0"], b["col0"]) == (10, 11))
    cube = read_cube(str(folder / block["file"]))
    assert np.argwhere(np.isnan(cube.values)).tolist() == [[2, 5, 9]]


def test_a_mistake_leaves_nothing(envi, tmp_path, capsys):
    source, folder = envi(), tmp_path / "scenes"
    before = sorted(p.name for p in tmp_path.iterdir())
    for options, said in (
        (["--bands", "1-7"], "no band 7"),
        (["--bands", "4-2"], "not a band or range"),
        (["--bands", "3"], "1 band"),
        (["--shares", "a,b,c"], "not a list of numbers"),
        (["--block", "3"], "gap"),
        (["--grid-nm", "500"], "FIRST,LAST"),
    ):
        assert run(source, folder, *options) == 2
        assert said in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_folder_in_use_is_left_alone(envi, tmp_path):
    with pytest.raises(InputError, match="not empty"):
        cut = prepare.Cut((1, 2), 10, 2, (0.8, 0.1, 0.1), 0)
        prepare.prepare(envi(), tmp_path, cut)
