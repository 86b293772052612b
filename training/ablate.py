"""One table of what a model's parts do: ``python training/ablate.py RUN_OR_PACKAGE``.

Held-out scenes are sampled in the model's own way, without guidance, without truncation, without
both, at other scales and bounds, by other samplers and steps, and with other seeds. With --retrain
cascades of one, two and three stages are trained at equal cost, and two stages without null
dropout, without condition augmentation and without the angle loss.
"""

import argparse
import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Tuple

sys.path[0] = str(Path(__file__).resolve().parents[1])

from model_runtime.contract import QUALITIES, SAMPLERS
from model_runtime.diffusion.cascade import Cascade
from model_runtime.diffusion.load import load_cascade
from model_runtime.errors import InputError
from model_runtime.package import manifest
from model_runtime.system.durable_files import atomic_write
from training import cli
from training.config import Config, load
from training.data import sources
from training.data.dataset import Scene, load_scenes
from training.loop import ablation_table, retraining, run_folder, validation
from training.loop.ablation import Asked, own_way, variations
from training.loop.ablation_run import Groups, groups_of, measure_row, merge_seeds
from training.loop.ablation_table import Row
from training.loop.train_stage import load_trained


def main(argv: Optional[Sequence[str]] = None) -> int:
    """The command; returns the exit code (0 done, else the error's)."""
    args = _parser().parse_args(argv)
    return cli.run(lambda: _ablate(args))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    add = parser.add_argument
    add("model", type=Path, metavar="RUN_OR_PACKAGE", help="a run of train.py or a model package")
    add("--config", type=Path, help="settings of the same bands, needed for a package")
    add("--data", nargs="+", help="training scenes, instead of data.train: whose sensors are known")
    add("--validation", nargs="+", help="held-out scenes, instead of data.validation")
    add("--stage", type=int, help="this stage alone, given the true bands of the stage before")
    add(
        "--quality", default="balanced", choices=QUALITIES, help="the model's own way (%(default)s)"
    )
    for name, kind, default, what in (
        ("guidance", float, [0.2, 0.5, 1.0, 2.5], "scales, one for all stages"),
        ("truncation", float, [0.9, 0.96, 0.99], "lower bounds of truncation"),
        ("samplers", str, list(SAMPLERS), "each in all --steps"),
        ("steps", int, [1, 3, 10, 50], "steps per stage"),
    ):
        said = f"{what} (default: {' '.join(map(str, default))})"
        allowed = SAMPLERS if name == "samplers" else None
        add(f"--{name}", nargs="*", type=kind, default=default, choices=allowed, help=said)
    add(
        "--guidance-interval",
        nargs="*",
        type=_interval,
        default=[],
        metavar="FIRST,LAST",
        help="timesteps that are guided, with each of the scales; else what --quality guides",
    )
    add("--seeds", nargs="+", type=int, default=[0, 1], help="of the sampling; with --retrain, too")
    add(
        "--retrain",
        type=int,
        metavar="BUDGET",
        help="also train other cascades; BUDGET: steps of both stages of the two-stage one",
    )
    add("--threads", type=int, default=0, help="of a package's networks (default: all cores)")
    add("--markdown", type=Path, metavar="FILE", help="write the table there, too")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting")
    return parser


def _interval(text: str) -> Tuple[int, int]:
    """FIRST,LAST as two numbers; argparse makes a ValueError its own error."""
    first, last = map(int, text.split(","))
    return first, last


def _ablate(args: argparse.Namespace) -> None:
    if args.stage is not None and args.retrain is not None:
        raise InputError("--stage is for one stage, --retrain for cascades", "leave one out")
    config = _settings(args)
    subject, given = _subject(args, config)
    groups = groups_of(*_scenes(config))
    made = itertools.chain(
        _sample_ways(args, subject, groups, given), _retrain(args, config, groups)
    )
    table = ablation_table.markdown([_tell(row) for row in made])
    print(table)
    if args.markdown:
        _write(args.markdown, table)


def _tell(row: Row) -> Row:
    """Show a row when it is there: the whole table may take hours."""
    print(ablation_table.markdown([row]).splitlines()[-1], file=sys.stderr, flush=True)
    return row


def _settings(args: argparse.Namespace) -> Config:
    """Those of the run or of --config, with what the command line says of scenes."""
    if args.config:
        config = load(args.config, args.set)
    elif (args.model / manifest.MANIFEST_NAME).is_file():
        raise InputError(
            f"{args.model} is a package, which does not say how scenes become its bands",
            "add --config with the settings that it was trained by",
        )
    else:
        config = run_folder.settings_of(args.model)
    given = {"train": args.data, "validation": args.validation}
    places = {name: tuple(scenes) for name, scenes in given.items() if scenes}
    return replace(config, data=replace(config.data, **places))


def _scenes(config: Config) -> Tuple[List[Scene], List[Scene]]:
    """Held-out and training scenes: these tell which sensors are known."""
    data = config.data
    if not data.validation:
        raise InputError("no scene is held out to judge by", "give --validation")
    if not data.train:
        raise InputError("no training scene tells which sensors are known", "give --data")
    return load_scenes(data.validation, config), load_scenes(data.train, config)


def _subject(args: argparse.Namespace, config: Config) -> Tuple[Cascade, Optional[Sequence[int]]]:
    """The cascade or the stage to vary, and the output bands that it is given, if not the RGB."""
    stages = len(config.stages)
    if args.stage is not None and not 1 <= args.stage <= stages:
        raise InputError(f"--stage {args.stage}: there are {stages} stages", f"give 1 to {stages}")
    package = (args.model / manifest.MANIFEST_NAME).is_file()
    number = None if args.stage is None else args.stage - 1
    found = _of_package(args, config, number) if package else _of_run(args.model, config, number)
    return found, config.stages[number - 1].final_bands if number else None


def _of_run(run: Path, config: Config, stage: Optional[int]) -> Cascade:
    if stage is not None:
        return validation.torch_stage(config, stage, load_trained(run, config, stage))
    networks = [load_trained(run, config, number) for number in range(len(config.stages))]
    return validation.torch_cascade(config, networks)


def _of_package(args: argparse.Namespace, config: Config, stage: Optional[int]) -> Cascade:
    model = manifest.read(args.model)
    _check_bands(args, config, model)
    whole = load_cascade(args.model, model, "cpu", args.threads)
    return whole if stage is None else validation.alone(model, whole.stages[stage])


def _check_bands(args: argparse.Namespace, config: Config, model: manifest.Manifest) -> None:
    bands = tuple(stage.final_bands for stage in model.stages)
    alike = (
        model.wavelength_nm == config.output.wavelength_nm,
        tuple(band.wavelength_nm for band in model.input_bands) == config.input.wavelength_nm,
        bands == tuple(stage.final_bands for stage in config.stages),
    )
    if not all(alike):
        raise InputError(
            f"{args.config} has other bands or stages than {args.model}",
            "give --config with the settings that the package was trained by",
        )


def _sample_ways(
    args: argparse.Namespace, subject: Cascade, groups: Groups, given: Optional[Sequence[int]]
) -> Iterator[Row]:
    """A row for each way to sample the model."""
    asked = Asked(
        quality=args.quality,
        guidance=tuple(args.guidance),
        truncation=tuple(args.truncation),
        samplers=tuple(args.samplers),
        steps=tuple(args.steps),
        seeds=tuple(args.seeds),
        intervals=tuple(args.guidance_interval),
    )
    for variation in variations(subject.manifest, asked):
        yield measure_row(variation.name, subject, variation.how, groups, given)


def _retrain(args: argparse.Namespace, config: Config, groups: Groups) -> Iterator[Row]:
    """A row for each way to train a cascade, over the seeds."""
    if args.retrain is None:
        return
    drawn_from = sources.load(config)
    for each in retraining.retrainings(config, args.retrain):
        rows = []
        for seed in args.seeds:
            print(f"training {each.name}, seed {seed}", file=sys.stderr)
            networks = retraining.train(each.config, drawn_from, seed)
            made = validation.torch_cascade(each.config, networks)
            how = own_way(made.manifest, args.quality, args.seeds[0])
            rows.append(measure_row(f"trained: {each.name}", made, how, groups))
        yield merge_seeds(rows)


def _write(path: Path, table: str) -> None:
    try:
        atomic_write(path, f"{table}\n".encode())
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror})", "choose another --markdown"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
