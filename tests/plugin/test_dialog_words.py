"""What the worker says of its options, as the dialog's user reads it."""

import gc
import sys

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsProcessingException

from scdm_qgis.runtime.dialog_words import in_dialog

TITLES = {
    "--tile": "Tile size",
    "--samples": "Samples",
    "--bands": ("Red band", "Green band", "Blue band"),
}


@pytest.mark.parametrize(
    "said, read",
    [
        ("give --samples 2 or more", "give Samples 2 or more"),
        ("--tile is 9000", "Tile size is 9000"),
        ("see --bands", "see Red band, Green band, Blue band"),
        ("give --bands 3,2,1 or more", "give Red band 3, Green band 2, Blue band 1 or more"),
        ("wrong: see python -m model_runtime upsample --help", "wrong"),
        (
            "--overlap 2000 is too large for the tile size, 556 pixels: give a smaller --overlap",
            "Overlap 2000 is too large for the tile size 556: choose a smaller Overlap or a larger "
            "Tile size.",
        ),
        ("--tile is 5, but it must be an even number: give one", "Tile size must be even."),
        ("--tile is 5: give a multiple of 16", "Tile size must be a multiple of 16."),
        (
            "this run needs 143 GB, 64 GB are free on the disk of '/data': free some space",
            "Needs 143 GB, 64 GB are free on the disk of /data. Free some space, choose another "
            "folder, or a smaller extent.",
        ),
        ("give --memory-limit 4G", "give --memory-limit 4G"),
        ("a -- b, --x", "a -- b, --x"),
    ],
)
def test_options_become_titles(said, read):
    assert in_dialog(said, TITLES) == read


@pytest.fixture
def refused(registered, log, rgb_path, tmp_path, tiny_package, monkeypatch):
    """A function: parameters -> what the real worker's refusal reads like in the dialog."""
    import processing

    monkeypatch.setenv("SCDM_PYTHON", sys.executable)

    def run(**parameters):
        words = {"INPUT": str(rgb_path), "OUTPUT": str(tmp_path / "o.tif"), "QUALITY": "fast"}
        with pytest.raises(QgsProcessingException) as caught:
            processing.run("scdm:upsample", {**words, **parameters}, feedback=log)
        return str(caught.value) + " ".join(log.errors)

    yield run
    gc.collect()  # the exceptions, whose frames hold layers: they must go before QGIS does


@pytest.mark.parametrize(
    "parameters, read",
    [
        ({"SPREAD": "s.tif", "SAMPLES": 1}, "Spread needs Samples of 2 or more"),
        ({"RELIABILITY": "r.tif", "SAMPLES": 1}, "Reliability needs Samples of 2 or more"),
        ({"DRAWS": "d", "SAMPLES": 1}, "Draws needs Samples of 2 or more"),
        ({"RELIABILITY": "r.png"}, "Reliability must be a GeoTIFF or ENVI data"),
        ({"FORMAT": "envi"}, "The format envi needs a name that ends in .img"),
        ({"FORMAT": "cog", "OUTPUT": "o.img"}, "The format cog needs a name that ends in .tif"),
        ({"GUIDANCE": "abc"}, "Guidance must be numbers separated by commas"),
        ({"GUIDANCE": "1.5,"}, "Guidance must be numbers separated by commas"),
        ({"TRUNCATION": "yes"}, "Truncation is 'yes'"),
        ({"MODEL": "."}, "holds no model.json"),
        ({"TILE": 5}, "Tile size must be a multiple of 4."),
        ({"OVERLAP": 2000, "TILE": 500}, "tile"),
        ({"SEED": 7, "STEPS": 90_000}, "Steps"),
        ({"DEVICE": "cuda"}, "No usable NVIDIA GPU in this runtime. Run Install runtime with"),
    ],
)
def test_refusals_name_what_the_dialog_shows(refused, parameters, read):
    told = refused(**parameters)
    assert read in told
    assert "--" not in told


def test_the_worker_says_what_the_dialog_knows_how_to_say_better(tmp_path):
    """The worker's own functions: a change of their words would end in options in the dialog."""
    from model_runtime.errors import ScdmError, to_scdm_error
    from model_runtime.pipeline import disk_space

    with pytest.raises(ScdmError) as caught:
        disk_space.require(str(tmp_path / "o.tif"), 2**60)
    text = in_dialog(str(caught.value), TITLES)
    assert text.startswith("Needs ") and " GB, " in text.replace("GiB", "GB")
    assert f"are free on the disk of {tmp_path}. Free some space, choose" in text
    memory = in_dialog(str(to_scdm_error(MemoryError())), TITLES)
    assert memory.startswith("Not enough memory: close other programs, or choose a smaller Tile")


BYTES, ALPHA = np.ones((3, 90, 90), np.uint8), gdal.GCI_AlphaBand
BLACK = np.pad(np.full((3, 9, 9), 4000, np.uint16), ((0, 0), (0, 81), (0, 81)))


@pytest.mark.parametrize(
    "values, how, parameters, told",
    [
        (BYTES, {}, {"EXTENT": "0,9,0,9"}, "Die Ausdehnung liegt neben dem Raster, das 500000"),
        (BYTES[:2], {}, {}, "hat zu wenige Kanäle (2), das Modell braucht 3"),
        (BYTES, {"colours": (0, 0, ALPHA)}, {}, "Kanal 3 von"),
        (BYTES, {"nodata": 1}, {}, "enthält kein gültiges Pixel"),
        (BLACK, {}, {"RADIOMETRY": "match"}, "ist praktisch schwarz"),
        (BYTES * np.float32(90), {}, {"RADIOMETRY": "reflectance"}, "Die Werte reichen bis 90"),
    ],
    ids=["extent", "bands", "alpha", "nodata", "black", "values"],
)
def test_what_is_refused_most_is_told_in_german(
    refused, german, write_raster, values, how, parameters, told
):
    """By the real worker: a change of its words would show as English here."""
    path = write_raster("picture.tif", values, **how)
    said = refused(INPUT=str(path), **parameters)
    assert told in said and " is " not in said


def test_a_file_that_is_cut_short_is_told_in_german(refused, german, write_raster):
    path = write_raster("picture.tif", np.ones((3, 90, 90), np.uint8))
    path.write_bytes(path.read_bytes()[:-2000])
    assert "ist beschädigt oder abgeschnitten" in refused(INPUT=str(path))


def test_a_band_used_as_another_colour_is_told_with_the_titles(refused, write_cube):
    import numpy as np

    values = np.random.default_rng(1).uniform(0.1, 0.4, (3, 9, 9)).astype(np.float32)
    cube = write_cube("bgr.tif", values, (482, 560, 655))
    told = refused(INPUT=str(cube), BAND_RED=1, BAND_GREEN=2, BAND_BLUE=3)
    assert "Band 1 is blue (482 nm) but is used as red" in told
    assert "Red band" in told and "--" not in told


def test_a_result_is_refused_as_a_picture(refused, write_cube):
    import numpy as np
    from osgeo import gdal

    results = ("mean of the samples", "spread of the estimate", "reliability of the estimate")
    for content in (*results, "sample 1 of 4"):
        cube = write_cube(f"{content}.tif", np.ones((3, 9, 9), np.float32), (450, 550, 650))
        dataset = gdal.Open(str(cube), gdal.GA_Update)
        dataset.SetMetadataItem("SCDM_CONTENT", content)
        dataset = None
        assert f"'{content}' is a result of SCDM, not a picture" in refused(INPUT=str(cube))
