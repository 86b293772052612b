"""What a run says of itself: tags that a reader can trust, and the facts that tell runs apart."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from model_runtime import tiling
from model_runtime.diffusion.settings import Sampling
from model_runtime.package import manifest
from model_runtime.pipeline import provenance
from model_runtime.pipeline.job import Job, RuntimeInfo
from model_runtime.pipeline.options import UpsampleOptions
from model_runtime.pipeline.outputs import Output, OutputSpec
from model_runtime.spectra.radiometry import Radiometry

OPTIONS = UpsampleOptions(input="a.tif", output="o.tif")
INPUTS = {"/data/a.tif": "120 bytes"}
GAIN = (np.float32(0.1), np.float32(1 / 3), np.float32(2.5e-5))


@pytest.fixture
def job(tiny_package):
    """A run of the tiny model over a picture of three bands that says no wavelengths."""
    reader = SimpleNamespace(
        bands=(3, 2, 1),
        bands_taken="Red = band 3",
        bands_doubt="",
        values_doubts=[],
        wavelength_nm=None,
        georeference=SimpleNamespace(crs_wkt="LOCAL", geotransform=(0, 1, 0, 0, 0, -1)),
    )
    return Job(
        reader=reader,
        model=manifest.read(tiny_package),
        layout=tiling.Layout(40, 50, tiling.Window(0, 0, 40, 50), 32, 8, 8, 8),
        radiometry=Radiometry("match", "it is a picture", GAIN, (0.0,) * 3, warnings=("guessed",)),
        sampling=Sampling("ddim", 4, 2, (2.5, 0.0), 11),
        outputs=OutputSpec((Output("o.tif", tuple(range(8)), "mean"),)),
        runtime=RuntimeInfo("cpu", ("CPUExecutionProvider",), ("old driver",)),
    )


def facts(job, options=OPTIONS, inputs=INPUTS):
    return provenance.run_facts(options, job, provenance.facts_of(job, "abc"), inputs)


def test_tags_say_what_made_the_raster(job):
    tags = provenance.facts_of(job, "abc").settings
    assert tags["SCDM_MODEL"] == "tiny" and tags["SCDM_MODEL_SHA256"] == "abc"
    assert (tags["SCDM_SAMPLER"], tags["SCDM_STEPS"], tags["SCDM_SAMPLES"]) == ("ddim", "4", "2")
    assert (tags["SCDM_SEED"], tags["SCDM_GUIDANCE"]) == ("11", "2.5,0")
    assert (tags["SCDM_RADIOMETRY"], tags["SCDM_INPUT_BANDS"]) == ("match", "3,2,1")


def test_tags_tell_pictures_of_one_place_apart(job):
    tags = provenance.facts_of(job, "abc", "0a1b").settings
    assert tags["SCDM_INPUT_FINGERPRINT"] == "0a1b"
    assert "SCDM_INPUT_FINGERPRINT" not in provenance.facts_of(job, "abc").settings


def test_the_gain_of_a_tag_is_the_gain_to_the_last_bit(job):
    text = provenance.facts_of(job, "abc").settings["SCDM_RADIOMETRY_GAIN"]
    assert tuple(np.float32(word) for word in text.split(",")) == GAIN


def test_guidance_of_some_timesteps_says_which(job):
    how = replace(job.sampling, guidance_interval=(200, 799))
    assert provenance.guidance_said(how) == "2.5,0 at timesteps 200 to 799"


def test_truncation_says_its_bounds_and_whose_quantiles(job):
    assert provenance.facts_of(job, "abc").settings["SCDM_TRUNCATION"] == "off"
    how = replace(job.sampling, truncation=(0.9, 1.0))
    assert provenance.truncation_said(job.model, how) == "0.9,1 by tile"
    fitted = manifest.TruncationThresholds((0, 49), (0.9, 1.0), ((1.0, 2.0),) * 2)
    stages = tuple(replace(stage, truncation=fitted) for stage in job.model.stages)
    model = replace(job.model, stages=stages)
    assert provenance.truncation_said(model, how) == "0.9,1 by fitted thresholds"


@pytest.mark.parametrize(("taken", "said"), [("match", True), ("reflectance", False)])
def test_the_spread_of_a_picture_does_not_claim_its_calibration(job, taken, said):
    other = replace(job, radiometry=replace(job.radiometry, taken=taken))
    tags = provenance.facts_of(other, "abc").settings
    assert ("own calibration" in tags["SCDM_SPREAD"]) is said


@pytest.mark.parametrize(
    "change",
    [
        {"options": replace(OPTIONS, seed=5)},
        {"options": replace(OPTIONS, truncation="on")},
        {"options": replace(OPTIONS, spread="s.tif")},
        {"options": replace(OPTIONS, draws="d")},
        {"options": replace(OPTIONS, dtype="float32")},
        {"inputs": {"/data/a.tif": "121 bytes"}},
        {"inputs": {"/data/b.tif": "120 bytes"}},
    ],
    ids=str,
)
def test_what_decides_a_pixel_tells_runs_apart(job, change):
    assert facts(job, **change) != facts(job)


@pytest.mark.parametrize(
    "change",
    [
        {"sampling": Sampling("ddim", 4, 2, (2.5, 0.0), 12)},
        {"sampling": Sampling("ddim", 4, 2, (2.5, 0.0), 11, truncation=(0.96, 0.96))},
        {"runtime": RuntimeInfo("cuda", ("CUDAExecutionProvider",))},
        {"layout": tiling.Layout(40, 50, tiling.Window(0, 0, 40, 40), 32, 8, 8, 8)},
        {"radiometry": Radiometry("match", "it is a picture", (0.1,) * 3, (0.0,) * 3)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_the_run_found_out_tells_runs_apart(job, change):
    assert facts(replace(job, **change)) != facts(job)


def test_rounding_on_a_gpu_tells_runs_apart_and_on_the_processor_does_not(job, monkeypatch):
    on_gpu = replace(job, runtime=RuntimeInfo("cuda", ("CUDAExecutionProvider",)))
    exact = facts(job), facts(on_gpu)
    monkeypatch.setenv("SCDM_TF32", "on")
    assert facts(job) == exact[0]
    assert facts(on_gpu) != exact[1]
    assert facts(on_gpu)["TF32"] == "on" and exact[1]["TF32"] == "off"


def test_another_model_is_another_run(job):
    other = provenance.run_facts(OPTIONS, job, provenance.facts_of(job, "abd"), INPUTS)
    assert other != facts(job)


@pytest.mark.parametrize(
    "options",
    [
        replace(OPTIONS, threads=3, memory_limit=9),
        replace(OPTIONS, overwrite=True, unfinished="keep"),
        replace(OPTIONS, output="elsewhere.tif"),
    ],
    ids=["work", "files", "name"],
)
def test_how_the_work_is_done_does_not_tell_runs_apart(job, options):
    assert facts(job, options=options) == facts(job)


def test_where_the_spread_goes_does_not_tell_runs_apart(job):
    one, other = (replace(OPTIONS, spread=path) for path in ("s.tif", "t.tif"))
    assert facts(job, options=one) == facts(job, options=other)


def test_warnings_of_device_values_and_bands_come_together(job):
    told = provenance.facts_of(job, "abc").warnings
    assert told == ["old driver", "guessed"]
    job.reader.bands_doubt = "no names"
    assert provenance.facts_of(job, "abc").warnings == [*told, "no names"]


def test_a_band_far_from_the_models_is_told_by_number_and_wavelength(job):
    job.reader.wavelength_nm = (640.0, 842.0, 500.0)  # red, near infrared, blue 35 nm away
    (told,) = provenance.facts_of(job, "abc").warnings[2:]
    assert told.startswith("Band 2 (842 nm) is used as green, which the model sees at 550 nm")


def test_the_last_event_names_only_the_files_that_were_made(job):
    found = provenance.facts_of(job, "abc")
    said = provenance.done_facts(replace(OPTIONS, spread="s.tif"), job, found)
    assert said["spread"] == "s.tif" and said["warnings"] == found.warnings
    assert {"report", "stages", "reliability", "draws"}.isdisjoint(said)
