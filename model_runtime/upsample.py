"""The ``upsample`` command: raster -> radiometry -> tiles -> cascade -> raster."""

import hashlib
import math
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from . import __version__, cascade, manifest, packages, radiometry, tiles
from .cascade import Sampling
from .errors import InputError, PackageError, StorageError
from .events import Events

DTYPES = ("uint16", "float32")
DEVICES = ("auto", "cpu", "cuda")
# Enough for a spread that is right to about a third, at four times the price of one sample.
SPREAD_SAMPLES = 4
LARGEST_SEED = 2**63 - 1
LARGEST_TILE = 8192


def add_arguments(parser) -> None:
    """The command's arguments; None stands for "as the quality or the model says"."""
    add = parser.add_argument
    add("input", metavar="INPUT", help="raster with the model's input bands (red, green, blue)")
    add("output", metavar="OUTPUT", help="GeoTIFF to be made")
    add("--model", metavar="DIR", help="model package (the embedded one)")
    add("--bands", metavar="R,G,B", type=_numbers(int), help="1-based (by colour, else 1,2,3)")
    add(
        "--extent",
        metavar="XMIN,YMIN,XMAX,YMAX",
        type=_numbers(float),
        help="part to be done, in the raster's coordinate reference system (all)",
    )
    add(
        "--quality",
        choices=manifest.QUALITIES,
        default="balanced",
        help="sampler, steps and samples in one (balanced)",
    )
    add("--sampler", choices=manifest.SAMPLERS, help="(as the quality says)")
    add("--steps", metavar="N", type=int, help="denoiser calls a stage (as the quality says)")
    add(
        "--guidance",
        metavar="S[,S...]",
        type=_numbers(float),
        help="guidance scale, for all stages or one a stage (the model's)",
    )
    add("--samples", metavar="K", type=int, help="spectra drawn and averaged (quality's)")
    add("--spread", metavar="PATH", help="GeoTIFF of the samples' standard deviation")
    add("--seed", metavar="N", type=int, default=0, help="same seed, same result (0, not random)")
    add(
        "--radiometry",
        choices=radiometry.CHOICES,
        default="auto",
        help="what the values are: reflectance, a picture's to be matched (auto)",
    )
    add("--device", choices=DEVICES, default="auto", help="(auto)")
    add("--threads", metavar="N", type=int, default=0, help="processor threads (0: all cores)")
    add("--tile", metavar="PX", type=int, help="tile side in pixels (the model's)")
    add("--overlap", metavar="PX", type=int, help="pixels that neighbouring tiles share")
    add("--dtype", choices=DTYPES, default="uint16", help="uint16: reflectance x 10,000 (uint16)")
    add("--report", metavar="PATH.html", help="also write an HTML report")
    add("--resume", action="store_true", help="not available yet: refused")
    add("--no-resume", dest="resume", action="store_false", help="always start anew (default)")


def _numbers(kind):
    """An argparse type: comma-separated numbers of ``kind``."""

    def parse(text: str) -> Tuple:
        return tuple(kind(part) for part in text.split(","))

    parse.__name__ = "comma-separated numbers"
    return parse


@dataclass(frozen=True)
class Job:
    """All that the loop needs; ``cascade`` is a cascade.Cascade or whatever estimates like one."""

    picture: Any
    model: manifest.Manifest
    layout: tiles.Layout
    radiometry: radiometry.Radiometry
    cascade: Any
    sampling: Sampling


@dataclass
class Facts:
    """What is known of a run beside its pixels: for tags, the report and the last event."""

    settings: Dict[str, str] = field(default_factory=dict)
    run: Dict[str, str] = field(default_factory=dict)
    warnings: List[str] = field(default_factory=list)


def run(args, events: Events) -> None:
    """Estimate the spectrum of every pixel of INPUT; raises the ScdmErrors of all its parts."""
    since = time.monotonic()
    _check_options(args)
    folder = packages.folder_of(args.model)
    model = manifest.read(folder)
    sampling = sampling_of(args, model)
    from . import raster

    _check_outputs(args, raster)
    picture = _picture(args, model, raster)
    job = _job(args, picture, model, sampling, folder)
    facts = _facts(args, job, folder)
    for message in facts.warnings:
        events.warning(message)
    _produce(args, job, facts, events, since)
    seconds = time.monotonic() - since
    events.done(args.output, seconds, **_last_words(args, job, facts))


def _picture(args, model: manifest.Manifest, raster):
    """The input with its red, green and blue where the model has them: released ones are BGR."""
    picture = raster.Picture(args.input, args.bands, len(model.input_bands))
    wavelengths = [band.wavelength_nm for band in model.input_bands]
    if len(wavelengths) != 3 or wavelengths == sorted(wavelengths, reverse=True):
        return picture
    from_longest = sorted(wavelengths, reverse=True)
    bands = [picture.bands[from_longest.index(nm)] for nm in wavelengths]
    return raster.Picture(args.input, bands, len(bands))


def _check_options(args) -> None:
    """Raise InputError for option values that no raster or model could make right."""
    if args.resume:
        raise InputError("--resume is not available in this version", "run with --no-resume")
    _require("--seed", args.seed, 0, LARGEST_SEED)
    _require("--threads", args.threads, 0, 1024)
    for name, least, most in (("steps", 1, 100_000), ("samples", 1, 1000), ("overlap", 0, 4096)):
        if getattr(args, name) is not None:
            _require(f"--{name}", getattr(args, name), least, most)
    if args.tile is not None:
        _require("--tile", args.tile, 1, LARGEST_TILE)
    if args.extent is not None and len(args.extent) != 4:
        raise InputError(
            f"--extent has {len(args.extent)} numbers", "give XMIN,YMIN,XMAX,YMAX, with commas"
        )
    if args.spread and args.samples == 1:
        raise InputError("one sample has no spread", "give --samples 2 or more, or no --spread")


def _require(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InputError(f"{name} is {value}", f"give a whole number from {least} to {most}")


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
    )


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
        raise InputError(f"--guidance is {_comma(given)}", "give numbers from 0 to 100")
    if len(given) == 1:
        return given * stages
    if len(given) != stages:
        raise InputError(
            f"--guidance has {len(given)} numbers, the model {stages} stages",
            "give one for all stages or one a stage",
        )
    return given


def _check_outputs(args, raster) -> None:
    taken = [args.input]
    for path in filter(None, (args.output, args.spread)):
        raster.check_output(path, taken)
        taken.append(path)
    if args.report:
        report = Path(args.report)
        if report.suffix.lower() not in (".html", ".htm"):
            raise InputError(f"the report '{report}' is no HTML name", "end it in .html")
        if not report.parent.is_dir():
            raise InputError(f"the folder '{report.parent}' does not exist", "make it first")


def _job(args, picture, model: manifest.Manifest, sampling: Sampling, folder: Path) -> Job:
    window = picture.whole if args.extent is None else picture.window(args.extent)
    layout = layout_of(args.tile, args.overlap, model.tile, picture, window)
    stored = radiometry.Stored(
        picture.sample(radiometry.SAMPLE_SIDE),
        picture.integer,
        picture.bits,
        picture.scale,
        picture.offset,
    )
    taken = radiometry.decide(args.radiometry, stored, model)
    network = cascade.load(folder, model, args.device, args.threads)
    return Job(picture, model, layout, taken, network, sampling)


def layout_of(
    tile: Optional[int],
    overlap: Optional[int],
    rule: manifest.Tile,
    picture,
    window: tiles.Window,
) -> tiles.Layout:
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
    return tiles.Layout(picture.rows, picture.cols, window, size, rule.multiple, margin, shared)


def _margin(overlap: Optional[int], rule: manifest.Tile) -> int:
    """Pixels cut on each side: half of the overlap, and never less than the influence."""
    if overlap is not None and overlap < 2 * rule.influence:
        raise InputError(
            f"--overlap is {overlap}: tile borders would show",
            f"give {tiles.round_up(2 * rule.influence, rule.multiple)} or more: what a pixel sees",
        )
    wanted = rule.overlap if overlap is None else overlap
    return tiles.round_up(max(rule.influence, -(-wanted // 2)), rule.multiple)


def _facts(args, job: Job, folder: Path) -> Facts:
    how, taken = job.sampling, job.radiometry
    content = (folder / manifest.MANIFEST_NAME).read_bytes()
    settings = {
        "SCDM_MODEL": job.model.name,
        "SCDM_MODEL_VERSION": job.model.version,
        "SCDM_MODEL_SHA256": hashlib.sha256(content).hexdigest(),
        "SCDM_SEED": str(how.seed),
        "SCDM_SAMPLER": how.sampler,
        "SCDM_STEPS": str(how.steps),
        "SCDM_SAMPLES": str(how.samples),
        "SCDM_GUIDANCE": _comma(how.guidance),
        "SCDM_RADIOMETRY": taken.taken,
        "SCDM_RADIOMETRY_WHY": taken.why,
        "SCDM_RADIOMETRY_GAIN": _comma(taken.gain),
        "SCDM_RADIOMETRY_OFFSET": _comma(taken.offset),
        "SCDM_INPUT_BANDS": _comma(job.picture.bands),
        "SCDM_SOFTWARE_VERSION": __version__,
        "TIFFTAG_SOFTWARE": f"SCDM for QGIS {__version__}",
    }
    run = {"device": job.cascade.device, "providers": ", ".join(job.cascade.providers)}
    warnings = [*job.cascade.warnings, *taken.warnings, *_band_warnings(job)]
    return Facts(settings, run, warnings)


def _comma(numbers) -> str:
    return ",".join(f"{number:.9g}" for number in numbers)


def _band_warnings(job: Job) -> List[str]:
    """A word when the file says that its bands are not the model's."""
    if job.picture.wavelength_nm is None:
        return []
    return [
        f"band {number} lies at {have:g} nm, the model's {band.name} at {band.wavelength_nm:g} nm: "
        "see --bands"
        for number, have, band in zip(
            job.picture.bands, job.picture.wavelength_nm, job.model.input_bands
        )
        if abs(have - band.wavelength_nm) > band.fwhm_nm
    ]


def _produce(args, job: Job, facts: Facts, events: Events, since: float) -> None:
    """Make all outputs; none has its final name before all are whole."""
    with ExitStack() as stack:
        writers = [stack.enter_context(w) for w in _writers(args, job, facts.settings)]
        estimate_window(job, writers, events)
        for writer in writers:
            writer.close()
        page = _report(args, job, facts, writers, time.monotonic() - since)
        if page is not None:
            stack.callback(page.unlink, missing_ok=True)
        for writer in writers:
            writer.commit()
        if page is not None:
            page.replace(args.report)


def _writers(args, job: Job, tags: Dict[str, str]):
    """The output's writer and, if asked for, the spread's; made one after the other."""
    from . import raster

    window, model = job.layout.window, job.model
    spectral = raster.Spectral(model.wavelength_nm, model.fwhm_nm, model.output_unit)
    stored = raster.encoding(args.dtype, model.output_unit)
    place = job.picture.georeference.of(window)
    contents = {
        args.output: "mean of the samples",
        args.spread: "standard deviation of the samples",
    }
    for path, content in contents.items():
        if path:
            yield raster.Writer(
                path,
                (window.rows, window.cols),
                spectral,
                stored,
                place,
                {**tags, "SCDM_CONTENT": content},
                job.layout.block_side(),
            )


def estimate_window(job: Job, writers, events: Events) -> None:
    """Work all tiles of the job: ``writers`` take the mean and, if there are two, the spread."""
    layout, total = job.layout, job.layout.count()
    window = layout.window
    how, network = job.sampling, job.cascade
    events.started(
        rows=window.rows,
        columns=window.cols,
        tiles=total,
        device=network.device,
        providers=list(network.providers),
        seed=how.seed,
    )
    bands = len(job.model.wavelength_nm)
    joiners = [
        tiles.Cutter() if layout.margin is not None else tiles.Blender(layout, bands)
        for _ in writers
    ]
    for done, tile in enumerate(layout.tiles()):
        events.progress(done, total)
        for values, joiner, writer in zip(estimate_tile(job, tile), joiners, writers):
            for piece, finished in joiner.add(tile, values):
                writer.write(piece.row0 - window.row0, piece.col0 - window.col0, finished)
    events.progress(total, total)


def estimate_tile(job: Job, tile: tiles.Tile) -> Tuple[np.ndarray, np.ndarray]:
    """Mean and spread (bands, rows, cols) of ``tile.read``; NaN where the input is masked.

    A tile that keeps no valid pixel is not sampled. Where there is one sample, the spread is the
    mean's array, which nobody writes. Raises PackageError when the model gives no finite numbers.
    """
    values, valid = job.picture.read(tile.read)
    bands = len(job.model.wavelength_nm)
    if not tiles.crop(valid[None], tile).any():
        nothing = np.full((bands, *valid.shape), np.nan, np.float32)
        return nothing, nothing
    rgb = job.radiometry.apply(values)
    # One value for all masked pixels of a run, the model's neutral one: no tile differs.
    neutral = np.array(job.model.normalisation.input_offset, np.float32)
    rgb[:, ~valid] = neutral[:, None]
    result = job.cascade.estimate(rgb, tile.read.row0, tile.read.col0, job.sampling)
    mean, spread = result.mean, result.mean if result.spread is None else result.spread
    if not (np.isfinite(mean).all() and np.isfinite(spread).all()):
        raise PackageError(
            f"the model '{job.model.name}' made values that are not finite numbers",
            "choose another sampler, more steps or less guidance, or another model",
        )
    mean[:, ~valid] = np.nan
    spread[:, ~valid] = np.nan
    return mean, spread


def _report(args, job: Job, facts: Facts, writers, seconds: float) -> Optional[Path]:
    """The report, beside its final name; None when none was asked for."""
    if not args.report:
        return None
    from . import raster, report

    side = report.PREVIEW_SIDE
    raw, valid = job.picture.preview(job.layout.window, side)
    rgb = np.where(valid, job.radiometry.apply(raw), np.nan)
    previews = [raster.read_preview(writer.part, side) for writer in writers]
    result = report.Result(
        input_name=Path(args.input).name,
        rgb=rgb,
        cube=previews[0],
        model=job.model,
        card=_card(args, job),
        spread=previews[1] if len(previews) > 1 else None,
        ground=_ground(job, report),
        settings=facts.settings,
        run={**facts.run, "seconds": f"{seconds:.1f}"},
        warnings=facts.warnings,
    )
    page = Path(f"{args.report}.part")
    report.write(page, result, raster.png_bytes)
    return page


def _card(args, job: Job) -> str:
    """The text of the model's card, "" where the package has none."""
    path = packages.folder_of(args.model) / job.model.card
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"'{path}' cannot be read ({error})", "get the model again") from error


def _ground(job: Job, report):
    window = job.layout.window
    place = job.picture.georeference.of(window).ground(window.rows, window.cols)
    return None if place is None else report.Ground(*place)


def _last_words(args, job: Job, facts: Facts) -> Dict[str, Any]:
    """What the ``done`` event says beside output and seconds."""
    words: Dict[str, Any] = {
        "device": job.cascade.device,
        "providers": list(job.cascade.providers),
        "seed": job.sampling.seed,
        "samples": job.sampling.samples,
        "radiometry": job.radiometry.taken,
        "radiometry_why": job.radiometry.why,
        "warnings": facts.warnings,
    }
    extra = {"spread": args.spread, "report": args.report}
    return {**words, **{name: path for name, path in extra.items() if path}}
