"""The upsample loop around a cascade that tests give: what it is asked, and what becomes of it."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from doubles import RecordedEvents
from osgeo import gdal

from model_runtime import tiling
from model_runtime.__main__ import build_parser, main
from model_runtime.commands import upsample
from model_runtime.diffusion.settings import EVERYTHING, TileEstimate
from model_runtime.errors import InputError, PackageError
from model_runtime.executors import local
from model_runtime.journal.unit_store import UnitStore
from model_runtime.package import manifest
from model_runtime.pipeline import options as upsample_options
from model_runtime.pipeline import provenance

gdal.UseExceptions()


class Cascade:
    """Stands for the network: band b is red x (b + 1) + a trace of the tile's absolute place."""

    device, providers, warnings, device_why = "cpu", ["TestProvider"], [], ""

    def __init__(self, bands=8, value=None):
        self.bands, self.value, self.asked = bands, value, []

    def estimate(self, rgb, row0, col0, how, wanted=EVERYTHING):
        self.asked.append((rgb.copy(), row0, col0, how))
        rows, cols = np.mgrid[row0 : row0 + rgb.shape[1], col0 : col0 + rgb.shape[2]]
        factors = np.arange(1, self.bands + 1, dtype=np.float32)[:, None, None]
        mean = (rgb[:1] * factors + 1e-4 * rows + 1e-6 * cols).astype(np.float32)
        if self.value is not None:
            mean[0] = self.value
        spread = np.full_like(mean, 0.125) if wanted.spread else None
        mean, spread = (
            one if one is None else one[(slice(None), *wanted.kept)] for one in (mean, spread)
        )
        mean, spread = (one if one is None else wanted.finish(one) for one in (mean, spread))
        return TileEstimate(mean, spread, [])


@pytest.fixture
def run(tiny_package, monkeypatch, tmp_path):
    """A function: (input, *options) -> SimpleNamespace(path, values, cascade, said)."""

    def run(source, *options, network=None, package=tiny_package):
        network = network or Cascade()
        monkeypatch.setattr(local, "load_cascade", lambda *_: network)
        words = [
            "upsample",
            source,
            tmp_path / "out" / "o.tif",
            "--model",
            package,
            "--overwrite",
            *options,
        ]
        (tmp_path / "out").mkdir(exist_ok=True)
        told = RecordedEvents()
        upsample.run(build_parser().parse_args(list(map(str, words))), told)
        path = tmp_path / "out" / "o.tif"
        dataset = gdal.Open(str(path))
        return SimpleNamespace(
            path=path, values=dataset.ReadAsArray(), network=network, said=told.said
        )

    return run


def reflectance(rows, cols, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.02, 0.08, (3, rows, cols)).astype(np.float32)


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (3, 50), (70, 41), (24, 24)])
@pytest.mark.parametrize("tile", [24, 32, 64])
def test_each_pixel_gets_its_own_estimate(run, write_raster, rows, cols, tile):
    rgb = reflectance(rows, cols)
    result = run(write_raster("a.tif", rgb), "--dtype", "float32", "--tile", tile, "--overlap", 8)
    down, across = np.mgrid[:rows, :cols]
    np.testing.assert_allclose(
        result.values[2], rgb[0] * 3 + 1e-4 * down + 1e-6 * across, atol=1e-6
    )


def test_an_extent_gives_the_numbers_and_the_place_of_the_whole(run, write_raster):
    source = write_raster("a.tif", reflectance(60, 50), transform=(0, 1, 0, 0, 0, -1))
    whole = run(source, "--dtype", "float32").values
    part = run(source, "--dtype", "float32", "--extent", "13,-41,37,-5")
    np.testing.assert_array_equal(part.values, whole[:, 5:41, 13:37])
    dataset = gdal.Open(str(part.path))
    assert dataset.GetGeoTransform() == (13, 1, 0, -5, 0, -1)


def test_the_model_sees_real_pixels_around_an_extent(run, write_raster):
    rgb = reflectance(60, 50)
    source = write_raster("a.tif", rgb, transform=(0, 1, 0, 0, 0, -1))
    result = run(source, "--extent", "20,-40,28,-32", "--tile", "64")
    seen, row0, col0, _ = result.network.asked[0]
    assert (row0, col0) == (24, 8)
    np.testing.assert_allclose(seen, rgb[:, 24:48, 8:40])


def test_masked_pixels_are_masked_in_all_bands_and_unseen_by_the_model(run, write_raster):
    rgb = reflectance(20, 30)
    rgb[:, 3:9, 4:11] = -9999
    result = run(write_raster("a.tif", rgb, nodata=-9999))
    masked = rgb[0] == -9999
    assert ((result.values == 65535) == masked).all()
    seen = result.network.asked[0][0]
    assert seen.min() >= 0.02
    assert (seen == np.float32(0.2)).any()  # the normalisation's offset: the model's zero


def test_tiles_without_a_valid_pixel_are_not_sampled(run, write_raster):
    rgb = reflectance(96, 96)
    rgb[:, :, 40:] = 0
    result = run(write_raster("a.tif", rgb, nodata=0))
    all_tiles = started(result)["tiles"]
    assert len(result.network.asked) == all_tiles / 2
    assert (result.values[:, :, 40:] == 65535).all()
    assert (result.values[:, :, :40] != 65535).all()


def test_estimates_below_zero_become_zero_and_large_ones_the_largest(run, write_raster):
    rgb = np.full((3, 8, 8), 0.05, np.float32)
    low = run(write_raster("a.tif", rgb), network=Cascade(8, -3.0)).values
    high = run(write_raster("a.tif", rgb), network=Cascade(8, 70.0)).values
    assert low[0].min() >= 0 and low[0].max() < 2000
    assert high.max() <= 65534


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_model_that_gives_no_numbers_is_an_error(run, write_raster, value, tmp_path):
    with pytest.raises(PackageError, match="not finite"):
        run(write_raster("a.tif", reflectance(8, 8)), network=Cascade(8, value))
    assert list((tmp_path / "out").iterdir()) == []


def test_spread_is_written_beside_and_raises_the_samples(run, write_raster, tmp_path):
    spread = tmp_path / "out" / "s.tif"
    result = run(write_raster("a.tif", reflectance(20, 30)), "--spread", spread)
    dataset = gdal.Open(str(spread))
    assert (dataset.ReadAsArray() == 1250).all()
    assert "spread" in dataset.GetMetadataItem("SCDM_CONTENT")
    assert result.network.asked[0][3].samples == upsample_options.SPREAD_SAMPLES


def test_values_that_are_hardly_estimates_are_told_in_the_report_too(run, write_raster, tmp_path):
    page = tmp_path / "out" / "r.html"
    source = write_raster("a.tif", reflectance(60, 60))
    result = run(source, "--report", page, network=Cascade(8, 70.0))
    assert page.read_text(encoding="utf-8").count("its samples seem to diverge") == 1
    told = [event[1] for event in result.said if event[0] == "warning"]
    assert sum("its samples seem to diverge" in message for message in told) == 1


@pytest.mark.parametrize("value", [5e12, -5e12])
def test_divergent_samples_are_refused_not_written(run, write_raster, tmp_path, value):
    with pytest.raises(PackageError, match="its samples diverge") as refused:
        run(write_raster("a.tif", reflectance(8, 8)), network=Cascade(8, value))
    assert "more steps or less guidance" in refused.value.remedy
    assert not (tmp_path / "out" / "o.tif").exists()


def test_cancelling_leaves_nothing(run, write_raster, tmp_path):
    class Cancelled(Cascade):
        def estimate(self, *_):
            if self.asked:
                raise KeyboardInterrupt
            return super().estimate(*_)

    source = write_raster("a.tif", reflectance(60, 60))
    with pytest.raises(KeyboardInterrupt):
        run(source, "--spread", tmp_path / "out" / "s.tif", network=Cancelled())
    assert list((tmp_path / "out").iterdir()) == []


def test_without_a_journal_no_unit_is_written(run, write_raster, monkeypatch):
    source = write_raster("a.tif", reflectance(60, 60))
    expected = run(source, "--tile", 24).path.read_bytes()
    written = []
    monkeypatch.setattr(UnitStore, "write", lambda _, name, arrays: written.append(name))
    assert run(source, "--tile", 24, "--no-resume").path.read_bytes() == expected
    assert written == []


def test_blended_tiles_find_each_other_without_a_journal(
    run, write_raster, tiny_whole_tile_package
):
    source = write_raster("a.tif", reflectance(60, 60))
    words = "--tile", 24, "--overlap", 8
    kept, gone = (
        run(source, *words, *more, package=tiny_whole_tile_package)
        for more in ((), ("--no-resume",))
    )
    np.testing.assert_array_equal(gone.values, kept.values)
    assert len(gone.network.asked) == len(kept.network.asked) > 1


def test_an_older_output_survives_a_run_that_fails(run, write_raster, tmp_path):
    source = write_raster("a.tif", reflectance(8, 8))
    before = run(source).path.read_bytes()
    with pytest.raises(PackageError):
        run(source, network=Cascade(8, np.nan))
    assert (tmp_path / "out" / "o.tif").read_bytes() == before


def started(result):
    """What a run's started event says."""
    return dict(event for event in result.said if event[0] == "started")["started"]


def test_what_is_said(run, write_raster):
    result = run(write_raster("a.tif", reflectance(60, 50)), "--seed", "9")
    facts = started(result)
    assert facts == {
        "rows": 60,
        "columns": 50,
        "tiles": 16,
        "device": "cpu",
        "providers": ["TestProvider"],
        "seed": 9,
        "bands": "Red = band 1, Green = band 2, Blue = band 3; by their order",
        "radiometry_in_words": facts["radiometry_in_words"],
    }
    assert facts["radiometry_in_words"].startswith("Radiometry: reflectance (")
    progress = [event[1:] for event in result.said if event[0] == "progress"]
    assert progress[0] == (0, 21, "") and progress[-1] == (21, 21, "")
    assert (16, 21, "") in progress  # the last tile is not the end
    counts = [done for done, _, _ in progress]
    assert counts == sorted(counts)
    assert result.said[-1][0] == "done"
    assert result.said[-1][2]["radiometry"] == "reflectance"


def test_why_a_device_was_taken_is_said(run, write_raster):
    network = Cascade()
    network.device_why = "Device: cuda, as a small tile takes the GPU 1.0 ms and the CPU 9.0 ms"
    facts = started(run(write_raster("a.tif", reflectance(20, 20)), network=network))
    assert facts["device_in_words"] == network.device_why


def test_what_comes_after_the_tiles_is_told(run, write_raster, tmp_path):
    source = write_raster("a.tif", reflectance(300, 300))
    (tmp_path / "out").mkdir(exist_ok=True)
    options = ["--spread", tmp_path / "out" / "s.tif", "--report", tmp_path / "out" / "r.html"]
    result = run(source, *options, "--format", "cog")
    progress = [event[1:] for event in result.said if event[0] == "progress"]
    doing = list(dict.fromkeys(words for *_, words in progress if words))
    assert doing == ["writing to the disk", "cloud-optimised copy", "report"]
    counts, (total,) = [done for done, *_ in progress], {total for _, total, _ in progress}
    assert counts == sorted(counts) and counts[-1] == total


def test_a_model_of_blue_green_red_gets_them_in_its_order(
    run, write_raster, tiny_package, tmp_path
):
    package = tmp_path / "bgr"
    shutil.copytree(tiny_package, package)
    model = manifest.read(package)
    replace(model, input_bands=model.input_bands[::-1]).write(package)
    rgb = reflectance(8, 8)
    seen = run(write_raster("a.tif", rgb), package=package).network.asked[0][0]
    np.testing.assert_allclose(seen[:, 8:16, 8:16], rgb[::-1])
    seen = run(write_raster("b.tif", rgb), "--bands", "3,2,1", package=package).network.asked[0][0]
    np.testing.assert_allclose(seen[:, 8:16, 8:16], rgb)


def test_bands_are_chosen_by_their_wavelengths(run, write_raster):
    source = write_raster("a.tif", reflectance(8, 8))
    dataset = gdal.Open(str(source), gdal.GA_Update)
    for number, nm in enumerate((490, 560, 665), start=1):
        dataset.GetRasterBand(number).SetMetadataItem("wavelength", str(nm))
    dataset = None
    result = run(source)
    said = "Red = band 3 (665 nm), Green = band 2 (560 nm), Blue = band 1 (490 nm); by wavelength"
    assert started(result)["bands"] == said
    with pytest.raises(InputError, match=r"Band 1 is blue \(490 nm\) but is used as red"):
        run(source, "--bands", "1,2,3")


def test_provenance_is_in_the_file(run, write_raster):
    result = run(write_raster("a.tif", reflectance(8, 8)), "--seed", "5", "--quality", "best")
    tags = gdal.Info(str(result.path), format="json")["metadata"][""]
    assert tags["SCDM_MODEL"] == "tiny"
    assert len(tags["SCDM_MODEL_SHA256"]) == 64
    told = (tags["SCDM_SEED"], tags["SCDM_SAMPLER"], tags["SCDM_STEPS"], tags["SCDM_SAMPLES"])
    assert told == ("5", "ddpm", "5", "2")
    assert tags["SCDM_RADIOMETRY"] == "reflectance"


def sampling(tiny_package, *options):
    args = build_parser().parse_args(["upsample", "i.tif", "o.tif", *options])
    return upsample_options.sampling_of(upsample.options_of(args), manifest.read(tiny_package))


def test_explicit_options_override_the_quality(tiny_package):
    plain = sampling(tiny_package, "--quality", "fast")
    assert (plain.sampler, plain.steps, plain.samples) == ("ddim", 2, 1)
    told = sampling(
        tiny_package, "--quality", "fast", "--sampler", "ddpm", "--steps", "7", "--samples", "3"
    )
    assert (told.sampler, told.steps, told.samples, told.seed) == ("ddpm", 7, 3, 0)


def test_guidance_is_the_models_or_one_for_all_or_one_a_stage(tiny_package):
    assert sampling(tiny_package).guidance == (0.0, 0.0)
    assert sampling(tiny_package, "--guidance", "1.5").guidance == (1.5, 1.5)
    assert sampling(tiny_package, "--guidance", "1.5,0.5").guidance == (1.5, 0.5)


def test_truncation_is_the_models_or_switched_or_bounded(tiny_package, tmp_path):
    assert sampling(tiny_package).truncation == (1.0, 1.0)
    assert sampling(tiny_package, "--truncation", "on").truncation == (0.96, 0.96)
    assert sampling(tiny_package, "--truncation", "0.9").truncation == (0.9, 0.9)
    package = shutil.copytree(tiny_package, tmp_path / "package")
    content = json.loads((package / "model.json").read_text())
    content["stages"][1]["pdt_lower_bound"] = 0.98
    (package / "model.json").write_text(json.dumps(content))
    assert sampling(package).truncation == (1.0, 0.98)
    assert sampling(package, "--truncation", "on").truncation == (0.96, 0.98)
    assert sampling(package, "--truncation", "off").truncation == (1.0, 1.0)


def test_a_pixelwise_model_truncates_only_with_thresholds(tiny_package, tmp_path):
    package = shutil.copytree(tiny_package, tmp_path / "package")
    content = json.loads((package / "model.json").read_text())
    content["pixelwise"] = True
    (package / "model.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="has no thresholds"):
        sampling(package, "--truncation", "on")
    assert sampling(package, "--truncation", "off").truncation == (1.0, 1.0)
    fitted = {"timesteps": [49], "levels": [0.9, 1.0], "thresholds": [[1.5, 4.0]]}
    for stage in content["stages"]:
        stage["truncation"] = fitted
    (package / "model.json").write_text(json.dumps(content))
    assert sampling(package, "--truncation", "on").truncation == (0.96, 0.96)


def test_the_guidance_interval_is_the_qualitys_or_the_one_given(tiny_package, tmp_path):
    package = shutil.copytree(tiny_package, tmp_path / "package")
    content = json.loads((package / "model.json").read_text())
    content["qualities"]["fast"]["guidance_interval"] = [10, 30]
    (package / "model.json").write_text(json.dumps(content))
    assert sampling(tiny_package).guidance_interval is None
    assert sampling(package).guidance_interval == (10, 30)
    assert sampling(package, "--sampler", "ddpm").guidance_interval is None
    assert sampling(package, "--steps", "50").guidance_interval is None
    given = sampling(package, "--guidance", "1.5", "--guidance-interval", "0,49")
    assert given.guidance_interval == (0, 49)
    assert provenance.guidance_said(given) == "1.5,1.5 at timesteps 0 to 49"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--guidance", "1,2,3"], "3 numbers, the model 2 stages"),
        (["--guidance", "-1"], "guidance"),
        (["--guidance", "nan"], "guidance"),
        (["--guidance-interval", "0,9"], "no stage is guided"),
        (["--guidance", "1", "--guidance-interval", "0,50"], "from 0 to 49"),
        (["--guidance", "1", "--guidance-interval", "9,0"], "--guidance-interval is 9,0"),
        (["--guidance", "1", "--guidance-interval", "9"], "the first and the last timestep"),
        (["--truncation", "yes"], "--truncation is 'yes'"),
        (["--truncation", "0.3"], "a bound from 0.5 to 1"),
        (["--truncation", "nan"], "--truncation is 'nan'"),
        (["--steps", "51"], "at most 50"),
        (["--steps", "0"], "--steps is 0"),
        (["--samples", "0"], "--samples is 0"),
        (["--seed", "-1"], "--seed is -1"),
        (["--threads", "-2"], "--threads is -2"),
        (["--tile", "0"], "--tile is 0"),
        (["--tile", "33"], "multiple of 8"),
        (["--tile", "16"], "--tile 24 or more"),
        (["--tile", "99999"], "--tile is 99999"),
        (["--overlap", "0"], "8 or more"),
        (["--overlap", "12"], "multiple of 8"),
        (["--extent", "1,2,3"], "3 numbers"),
        (["--extent", "0,0,0,0"], "empty"),
        (["--extent", "900,900,901,901"], "beside"),
        (["--bands", "1,2"], "2 bands are named"),
        (["--bands", "1,2,9"], "no band 9"),
        (["--samples", "1", "--spread", "s.tif"], "no spread"),
        (["--spread", "s.png"], "must be a GeoTIFF"),
        (["--report", "r.txt"], "must be an HTML file"),
        (["--report", "none/r.html"], "does not exist"),
        (["--sheet", "64"], "--sheet is for a VRT over sheets"),
    ],
)
def test_options_that_cannot_be_are_refused(
    run, write_raster, options, says, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    source = write_raster("a.tif", reflectance(8, 8))
    with pytest.raises(InputError, match=says) as caught:
        if options[0] == "--tile" and options[1] == "16":
            options = [*options, "--overlap", "16"]
        run(source, *options)
    assert caught.value.remedy
    assert list((tmp_path / "out").iterdir()) == []


def test_an_output_that_is_the_input_is_refused(run, write_raster, tmp_path):
    (tmp_path / "out").mkdir()
    source = write_raster("out/o.tif", reflectance(8, 8))
    before = source.read_bytes()
    with pytest.raises(InputError, match="also the input"):
        run(source)
    assert source.read_bytes() == before


def layout(tile=None, overlap=None, influence=2, size=(300, 200)):
    rule = manifest.Tile(multiple=8, size=64, overlap=16, influence=influence)
    whole = tiling.Window(0, 0, *size)
    return upsample_options.layout_of(tile, overlap, rule, whole, whole)


@pytest.mark.parametrize(
    ("options", "margin", "shared"),
    [
        ({}, 8, 16),
        ({"overlap": 8}, 8, 8),
        ({"overlap": 32}, 16, 32),
        ({"influence": 13}, 16, 16),
        ({"influence": None}, None, 16),
        ({"influence": None, "tile": 24}, None, 8),
        ({"influence": None, "overlap": 0}, None, 0),
    ],
)
def test_margin_and_overlap(options, margin, shared):
    found = layout(**options)
    assert (found.margin, found.overlap) == (margin, shared)


@pytest.mark.parametrize("tile, size", [(None, 584), (580, 580)])
def test_a_rounded_margin_takes_nothing_from_what_the_models_tile_keeps(tile, size):
    rule = manifest.Tile(multiple=4, size=580, overlap=68, influence=34)
    whole = tiling.Window(0, 0, 2000, 3000)
    assert upsample_options.layout_of(tile, None, rule, whole, whole).size == size


def test_an_overlap_of_more_than_half_a_tile_is_refused():
    with pytest.raises(InputError, match="half of the tile"):
        layout(influence=None, overlap=40)


@pytest.mark.parametrize("radiometry, doubts", [("reflectance", False), ("match", True)])
def test_a_spread_of_an_uncalibrated_picture_says_what_it_lacks(
    run, write_raster, radiometry, doubts
):
    source = write_raster("a.tif", reflectance(20, 30))
    made = run(source, "--radiometry", radiometry, "--samples", "3").path
    said = gdal.Open(str(made)).GetMetadataItem("SCDM_SPREAD")
    assert said.startswith("standard deviation")  # the tiny model is not calibrated
    assert ("own calibration" in said) == doubts


def test_a_part_is_matched_by_its_mosaics_statistics(run, write_raster):
    rng = np.random.default_rng(0)
    mosaic = rng.integers(300, 40_000, (3, 64, 64)).astype(np.uint16)
    whole = write_raster("mosaic.tif", mosaic)
    part = write_raster("part.tif", mosaic[:, :32, :32] // 4 + 10_000)
    gains = {
        name: gdal.Info(str(run(source, *options).path), format="json")["metadata"][""][
            "SCDM_RADIOMETRY_GAIN"
        ]
        for name, source, options in (
            ("whole", whole, ["--radiometry", "match"]),
            ("part", part, ["--radiometry", "match"]),
            ("from", part, ["--radiometry", "match", "--radiometry-from", whole]),
        )
    }
    assert gains["from"] == gains["whole"] != gains["part"]


def test_the_output_is_not_the_radiometrys_reference(run, write_raster, tmp_path):
    source = write_raster("a.tif", reflectance(8, 8))
    (tmp_path / "out").mkdir(exist_ok=True)
    shutil.copy(source, tmp_path / "out" / "o.tif")
    with pytest.raises(InputError, match="also the input"):
        run(source, "--radiometry-from", tmp_path / "out" / "o.tif")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--samples", "1", "--spread", "s.tif"], "--spread needs --samples of 2 or more"),
        (["--overlap", "96", "--tile", "64"], "--overlap 96 is too large for the tile size, 64"),
        (["--tile", "33"], "--tile is 33, but it must be a multiple of 8"),
    ],
)
def test_a_refusal_names_the_option_and_the_rule(run, write_raster, options, says):
    with pytest.raises(InputError, match=says):
        run(write_raster("a.tif", reflectance(8, 8)), *options)


@pytest.mark.parametrize("option", ["--guidance", "--bands", "--extent", "--guidance-interval"])
def test_a_list_that_is_none_is_refused_with_an_example(option, capsys):
    assert main(["upsample", "a.tif", "o.tif", option, "abc"]) == 2
    said = capsys.readouterr().err
    assert f"{option}: 'abc' must be numbers separated by commas, for example" in said


def test_an_extent_changes_nothing_of_the_radiometry(run, write_raster):
    down = np.linspace(300, 40_000, 64)[None, :, None]
    source = write_raster("a.tif", (down * np.ones((3, 1, 64))).astype(np.uint16))
    dark_end = run(source, "--extent", "500000,4099990,500128,4100000")
    whole = run(source)
    tags = [gdal.Info(str(r.path), format="json")["metadata"][""] for r in (dark_end, whole)]
    assert tags[0]["SCDM_RADIOMETRY"] == "match"
    assert tags[0]["SCDM_RADIOMETRY_GAIN"] == tags[1]["SCDM_RADIOMETRY_GAIN"]
