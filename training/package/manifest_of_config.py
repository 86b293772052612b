"""What a run's settings say of the model package made from it."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Dict, Optional

from model_runtime.diffusion import schedule
from model_runtime.errors import InputError, PackageError
from model_runtime.package import manifest

from ..config import Config
from ..networks.registry import condition_bands, pixelwise

# The few-step ones are guided at the middle three fifths of the timesteps
# (docs/measurements/samplers.md).
DEFAULT_QUALITIES = {
    "fast": manifest.Quality("dpm-solver++", 5, 1, (200, 799)),
    "balanced": manifest.Quality("dpm-solver++", 10, 1, (200, 799)),
    "best": manifest.Quality("dpm-solver++", 50, 1),
}
DEFAULT_TIMESTEPS = 1000  # that these are of


def released_qualities(config: Config) -> Dict[str, manifest.Quality]:
    """The default qualities, of which ``best`` is exactly what the released code does."""
    whole_chain = manifest.Quality("ddpm", _fewest_timesteps(config), 1)
    return {**_default_qualities(config), "best": whole_chain}


def _default_qualities(config: Config) -> Dict[str, manifest.Quality]:
    fewest = _fewest_timesteps(config)
    return {name: _fit_to_schedule(quality, fewest) for name, quality in DEFAULT_QUALITIES.items()}


def _fewest_timesteps(config: Config) -> int:
    return min(stage.timesteps for stage in config.stages)


def identity(
    config: Config,
    domain: Optional[manifest.Domain] = None,
    default: Optional[Dict[str, manifest.Quality]] = None,
) -> Dict[str, Any]:
    """The manifest's entries other than stages and card.

    ``default``: the qualities of which the settings say nothing (DEFAULT_QUALITIES).
    """
    names = zip(config.input.names, config.input.wavelength_nm, config.input.fwhm_nm)
    chosen = {name: manifest.Quality(**asdict(q)) for name, q in config.qualities.items()}
    default = _default_qualities(config) if default is None else default
    inputs, outputs = len(config.input.names), len(config.output.wavelength_nm)
    offset, scale = config.normalisation.offset, config.normalisation.scale
    return {
        "name": config.name,
        "version": config.version,
        "licence": config.licence,
        "input_unit": config.input.unit,
        "input_bands": tuple(manifest.InputBand(*band) for band in names),
        "output_unit": config.output.unit,
        "wavelength_nm": config.output.wavelength_nm,
        "fwhm_nm": config.output.fwhm_nm,
        "normalisation": manifest.Normalisation(
            (offset,) * inputs, (scale,) * inputs, (offset,) * outputs, (scale,) * outputs
        ),
        "tile": manifest.Tile(**asdict(config.tile)),
        "qualities": {**default, **chosen},
        "domain": domain,
        "data_consistency": config.data_consistency,
        "colour_correction": config.colour_correction,
        "pixelwise": pixelwise(config),
        "null_condition": config.null_condition,
    }


def _fit_to_schedule(quality: manifest.Quality, timesteps: int) -> manifest.Quality:
    """A default quality for a schedule of ``timesteps``."""
    interval = quality.guidance_interval
    if interval is not None:
        interval = tuple(t * timesteps // DEFAULT_TIMESTEPS for t in interval)
    return replace(quality, steps=min(quality.steps, timesteps), guidance_interval=interval)


def stage_entry(
    config: Config,
    stage: int,
    denoiser: manifest.ModelFile,
    condition_encoder: Optional[manifest.ModelFile] = None,
) -> manifest.Stage:
    """The manifest's entry of stage ``stage`` (from 0) with its files."""
    settings = config.stages[stage]
    kind = settings.schedule, settings.timesteps, settings.schedule_low, settings.schedule_high
    return manifest.Stage(
        denoiser=denoiser,
        condition_encoder=condition_encoder,
        condition_bands=condition_bands(config, stage),
        output_bands=len(settings.final_bands),
        final_bands=settings.final_bands,
        prediction=settings.prediction,
        schedule=manifest.Schedule(*kind, schedule.digest(schedule.betas(*kind))),
        guidance_scale=settings.guidance_scale,
        pdt_lower_bound=settings.pdt_lower_bound,
    )


def check(config: Config) -> None:
    """Raises InputError for settings of which no package can be made: known before training."""
    file = manifest.ModelFile("none.onnx", "0" * 64)
    try:
        stages = tuple(stage_entry(config, i, file) for i in range(len(config.stages)))
        whole = manifest.Manifest(**identity(config), card="none", stages=stages)
        for stage in manifest.parse(asdict(whole)).stages:
            schedule.of_manifest(stage.schedule)
    except PackageError as error:
        message = error.message.replace(f"{manifest.MANIFEST_NAME}.", "the package's ")
        raise InputError(message, "change the settings file") from error


def write_domain(run: Path, domain: manifest.Domain) -> None:
    """Keep the training domain with a run, for its export."""
    (Path(run) / "domain.json").write_text(json.dumps(asdict(domain)), encoding="utf-8")


def copy_domain(run: Path, other: Path) -> None:
    """Keep with the run ``other`` the training domain that ``run`` has, if it has one."""
    domain = read_domain(run)
    if domain is not None:
        write_domain(other, domain)


def read_domain(run: Path) -> Optional[manifest.Domain]:
    """The training domain kept with a run, None where it was not kept."""
    path = Path(run) / "domain.json"
    if not path.is_file():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    return manifest.Domain(tuple(data["levels"]), tuple(map(tuple, data["values"])))
