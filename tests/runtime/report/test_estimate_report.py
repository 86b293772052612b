"""The report: complete, self-contained, escaped, written whole or not at all."""

import base64
import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from model_runtime import contract
from model_runtime.errors import StorageError
from model_runtime.package import manifest
from model_runtime.report import estimate_report, html_page

NM = tuple(np.linspace(400, 1000, 12).tolist())
FILE = manifest.ModelFile("a.onnx", "ab" * 32)
SCHEDULE = manifest.Schedule("linear", 1000, 1e-4, 0.02, "0" * 64)
MODEL = manifest.Manifest(
    name="tiny",
    version="1",
    licence="CC-BY-4.0",
    card="MODEL_CARD.md",
    input_unit="reflectance",
    input_bands=(
        manifest.InputBand("red", 640, 82),
        manifest.InputBand("green", 550, 82),
        manifest.InputBand("blue", 465, 70),
    ),
    output_unit="reflectance",
    wavelength_nm=NM,
    fwhm_nm=(50.0,) * 12,
    normalisation=manifest.Normalisation((0.0,) * 3, (1.0,) * 3, (0.0,) * 12, (1.0,) * 12),
    stages=(manifest.Stage(FILE, None, 3, 12, tuple(range(12)), "v", SCHEDULE, 1.0, 0.96),),
    tile=manifest.Tile(8, 64, 8, None),
    qualities={name: manifest.Quality("ddim", 5, 1) for name in contract.QUALITIES},
)


def encode(picture):
    assert picture.dtype == np.uint8 and picture.shape[0] in (3, 4)
    return b"png of " + str(picture.shape).encode()


def result(**changes):
    rng = np.random.default_rng(0)
    values = {
        "input_name": "ortho.tif",
        "rgb": rng.uniform(0.1, 0.5, (3, 9, 14)).astype(np.float32),
        "cube": rng.uniform(0.1, 0.5, (12, 9, 14)).astype(np.float32),
        "model": MODEL,
    }
    return estimate_report.Result(**{**values, **changes})


class _Balance(HTMLParser):
    """Fails on tags that are not closed in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_fetches_nothing():
    html = estimate_report.html(result(), encode)
    parser = _Balance()
    parser.feed(html)
    assert parser.open == []
    sources = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert sources and all(source.startswith("data:image/") for source in sources)
    assert "url(" not in html and "<script" not in html and "@import" not in html


@pytest.mark.parametrize(
    "changes",
    [
        {"input_name": "<script>x</script>"},
        {"warnings": ["<script>x</script>"]},
        {"settings": {"<script>x</script>": "<script>x</script>"}},
        {"run": {"Device": "<script>x</script>"}},
        {"card": "</pre><script>x</script>"},
    ],
)
def test_values_are_escaped(changes):
    html = estimate_report.html(result(**changes), encode)
    assert "<script" not in html and "&lt;script&gt;x&lt;/script&gt;" in html


def test_the_card_is_rendered():
    html = estimate_report.html(result(card="# tiny\n\n**Not** for [maps](https://a.b)."), encode)
    assert '<h3>tiny</h3>\n<p><strong>Not</strong> for <a href="https://a.b">maps</a>.</p>' in html


def test_a_narrow_page_gets_charts_with_words_of_the_same_size():
    html = estimate_report.html(result(), encode)
    narrow = re.findall(r'<source media="\(max-width: 45rem\)" srcset="[^,]*,([^"]*)"/>', html)
    charts = [base64.b64decode(data).decode() for data in narrow]
    assert charts and all('viewBox="0 0 360 ' in chart for chart in charts)
    assert all('font-size="13"' in chart for chart in charts)


def test_pictures_can_be_enlarged():
    html = estimate_report.html(result(), encode)
    labels = re.findall(r'<label class="enlarge"><input type="checkbox" aria-label="([^"]*)"', html)
    assert {"Enlarge: Input", "Enlarge: Spectral classes"} <= set(labels)
    assert ".enlarge input:checked + img { position: fixed" in html


@pytest.mark.parametrize("consistent", [True, False])
def test_agreement_by_construction_is_told_as_that(consistent):
    model = dataclasses.replace(MODEL, data_consistency=consistent)
    html = estimate_report.html(result(model=model), encode)
    assert ("by construction" in html) == consistent


@pytest.mark.parametrize("consistent", [True, False])
def test_a_colour_correction_is_not_told_as_a_fault(consistent):
    """It moves red, green and blue on purpose, so their bias is no contradiction."""
    model = dataclasses.replace(MODEL, data_consistency=consistent)
    settings = {"SCDM_COLOUR_CORRECTION": "0.8,0.1; 0.1,0.8"}
    html = estimate_report.html(result(model=model, settings=settings), encode)
    assert "is part of the errors here" in html and "by construction" not in html
    assert "after the colour correction" in html
    assert "colour correction" not in estimate_report.html(result(), encode)


def test_one_pixel_has_no_correlation():
    one = {"rgb": np.full((3, 1, 1), 0.1), "cube": np.full((12, 1, 1), 0.1)}
    html = estimate_report.html(result(**one), encode)
    assert ">–<" in html and "nan" not in html


def test_a_tag_in_ascii_is_shown_with_its_signs():
    spread, said = np.full((12, 9, 14), 0.1, np.float32), "calibrated: estimate +- 1.645 spreads"
    html = estimate_report.html(result(spread=spread, settings={"SCDM_SPREAD": said}), encode)
    assert html.count("estimate ± 1.645 spreads") == 2 and "+-" not in html


def test_what_the_run_says_is_shown():
    html = estimate_report.html(
        result(
            warnings=["blue is odd"],
            settings={"Sampler": "ddim"},
            run={"Device": "cpu", "Time": "3 s"},
            card="trained on scenes",
        ),
        encode,
    )
    for words in ("blue is odd", "ddim", "cpu", "3 s", "trained on scenes", "tiny 1", "CC-BY-4.0"):
        assert words in html


def test_georeference_and_spread_add_their_figures():
    plain = estimate_report.html(result(), encode)
    ground = estimate_report.Ground(metres_across=28.0, north_degrees=30.0)
    spread = np.full((12, 9, 14), 0.02, np.float32)
    rich = estimate_report.html(result(ground=ground, spread=spread), encode)
    assert "28 m across, north is 30 degrees clockwise" in rich and "m across" not in plain
    unknown = "Neither the spread nor the reliability was asked for"
    assert unknown in plain and unknown not in rich


def test_spread_and_reliability_are_maps():
    spread = np.full((12, 9, 14), 0.02, np.float32)
    known = np.linspace(0, 100, 9 * 14, dtype=np.float32).reshape(1, 9, 14)
    html = estimate_report.html(result(spread=spread, reliability=known), encode)
    assert "Spread: root mean square over the bands (reflectance), colours up to 0.02" in html
    assert "Reliability: 100 where nothing speaks against the estimate" in html
    assert "colours up to 100<" in html
    masked = np.full((1, 9, 14), np.nan, np.float32)
    assert "Reliability: 100" not in estimate_report.html(result(reliability=masked), encode)


def test_a_model_that_takes_blue_first_shows_its_input_in_the_same_colours():
    shown = []

    def keep(picture):
        shown.append(picture)
        return encode(picture)

    blue_first = dataclasses.replace(MODEL, input_bands=MODEL.input_bands[::-1])
    estimate_report.html(result(), keep)
    one, shown[:] = shown[0], []
    estimate_report.html(result(model=blue_first, rgb=result().rgb[::-1]), keep)
    np.testing.assert_array_equal(shown[0], one)


def test_an_estimate_that_contradicts_its_input_shows_it():
    flat = np.full((12, 9, 14), 0.3, np.float32)
    html = estimate_report.html(result(cube=flat, rgb=np.full((3, 9, 14), 0.2, np.float32)), encode)
    assert '<td class="number" align="right">0.1000</td>' in html and "+0.1000" in html


def test_each_band_has_its_map_in_the_same_colours():
    shown, agreeing = [], result()
    off = agreeing.rgb.copy()
    off[1, 2:5, 3:9] += 0.2

    def keep(picture):
        shown.append(picture)
        return encode(picture)

    html = estimate_report.html(dataclasses.replace(agreeing, rgb=off), keep)
    names = re.findall(r"<figcaption>(?:<p>)?(\w+): absolute error[^<]*(colours up to [^<]+)", html)
    assert [name.lower() for name, _ in names] == [b.name for b in MODEL.input_bands]
    assert len({scale for _, scale in names}) == 1
    assert "RMSE over the input bands" in html


def test_rounding_is_not_painted_as_error():
    """An estimate 0.0002 off its picture of 0.2: 0.1 %, the dark end of the colours."""
    flat = np.full((12, 9, 14), 0.2002, np.float32)
    picture = result(cube=flat, rgb=np.full((3, 9, 14), 0.2, np.float32))
    assert "absolute error (reflectance), colours up to 0.002" in estimate_report.html(
        picture, encode
    )


def test_a_wholly_masked_picture_still_gives_a_page():
    nothing = np.full((12, 9, 14), np.nan, np.float32)
    assert "No pixel holds a spectrum" in estimate_report.html(result(cube=nothing), encode)


def test_a_page_that_cannot_be_written_leaves_nothing(tmp_path):
    target = tmp_path / "report.html"
    target.mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        html_page.write(target, "x")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_write_replaces_the_old_page(tmp_path):
    target = tmp_path / "report.html"
    target.write_text("old")
    estimate_report.write(target, result(), encode)
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def with_domain():
    """MODEL with what its training colours were: 0.05 to 0.55 in each band."""
    levels, values = (0.01, 0.5, 0.99), (0.05, 0.3, 0.55)
    return dataclasses.replace(MODEL, domain=manifest.Domain(levels, (values,) * 3))


def test_pixels_unlike_the_training_are_counted_and_mapped():
    strange = result(model=with_domain()).rgb
    strange[1, :3, :7] = 0.9  # 21 of 126 pixels
    html = estimate_report.html(result(model=with_domain(), rgb=strange), encode)
    assert "16.7 % of the pixels lie outside the training scenes" in html
    assert "Distance from the training colours" in html


def test_a_picture_like_the_training_says_so_and_has_no_map():
    html = estimate_report.html(result(model=with_domain()), encode)
    assert "Every pixel lies within the training scenes" in html
    assert "Distance from the training colours" not in html
