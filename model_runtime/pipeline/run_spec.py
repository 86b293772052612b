"""A run as another process can take it up: everything that decides a pixel, and nothing open."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Tuple

from .. import __version__, tiling
from ..diffusion import onnx_session
from ..diffusion.cascade import Cascade
from ..diffusion.settings import Sampling
from ..errors import DeviceError, PackageError, StorageError
from ..journal.journal import FACTS_NAME, Journal
from ..journal.unit_store import UnitStore
from ..package import embedded
from ..package.manifest import ModelPackage, open_package
from ..raster.reader import RasterReader
from ..spectra.radiometry import Radiometry
from . import fingerprint, memory_budget
from .job import Job, runtime_of
from .options import UpsampleOptions
from .outputs import OutputSpec
from .work_units import UnitMaker

if TYPE_CHECKING:
    from ..raster.polygon_mask import PolygonMask, Polygons

SAME_SOFTWARE = "install the same on all workers: their results have to be equal"


@dataclass(frozen=True)
class RunSpec:
    """``inputs``: the input's files and what they are; ``model``: its folder, None the embedded.

    ``journal`` is the folder of the units of ``run``. Paths are the same for all processes.
    ``software``: the client's. ``polygons``: outside of them the outputs are nodata.
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
    journal: str
    run: str
    outputs: OutputSpec
    software: Dict[str, str]
    polygons: Optional["Polygons"] = None


@dataclass(frozen=True)
class OpenRun:
    """A run with its raster and its networks open; ``warnings`` grow as it is worked."""

    job: Job
    maker: UnitMaker
    store: UnitStore
    warnings: List[str]


def software() -> Dict[str, str]:
    """Say what decides a pixel beside the model.

    Returns: versions, by name.
    Raises: DeviceError where ONNX Runtime is missing.
    """
    return {"version": __version__, "ONNX Runtime": onnx_session.onnxruntime_version()}


def require_software(of_client: Dict[str, str]) -> None:
    """Refuse to work with other software than the client's: a worker that came later, say.

    Raises: DeviceError.
    """
    for name, have in software().items():
        if have != of_client[name]:
            raise DeviceError(
                f"a worker has {name} {have}, the client {of_client[name]}", SAME_SOFTWARE
            )


def absolute_if_local(path: str) -> str:
    """Name ``path`` as any process of this machine finds it.

    Returns: the absolute path; ``path`` itself where it is not a file.
    """
    return str(Path(path).absolute()) if Path(path).exists() else path


def spec_of(
    options: UpsampleOptions,
    job: Job,
    inputs: Dict[str, str],
    model_sha256: str,
    journal: Journal,
    share: Tuple[int, Optional[int]],
) -> RunSpec:
    """Describe the run so that any process can take it up.

    ``share``: threads and bytes of memory of each process; ``inputs``: the input's files.

    Returns: the spec.
    Raises: DeviceError where ONNX Runtime is missing.
    """
    threads, memory = share
    return RunSpec(
        input=absolute_if_local(options.input),
        bands=tuple(job.reader.bands),
        inputs={str(Path(path).absolute()): state for path, state in inputs.items()},
        model=str(Path(options.model).absolute()) if options.model else None,
        model_sha256=model_sha256,
        device=job.runtime.device,
        threads=threads,
        memory_limit=memory,
        layout=job.layout,
        radiometry=job.radiometry,
        sampling=job.sampling,
        journal=str(journal.folder.absolute()),
        run=journal.run,
        outputs=job.outputs,
        software=software(),
        polygons=job.mask.polygons if job.mask else None,
    )


def open_run(spec: RunSpec, load: Callable[..., Cascade]) -> OpenRun:
    """Open ``spec``; ``load`` is load_cascade or gives what it would.

    Returns: the open run.
    Raises: StorageError where the journal or the input is not the client's, PackageError where the
        model is not, DeviceError where the software is not; InputError for an input that GDAL does
        not open, MemoryShortage where no tile fits.
    """
    require_software(spec.software)
    _require_shared(spec)
    package = _package(spec)
    model = package.manifest
    cascade = load(package.folder, model, spec.device, spec.threads)
    reader = RasterReader(spec.input, spec.bands, model.input_bands)
    if spec.radiometry.zero_is_nodata:
        reader.mask_zeros()
    job = Job(
        reader=reader,
        model=model,
        layout=spec.layout,
        radiometry=spec.radiometry,
        sampling=spec.sampling,
        outputs=spec.outputs,
        runtime=runtime_of(cascade),
        cascade=cascade,
        mask=_mask_of(spec),
    )
    warnings: List[str] = []
    fitting = memory_budget.fit_layout(job, spec.memory_limit, warnings.append)
    maker = UnitMaker(job, warnings.append, fitting)
    return OpenRun(job, maker, UnitStore(Path(spec.journal), spec.run), warnings)


def _mask_of(spec: RunSpec) -> Optional["PolygonMask"]:
    if not spec.polygons:
        return None
    from ..raster.polygon_mask import PolygonMask

    return PolygonMask(spec.polygons)


def _require_shared(spec: RunSpec) -> None:
    if not (Path(spec.journal) / FACTS_NAME).is_file():
        raise StorageError(
            f"a worker does not see the folder '{spec.journal}'",
            "put OUTPUT into a folder that client and workers share under one path",
        )
    now = fingerprint.fingerprint_files(list(spec.inputs))
    for path, was in spec.inputs.items():
        if now[path] != was:
            what = "does not see" if now[path] == "gone" else "sees another file under"
            raise StorageError(
                f"a worker {what} '{path}'",
                "put INPUT into a folder that client and workers share under one path, "
                "or name it by /vsicurl/ or /vsis3/, and leave it alone while it is read",
            )


def _package(spec: RunSpec) -> ModelPackage:
    package = open_package(embedded.package_folder(spec.model))
    if package.sha256 != spec.model_sha256:
        raise PackageError(
            f"a worker has another model in '{package.folder}'",
            "install the same version on all workers, or give --model in a shared folder",
        )
    return package
