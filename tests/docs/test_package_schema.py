"""docs/model.schema.json and the runtime's manifest accept and refuse the same packages."""

import copy
import dataclasses
import json
from pathlib import Path

import pytest

from model_runtime import contract
from model_runtime.diffusion import samplers
from model_runtime.errors import PackageError
from model_runtime.package import embedded, manifest

jsonschema = pytest.importorskip("jsonschema")

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "model.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
RECORDS = {
    (): manifest.Manifest,
    ("input_bands",): manifest.InputBand,
    ("normalisation",): manifest.Normalisation,
    ("tile",): manifest.Tile,
    ("domain",): manifest.Domain,
    ("shared_noise",): manifest.SharedNoise,
    ("shared_error",): manifest.SharedError,
    ("metamers",): manifest.Metamers,
    ("calibrations",): manifest.Calibration,
    ("sample_graphs",): manifest.SampleGraph,
    ("stages",): manifest.Stage,
    ("stages", "schedule"): manifest.Schedule,
    ("stages", "truncation"): manifest.TruncationThresholds,
    ("stages", "denoiser"): manifest.ModelFile,
    ("qualities", "fast"): manifest.Quality,
}

FILE = {"file": "a.onnx", "sha256": "0" * 64}
METAMERS = {
    "levels": [0.1, 1.0],
    "ratios": [[0.5, 2.0], [0.5, 2.0]],
    "bands": [0, 7],
    "deviation": [[0.5] * 8] * 2,
}

BROKEN = [
    ("name", ""),
    ("name", "n" * 201),
    ("name", "two\nlines"),
    ("name", "ends in a line\n"),
    ("version", 1),
    ("licence", None),
    ("format_version", 2),
    ("format_version", True),
    ("card", "../card.md"),
    ("card", ".card.md"),
    ("input_bands", []),
    ("input_bands", {}),
    ("input_bands.1.fwhm_nm", 0),
    ("input_bands.2.wavelength_nm", "465"),
    ("wavelength_nm", []),
    ("wavelength_nm.0", 0.4),
    ("fwhm_nm.0", -1),
    ("normalisation.input_scale.0", 0),
    ("normalisation.output_scale.7", -1),
    ("normalisation.output_offset.1", 10**400),
    ("stages", []),
    ("stages.0", None),
    ("stages.0.denoiser.file", "a/b.onnx"),
    ("stages.0.denoiser.file", "a.onnx\n"),
    ("stages.0.denoiser.sha256", "0" * 63),
    ("stages.0.denoiser.sha256", "G" * 64),
    ("stages.0.condition_encoder", "a.onnx"),
    ("stages.0.final_bands", [4, 4]),
    ("stages.0.prediction", "score"),
    ("stages.0.schedule.kind", "sigmoid"),
    ("stages.0.schedule.steps", 0),
    ("stages.0.schedule.steps", 10**9),
    ("stages.0.schedule.low", 1.5),
    ("stages.1.guidance_scale", -1),
    ("stages.1.guidance_scale", True),
    ("stages.1.pdt_lower_bound", 1.5),
    ("stages.1.truncation", []),
    ("stages.1.truncation", {"timesteps": [1], "levels": [0.9, 1.0]}),
    ("stages.1.truncation", {"timesteps": [], "levels": [0.9, 1.0], "thresholds": []}),
    ("stages.1.truncation", {"timesteps": [-1], "levels": [0, 1], "thresholds": [[1, 2]]}),
    ("stages.1.truncation", {"timesteps": [1], "levels": [0.9], "thresholds": [[1]]}),
    ("stages.1.truncation", {"timesteps": [1], "levels": [0.9, 2], "thresholds": [[1, 2]]}),
    ("stages.1.truncation", {"timesteps": [1], "levels": [0, 1], "thresholds": [[-1, 2]]}),
    ("stages.1.truncation", {"timesteps": [1], "levels": [0, 1], "thresholds": [[1, 1e9]]}),
    ("tile.multiple", 0),
    ("tile.size", 4),
    ("tile.influence", -1),
    ("qualities.best.sampler", "euler"),
    ("qualities.fast.samples", 0),
    ("qualities.fast.guidance_interval", [3]),
    ("domain", 0),
    ("domain.levels.0", -0.1),
    ("data_consistency", "yes"),
    ("colour_correction", "yes"),
    ("pixelwise", 1),
    ("null_condition", "grey"),
    ("null_condition", None),
    ("shared_noise", {"share": 0.5}),
    ("shared_noise", {"share": 1.5, "cell": 8}),
    ("shared_noise", {"share": 0.5, "cell": 1}),
    ("shared_error", {"known": []}),
    ("shared_error", {"known": [], "guessed": [[3.0] * 8]}),
    ("shared_error", {"known": [[0.1] * 8] * 9, "guessed": []}),
    ("sample_graphs", [{"sampler": "ddim", "steps": 1, "graph": FILE, "stages_sha256": "0"}]),
    ("sample_graphs", [{"sampler": "ddim", "steps": 0, "graph": FILE, "stages_sha256": "0" * 64}]),
    ("shared_error", {"known": [], "guessed": [], "of_spread": [[3.0] * 8]}),
    ("metamers", {"levels": [0.1, 1]}),
    ("metamers", {**METAMERS, "levels": [0.1]}),
    ("metamers", {**METAMERS, "levels": [0, 1]}),
    ("metamers", {**METAMERS, "bands": [-1, 7]}),
    ("metamers", {**METAMERS, "deviation": [[-1.0] * 8] * 2}),
    ("metamers", {**METAMERS, "middle": [[-1.0] * 8] * 2}),
    ("calibrations", [{"sampler": "ddim", "steps": 1, "samples": 1, "factor": [], "relative": []}]),
]
# Rules between entries: docs/model-package.md lists them, a schema cannot say them.
BETWEEN_ENTRIES = [
    ("shared_noise", {"share": 0.5, "cell": 8}),
    ("sample_graphs", [{"sampler": "ddim", "steps": 1, "graph": FILE, "stages_sha256": "0" * 64}]),
    ("shared_error", {"known": [], "guessed": [[0.1] * 7]}),
    ("shared_error", {"known": [], "guessed": [], "of_spread": [[0.8] * 8, [0.8] * 8]}),
    ("metamers", {**METAMERS, "levels": [1, 0.1]}),
    ("metamers", {**METAMERS, "levels": [0.1, 0.2, 1]}),
    ("metamers", {**METAMERS, "ratios": [[0.5, 2]]}),
    ("metamers", {**METAMERS, "bands": [7, 0]}),
    ("metamers", {**METAMERS, "bands": [0, 8]}),
    ("metamers", {**METAMERS, "deviation": [[0.1] * 7] * 2}),
    ("metamers", {**METAMERS, "middle": [[0.1] * 8]}),
    ("metamers", {**METAMERS, "middle": [[0.1] * 7] * 2}),
    ("wavelength_nm.3", 400.0),
    ("fwhm_nm", [80.0] * 7),
    ("normalisation.output_offset", [0.3]),
    ("stages.0.condition_bands", 4),
    ("stages.1.condition_bands", 3),
    ("stages.0.output_bands", 9),
    ("stages.0.final_bands", [0, 8]),
    ("stages.1.final_bands", [1, 0, 2, 3, 4, 5, 6, 7]),
    ("stages.1.truncation", {"timesteps": [50], "levels": [0, 1], "thresholds": [[1, 2]]}),
    ("stages.1.truncation", {"timesteps": [3, 3], "levels": [0, 1], "thresholds": [[1, 2]] * 2}),
    ("stages.1.truncation", {"timesteps": [3], "levels": [1, 0], "thresholds": [[1, 2]]}),
    ("stages.1.truncation", {"timesteps": [3], "levels": [0, 1], "thresholds": [[1, 2]] * 2}),
    ("stages.1.truncation", {"timesteps": [3], "levels": [0, 1], "thresholds": [[1, 2, 3]]}),
    ("stages.1.truncation", {"timesteps": [3], "levels": [0, 1], "thresholds": [[2, 1]]}),
    ("tile.size", 33),
    ("tile.overlap", 24),
    ("tile.influence", 9),
    ("qualities.best.steps", 51),
    ("qualities.fast.guidance_interval", [5, 4]),
    ("domain.levels", [0.0, 0.5, 0.5, 0.9, 1.0]),
]


@pytest.fixture
def data(tiny_package):
    """The decoded ``model.json`` of a valid package."""
    return json.loads((tiny_package / "model.json").read_text())


def changed(data, path, value):
    """A copy of ``data`` with the entry at dotted ``path`` set to ``value``."""
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = result = copy.deepcopy(data)
    for step in steps:
        place = place[step]
    place[last] = value
    return result


def test_the_schema_itself_is_valid():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_embedded_package_passes_both():
    data = json.loads((embedded.EMBEDDED / "model.json").read_text(encoding="utf-8"))
    VALIDATOR.validate(data)
    assert manifest.parse(data).name == data["name"]


def test_a_small_package_passes_both_with_and_without_its_optional_entries(data):
    optional = {"null_condition", "domain", "data_consistency", "pixelwise", "calibrations"}
    optional.add("colour_correction")
    few = {key: value for key, value in data.items() if key not in optional}
    with_middle = {**METAMERS, "middle": METAMERS["deviation"]}
    for given in (
        data,
        few,
        *(
            {**data, "metamers": each}
            for each in (METAMERS, with_middle, {**METAMERS, "middle": []})
        ),
    ):
        VALIDATOR.validate(given)
        manifest.parse(given)


@pytest.mark.parametrize("path, value", BROKEN, ids=[f"{b[0]}={b[1]!r:.12}" for b in BROKEN])
def test_a_broken_entry_fails_both(data, path, value):
    broken = changed(data, path, value)
    assert not VALIDATOR.is_valid(broken)
    with pytest.raises(PackageError):
        manifest.parse(broken)


@pytest.mark.parametrize("key", SCHEMA["required"])
def test_a_missing_entry_fails_both(data, key):
    del data[key]
    assert not VALIDATOR.is_valid(data)
    with pytest.raises(PackageError):
        manifest.parse(data)


@pytest.mark.parametrize("path, value", BETWEEN_ENTRIES)
def test_rules_between_entries_are_the_manifests_alone(data, path, value):
    broken = changed(data, path, value)
    assert VALIDATOR.is_valid(broken)
    with pytest.raises(PackageError):
        manifest.parse(broken)


@pytest.mark.parametrize("place, record", RECORDS.items(), ids=lambda item: str(item))
def test_the_schema_lists_the_entries_that_the_manifest_has(place, record):
    node = SCHEMA
    for name in place:
        node = resolved(node["properties"][name])
    assert set(node["properties"]) == {field.name for field in dataclasses.fields(record)}


def test_the_schema_knows_the_words_that_the_runtime_knows():
    words = SCHEMA["$defs"]
    assert tuple(words["sampler"]["enum"]) == contract.SAMPLERS
    assert tuple(SCHEMA["properties"]["qualities"]["required"]) == contract.QUALITIES
    stage = words["stage"]["properties"]
    assert tuple(stage["prediction"]["enum"]) == manifest.PREDICTIONS
    assert tuple(stage["schedule"]["properties"]["kind"]["enum"]) == manifest.SCHEDULES


def test_every_sampler_that_a_package_may_name_is_there():
    assert tuple(samplers.SAMPLER_FUNCTIONS) == contract.SAMPLERS


def resolved(node):
    """The object schema that ``node`` is, refers to, or has as its items."""
    if "items" in node:
        node = node["items"]
    if "$ref" in node:
        node = SCHEMA["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node
