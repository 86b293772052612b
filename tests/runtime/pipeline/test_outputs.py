"""Which rasters a run writes, in which order, and which folders it may write them to."""

import pytest

from model_runtime import contract
from model_runtime.errors import InputError
from model_runtime.package import manifest
from model_runtime.pipeline import outputs
from model_runtime.pipeline.options import UpsampleOptions

ALL_BANDS = tuple(range(8))  # of the tiny model; its first stage makes four of them


@pytest.fixture
def model(tiny_package):
    return manifest.read(tiny_package)


@pytest.mark.parametrize(
    ("more", "written"),
    [
        ({}, [("o.tif", "mean")]),
        ({"spread": "s.tif"}, [("o.tif", "mean"), ("s.tif", "spread")]),
        (
            {"keep_stages": "st", "spread": "s.tif", "reliability": "r.tif"},
            [
                *[("o.tif", "mean"), ("st/stage1.tif", "mean"), ("st/stage2.tif", "mean")],
                *[("s.tif", "spread"), ("r.tif", "reliability")],
            ],
        ),
        (
            {"draws": "d", "output": "o.vrt"},
            [("o.vrt", "mean"), ("d/sample_001.vrt", "sample"), ("d/sample_002.vrt", "sample")],
        ),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, dict) else "",
)
def test_rasters_come_in_the_order_of_what_is_made_of_a_tile(model, more, written):
    options = UpsampleOptions(**{"input": "a.tif", "output": "o.tif", **more})
    spec = outputs.spec_of(options, model, samples=2)
    assert [(one.path, one.content.split()[0]) for one in spec.rasters] == written
    asked = ("spread", "reliability", "draws"), ("stages",)
    assert [getattr(spec, name) for name in asked[0]] == [name in more for name in asked[0]]
    assert spec.stages == ("keep_stages" in more)


def test_each_raster_holds_its_own_bands(model):
    options = UpsampleOptions(output="o.tif", keep_stages="st", reliability="r.tif")
    mean, stage1, stage2, reliability = outputs.spec_of(options, model, 1).rasters
    assert (mean.bands, stage2.bands, reliability.bands) == (ALL_BANDS, ALL_BANDS, (0,))
    assert stage1.bands == tuple(sorted(model.stages[0].final_bands))
    assert [one.is_reliability for one in (mean, stage1, reliability)] == [False, False, True]
    assert set(reliability.tags) == {contract.RELIABILITY_TAG}


def test_a_draw_says_which_sample_it_is(model, tmp_path):
    options = UpsampleOptions(output="o.tif", draws=str(tmp_path / "new"))
    first, second = outputs.spec_of(options, model, 2).rasters[1:]
    assert (first.content, second.content) == ("sample 1 of 2", "sample 2 of 2")
    assert second.tags == {contract.SAMPLE_TAG: "2"} and second.in_new_folder


@pytest.mark.parametrize("name", ["file", "missing/folder"])
def test_a_folder_that_cannot_be_made_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=rf"--draws '.*{name}' is not a folder"):
        outputs.check_folder("--draws", str(tmp_path / name))


def test_a_new_folder_in_one_that_exists_will_do(tmp_path):
    outputs.check_folder("--draws", str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("other", ["sample_003.tif", "sample_12.vrt"])
def test_samples_of_another_run_are_not_mixed_with_this_ones(model, tmp_path, other):
    for name in ("sample_001.tif", other, "sample_notes.txt"):
        (tmp_path / name).write_text("")
    rasters = outputs.spec_of(UpsampleOptions(output="o.tif", draws=str(tmp_path)), model, 2)
    with pytest.raises(InputError, match=rf"another run, {other}"):
        outputs.refuse_other_samples(str(tmp_path), rasters.rasters)
    (tmp_path / other).unlink()
    outputs.refuse_other_samples(str(tmp_path), rasters.rasters)


def test_only_an_empty_folder_is_dropped(tmp_path):
    for name in ("empty", "full"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "x").write_text("")
    for name in ("empty", "full", "missing"):
        outputs.drop_if_empty(str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
