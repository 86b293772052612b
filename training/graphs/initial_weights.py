"""Weights to start from: those of another run's checkpoints, or of a package's ONNX files."""

from pathlib import Path
from typing import Dict, Iterator, Sequence, Tuple

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from model_runtime.diffusion import schedule
from model_runtime.errors import InputError, PackageError, one_line
from model_runtime.package import manifest
from model_runtime.package.verified_file import read_verified

from ..config import Config
from ..loop import checkpoint
from ..networks import registry
from ..networks.compact import CompactNetwork
from . import compact_weights

State = Dict[str, Tensor]
SILENT = ".texture."  # in names of weights that begin at no effect: older networks lack them


def read(source: Path, config: Config, stages: Sequence[int]) -> Dict[int, State]:
    """The weights of each of ``stages`` from ``source``, a run's folder or a model package.

    Raises InputError where the settings mean other networks, or a package's kind of network cannot
    be read back; PackageError for a damaged package or checkpoint.
    """
    source = Path(source)
    of_package = (source / manifest.MANIFEST_NAME).is_file()
    if not of_package and not any(checkpoint.path_of(source, s).exists() for s in stages):
        raise InputError(
            f"--init-from {source} is neither a run of train.py nor a model package",
            f"name a folder with stage1.pt or with {manifest.MANIFEST_NAME}",
        )
    return {s: _stage(source, config, s, of_package) for s in stages}


def _stage(source: Path, config: Config, stage: int, of_package: bool) -> State:
    network = registry.build(config, stage)
    if of_package:
        _hold_same_meaning(source, config, stage)
        state = _of_package(source, stage, network)
    else:
        state = checkpoint.require(source, stage)["ema"]
    fresh = network.state_dict()
    state = {**{name: fresh[name] for name in fresh if SILENT in name}, **state}
    _hold_same_sizes(state, fresh, f"stage {stage + 1} of {source}")
    return state


def _hold_same_meaning(source: Path, config: Config, stage: int) -> None:
    """Raise InputError where a package's weights would mean something else in this run."""
    model = manifest.read(source)
    for what, theirs, ours in _meaning(model, config, stage):
        if theirs != ours:
            raise InputError(
                f"{source} has {what} {_short(theirs)}, the settings {_short(ours)}: its weights "
                "mean something else there",
                "give the package's in the settings file, or start without --init-from",
            )


def _meaning(
    model: manifest.Manifest, config: Config, stage: int
) -> Iterator[Tuple[str, object, object]]:
    """(what it is, the package's, the settings') for all that a stage's weights depend on."""
    yield "as its number of stages", len(model.stages), len(config.stages)
    n, settings, entry = config.normalisation, config.stages[stage], model.stages[stage]
    of_output = zip(model.normalisation.output_offset, model.normalisation.output_scale)
    yield "normalisation (offset, scale)", sorted(set(of_output)), [(n.offset, n.scale)]
    yield "output bands at", _round(model.wavelength_nm), _round(config.output.wavelength_nm)
    yield f"in stage {stage + 1} the bands number", entry.final_bands, settings.final_bands
    yield f"in stage {stage + 1} the prediction", entry.prediction, settings.prediction
    kind = settings.schedule, settings.timesteps, settings.schedule_low, settings.schedule_high
    yield f"in stage {stage + 1} the timesteps", entry.schedule.steps, settings.timesteps
    digest = schedule.digest(schedule.betas(*kind))
    yield f"in stage {stage + 1} the schedule", entry.schedule.betas_sha256, digest


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _round(wavelength_nm: Sequence[float]) -> Tuple[float, ...]:
    return tuple(round(centre, 1) for centre in wavelength_nm)


def _of_package(source: Path, stage: int, network: nn.Module) -> State:
    entry = manifest.read(source).stages[stage]
    if not isinstance(network, CompactNetwork) or entry.condition_encoder is None:
        raise InputError(
            f"--init-from {source}: weights are read back from packages of compact networks only, "
            f"and stage {stage + 1} is of another kind",
            "name the run's folder, which has its checkpoints",
        )
    graphs = [_constants(source, file) for file in (entry.denoiser, entry.condition_encoder)]
    try:
        return compact_weights.state_of(*graphs, network)
    except (KeyError, RuntimeError, IndexError) as error:
        raise InputError(
            f"--init-from {source}: stage {stage + 1} is not the settings' network "
            f"({one_line(error)})",
            "give the package's network in the settings file, or name the run's folder",
        ) from error


def _constants(folder: Path, file: manifest.ModelFile) -> State:
    """The named weights of an ONNX file."""
    content = read_verified(folder, file)
    try:
        constants = onnx.load_from_string(content).graph.initializer
        return {c.name: torch.tensor(numpy_helper.to_array(c)).float() for c in constants}
    except Exception as error:  # damage shows as any of many errors
        raise PackageError(
            f"{folder / file.file} cannot be read ({one_line(error)})", "export the model again"
        ) from error


def _hold_same_sizes(state: State, wanted: State, where: str) -> None:
    """Raise InputError, before any training, where weights do not fit the settings' network."""
    for name in sorted({*state, *wanted}):
        theirs, ours = (_size(weights, name) for weights in (state, wanted))
        if theirs != ours:
            raise InputError(
                f"{where}: {name} is {theirs}, in the network of the settings {ours}",
                "give the same network in the settings file, or start without --init-from",
            )


def _size(state: State, name: str) -> str:
    return " x ".join(map(str, state[name].shape)) or "1" if name in state else "not there"
