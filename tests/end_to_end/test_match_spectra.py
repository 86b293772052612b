"""match-spectra on its command line and in a real qgis_process, against plain NumPy."""

import json

import numpy as np
import pytest
from osgeo import gdal

from model_runtime import tiling
from model_runtime.raster.cube import Cube, write_cube
from model_runtime.raster.georeference import Georeference

NM = np.arange(420.0, 900.0, 20)
ROWS, COLS = 18, 25
NAMES = ["grass", "dry soil", "water"]
PLACE = Georeference((500000.0, 2.0, 0.0, 4100000.0, 0.0, -2.0))


def spectra(nm):
    """Grass, soil, water (3, points) at ``nm``: smooth, and far apart in angle."""
    edge = 0.05 + 0.45 / (1 + np.exp((715 - nm) / 15))
    return np.stack([edge, 0.1 + 0.3 * (nm - 400) / 600, 0.08 * np.exp((400 - nm) / 150)])


@pytest.fixture
def truth():
    """The class of each pixel, from 1; 0 is unlike all, -1 has no data."""
    classes = np.random.default_rng(0).integers(1, 4, (ROWS, COLS))
    classes[2:4, 3:5], classes[0, :4] = 0, -1
    return classes


@pytest.fixture
def scene(tmp_path, truth):
    """A cube of the classes in all brightnesses, and a spread that is the same everywhere."""
    light = np.random.default_rng(1).uniform(0.4, 1.1, (ROWS, COLS))
    values = spectra(NM)[np.maximum(truth, 1) - 1].transpose(2, 0, 1) * light
    values[:, truth == 0] = (0.3 - 0.25 * np.cos(NM / 25))[:, None]
    values[:, truth == -1] = np.nan
    for name, stored in (("cube.tif", values), ("spread.tif", np.full_like(values, 0.02))):
        cube = Cube(stored.astype(np.float32), NM, np.full(24, 20.0), "reflectance", PLACE)
        write_cube(tmp_path / name, cube, "float32", {})
    return tmp_path / "cube.tif"


@pytest.fixture
def library(tmp_path):
    """The three as a table of percent over micrometres, of another grid than the cube's."""
    nm = np.arange(400.0, 1000.0, 3)
    rows = np.column_stack([nm / 1000, 100 * spectra(nm).T])
    lines = [",".join(["um", *NAMES]), *(",".join(f"{v:.5f}" for v in row) for row in rows)]
    (tmp_path / "library.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "library.csv"


def test_the_classes_are_those_that_were_put_in(command, scene, library, truth, tmp_path):
    words = ["--library", library, "--angle", tmp_path / "angle.tif", "--events"]
    done = command("match-spectra", scene, tmp_path / "o.tif", *words)
    assert done.returncode == 0, done.stderr
    dataset = gdal.Open(str(tmp_path / "o.tif"))
    stored = dataset.ReadAsArray()
    np.testing.assert_array_equal(np.where(stored == 65535, -1, stored.astype(int)), truth)
    said = gdal.Info(dataset)  # GDAL 3.6's GetCategoryNames gives nothing in Python
    for number, name in enumerate(["no match", *NAMES]):
        assert f"      {number}: {name}\n" in said
    assert dataset.GetGeoTransform() == PLACE.geotransform
    last = json.loads(done.stdout.splitlines()[-1])
    counted = {one["name"]: one["pixels"] for one in last["classes"]}
    expected = zip(["no match", *NAMES], (np.sum(truth == i) for i in range(4)))
    assert counted == dict(expected)
    assert last["read"] == "3 spectra, wavelengths in µm, values read as percent"
    angle = gdal.Open(str(tmp_path / "angle.tif")).ReadAsArray()
    assert np.isnan(angle[truth == -1]).all()
    assert angle[truth > 0].max() < 0.5 and angle[truth == 0].min() > 6


def test_strips_do_not_show(scene, library, tmp_path, monkeypatch):
    from model_runtime import __main__ as runtime

    wide = tmp_path / "wide.tif"
    values = np.tile(gdal.Open(str(scene)).ReadAsArray(), (1, 16, 13))
    write_cube(wide, Cube(values, NM, np.full(24, 20.0), "reflectance", PLACE), "float32", {})
    words = ["match-spectra", str(wide), "--library", str(library)]
    assert runtime.main([*words, str(tmp_path / "whole.tif")]) == 0
    monkeypatch.setattr(tiling, "STRIP_BYTES", 1)
    assert runtime.main([*words, str(tmp_path / "cut.tif")]) == 0
    both = [gdal.Open(str(tmp_path / name)).ReadAsArray() for name in ("whole.tif", "cut.tif")]
    assert len(np.unique(both[0])) == 5
    np.testing.assert_array_equal(*both)


@pytest.mark.parametrize(
    "words, why",
    [
        (["--library", "none.csv"], "cannot be read as spectra"),
        (["--library", "library.csv", "--filter", "snow"], "'snow' in its name"),
        (["--library", "library.csv", "--threshold", "0"], "above 0, up to 90"),
        (["--library", "library.csv", "--spread", "small.tif"], "the pixels and bands of"),
        (["--library", "far.csv"], "covers half of the raster's bands (420 to 880 nm)"),
        (["--library", "library.csv", "--angle", "o.tif"], "o.tif"),
        (["--library", "library.csv", "--angle", "cube.tif"], "is also the input"),
        ([], "--library"),
    ],
)
def test_what_cannot_be_meant_is_refused(command, scene, library, tmp_path, words, why):
    small = np.zeros((24, 3, 3), np.float32)
    cube = Cube(small, NM, np.full(24, 20.0), "reflectance", PLACE)
    write_cube(tmp_path / "small.tif", cube, "float32", {})
    (tmp_path / "far.csv").write_text("nm,a\n2000,0.1\n2100,0.2\n")
    before = sorted(tmp_path.iterdir())
    done = command("match-spectra", "cube.tif", "o.tif", *words, cwd=tmp_path)
    assert done.returncode == 2 and why in done.stderr and "Traceback" not in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_from_qgis_with_a_filter_and_the_spread(qgis_process, scene, library, truth, tmp_path):
    words = [f"INPUT={scene}", f"LIBRARY={library}", "FILTER=soil,grass", "THRESHOLD=6"]
    words += [f"SPREAD={tmp_path / 'spread.tif'}", f"OUTPUT={tmp_path / 'o.tif'}"]
    words += [f"ANGLE={tmp_path / 'a.tif'}"]
    answer = qgis_process("--json", "run", "scdm:matchspectra", "--", *words)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    results = json.loads(answer.stdout[answer.stdout.index("{") :])["results"]
    found = gdal.Open(str(tmp_path / "o.tif")).ReadAsArray()
    expected = np.choose(truth + 1, [65535, 0, 1, 2, 0])
    np.testing.assert_array_equal(found, expected)
    share = 100 * np.isin(truth, (1, 2)).sum() / (truth >= 0).sum()
    assert results["MATCHED"] == pytest.approx(share)
    style = (tmp_path / "o.qml").read_text(encoding="utf-8")
    assert 'label="dry soil"' in style and 'label="water"' not in style
