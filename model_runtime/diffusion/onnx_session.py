"""ONNX Runtime's only door: sessions on the device that was asked for, and what they really use."""

import os
from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np

from ..errors import DeviceError, MemoryShortage, PackageError, ScdmError, one_line
from ..package.graph_file import read_graph, works_alike_on_all_threads
from ..package.manifest import ModelFile

PROVIDERS = {"cpu": ["CPUExecutionProvider"], "cuda": ["CUDAExecutionProvider"]}
_EXTERNAL_FOLDER = "session.model_external_initializers_file_folder_path"
_CUDA_REMEDY = "install the GPU runtime with CUDA and cuDNN, or choose device cpu or auto"
_MEMORY_REMEDY = "choose a smaller tile, or device cpu"
# The name of a denoiser's batch of x where one x does for a batch of conditions.
SHARED_BATCH = "x_batch"
# What ONNX Runtime and CUDA say when memory runs out; there is no type for it.
_MEMORY_SIGNS = (
    "Failed to allocate memory",
    "bad_alloc",
    "bad allocation",
    "out of memory",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
)
_DAMAGED = "get the model package again, or export it again with training/export.py"


class Network:
    """One ONNX graph: call it with its named inputs, get its one output (float32).

    ``shares_x``: one x does for a batch of conditions.
    """

    def __init__(self, session, inputs: Sequence[str], output: str):
        self._session, self._output = session, output
        self.shares_x = any(SHARED_BATCH in node.shape for node in session.get_inputs())
        found = sorted(node.name for node in session.get_inputs())
        if found != sorted(inputs) or [o.name for o in session.get_outputs()] != [output]:
            raise PackageError(
                f"an ONNX file has inputs {found}, not {sorted(inputs)} with output '{output}'",
                _DAMAGED,
            )
        for node in (*session.get_inputs(), *session.get_outputs()):
            kind = "tensor(int64)" if node.name == "timestep" else "tensor(float)"
            if node.type != kind:
                raise PackageError(
                    f"'{node.name}' of an ONNX file is {node.type}, not {kind}", _DAMAGED
                )

    def __call__(self, **feeds: np.ndarray) -> np.ndarray:
        """The output for ``feeds``; raises DeviceError when the device fails.

        Its kind MemoryShortage says that smaller feeds may go.
        """
        try:
            return self._session.run([self._output], feeds)[0]
        except Exception as error:
            if any(sign in str(error) for sign in _MEMORY_SIGNS):
                raise MemoryShortage(
                    f"the memory ran out while sampling ({one_line(error)})", _MEMORY_REMEDY
                ) from error
            raise DeviceError(
                f"ONNX Runtime failed while sampling ({one_line(error)})",
                "choose a smaller tile, or device cpu",
            ) from error


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
    damaged = f"{entry.file} is not a usable ONNX graph"
    return _session(content, device, threads, damaged, pixelwise)


def _session(content: bytes, device: str, threads: int, damaged: str, pixelwise: bool = False):
    ort = _onnxruntime()
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
    options.enable_mem_pattern = False
    # A graph's weights are in its own, hashed file: what it names outside has no folder to be in.
    options.add_session_config_entry(_EXTERNAL_FOLDER, os.devnull)
    # ONNX, which was searched, and not ONNX Runtime's own format, which it may take for it.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    if device != "cpu":
        _require_offered(ort, device)
    try:
        session = ort.InferenceSession(content, sess_options=options, providers=PROVIDERS[device])
    except Exception as error:
        if device == "cpu":
            raise PackageError(f"{damaged} ({one_line(error)})", _DAMAGED) from error
        _session(content, "cpu", threads, damaged)  # is the graph at fault, or the device?
        raise DeviceError(
            f"device {device} cannot run the model ({one_line(error)})", _CUDA_REMEDY
        ) from error
    used = session.get_providers()
    if used[0] != PROVIDERS[device][0]:
        raise DeviceError(
            f"no usable NVIDIA GPU: ONNX Runtime fell back to {used[0]}",
            _CUDA_REMEDY,
        )
    return session


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
            _session(TRIVIAL_GRAPH, device, 1, "the trial graph failed").run(
                None, {"x": np.zeros(1, np.float32)}
            )
        except (ScdmError, RuntimeError):
            continue
        usable.append(names[0])
    return usable


def pick_device(device: str) -> Tuple[str, List[str]]:
    """``auto`` made into cpu or cuda, with a warning where a GPU runtime is there and unusable.

    Returns: the device, and the warnings.
    """
    if device != "auto":
        return device, []
    ort = _onnxruntime()
    if PROVIDERS["cuda"][0] not in ort.get_available_providers():
        return "cpu", []
    if PROVIDERS["cuda"][0] in usable_providers():
        return "cuda", []
    return "cpu", ["the CUDA runtime is installed but no GPU can be used: running on the CPU"]


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
