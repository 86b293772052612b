"""What the options of ``upsample`` mean for a model: sampling and tiles."""

import math
from typing import Optional, Tuple

from .. import tiling
from ..diffusion.cascade import Sampling
from ..diffusion.spread_calibration import SPREAD_SAMPLES
from ..errors import InputError
from ..package import manifest


def sampling_of(args, model: manifest.Manifest) -> Sampling:
    """The quality's sampling, with explicit options put in its place; raises InputError."""
    quality = model.qualities[args.quality]
    samples = args.samples or quality.samples
    if args.spread and args.samples is None:
        samples = max(samples, SPREAD_SAMPLES)
    return Sampling(
        sampler=args.sampler or quality.sampler,
        steps=_steps(args.steps or quality.steps, model),
        samples=samples,
        guidance=_guidance(args.guidance, model),
        seed=args.seed,
        guidance_interval=_guidance_interval(args, quality, model),
    )


def _guidance_interval(
    args, quality: manifest.Quality, model: manifest.Manifest
) -> Optional[Tuple[int, int]]:
    """The given interval, else the quality's; that is of its own sampler and steps alone."""
    given, other_steps = args.guidance_interval, args.sampler or args.steps
    if given is None:
        return None if other_steps else quality.guidance_interval
    if not any(_guidance(args.guidance, model)):
        raise InputError(
            "--guidance-interval is given, but no stage is guided",
            "give --guidance above 0 too, or leave the interval out",
        )
    most = min(stage.schedule.steps for stage in model.stages) - 1
    if len(given) != 2 or not 0 <= given[0] <= given[1] <= most:
        raise InputError(
            f"--guidance-interval is {_listed(given)}",
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
        raise InputError(f"--guidance is {_listed(given)}", "give numbers from 0 to 100")
    if len(given) == 1:
        return given * stages
    if len(given) != stages:
        raise InputError(
            f"--guidance has {len(given)} numbers, the model {stages} stages",
            "give one for all stages or one a stage",
        )
    return given


def layout_of(
    tile: Optional[int],
    overlap: Optional[int],
    rule: manifest.Tile,
    picture,
    window: tiling.Window,
) -> tiling.Layout:
    """The tiles for ``--tile`` and ``--overlap`` (None: the model's); raises InputError."""
    for name, value in (("--tile", tile), ("--overlap", overlap)):
        if value is not None and value % rule.multiple:
            raise InputError(
                f"{name} is {value}", f"give a multiple of {rule.multiple}, as the model needs"
            )
    size = tile or rule.size
    margin = None if rule.influence is None else _margin(overlap, rule)
    shared = rule.overlap if overlap is None else overlap
    if margin is None and 2 * shared > size:
        if overlap is not None:
            raise InputError(f"--overlap is {overlap}", f"give at most half of the tile, {size}")
        shared = size // 2 // rule.multiple * rule.multiple
    if margin is not None and size <= 2 * margin:
        raise InputError(
            f"a tile of {size} pixels loses {margin} on each side",
            f"give --tile {2 * margin + rule.multiple} or more",
        )
    return tiling.Layout(picture.rows, picture.cols, window, size, rule.multiple, margin, shared)


def _margin(overlap: Optional[int], rule: manifest.Tile) -> int:
    """Pixels cut on each side: half of the overlap, and never less than the influence."""
    if overlap is not None and overlap < 2 * rule.influence:
        raise InputError(
            f"--overlap is {overlap}: tile borders would show",
            f"give {tiling.round_up(2 * rule.influence, rule.multiple)} or more: what a pixel sees",
        )
    wanted = rule.overlap if overlap is None else overlap
    return tiling.round_up(max(rule.influence, -(-wanted // 2)), rule.multiple)


def _listed(numbers) -> str:
    return ",".join(f"{number:g}" for number in numbers)
