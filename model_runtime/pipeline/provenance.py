"""Where a run's numbers come from: for the output's tags, the report and the last event."""

from dataclasses import dataclass, field
from typing import Any, Dict, List

from .. import __version__
from ..contract import FINGERPRINT_TAG
from ..diffusion import onnx_session, spread_calibration
from ..diffusion.settings import Sampling
from ..package.manifest import Manifest
from .job import Job
from .options import UpsampleOptions, deciding_options, format_numbers


@dataclass
class Facts:
    """What is known of a run beside its pixels: for tags, the report and the last event."""

    settings: Dict[str, str] = field(default_factory=dict)
    run: Dict[str, str] = field(default_factory=dict)
    warnings: List[str] = field(default_factory=list)


def facts_of(job: Job, model_sha256: str, input_fingerprint: str = "") -> Facts:
    """Collect what is known before the first tile; ``model_sha256`` of the model's manifest.

    ``input_fingerprint`` tells outputs of two pictures of one place apart; "" where it is no file.

    Returns: the facts.
    """
    how, taken = job.sampling, job.radiometry
    settings = {
        "SCDM_MODEL": job.model.name,
        "SCDM_MODEL_VERSION": job.model.version,
        "SCDM_MODEL_LICENCE": job.model.licence,
        "SCDM_MODEL_SHA256": model_sha256,
        "SCDM_SEED": str(how.seed),
        "SCDM_SAMPLER": how.sampler,
        "SCDM_STEPS": str(how.steps),
        "SCDM_SAMPLES": str(how.samples),
        "SCDM_SPREAD": _spread_said(job),
        "SCDM_GUIDANCE": guidance_said(how),
        "SCDM_TRUNCATION": truncation_said(job.model, how),
        "SCDM_RADIOMETRY": taken.taken,
        "SCDM_RADIOMETRY_WHY": taken.why,
        "SCDM_RADIOMETRY_CURVE": taken.curve.name if taken.curve else "none",
        "SCDM_RADIOMETRY_GAIN": format_numbers(taken.gain),
        "SCDM_RADIOMETRY_OFFSET": format_numbers(taken.offset),
        **({"SCDM_COLOUR_CORRECTION": _colours_said(how)} if how.colours else {}),
        "SCDM_INPUT_BANDS": format_numbers(job.reader.bands),
        **({FINGERPRINT_TAG: input_fingerprint} if input_fingerprint else {}),
        **({"SCDM_MASK": job.mask.polygons.description} if job.mask else {}),
        "SCDM_SOFTWARE_VERSION": __version__,
        "TIFFTAG_SOFTWARE": f"SCDM for QGIS {__version__}",
    }
    run = {"device": job.runtime.device, "providers": ", ".join(job.runtime.providers)}
    if job.runtime.device != "cpu":  # a GPU's numbers depend on it
        run["TF32"] = "on" if onnx_session.allows_tf32() else "off"
    warnings = [*job.runtime.warnings, *taken.warnings, *_band_warnings(job)]
    warnings += job.mask.warnings if job.mask else []
    return Facts(settings, run, warnings)


def guidance_said(how: Sampling) -> str:
    """Write the scales of all stages, and the timesteps that are guided where not all are.

    Returns: the text of the tag.
    """
    interval = how.guidance_interval
    where = f" at timesteps {interval[0]} to {interval[1]}" if interval else ""
    return format_numbers(how.guidance) + where


def truncation_said(model: Manifest, how: Sampling) -> str:
    """Say the bound of each stage and whose quantiles it is of, or that none is truncated.

    Returns: the words.
    """
    bounds = how.truncation or tuple(stage.pdt_lower_bound for stage in model.stages)
    if all(bound >= 1 for bound in bounds):
        return "off"
    fitted = all(stage.truncation for stage, b in zip(model.stages, bounds) if b < 1)
    return f"{format_numbers(bounds)} by {'fitted thresholds' if fitted else 'tile'}"


def _colours_said(how: Sampling) -> str:
    return "; ".join(format_numbers(row) for row in how.colours or ())


def _spread_said(job: Job) -> str:
    how = job.sampling
    said = spread_calibration.describe(job.model, how.sampler, how.steps, how.samples)
    shared = job.model.shared_error
    if how.samples > 1 and job.radiometry.is_guess and not (shared and shared.guessed):
        said += "; it does not know how far off the picture's own calibration is"
    return said


def run_facts(
    options: UpsampleOptions, job: Job, facts: Facts, inputs: Dict[str, str]
) -> Dict[str, str]:
    """Collect all that decides the outputs' content: options, model, device and ``inputs``.

    Returns: the facts, by name.
    """
    place = job.reader.georeference
    return {
        **deciding_options(options),
        "--spread": repr(bool(options.spread)),
        "--keep-stages": repr(bool(options.keep_stages)),
        "--reliability": repr(bool(options.reliability)),
        "--draws": repr(bool(options.draws)),
        "CRS": place.crs_wkt,
        "geotransform": repr(place.geotransform),
        "tiles": repr(job.layout),
        "ONNX Runtime": onnx_session.onnxruntime_version(),
        **facts.run,
        **facts.settings,
        **{f"input {path}": state for path, state in inputs.items()},
    }


def _band_warnings(job: Job) -> List[str]:
    """Warnings where the file says that its bands are not the model's, or holds odd values."""
    doubts = [job.reader.bands_doubt] if job.reader.bands_doubt else []
    doubts += job.reader.values_doubts
    if job.reader.wavelength_nm is None:
        return doubts
    return doubts + [
        f"Band {number} ({have:.0f} nm) is used as {band.name}, which the model sees at "
        f"{band.wavelength_nm:.0f} nm: colours are shifted"
        for number, have, band in zip(
            job.reader.bands, job.reader.wavelength_nm, job.model.input_bands
        )
        if abs(have - band.wavelength_nm) > band.fwhm_nm
    ]


def done_facts(options: UpsampleOptions, job: Job, facts: Facts) -> Dict[str, Any]:
    """Collect what the ``done`` event says beside output and seconds.

    Returns: plain data for JSON.
    """
    words: Dict[str, Any] = {
        "device": job.runtime.device,
        "providers": list(job.runtime.providers),
        "seed": job.sampling.seed,
        "samples": job.sampling.samples,
        "radiometry": job.radiometry.taken,
        "radiometry_why": job.radiometry.why,
        "bands": job.reader.bands_taken,
        "warnings": facts.warnings,
    }
    extra = {"spread": options.spread, "report": options.report, "stages": options.keep_stages}
    extra.update(reliability=options.reliability, draws=options.draws)
    return {**words, **{name: path for name, path in extra.items() if path}}
