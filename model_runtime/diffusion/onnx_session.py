"""ONNX Runtime's only door: sessions on the device that was asked for, and what they really use."""

import os
from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np

from ..errors import DeviceError, InputError, PackageError, ScdmError, one_line
from ..package.graph_file import read_graph, works_alike_on_all_threads
from ..package.manifest import ModelFile
from .network import DAMAGED

PROVIDERS = {"cpu": ["CPUExecutionProvider"], "cuda": ["CUDAExecutionProvider"]}
# The GPU's tensor cores round float32 to ten bits (TF32) where this is on: faster, and off by 1e-3.
TF32_VARIABLE = "SCDM_TF32"
_EXTERNAL_FOLDER = "session.model_external_initializers_file_folder_path"
_NO_FALLBACK = "session.disable_cpu_ep_fallback"
_CUDA_REMEDY = "install the GPU runtime with CUDA and cuDNN, or choose device cpu or auto"
# What ONNX Runtime says of a graph, or of a GPU that is not there, under _NO_FALLBACK.
_FALLBACK_SIGN = "assigned to the default CPU EP"


def session_for(
    folder: Path,
    entry: ModelFile,
    device: str,
    threads: int,
    pixelwise: bool = False,
    alike: bool = False,
):
    """A session of a package's file on exactly ``device`` (cpu or cuda), never a silent fallback.

    ``pixelwise``: the graph works on each pixel by itself. ``alike``: any number of threads gives
    the same bits, if need be because one does the work.
    Raises PackageError for a file that is not the package's or no graph, DeviceError where the
    device cannot be used.
    """
    content = read_graph(folder, entry)
    if alike and not works_alike_on_all_threads(content):
        threads = 1
    return open_session(content, device, threads, damaged_graph(entry), pixelwise)


def damaged_graph(entry: ModelFile) -> str:
    """Say that a package's file cannot be used.

    Returns: the beginning of a message.
    """
    return f"{entry.file} is not a usable ONNX graph"


def open_session(
    content: bytes,
    device: str,
    threads: int,
    damaged: str,
    pixelwise: bool = False,
    sizes: Sequence[Tuple[str, int]] = (),
):
    """A session of the graph ``content`` on exactly ``device``, which does all of its work.

    ``damaged``: what is said of a graph that cannot be used. ``sizes``: (name of a dimension that
    the graph leaves open, its size in this session).

    Returns: ONNX Runtime's session.
    Raises: PackageError for no graph, DeviceError where the device cannot be used, or would leave a
        part of the graph to the processor.
    """
    ort = _onnxruntime()
    options = _options(ort, threads, pixelwise, sizes)
    if device != "cpu":
        _require_offered(ort, device)
        options.add_session_config_entry(_NO_FALLBACK, "1")
    try:
        session = ort.InferenceSession(
            content,
            sess_options=options,
            providers=_providers(device),
            # Else its Python part tries the processor by itself, and says so on standard output.
            enable_fallback=0,
        )
    except Exception as error:
        if device == "cpu":
            raise PackageError(f"{damaged} ({one_line(error)})", DAMAGED) from error
        # Is the graph at fault, the device, or one for the other?
        open_session(content, "cpu", threads, damaged)
        if content != TRIVIAL_GRAPH:
            require_device(device)
        raise _refusal(device, error) from error
    used = session.get_providers()
    if used[0] != PROVIDERS[device][0]:
        raise DeviceError(
            f"no usable NVIDIA GPU: ONNX Runtime fell back to {used[0]}",
            _CUDA_REMEDY,
        )
    return session


def _refusal(device: str, error: Exception) -> DeviceError:
    if _FALLBACK_SIGN in str(error):
        return DeviceError(
            f"device {device} would leave a part of the work to the processor ({one_line(error)})",
            "choose device cpu or auto; of a model of your own, export it again with "
            "training/export.py",
        )
    return DeviceError(f"device {device} cannot run the model ({one_line(error)})", _CUDA_REMEDY)


def require_device(device: str) -> None:
    """Check that ``device`` runs a graph of one operator.

    Raises: DeviceError where it does not.
    """
    try:
        open_session(TRIVIAL_GRAPH, device, 1, "the trial graph failed")
    except DeviceError as error:
        raise DeviceError(f"no usable NVIDIA GPU ({error.message})", _CUDA_REMEDY) from error


def _options(ort, threads: int, pixelwise: bool, sizes: Sequence[Tuple[str, int]]):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that wait by counting would take the processor from those that write.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if pixelwise:
        # Its convolutions are matrix products, as fast in the plain layout: putting channels into
        # blocks for them and back would take a sixth of the time.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 4
    # Edge tiles have other sizes than the rest: a memory plan for each would pile up and stay.
    options.enable_mem_pattern = bool(sizes)
    # A graph's weights are in its own, hashed file: what it names outside has no folder to be in.
    options.add_session_config_entry(_EXTERNAL_FOLDER, os.devnull)
    # ONNX, which was searched, and not ONNX Runtime's own format, which it may take for it.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    for name, size in sizes:
        options.add_free_dimension_override_by_name(name, size)
    return options


def _providers(device: str) -> List:
    """The device's provider with its settings; no other."""
    if device == "cpu":
        return PROVIDERS[device]
    settings = {
        # Trying every algorithm takes seconds for each size of tile.
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": "1" if allows_tf32() else "0",
        # By powers of two a large tile would take twice the memory that it needs.
        "arena_extend_strategy": "kSameAsRequested",
    }
    return [(PROVIDERS[device][0], settings)]


def allows_tf32() -> bool:
    """Read from the environment whether a GPU may round float32 to ten bits in products.

    Returns: whether SCDM_TF32 is on; without it, it is off: a GPU gives the processor's numbers.
    Raises: InputError for a value that is neither on nor off.
    """
    value = os.environ.get(TF32_VARIABLE, "off")
    if value not in ("on", "off"):
        raise InputError(f"{TF32_VARIABLE} is '{value}'", "set it to on or off, or leave it out")
    return value == "on"


def place(values: np.ndarray, device: str):
    """Copy ``values``, of any shape, to ``device``.

    Returns: ONNX Runtime's value, of the same shape and type.
    """
    return _onnxruntime().OrtValue.ortvalue_from_numpy(values, device, 0)


def _require_offered(ort, device: str) -> None:
    offered = ort.get_available_providers()
    if PROVIDERS[device][0] not in offered:
        raise DeviceError(
            f"no usable NVIDIA GPU in this runtime (ONNX Runtime {ort.__version__} offers "
            f"{', '.join(offered)})",
            "install onnxruntime-gpu[cuda,cudnn] in its environment (in QGIS: run Install runtime "
            "with Device = cuda), or choose --device auto or cpu",
        )
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()


def _onnxruntime():
    try:
        import onnxruntime
    except ImportError as error:
        raise DeviceError(
            f"onnxruntime cannot be imported ({one_line(error)})",
            "run scdm:installruntime in QGIS, or pip install onnxruntime",
        ) from error
    return onnxruntime


def onnxruntime_version() -> str:
    """ONNX Runtime's version.

    Returns: such as 1.30.0.
    Raises: DeviceError where it cannot be imported.
    """
    return _onnxruntime().__version__


def usable_providers() -> List[str]:
    """The providers on which a session really runs, found by running one on each.

    Returns: ONNX Runtime's names, such as CPUExecutionProvider.
    """
    usable = []
    for device, names in PROVIDERS.items():
        try:
            open_session(TRIVIAL_GRAPH, device, 1, "the trial graph failed").run(
                None, {"x": np.zeros(1, np.float32)}
            )
        except (ScdmError, RuntimeError):
            continue
        usable.append(names[0])
    return usable


def cuda_state() -> Tuple[bool, bool]:
    """Find out whether this ONNX Runtime has CUDA, and whether it runs on a GPU here.

    Returns: both.
    """
    provider = PROVIDERS["cuda"][0]
    offered = provider in _onnxruntime().get_available_providers()
    return offered, offered and provider in usable_providers()


def _identity_graph() -> bytes:
    """A protobuf of y = Identity(x), x float32 (1,), written by hand: no onnx package here."""

    def field(number: int, payload: bytes) -> bytes:
        return bytes([number << 3 | 2, len(payload)]) + payload

    def value(name: bytes) -> bytes:
        tensor = b"\x08\x01" + field(2, field(1, b"\x08\x01"))  # float, shape (1,)
        return field(1, name) + field(2, field(1, tensor))

    node = field(1, b"x") + field(2, b"y") + field(4, b"Identity")
    graph = field(1, node) + field(2, b"g") + field(11, value(b"x")) + field(12, value(b"y"))
    return b"\x08\x08" + field(7, graph) + field(8, b"\x10\x0d")  # IR version 8, opset 13


TRIVIAL_GRAPH = _identity_graph()
