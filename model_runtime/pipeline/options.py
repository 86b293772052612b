"""The options of one run, and what they mean for a model: sampling and tiles."""

import math
from dataclasses import dataclass, field, fields
from numbers import Integral
from typing import Any, Dict, Optional, Sequence, Tuple

from .. import tiling
from ..contract import DEFAULT_QUALITY
from ..diffusion.guidance import RELEASED_BOUND, require_thresholds
from ..diffusion.settings import Sampling
from ..diffusion.spread_calibration import SPREAD_SAMPLES
from ..errors import InputError
from ..package import manifest

_CONTENT = "decides_content"
LEAST_BOUND = 0.5  # of truncation: below it half of all values would be clamped
# The least and the most of a number, whatever the raster and the model.
_RANGES = {
    "seed": (0, 2**63 - 1),
    "threads": (0, 1024),
    "steps": (1, 100_000),
    "samples": (1, 1000),
    "overlap": (0, 4096),
    "sheet": (1, 1 << 20),
    "tile": (1, 8192),
}


def _conduct(default: Any) -> Any:
    """A field that decides no pixel and no tag of the outputs."""
    return field(default=default, metadata={_CONTENT: False})


@dataclass(frozen=True)
class UpsampleOptions:
    """What is asked for, as the command line gives it; None is "as the quality or model says".

    Made once by the command, handed down whole, and sent to other processes as it is. ``bands``
    are 1-based; ``extent`` is (xmin, ymin, xmax, ymax) in the raster's reference system; ``mask``
    is a file of polygons, of which the geometries decide, not the path; ``memory_limit`` in bytes;
    ``tile``, ``overlap`` and ``sheet`` in pixels. ``input``, ``output``, ``spread``,
    ``reliability``, ``report``, ``keep_stages`` and ``draws`` are paths: of all but ``input`` that
    they are given decides the outputs' content, not where they lead.
    """

    input: str = _conduct("")
    output: str = _conduct("")
    model: Optional[str] = None
    bands: Optional[Tuple[int, ...]] = None
    extent: Optional[Tuple[float, ...]] = None
    mask: Optional[str] = _conduct(None)
    mask_layer: Optional[str] = None
    quality: str = DEFAULT_QUALITY
    sampler: Optional[str] = None
    steps: Optional[int] = None
    guidance: Optional[Tuple[float, ...]] = None
    guidance_interval: Optional[Tuple[int, ...]] = None
    truncation: Optional[str] = None
    samples: Optional[int] = None
    spread: Optional[str] = _conduct(None)
    reliability: Optional[str] = _conduct(None)
    draws: Optional[str] = _conduct(None)
    keep_stages: Optional[str] = _conduct(None)
    seed: int = 0
    radiometry: str = "auto"
    radiometry_from: Optional[str] = None
    calibration: Optional[str] = None
    device: str = "auto"
    threads: int = _conduct(0)
    tile: Optional[int] = None
    overlap: Optional[int] = None
    dtype: str = "uint16"
    format: Optional[str] = None
    overviews: bool = True
    sheet: int = 2048
    cluster: Optional[str] = _conduct(None)
    tls_ca_file: Optional[str] = _conduct(None)
    tls_cert: Optional[str] = _conduct(None)
    tls_key: Optional[str] = _conduct(None)
    report: Optional[str] = _conduct(None)
    overwrite: bool = _conduct(False)
    memory_limit: Optional[int] = _conduct(None)
    unfinished: str = _conduct("discard")
    resume: bool = _conduct(True)


def check_numbers(options: UpsampleOptions) -> None:
    """Refuse numbers that no raster or model could make right.

    Raises: InputError.
    """
    for name, (least, most) in _RANGES.items():
        value = getattr(options, name)
        if value is None and getattr(UpsampleOptions, name) is None:
            continue
        if not (isinstance(value, Integral) and least <= int(value) <= most):
            raise InputError(f"--{name} is {value}", f"give a whole number from {least} to {most}")


def needs_samples(options: UpsampleOptions) -> Tuple[str, ...]:
    """List the options given that one sample cannot serve.

    Returns: their names on the command line.
    """
    named = ("spread", "reliability", "draws")
    return tuple(f"--{name}" for name in named if getattr(options, name))


def deciding_options(options: UpsampleOptions) -> Dict[str, str]:
    """List the options that decide the outputs' content.

    Returns: their values, by their names on the command line.
    """
    return {
        "--" + item.name.replace("_", "-"): repr(getattr(options, item.name))
        for item in fields(options)
        if item.metadata.get(_CONTENT, True)
    }


def sampling_of(options: UpsampleOptions, model: manifest.Manifest) -> Sampling:
    """Take the quality's sampling, with explicit options put in its place.

    Returns: the sampling.
    Raises: InputError for values that do not go with the model.
    """
    quality = model.qualities[options.quality]
    samples = options.samples or quality.samples
    if needs_samples(options) and options.samples is None:
        samples = max(samples, SPREAD_SAMPLES)
    return Sampling(
        sampler=options.sampler or quality.sampler,
        steps=_steps(options.steps or quality.steps, model),
        samples=samples,
        guidance=_guidance(options.guidance, model),
        seed=options.seed,
        guidance_interval=_guidance_interval(options, quality, model),
        truncation=_truncation(options.truncation, model),
    )


def _truncation(given: Optional[str], model: manifest.Manifest) -> Tuple[float, ...]:
    """PDT's lower bound of each stage, 1 for none."""
    own = tuple(stage.pdt_lower_bound for stage in model.stages)
    if given is None:
        return own
    if given == "on":
        bounds = tuple(bound if bound < 1 else RELEASED_BOUND for bound in own)
    else:
        bounds = (1.0 if given == "off" else _bound(given),) * len(own)
    require_thresholds(model, bounds)
    return bounds


def _bound(text: str) -> float:
    try:
        bound = float(text)
    except ValueError:
        bound = math.nan
    if not LEAST_BOUND <= bound <= 1:
        raise InputError(
            f"--truncation is '{text}'", f"give on, off or a bound from {LEAST_BOUND:g} to 1"
        )
    return bound


def _guidance_interval(
    options: UpsampleOptions, quality: manifest.Quality, model: manifest.Manifest
) -> Optional[Tuple[int, int]]:
    """The given interval, else the quality's; that is of its own sampler and steps alone."""
    given, other_steps = options.guidance_interval, options.sampler or options.steps
    if given is None:
        return None if other_steps else quality.guidance_interval
    if not any(_guidance(options.guidance, model)):
        raise InputError(
            "--guidance-interval is given, but no stage is guided",
            "give --guidance above 0 too, or leave the interval out",
        )
    most = min(stage.schedule.steps for stage in model.stages) - 1
    if len(given) != 2 or not 0 <= given[0] <= given[1] <= most:
        raise InputError(
            f"--guidance-interval is {format_numbers(given)}",
            f"give the first and the last timestep, from 0 to {most}",
        )
    return given


def _steps(steps: int, model: manifest.Manifest) -> int:
    most = min(stage.schedule.steps for stage in model.stages)
    if steps > most:
        raise InputError(f"--steps is {steps}", f"give at most {most}, the model's timesteps")
    return steps


def _guidance(given: Optional[Tuple[float, ...]], model: manifest.Manifest) -> Tuple[float, ...]:
    stages = len(model.stages)
    if given is None:
        return tuple(stage.guidance_scale for stage in model.stages)
    if not all(math.isfinite(scale) and 0 <= scale <= 100 for scale in given):
        raise InputError(f"--guidance is {format_numbers(given)}", "give numbers from 0 to 100")
    if len(given) == 1:
        return given * stages
    if len(given) != stages:
        raise InputError(
            f"--guidance has {len(given)} numbers, the model {stages} stages",
            "give one number for all stages, or one per stage",
        )
    return given


def layout_of(
    tile: Optional[int],
    overlap: Optional[int],
    rule: manifest.Tile,
    raster: tiling.Window,
    window: tiling.Window,
) -> tiling.Layout:
    """Lay tiles over ``window`` of ``raster`` by ``--tile`` and ``--overlap`` (None: the model's).

    Returns: the layout.
    Raises: InputError for sizes that break the model's ``rule``.
    """
    for name, value in (("--tile", tile), ("--overlap", overlap)):
        if value is not None and value % rule.multiple:
            what = "an even number" if rule.multiple == 2 else f"a multiple of {rule.multiple}"
            raise InputError(f"{name} is {value}, but it must be {what}", f"give {what}")
    margin, size = None, tile or rule.size
    if rule.influence is not None:
        cut = _cut(overlap, rule, rule.influence)
        margin = tiling.round_up(cut, rule.multiple)
        if tile is None and size - 2 * margin >= tiling.LEAST_TRIMMED:
            # As much is kept as the model says: a pixel less would cost a whole step of TIFF.
            size = tiling.round_up(size + 2 * (margin - cut), rule.multiple)
    shared = rule.overlap if overlap is None else overlap
    if margin is None and 2 * shared > size:
        if overlap is not None:
            raise InputError(f"--overlap is {overlap}", f"give at most half of the tile, {size}")
        shared = size // 2 // rule.multiple * rule.multiple
    if margin is not None and size <= 2 * margin:
        least = 2 * margin + rule.multiple
        raise InputError(
            f"--overlap {2 * margin} is too large for the tile size, {size} pixels",
            f"give a smaller --overlap, or --tile {least} or more",
        )
    return tiling.Layout(raster.rows, raster.cols, window, size, rule.multiple, margin, shared)


def _cut(overlap: Optional[int], rule: manifest.Tile, influence: int) -> int:
    """Pixels cut on each side: half of the overlap, and never less than the influence."""
    if overlap is not None and overlap < 2 * influence:
        raise InputError(
            f"--overlap is {overlap}, so the borders of tiles would show",
            f"give {tiling.round_up(2 * influence, rule.multiple)} or more",
        )
    wanted = rule.overlap if overlap is None else overlap
    return max(influence, -(-wanted // 2))


def format_numbers(numbers: Sequence[float]) -> str:
    """Write ``1,2.5,3``, as options take it: nine digits, enough for any float32.

    Returns: the text.
    """
    return ",".join(f"{number:.9g}" for number in numbers)
