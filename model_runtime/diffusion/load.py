"""Loads a model package: its ONNX files as sessions, put together as a cascade."""

from functools import lru_cache, partial
from pathlib import Path
from typing import Dict, Optional

import numpy as np

from .. import tiling
from ..package.manifest import Manifest
from ..package.verified_file import read_verified
from ..system import hardware
from . import onnx_session
from .cascade import Cascade
from .device_choice import choose_device, time_runs
from .late_network import LateNetwork
from .network import Network
from .open_network import GraphUse, open_network
from .sample_graph import SampleGraph
from .settings import Sampling
from .stage_sampler import StageSampler

# Pixels: large enough that a GPU's advantage shows, small enough that a CPU is done in a second.
TRIAL_SIDE = 128


def load_cascade(
    folder: Path, manifest: Manifest, device: str = "auto", threads: int = 0
) -> Cascade:
    """The cascade of the package in ``folder`` on ``threads`` threads, 0 for one per core.

    Returns: the cascade, its sessions open.
    Raises: PackageError for files that are not the manifest's, DeviceError for a device that
    cannot be used.
    """
    threads = threads or hardware.cores()
    opened: Dict[str, Cascade] = {}

    def open_on(device: str) -> Cascade:
        if device not in opened:
            opened[device] = _open(Path(folder), manifest, device, threads)
        return opened[device]

    choice = choose_device(device, lambda device: _trial_seconds(open_on(device)))
    cascade = open_on(choice.device)
    cascade.warnings, cascade.device_why = list(choice.warnings), choice.why
    return cascade


def _open(folder: Path, manifest: Manifest, device: str, threads: int) -> Cascade:
    numbers = range(len(manifest.stages))
    stages = [_load_stage(folder, manifest, i, device, threads) for i in numbers]
    graphs = lru_cache(partial(_sample_graph, folder, manifest, device))
    return Cascade(manifest, stages, device, threads, graphs)


def _trial_seconds(cascade: Cascade) -> float:
    """What one step of one sample takes on a small tile in the input's neutral colour."""
    model = cascade.manifest
    least = 2 * (model.tile.influence or 0) + model.tile.multiple
    side = tiling.round_up(max(TRIAL_SIDE, least), model.tile.multiple)
    middle = np.array(model.normalisation.input_offset, np.float32)[:, None, None]
    rgb = np.ascontiguousarray(np.broadcast_to(middle, (len(middle), side, side)))
    scales = tuple(stage.guidance_scale for stage in model.stages)
    how = Sampling(sampler="ddim", steps=1, samples=1, guidance=scales, seed=0)
    return time_runs(lambda: cascade.estimate(rgb, 0, 0, how))


def _sample_graph(
    folder: Path, manifest: Manifest, device: str, sampler: str, steps: int
) -> Optional[SampleGraph]:
    file = manifest.sample_graph(sampler, steps)
    if file is None:
        return None
    session = onnx_session.session_for(folder, file, device, 1, pixelwise=True)
    return SampleGraph(session, manifest, None if device == "cpu" else device)


def _has_sample_graph(manifest: Manifest) -> bool:
    """Whether some settings of this package are sampled by one graph, without the stages' own."""
    return any(manifest.sample_graph(one.sampler, one.steps) for one in manifest.sample_graphs)


def _load_stage(
    folder: Path, manifest: Manifest, number: int, device: str, threads: int
) -> StageSampler:
    """Stage ``number``, from 0.

    Strips are worked side by side, a thread each: splitting one of them would cost more in waiting
    than it gains. Only the first encoder sees a whole tile. So results do not depend on the number
    of threads; those of a model that is not pixelwise do, by their rounding.
    """
    stage = manifest.stages[number]

    bounded = manifest.pixelwise or manifest.tile.influence is not None

    def network(entry, inputs, output, alone) -> Network:
        use = GraphUse(inputs, output, alone, alike=manifest.pixelwise, padded=bounded)
        opened = partial(open_network, folder, entry, device, 1 if alone else threads, use)
        if not (alone and _has_sample_graph(manifest)):
            return opened()
        # Graphs of samples do without it, but a damaged file is told before the run.
        read_verified(folder, entry)
        return LateNetwork(opened)

    sees = "features" if stage.condition_encoder else "condition"
    encode = None
    if stage.condition_encoder:
        alone = manifest.pixelwise and number > 0
        encode = network(stage.condition_encoder, ("condition",), "features", alone)
    inputs = ("x", sees, "timestep")
    denoise = network(stage.denoiser, inputs, "prediction", manifest.pixelwise)
    return StageSampler(stage, denoise, encode)
