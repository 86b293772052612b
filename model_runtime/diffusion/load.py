"""Loads a model package: its ONNX files as sessions, put together as a cascade."""

from pathlib import Path

from ..package.manifest import Manifest
from ..system import hardware
from . import onnx_session
from .cascade import Cascade
from .open_network import GraphUse, open_network
from .stage_sampler import StageSampler


def load_cascade(
    folder: Path, manifest: Manifest, device: str = "auto", threads: int = 0
) -> Cascade:
    """The cascade of the package in ``folder`` on ``threads`` threads, 0 for one a core.

    Returns: the cascade, its sessions open.
    Raises: PackageError for files that are not the manifest's, DeviceError for a device that
    cannot be used.
    """
    device, warnings = onnx_session.pick_device(device)
    threads = threads or hardware.cores()
    stages = [
        _load_stage(Path(folder), manifest, i, device, threads) for i in range(len(manifest.stages))
    ]
    cascade = Cascade(manifest, stages, device, threads)
    cascade.warnings = warnings
    return cascade


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

    def network(entry, inputs, output, alone):
        use = GraphUse(inputs, output, alone, alike=manifest.pixelwise, padded=bounded)
        return open_network(folder, entry, device, 1 if alone else threads, use)

    sees = "features" if stage.condition_encoder else "condition"
    encode = None
    if stage.condition_encoder:
        alone = manifest.pixelwise and number > 0
        encode = network(stage.condition_encoder, ("condition",), "features", alone)
    inputs = ("x", sees, "timestep")
    denoise = network(stage.denoiser, inputs, "prediction", manifest.pixelwise)
    return StageSampler(stage, denoise, encode)
