"""A run as another process can take it up: everything that decides a block, and nothing open."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from .. import __version__, tiling
from ..diffusion import onnx_session
from ..diffusion.cascade import Sampling
from ..errors import DeviceError, PackageError, StorageError
from ..journal.block_store import Store
from ..journal.journal import FACTS_NAME
from ..package import embedded, manifest
from ..raster.reader import Picture
from ..spectra.radiometry import Radiometry
from . import fingerprint, memory_budget
from .estimation import Job, UnitMaker
from .production import Asked, stored_as

ALIKE = "install the same on all workers: their results have to be equal"


@dataclass(frozen=True)
class Order:
    """``inputs``: the input's files and what they are; ``model``: its folder, None the embedded.

    ``journal`` is the folder of the blocks of ``run``. Paths are the same for all processes.
    ``software``: the client's.
    """

    input: str
    bands: Tuple[int, ...]
    inputs: Dict[str, str]
    model: Optional[str]
    model_sha256: str
    device: str
    threads: int
    memory_limit: Optional[int]
    layout: tiling.Layout
    radiometry: Radiometry
    sampling: Sampling
    keep_stages: bool
    journal: str
    run: str
    asked: Asked
    software: Dict[str, str]


@dataclass(frozen=True)
class Opened:
    """An order with its raster and its networks open; ``warnings`` grow as it is worked."""

    job: Job
    maker: UnitMaker
    store: Store
    warnings: List[str]


def software() -> Dict[str, str]:
    """What decides a pixel beside the model; raises DeviceError where ONNX Runtime is missing."""
    return {"version": __version__, "ONNX Runtime": onnx_session.onnxruntime_version()}


def require_software(of_client: Dict[str, str]) -> None:
    """Raise DeviceError where this process has another: a worker that came later, say."""
    for name, have in software().items():
        if have != of_client[name]:
            raise DeviceError(f"a worker has {name} {have}, the client {of_client[name]}", ALIKE)


def everywhere(path: str) -> str:
    """``path`` as any process of this machine finds it; what is no file stays as it is."""
    return str(Path(path).absolute()) if Path(path).exists() else path


def order_of(args, job: Job, asked: Asked, inputs: Dict[str, str], journal, engine) -> Order:
    """The run as any process can take it up."""
    threads, memory = engine.share(args)
    return Order(
        input=everywhere(args.input),
        bands=tuple(job.picture.bands),
        inputs={str(Path(path).absolute()): state for path, state in inputs.items()},
        model=str(Path(args.model).absolute()) if args.model else None,
        model_sha256=asked.tags["SCDM_MODEL_SHA256"],
        device=job.cascade.device,
        threads=threads,
        memory_limit=memory,
        layout=job.layout,
        radiometry=job.radiometry,
        sampling=job.sampling,
        keep_stages=job.keep_stages,
        journal=str(journal.folder.absolute()),
        run=journal.run,
        asked=asked,
        software=software(),
    )


def opened(order: Order, load) -> Opened:
    """Open ``order``; ``load`` is cascade.load or gives what it would.

    Raises StorageError where the journal or the input is not the client's, PackageError where the
    model is not, DeviceError where the software is not, and what opening them raises.
    """
    require_software(order.software)
    _require_shared(order)
    model = _model(order)
    network = load(embedded.folder_of(order.model), model, order.device, order.threads)
    job = Job(
        Picture(order.input, order.bands, model.input_bands),
        model,
        order.layout,
        order.radiometry,
        network,
        order.sampling,
        keep_stages=order.keep_stages,
    )
    stored, count, warnings = stored_as(job, order.asked), len(order.asked.outputs), []
    fitting = memory_budget.fitted(job, stored, count, order.memory_limit, warnings.append)
    maker = UnitMaker(job, stored, count, warnings.append, fitting)
    return Opened(job, maker, Store(Path(order.journal), order.run), warnings)


def _require_shared(order: Order) -> None:
    if not (Path(order.journal) / FACTS_NAME).is_file():
        raise StorageError(
            f"a worker does not see the folder '{order.journal}'",
            "put OUTPUT into a folder that client and workers share under one path",
        )
    now = fingerprint.of_files(list(order.inputs))
    for path, was in order.inputs.items():
        if now[path] != was:
            what = "does not see" if now[path] == "gone" else "sees another file under"
            raise StorageError(
                f"a worker {what} '{path}'",
                "put INPUT into a folder that client and workers share under one path, "
                "or name it by /vsicurl/ or /vsis3/, and leave it alone while it is read",
            )


def _model(order: Order) -> manifest.Manifest:
    folder = embedded.folder_of(order.model)
    model = manifest.read(folder)
    content = (folder / manifest.MANIFEST_NAME).read_bytes()
    if hashlib.sha256(content).hexdigest() != order.model_sha256:
        raise PackageError(
            f"a worker has another model in '{folder}'",
            "install the same version on all workers, or give --model in a shared folder",
        )
    return model
