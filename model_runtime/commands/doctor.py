"""The ``doctor`` command: versions, devices really usable, memory, and whether the model runs."""

import platform
import time
from typing import Callable, Dict, List, Tuple

import numpy as np

from .. import __version__
from ..errors import DeviceError, ScdmError
from ..package import embedded, manifest
from ..system import hardware
from . import stdout

_GPU = "CUDAExecutionProvider"
_TRIAL_SIDE = 16  # pixels


def add_arguments(parser) -> None:
    """The command's arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(args, events) -> None:
    """Print what was found, then raise the first problem: the exit code tells a script.

    Raises: DeviceError, PackageError.
    """
    since = time.monotonic()
    facts, problems = examine()
    if not (args.events and problems):  # an error event ends the stream by itself
        stdout.print_result(args, events, facts, as_text(facts), since)
    if problems:
        raise problems[0]


def examine() -> Tuple[Dict, List[ScdmError]]:
    """Look at versions, devices, memory and the embedded model; a problem does not end the search.

    Returns: all facts as plain data, and every problem that was met.
    """
    problems: List[ScdmError] = []

    def try_to(look: Callable):
        try:
            return look()
        except ScdmError as error:
            if str(error) not in map(str, problems):
                problems.append(error)
            return None

    facts = {
        "scdm": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "numpy": np.__version__,
        "gdal": try_to(_gdal_version),
        "onnxruntime": try_to(_onnxruntime_version),
        "providers": try_to(_providers) or [],
        "cores": hardware.cores(),
        "memory_bytes": hardware.memory(),
        "gpus": hardware.gpus(),
        "model": try_to(try_model),
    }
    usable = "cuda" if _GPU in facts["providers"] else "cpu"
    facts["device"] = facts["model"]["runs_on"] if facts["model"] else usable
    facts["problems"] = [
        {"kind": p.kind, "message": p.message, "remedy": p.remedy} for p in problems
    ]
    return facts, problems


def _gdal_version() -> str:
    try:
        from ..raster.gdal_setup import gdal_version
    except ImportError as error:
        raise DeviceError(
            f"GDAL's Python bindings cannot be imported ({error})",
            "use QGIS's own Python, or install GDAL with its bindings (Debian: python3-gdal)",
        ) from error
    return gdal_version()


def _onnxruntime_version() -> str:
    from ..diffusion import onnx_session

    return onnx_session.onnxruntime_version()


def _providers() -> List[str]:
    from ..diffusion import onnx_session

    onnx_session.onnxruntime_version()  # a missing onnxruntime is a problem, not "no providers"
    usable = onnx_session.usable_providers()
    if not usable:
        raise DeviceError(
            "ONNX Runtime cannot run a graph on any device",
            "repair the runtime with scdm:installruntime",
        )
    return usable


def try_model() -> Dict:
    """Run the embedded model for one step on one small tile.

    Returns: its name and version, the device that it runs on, and why where a GPU was tried.
    Raises: PackageError when its files are not right, DeviceError when it does not run.
    """
    from ..diffusion.load import load_cascade
    from ..diffusion.settings import Sampling

    folder = embedded.EMBEDDED
    model = manifest.read(folder)
    loaded = load_cascade(folder, model, "auto", 0)
    side = model.tile.multiple * -(-_TRIAL_SIDE // model.tile.multiple)
    how = Sampling(
        sampler="ddim",
        steps=1,
        samples=1,
        guidance=tuple(s.guidance_scale for s in model.stages),
        seed=0,
    )
    mid = np.array(model.normalisation.input_offset, np.float32)[:, None, None]
    mean = loaded.estimate(np.broadcast_to(mid, (len(mid), side, side)), 0, 0, how).mean
    if not np.isfinite(mean).all():
        raise DeviceError(f"model {model.name} gives no numbers on {loaded.device}", "use cpu")
    why = {"why": loaded.device_why} if loaded.device_why else {}
    return {"name": model.name, "version": model.version, "runs_on": loaded.device, **why}


def as_text(facts: Dict) -> str:
    """Describe the ``facts`` of ``examine`` for a terminal.

    Returns: some lines of text.
    """
    memory = {key: _gigabytes(value) for key, value in facts["memory_bytes"].items()}
    model = facts["model"]
    lines = [
        f"SCDM {facts['scdm']}, Python {facts['python']}, {facts['platform']}",
        f"NumPy {facts['numpy']}, GDAL {facts['gdal'] or 'missing'}, "
        f"ONNX Runtime {facts['onnxruntime'] or 'missing'}",
        f"providers usable: {', '.join(facts['providers']) or 'none'}; device: {facts['device']}",
        f"{facts['cores']} cores, memory {memory['total']}, available {memory['available']}",
        *(_gpu_in_words(gpu) for gpu in facts["gpus"]),
        "embedded model: "
        + (
            f"{model['name']} {model['version']} runs on {model['runs_on']}"
            if model
            else "not usable"
        ),
    ]
    if model and model.get("why"):
        lines.append(model["why"])
    lines += [f"problem: {p['message']}: {p['remedy']}" for p in facts["problems"]]
    return "\n".join(lines)


def _gpu_in_words(gpu: Dict) -> str:
    memory, used = _gigabytes(gpu["memory_bytes"]), _gigabytes(gpu["used_bytes"])
    return f"GPU {gpu['name']}, driver {gpu['driver']}, memory {memory}, used {used}"


def _gigabytes(count) -> str:
    return "unknown" if count is None else f"{count / 2**30:.1f} GiB"
