"""The package's contract: what is written reads back, and what breaks a rule is refused by name."""

import copy
import json
import shutil
from dataclasses import replace

import pytest

from model_runtime.errors import PackageError
from model_runtime.package import manifest

HUGE = 10**400
NAN, INFINITY = float("nan"), float("inf")


@pytest.fixture
def data(tiny_package):
    """The decoded ``model.json`` of a package that is right."""
    return json.loads((tiny_package / "model.json").read_text())


@pytest.fixture
def package(tiny_package, tmp_path):
    """A copy of the tiny package that a test may damage."""
    return shutil.copytree(tiny_package, tmp_path / "package")


def changed(data, path, value):
    """A copy of ``data`` with the entry at dotted ``path`` set to ``value``."""
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = result = copy.deepcopy(data)
    for step in steps:
        place = place[step]
    place[last] = value
    return result


def refused(data, match):
    """The PackageError of ``data`` written as JSON text and read again."""
    with pytest.raises(PackageError, match=match) as caught:
        manifest.parse(json.loads(json.dumps(data)))
    return caught.value


def test_what_is_written_reads_back_the_same(tiny_package, tmp_path):
    model = manifest.read(tiny_package)
    model.write(tmp_path)
    assert manifest.read(tmp_path) == model


def test_a_guidance_interval_is_kept_and_older_packages_have_none(data):
    given = changed(data, "qualities.fast.guidance_interval", [1, 3])
    assert manifest.parse(given).qualities["fast"].guidance_interval == (1, 3)
    del given["qualities"]["fast"]["guidance_interval"]
    assert manifest.parse(given).qualities["fast"].guidance_interval is None


def test_everything_read_can_be_hashed_and_kept(tiny_package):
    model = manifest.read(tiny_package)
    assert len({model.stages, model.normalisation, model.domain, model.tile}) == 4


BROKEN = [
    ("name", "", "model.json.name"),
    ("name", 3, "model.json.name"),
    ("name", "n" * 201, "model.json.name"),
    ("name", "two\nlines", "model.json.name"),
    ("name", "\x1b[31mred", "model.json.name"),
    ("licence", None, "model.json.licence"),
    ("format_version", 2, "format_version 2, this software reads 1"),
    ("format_version", True, "model.json.format_version"),
    ("format_version", "1", "model.json.format_version"),
    ("card", "../card.md", "model.json.card"),
    ("input_bands", [], "model.json.input_bands"),
    ("input_bands", {}, "model.json.input_bands"),
    ("input_bands.1.fwhm_nm", 0, r"input_bands\[1\].fwhm_nm"),
    ("input_bands.2.wavelength_nm", "465", r"input_bands\[2\].wavelength_nm"),
    ("wavelength_nm.3", NAN, r"wavelength_nm\[3\]"),
    ("wavelength_nm.3", 400.0, "increasing"),
    ("wavelength_nm", [], "wavelength_nm"),
    ("fwhm_nm", [80.0] * 7, "fwhm_nm"),
    ("fwhm_nm.0", -INFINITY, r"fwhm_nm\[0\]"),
    ("normalisation.input_scale.0", 0, r"normalisation.input_scale\[0\]"),
    ("normalisation.output_scale.7", -1, r"normalisation.output_scale\[7\]"),
    ("normalisation.input_offset.1", INFINITY, r"normalisation.input_offset\[1\]"),
    ("normalisation.output_offset.1", HUGE, r"normalisation.output_offset\[1\]"),
    ("normalisation.output_offset", [0.3], "normalisation.output_offset"),
    ("stages", [], "model.json.stages"),
    ("stages.0", None, r"stages\[0\]"),
    ("stages.0.denoiser.sha256", "0" * 63, r"stages\[0\].denoiser.sha256"),
    ("stages.0.denoiser.sha256", "G" * 64, r"stages\[0\].denoiser.sha256"),
    ("stages.0.condition_encoder", "a.onnx", r"stages\[0\].condition_encoder"),
    ("stages.0.condition_bands", 4, r"stages\[0\].condition_bands"),
    ("stages.1.condition_bands", 3, r"stages\[1\].condition_bands"),
    ("stages.0.output_bands", 9, r"stages\[0\].output_bands"),
    ("stages.0.final_bands", [0, 8], r"stages\[0\].final_bands\[1\]"),
    ("stages.0.final_bands", [0], r"stages\[0\].final_bands"),
    ("stages.0.final_bands", [4, 4], r"stages\[0\].final_bands"),
    ("stages.1.final_bands", [1, 0, 2, 3, 4, 5, 6, 7], "last makes all 8 bands"),
    ("stages.0.prediction", "score", r"stages\[0\].prediction"),
    ("stages.0.prediction", ["x0"], r"stages\[0\].prediction"),
    ("stages.0.schedule.kind", "sigmoid", r"stages\[0\].schedule.kind"),
    ("stages.0.schedule.steps", 0, r"stages\[0\].schedule.steps"),
    ("stages.0.schedule.steps", 10**9, r"stages\[0\].schedule.steps"),
    ("stages.0.schedule.steps", 50.0, r"stages\[0\].schedule.steps"),
    ("stages.0.schedule.low", NAN, r"stages\[0\].schedule.low"),
    ("qualities.fast.guidance_interval", [5, 4], "guidance_interval.*first and the last"),
    ("qualities.fast.guidance_interval", [0, 10**6], r"guidance_interval\[1\]"),
    ("qualities.fast.guidance_interval", [3], "guidance_interval.*2 to 2 items"),
    ("stages.1.guidance_scale", -1, r"stages\[1\].guidance_scale"),
    ("stages.1.guidance_scale", True, r"stages\[1\].guidance_scale"),
    ("stages.1.pdt_lower_bound", 1.5, r"stages\[1\].pdt_lower_bound"),
    ("stages.1.pdt_lower_bound", NAN, r"stages\[1\].pdt_lower_bound"),
    ("tile.multiple", 0, "tile.multiple"),
    ("tile.size", 33, "multiples of 'multiple'"),
    ("tile.overlap", 24, "at most half of size"),
    ("tile.influence", -1, "tile.influence"),
    ("tile.influence", 9, "cut on both sides"),
    ("qualities.best.sampler", "euler", "qualities.best.sampler"),
    ("qualities.best.steps", 51, "qualities.best.steps"),
    ("qualities.fast.samples", 0, "qualities.fast.samples"),
    ("domain", 0, "model.json.domain"),
    ("domain", "", "model.json.domain"),
    ("domain.levels", [0.0, 0.5, 0.5, 0.9, 1.0], "domain.levels"),
    ("domain.levels.0", -0.1, r"domain.levels\[0\]"),
    ("domain.values.0", [0.1], r"domain.values\[0\]"),
    ("domain.values.2.1", NAN, r"domain.values\[2\]\[1\]"),
]


@pytest.mark.parametrize("path, value, match", BROKEN, ids=[f"{b[0]}={b[1]!r:.12}" for b in BROKEN])
def test_a_broken_entry_is_refused_by_name(data, path, value, match):
    error = refused(changed(data, path, value), match)
    assert error.exit_code == 3
    assert "\n" not in str(error)
    assert error.remedy


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../a.onnx", "/etc/passwd", "a/b.onnx", "a\\b.onnx", "C:a.onnx", ".hidden"]
    + ["a\0.onnx", "a b.onnx", "x" * 121, "é.onnx", "a\n.onnx", None, 7],
)
def test_a_file_name_stays_in_the_folder(data, name):
    refused(changed(data, "stages.0.denoiser.file", name), r"stages\[0\].denoiser.file")


def test_every_entry_is_needed(data):
    optional = {
        "null_condition",
        "domain",
        "data_consistency",
        "colour_correction",
        "pixelwise",
        "sample_graphs",
        "shared_noise",
        "shared_error",
        "metamers",
    }
    optional |= {"calibrations"}
    for key in set(data) - optional:
        rest = {k: v for k, v in data.items() if k != key}
        refused(rest, f"model.json has no '{key}'")


def test_a_package_may_leave_out_its_domain_and_consistency(data):
    del data["domain"], data["data_consistency"], data["pixelwise"], data["null_condition"]
    assert manifest.parse(data).null_condition == "zero"
    assert manifest.parse(data).domain is None
    assert manifest.parse(data).data_consistency is False
    assert manifest.parse(data).pixelwise is False


@pytest.mark.parametrize("value, bound", [("yes", 1.0), (1, 1.0), (True, 0.96)])
def test_a_stage_that_truncates_is_not_pixelwise(data, value, bound):
    """Without thresholds PDT's quantile is the tile's: a strip has another."""
    data["stages"][0]["pdt_lower_bound"] = bound
    refused({**data, "pixelwise": value}, "model.json.pixelwise")


def test_fitted_thresholds_let_a_pixelwise_stage_truncate(data):
    fitted = {"timesteps": [9, 49], "levels": [0.9, 1], "thresholds": [[1, 2], [2, 4.5]]}
    data["stages"][0].update(pdt_lower_bound=0.96, truncation=fitted)
    model = manifest.parse({**data, "pixelwise": True})
    assert model.stages[0].truncation.thresholds == ((1.0, 2.0), (2.0, 4.5))
    assert model.stages[1].truncation is None


@pytest.mark.parametrize("data", [None, [], "model", 3, [[]]])
def test_what_is_no_object_is_refused(data):
    refused(data, "model.json is .*an object")


def test_nan_and_infinity_of_the_text_itself_are_refused(package):
    """Python's JSON reader takes NaN, Infinity and 1e999: a number's bounds must not."""
    text = (package / "model.json").read_text()
    for word in ("NaN", "Infinity", "-Infinity", "1e999"):
        spoilt = text.replace('"guidance_scale": 0.0', f'"guidance_scale": {word}', 1)
        assert spoilt != text
        (package / "model.json").write_text(spoilt)
        with pytest.raises(PackageError, match=r"stages\[0\].guidance_scale"):
            manifest.read(package)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"format_version": ' + b"[" * 900 + b"]" * 900]
    + [b'{"format_version": 1' + b"0" * 5000 + b"}"],
    ids=["empty", "cut", "not UTF-8", "endless nesting", "nesting", "a number of 5000 digits"],
)
def test_what_is_no_json_is_refused_in_one_line(package, content):
    (package / "model.json").write_bytes(content)
    with pytest.raises(PackageError, match=r"model\.json") as caught:
        manifest.read(package)
    assert "\n" not in str(caught.value)


def test_nesting_that_json_still_reads_is_refused_without_a_crash(data):
    deep = json.loads("[" * 500 + "]" * 500)
    error = refused(changed(data, "stages.0.schedule.kind", deep), r"stages\[0\].schedule.kind")
    assert len(str(error)) < 400


def test_a_manifest_of_megabytes_is_not_read(package):
    path = package / "model.json"
    path.write_text(path.read_text() + " " * manifest.MAX_MANIFEST_BYTES)
    with pytest.raises(PackageError, match="larger than 1048576 bytes"):
        manifest.read(package)


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_without_a_model_says_what_to_do(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PackageError, match=r"choose a folder with model\.json") as caught:
        manifest.read(folder)
    assert "''" not in caught.value.message


def test_a_manifest_that_would_not_read_back_is_not_written(tiny_package, tmp_path):
    wrong = replace(manifest.read(tiny_package), wavelength_nm=(NAN,) * 8)
    with pytest.raises(PackageError, match=r"wavelength_nm\[0\]"):
        wrong.write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_is_a_link_is_refused(package, tmp_path):
    (package / "model.json").rename(tmp_path / "elsewhere.json")
    (package / "model.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(PackageError, match="is a link"):
        manifest.read(package)
