"""``upsample --keep-stages``: every stage as a raster of its own, which ``evaluate`` can judge."""

import json

import numpy as np
import pytest
from osgeo import gdal
from upsampling import float32_words as words
from upsampling import read

from model_runtime import __main__ as runtime
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import Sampling
from model_runtime.package import manifest

gdal.UseExceptions()


@pytest.mark.parametrize("package", ["tiny_package", "tiny_whole_tile_package"])
def test_each_stage_is_a_raster_with_its_wavelengths(picture, package, request, tmp_path):
    package = request.getfixturevalue(package)
    more = ["--keep-stages", tmp_path / "stages", "--samples", 2, "--spread", tmp_path / "s.tif"]
    more += ["--report", tmp_path / "r.html"]
    assert runtime.main(words(picture, package, tmp_path / "o.tif", *more)) == 0
    first, last = (gdal.Open(str(tmp_path / "stages" / f"stage{n}.tif")) for n in (1, 2))
    centres = [first.GetRasterBand(b + 1).GetMetadataItem("wavelength") for b in range(2)]
    assert [float(nm) for nm in centres] == [400, 700]
    assert first.GetGeoTransform() == gdal.Open(str(picture)).GetGeoTransform()
    np.testing.assert_array_equal(last.ReadAsArray(), read(tmp_path / "o.tif"))
    masked = np.isnan(first.ReadAsArray())
    assert masked[:, :4, :6].all() and masked.sum() == 2 * 4 * 6
    assert np.nanmax(read(tmp_path / "s.tif")) < 0.2  # the spread is still the spread


def test_a_stages_raster_is_what_the_cascade_made(picture, tiny_package, tmp_path):
    more = ["--keep-stages", tmp_path, "--tile", 64, "--quality", "fast"]
    assert runtime.main(words(picture, tiny_package, tmp_path / "o.tif", *more)) == 0
    network = load_cascade(tiny_package, manifest.read(tiny_package), "cpu", 1)
    rgb = read(picture).astype(np.float32) * np.float32(1e-4)
    near = np.zeros(rgb.shape[1:], bool)  # what is masked, and what may see how it was filled
    near[:8, :10] = True
    rgb = np.pad(rgb, [(0, 0), (8, 15), (8, 11)], mode="reflect")
    made = network.estimate(rgb, -8, -8, Sampling("ddim", 2, 1, (0, 0), 0)).stages[0]
    found = read(tmp_path / "stage1.tif")
    assert np.isfinite(found[:, ~near]).all()
    np.testing.assert_allclose(found[:, ~near], made[:, 8:-15, 8:-11][:, ~near], atol=1e-5)


def test_each_stage_can_be_judged(command, picture, tiny_package, tmp_path):
    stages = tmp_path / "stages"
    done = command(*words(picture, tiny_package, tmp_path / "o.tif", "--keep-stages", stages))
    assert done.returncode == 0, done.stderr
    for number, bands in ((1, 2), (2, 8)):
        estimate = tmp_path / "stages" / f"stage{number}.tif"
        judged = command("evaluate", estimate, tmp_path / "o.tif", "--json")
        assert judged.returncode == 0, judged.stderr
        found = json.loads(judged.stdout)
        assert len(found["per_band"]) == bands
    assert found["overall"]["rmse"] == 0


def test_a_run_that_was_cut_off_goes_on_with_its_stages(picture, tiny_package, tmp_path, cut_off):
    more = ["--tile", 24, "--keep-stages", tmp_path / "stages"]
    cut = words(picture, tiny_package, tmp_path / "o.tif", *more)
    assert runtime.main(cut) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "o.tif.blocks"]
    assert runtime.main(cut) == 0
    assert runtime.main([*cut, "--overwrite", "--keep-stages", str(tmp_path)]) == 0
    for name in ("stage1.tif", "stage2.tif"):
        np.testing.assert_array_equal(read(tmp_path / "stages" / name), read(tmp_path / name))


def test_blocks_without_stages_do_not_serve_a_run_that_keeps_them(
    picture, tiny_package, tmp_path, cut_off, capsys
):
    cut = words(picture, tiny_package, tmp_path / "o.tif", "--tile", 24)
    assert runtime.main(cut) == 4
    assert runtime.main([*cut, "--keep-stages", str(tmp_path)]) == 0
    assert "had other settings (keep stages): its tiles are discarded" in capsys.readouterr().err
    np.testing.assert_array_equal(read(tmp_path / "stage2.tif"), read(tmp_path / "o.tif"))


@pytest.mark.parametrize(
    "folder, output, says",
    [
        ("no/where", "o.tif", "is not a folder and cannot be created"),
        ("a.tif", "o.tif", "is not a folder and cannot be created"),
        (".", "stage1.tif", "another output"),
        ("new", "new/stage1.tif", "does not exist"),
    ],
)
def test_folders_that_cannot_be_meant_are_refused(
    picture, tiny_package, tmp_path, capsys, folder, output, says
):
    before = sorted(tmp_path.rglob("*"))
    asked = ["upsample", picture, tmp_path / output, "--model", tiny_package]
    asked += ["--keep-stages", tmp_path / folder]
    assert runtime.main([str(word) for word in asked]) == 2
    assert says in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_stage_that_exists_is_kept_unless_told(picture, tiny_package, tmp_path, capsys):
    (tmp_path / "stage2.tif").write_text("mine")
    asked = words(picture, tiny_package, tmp_path / "o.tif", "--keep-stages", tmp_path)
    assert runtime.main(asked) == 2
    assert "stage2.tif' exists" in capsys.readouterr().err
    assert (tmp_path / "stage2.tif").read_text() == "mine"
    assert runtime.main([*asked, "--overwrite"]) == 0
    assert gdal.Open(str(tmp_path / "stage2.tif")).RasterCount == 8
