"""The settings of a training run: a TOML file made into checked dataclasses; unknown keys fail."""

import dataclasses
import json
import math
import os
import sys
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from model_runtime.contract import QUALITIES, SAMPLERS
from model_runtime.errors import InputError
from model_runtime.package.manifest import NULL_CONDITIONS, PREDICTIONS, SCHEDULES

from . import band_rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Settings of data that are files and folders.
PLACES = (
    "train",
    "more_scenes",
    "validation",
    "responses",
    "libraries",
    "validation_libraries",
    "pairs",
)


@dataclass(frozen=True)
class InputBands:
    """The RGB that the model sees: Gaussian responses, or bands of the cube by 1-based number."""

    unit: str
    names: Tuple[str, ...]
    wavelength_nm: Tuple[float, ...]
    fwhm_nm: Tuple[float, ...]
    band_numbers: Tuple[int, ...] = ()


@dataclass(frozen=True)
class OutputBands:
    """The bands that the model makes: a grid, or bands of the cube by 1-based number."""

    unit: str
    wavelength_nm: Tuple[float, ...]
    fwhm_nm: Tuple[float, ...]
    band_numbers: Tuple[int, ...] = ()


@dataclass(frozen=True)
class NormalisationSettings:
    """Model value = (value - offset) / scale, for input and output alike."""

    offset: float
    scale: float


@dataclass(frozen=True)
class Data:
    """Where the scenes are and how patches are drawn from them.

    ``more_scenes``: further ones to train on, as far as they are there. ``units``: only scenes in
    these units are used. ``sensor_power``: a sensor is drawn with its
    number of pixels to this power, so that none dominates (1: by pixels, 0: all alike).
    ``turned``: patches are turned by quarters and flipped at random, cut or composed as they lie if
    not.
    ``gain_sigma`` of the logarithm of brightness, ``tilt_sigma`` of that of a smooth curve over the
    spectrum; ``mixture_share`` of patches mixed with another, ``coarser_share`` at half the
    resolution, ``finer_share`` of scenes interpolated to twice theirs, as enlarged pictures are;
    ``input_noise`` on the input bands, in their unit, at most; ``camera_share`` of patches seen
    through another camera: responses whose centres differ by ``camera_shift_nm`` from the input's,
    and, one sigma each, its ``white_balance_sigma``, ``gamma_sigma`` and ``saturation_sigma`` of
    the logarithm, ``haze_sigma`` in the input's unit, added or taken away, ``camera_level_sigma``
    of the logarithm of its exposure, and ``camera_step`` at most between two values that its 8 bits
    hold, in the input's unit. ``responses``: tables of cameras (data/responses.py).
    ``libraries``: folders of spectra, of which ``composed_share`` of the patches are made,
    ``validation_libraries`` to calibrate by; ``pasted_share`` of patches have
    another beside them, ``shade_share`` some shade. ``pairs``: folders of camera pictures of the
    scenes, from which every ``pair_every``-th step of the first stage learns, ``pair_patch``
    picture pixels per side. ``cache``: a folder in which scenes are kept as the model sees them, to
    be mapped into memory; empty: they are read anew and held in memory.
    """

    train: Tuple[str, ...]
    validation: Tuple[str, ...]
    units: Tuple[str, ...]
    patch: int
    turned: bool = True
    sensor_power: float = 0.5
    gain_sigma: float = 0.0
    tilt_sigma: float = 0.0
    mixture_share: float = 0.0
    coarser_share: float = 0.0
    finer_share: float = 0.0
    input_noise: float = 0.0
    camera_share: float = 0.0
    camera_shift_nm: float = 0.0
    white_balance_sigma: float = 0.0
    gamma_sigma: float = 0.0
    haze_sigma: float = 0.0
    saturation_sigma: float = 0.0
    camera_level_sigma: float = 0.0
    camera_step: float = 0.0
    responses: Tuple[str, ...] = ()
    libraries: Tuple[str, ...] = ()
    validation_libraries: Tuple[str, ...] = ()
    composed_share: float = 0.0
    pasted_share: float = 0.0
    shade_share: float = 0.0
    pairs: Tuple[str, ...] = ()
    pair_every: int = 0
    pair_patch: int = 40
    cache: str = ""
    more_scenes: Tuple[str, ...] = ()


@dataclass(frozen=True)
class StageSettings:
    """One stage: its bands (0-based, of the output bands), network, diffusion and condition."""

    final_bands: Tuple[int, ...]
    network: Dict[str, Any]
    prediction: str
    schedule: str
    timesteps: int
    schedule_low: float
    schedule_high: float
    guidance_scale: float
    pdt_lower_bound: float
    iterations: int
    first_timestep_share: float = 0.0
    condition_dropout: float = 0.1
    condition_noise: float = 0.0
    condition_estimated_share: float = 0.0


@dataclass(frozen=True)
class Training:
    """The optimiser's side of a run.

    ``sam_of``: the angle is between ``normalised`` values (as released) or between ``spectra``;
    ``sam_kind``: the loss is 1 - its ``cosine`` (as released) or its ``chord``, which grows with
    the angle itself and does not let a few large ones outweigh all others. ``optimiser``:
    ``adamw``, or ``muon`` for the large matrices and AdamW for the rest. ``tf32``: products in
    float32 may round their factors to 10 bits, on GPUs that do; ``compile``: torch compiles the
    network; ``activation_checkpointing``: the U-Net's features are made twice, not kept;
    ``workers``: processes that make batches ahead; ``keep_every``: averaged weights of every so
    many steps are kept, to be averaged further.
    """

    seed: int
    batch: int
    learning_rate: float
    loss: str
    sam_weight: float
    sam_of: str
    ema_decay: float
    ema_start: int
    sam_kind: str = "cosine"
    ema_every: int = 1
    optimiser: str = "adamw"
    warmup: int = 0
    decay: str = "none"
    weight_decay: float = 0.0
    gradient_clip: float = 0.0
    precision: str = "float32"
    tf32: bool = False
    compile: bool = False
    activation_checkpointing: bool = False
    workers: int = 0
    log_every: int = 50
    checkpoint_every: int = 500
    validate_every: int = 1000
    keep_every: int = 0


@dataclass(frozen=True)
class TileSettings:
    """The tile that a package proposes; see manifest.Tile."""

    multiple: int
    size: int
    overlap: int
    influence: Optional[int] = None


@dataclass(frozen=True)
class QualitySettings:
    """What one ``--quality`` means; see manifest.Quality."""

    sampler: str
    steps: int
    samples: int
    guidance_interval: Optional[Tuple[int, ...]] = None


@dataclass(frozen=True)
class Config:
    """A whole settings file; ``data_consistency``, ``colour_correction`` and
    ``null_condition`` as in the manifest.
    """

    name: str
    version: str
    licence: str
    input: InputBands
    output: OutputBands
    normalisation: NormalisationSettings
    data: Data
    stages: Tuple[StageSettings, ...]
    training: Training
    tile: TileSettings
    qualities: Dict[str, QualitySettings] = field(default_factory=dict)
    data_consistency: bool = False
    colour_correction: bool = False
    null_condition: str = NULL_CONDITIONS[0]


def load(
    path: Path,
    overrides: Sequence[str] = (),
    complete: Callable[[Dict[str, Any]], None] = lambda tables: None,
) -> Config:
    """The settings in ``path`` with ``key.of.table=value`` overrides (values in TOML).

    ``complete`` adds to the decoded tables what a file of its kind may leave out. Raises InputError
    naming the first key that is unknown, missing or of the wrong kind.
    """
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", "check the path") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not TOML ({error})", "mend the line that it names") from error
    _place_beside(Path(path), tables)
    for override in overrides:
        _override(tables, override)
    complete(tables)
    return check(_expand(tables))


def _place_beside(path: Path, tables: Dict[str, Any]) -> None:
    """Relative places of data are seen from the settings file; those of --set from where one is."""
    data = tables.get("data")
    for name in PLACES if isinstance(data, dict) else ():
        places = data.get(name)
        if isinstance(places, list) and all(isinstance(place, str) for place in places):
            data[name] = [os.path.normpath(path.parent / place) for place in places]
    if isinstance(data, dict) and isinstance(data.get("cache"), str) and data["cache"]:
        data["cache"] = os.path.normpath(path.parent / data["cache"])


def overridden(config: Config, overrides: Sequence[str]) -> Config:
    """``config`` with ``key.of.table=value`` overrides, as ``load`` takes them."""
    tables = json.loads(json.dumps(dataclasses.asdict(config)))
    for override in overrides:
        _override(tables, override)
    return check(_expand(tables))


def from_json(data: Any) -> Config:
    """The settings that a run keeps, as ``dataclasses.asdict`` wrote them."""
    return check(from_table(Config, data, "config.json"))


def _override(tables: Dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator:
        raise InputError(f"--set {override} has no '='", "write --set table.key=value")
    place: Any = tables
    *path, last = key.strip().split(".")
    for name in path:
        place = _part(place, name, key)
    if isinstance(place, list):
        _part(place, last, key)
        place[int(last)] = _toml_value(text)
    elif isinstance(place, dict):
        place[last] = _toml_value(text)
    else:
        raise InputError(f"--set {key}: '{path[-1]}' is not a table", "see the settings file")


def _part(place: Any, name: str, key: str) -> Any:
    """The entry of a table by its key, of a list by its number from 0."""
    try:
        return place[int(name)] if isinstance(place, list) else place[name]
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise InputError(f"--set {key}: there is no '{name}'", "see the settings file") from error


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _expand(tables: Dict[str, Any]) -> Config:
    """Short forms made long: an even grid of wavelengths, every n-th band."""
    output, stages = tables.get("output"), tables.get("stages")
    if isinstance(output, dict) and "grid_nm" in output:
        _one_form(output, "grid_nm", "wavelength_nm", "output")
        output.update(_grid(output.pop("grid_nm")))
    for stage in stages if isinstance(stages, list) else ():
        if isinstance(stage, dict) and "every" in stage:
            _one_form(stage, "every", "final_bands", "a stage")
            stage["final_bands"] = _every(stage.pop("every"), output)
    return from_table(Config, tables, "the settings file")


def _one_form(table: Dict[str, Any], short: str, long: str, where: str) -> None:
    if long in table:
        raise InputError(f"{where} has {short} and {long}", f"give one, or --set {short}")


def _grid(grid_nm: Any) -> Dict[str, Any]:
    """First and last wavelength and number of bands, made into wavelengths and widths."""
    try:
        first, last, count = grid_nm
        step = (last - first) / (count - 1)
        wavelength_nm = [first + step * i for i in range(count)]
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise InputError(
            f"output.grid_nm is {grid_nm!r}", "write [first, last, bands], 2 bands or more"
        ) from error
    return {"wavelength_nm": wavelength_nm, "fwhm_nm": [step] * count}


def _every(every: Any, output: Any) -> Any:
    if type(every) is not int or every < 1:
        raise InputError(f"a stage's every is {every!r}", "give a whole number from 1")
    wavelengths = output.get("wavelength_nm") if isinstance(output, dict) else None
    return list(range(0, len(wavelengths), every)) if isinstance(wavelengths, list) else []


def from_table(kind: type, table: Any, where: str) -> Any:
    """``table`` as the dataclass ``kind``; raises InputError for a key or value it cannot hold."""
    if not isinstance(table, dict):
        raise InputError(f"{where} is {table!r}", "write a table")
    fields = {f.name: f for f in dataclasses.fields(kind)}
    for key in table:
        if key not in fields:
            raise InputError(f"{where} has the unknown key '{key}'", f"use {', '.join(fields)}")
    for name, f in fields.items():
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if required and name not in table:
            raise InputError(f"{where} lacks '{name}'", "add it")
    types = typing.get_type_hints(kind)
    return kind(**{k: _value(types[k], v, f"{where}: {k}") for k, v in table.items()})


def _value(kind: Any, value: Any, where: str) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return from_table(kind, value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(inner[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {k: _value(inner[1], v, f"{where}.{k}") for k, v in value.items()}
    if origin is typing.Union:
        return None if value is None else _value(inner[0], value, where)
    if kind is Any:
        return value
    if kind is float:
        if type(value) in (int, float) and math.isfinite(value):
            return float(value)
    elif origin is None and type(value) is kind:
        return value
    raise InputError(f"{where} is {value!r}", f"give {getattr(kind, '__name__', kind)}")


# Least and most of the numbers that no later check looks at.
_ANY = float("inf")
_DATA_RANGES = {
    "patch": (1, _ANY),
    "sensor_power": (0, 1),
    "gain_sigma": (0, _ANY),
    "tilt_sigma": (0, _ANY),
    "mixture_share": (0, 1),
    "coarser_share": (0, 1),
    "finer_share": (0, 1),
    "input_noise": (0, _ANY),
    "camera_share": (0, 1),
    "camera_shift_nm": (0, _ANY),
    "white_balance_sigma": (0, _ANY),
    "gamma_sigma": (0, _ANY),
    "haze_sigma": (0, _ANY),
    "saturation_sigma": (0, _ANY),
    "camera_level_sigma": (0, _ANY),
    "camera_step": (0, _ANY),
    "composed_share": (0, 1),
    "pasted_share": (0, 1),
    "shade_share": (0, 1),
    "pair_every": (0, _ANY),
    "pair_patch": (1, _ANY),
}
_TRAINING_RANGES = {
    **dict.fromkeys(("batch", "ema_every", "log_every"), (1, _ANY)),
    **dict.fromkeys(("checkpoint_every", "validate_every"), (1, _ANY)),
    **dict.fromkeys(("seed", "learning_rate", "sam_weight", "ema_start"), (0, _ANY)),
    **dict.fromkeys(
        ("warmup", "weight_decay", "gradient_clip", "workers", "keep_every"), (0, _ANY)
    ),
    "ema_decay": (0, 1),
}
_STAGE_RANGES = {
    "timesteps": (1, _ANY),
    "iterations": (1, _ANY),
    "first_timestep_share": (0, 1),
    "condition_dropout": (0, 1),
    "condition_noise": (0, _ANY),
    "condition_estimated_share": (0, 1),
}


def _ranges(settings: Any, ranges: Dict[str, Tuple[float, float]], where: str):
    for name, (least, most) in ranges.items():
        value = getattr(settings, name)
        bounds = f"at least {least}" if most == _ANY else f"from {least} to {most}"
        yield least <= value <= most, f"{where}: {name} is {value}, it must be {bounds}"


def _sizes(bands: Any, where: str, count: int):
    for name in ("wavelength_nm", "fwhm_nm"):
        found = len(getattr(bands, name))
        yield found == count, f"{where}.{name} has {found} numbers for {count} bands"


def check(config: Config) -> Config:
    """``config`` itself; raises InputError for values that do not go together."""
    bands = len(config.output.wavelength_nm)
    rules = [
        (bool(config.stages), "stages: at least one is needed"),
        (
            bool(config.stages) and config.stages[-1].final_bands == tuple(range(bands)),
            f"stages: the last must make all {bands} bands",
        ),
        (
            len(config.input.band_numbers) in (0, len(config.input.names)),
            "input.band_numbers must be one a name, or absent",
        ),
        (
            len(config.output.band_numbers) in (0, bands),
            f"output.band_numbers must be {bands}, one a wavelength, or absent",
        ),
        (
            min(config.input.band_numbers + config.output.band_numbers, default=1) >= 1,
            "band_numbers are counted from 1",
        ),
        (config.training.loss in ("l1", "l2"), "training.loss must be l1 or l2"),
        (
            config.training.sam_of in ("normalised", "spectra"),
            "training.sam_of must be normalised or spectra",
        ),
        (
            config.training.sam_kind in ("cosine", "chord"),
            "training.sam_kind must be cosine or chord",
        ),
        (
            config.training.optimiser in ("adamw", "muon"),
            "training.optimiser must be adamw or muon",
        ),
        (config.training.decay in ("none", "cosine"), "training.decay must be none or cosine"),
        (
            config.training.precision in ("float32", "bfloat16"),
            "training.precision must be float32 or bfloat16",
        ),
        (config.null_condition in NULL_CONDITIONS, f"null_condition is one of {NULL_CONDITIONS}"),
        (config.tile.multiple >= 1, "tile.multiple must be at least 1"),
        (
            config.data.patch % max(config.tile.multiple, 1) == 0,
            "data.patch must divide by tile.multiple",
        ),
        (
            not (config.data.camera_share and config.input.band_numbers),
            "data.camera_share needs responses: input.band_numbers has none to shift",
        ),
        (set(config.qualities) <= set(QUALITIES), f"qualities are {', '.join(QUALITIES)}"),
        *_sizes(config.input, "input", len(config.input.names)),
        *_sizes(config.output, "output", bands),
        *band_rules.rules(config.input, "input", config.input.names),
        *band_rules.rules(config.output, "output"),
        *_ranges(config.data, _DATA_RANGES, "data"),
        *_ranges(config.training, _TRAINING_RANGES, "training"),
    ]
    for stage in config.stages:
        rules += [
            (stage.prediction in PREDICTIONS, f"prediction must be one of {PREDICTIONS}"),
            (stage.schedule in SCHEDULES, f"schedule must be one of {SCHEDULES}"),
            (all(0 <= b < bands for b in stage.final_bands), f"final_bands lie in 0..{bands - 1}"),
            ("kind" in stage.network, "a stage's network needs its kind"),
            *_ranges(stage, _STAGE_RANGES, "a stage"),
        ]
    rules += [
        (quality.sampler in SAMPLERS, f"a quality's sampler must be one of {SAMPLERS}")
        for quality in config.qualities.values()
    ]
    for kept, rule in rules:
        if not kept:
            raise InputError(rule, "change the settings file")
    return config
