"""A torch network as a checked ONNX file: exported for any size, run, and held against torch."""

import io
import itertools
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional, Tuple

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from model_runtime.diffusion.network import SHARED_BATCH
from model_runtime.errors import PackageError
from model_runtime.system.durable_files import atomic_write

from .exact_norm import with_exact_norms
from .released import as_exported

OPSET = 18
# ONNX Runtime against torch, of the largest value: a graph that is wrong is off by far more, and
# rounding alone makes 1e-4 of a network of seven levels.
MAX_RELATIVE_DIFFERENCE = 1e-3
_EXAMPLE = (2, 2, 1)  # batch, rows and cols in steps
_TRIED = ((1, 3, 2), (3, 1, 2))  # never the example's
_PLACE = {2: "rows", 3: "cols"}
_LEAST_STEP = 16  # pixels: rounding shows in graphs that see some area


@dataclass(frozen=True)
class Port:
    """An input of a graph: (N, bands, rows, cols) float32, or timesteps (N,) where ``bands`` is 0.

    ``shared``: a single one does for a batch of the others. ``single``: there is never more.
    ``timesteps``: how many it knows. ``margin``: pixels on each side for which the output need not
    be right.
    """

    bands: int
    shared: bool = False
    single: bool = False
    timesteps: int = 1000
    margin: int = 0

    def free(self) -> Dict[int, str]:
        """The names of the dimensions that an export leaves open."""
        batch = {} if self.single else {0: SHARED_BATCH if self.shared else "batch"}
        return {**_PLACE, **batch} if self.bands else batch


def export_denoiser(
    module: nn.Module, path: Path, condition_bands: int, output_bands: int, multiple: int
) -> float:
    """Write ``module(x, condition, timestep)`` as the package's denoiser graph at ``path``.

    Batch, rows and cols stay free, rows and cols in steps of ``multiple``. A module with
    ``shares_x`` takes one x and timestep for a batch of conditions. Returns the largest relative
    difference from torch; raises PackageError, and writes nothing, when it is too large.
    """
    shared = getattr(module, "shares_x", False)
    ports = {
        "x": Port(output_bands, shared),
        "condition": Port(condition_bands),
        "timestep": Port(0, shared),
    }
    return export_graph(module, path, ports, "prediction", multiple, as_exported(module))


def export_graph(
    module: nn.Module,
    path: Path,
    ports: Dict[str, Port],
    output: str,
    multiple: int,
    graph: Optional[nn.Module] = None,
) -> float:
    """Write ``module``, called with the inputs ``ports`` in order, as an ONNX file at ``path``.

    ``graph`` is written in its place where it does the same in less work, and held against it.
    Returns the largest relative difference between torch and ONNX Runtime over other sizes than
    the exported one; raises PackageError when it is above MAX_RELATIVE_DIFFERENCE.
    """
    module, graph = module.eval(), (graph or module).eval()
    content = _onnx_bytes(with_exact_norms(graph), ports, output, multiple)
    difference = _largest_difference(module, content, ports, multiple)
    if not difference <= MAX_RELATIVE_DIFFERENCE:
        raise PackageError(
            f"{Path(path).name} differs from the torch network by {difference:.1e} of its largest "
            f"value, more than {MAX_RELATIVE_DIFFERENCE:g}",
            "try another version of torch or onnxruntime",
        )
    atomic_write(Path(path), content)
    return difference


def _onnx_bytes(module: nn.Module, ports: Dict[str, Port], output: str, multiple: int) -> bytes:
    """The graph, by torch's exporter that traces: of a U-Net in a fifteenth of the other's time.

    Tracing may take a size for a constant: what is written is held against torch at other sizes.
    """
    free = {name: port.free() for name, port in ports.items()}
    content = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's age: nothing to act on
        torch.onnx.export(
            module,
            tuple(_random_inputs(ports, _EXAMPLE, multiple).values()),
            content,
            input_names=list(ports),
            output_names=[output],
            dynamic_axes={**free, output: Port(1).free()},
            opset_version=OPSET,
            dynamo=False,
        )
    return _without_build_traces(onnx.load_from_string(content.getvalue())).SerializeToString()


def _without_build_traces(model):
    """The exporter notes source lines and paths of the machine on every node: not for others."""
    for item in (model, model.graph, *model.graph.node, *model.graph.value_info):
        if hasattr(item, "metadata_props"):
            del item.metadata_props[:]
        item.doc_string = ""
    return model


def _random_inputs(
    ports: Dict[str, Port], size: Tuple[int, int, int], multiple: int, share: bool = False
) -> Dict[str, Tensor]:
    generator = torch.Generator().manual_seed(7)
    all_of, down, across = size
    inputs = {}
    for name, port in ports.items():
        batch = 1 if port.single or (share and port.shared) else all_of
        if port.bands:
            sides = (steps * multiple + 2 * port.margin for steps in (down, across))
            shape = (batch, port.bands, *sides)
            inputs[name] = torch.randn(shape, generator=generator)
        else:
            inputs[name] = torch.randint(0, port.timesteps, (batch,), generator=generator)
    return inputs


def _largest_difference(
    module: nn.Module, content: bytes, ports: Dict[str, Port], multiple: int
) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    exact = with_exact_norms(module)
    worst, margin = 0.0, max(port.margin for port in ports.values())
    step = multiple * max(_LEAST_STEP // multiple, 1)
    shares = sorted({False, *(port.shared for port in ports.values())})
    for size, null, share in itertools.product(_TRIED, (False, True), shares):
        inputs = _random_inputs(ports, size, step, share)
        if null:  # the null condition: its features hardly vary
            inputs.update({k: v * 0 for k, v in inputs.items() if k != "x" and ports[k].bands})
        with torch.no_grad():
            # Without features to normalise, torch's own norm makes much of its rounding.
            expected = (exact if null else module)(*inputs.values()).numpy()
        found = session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]
        worst = max(worst, relative_difference(*(_inside(v, margin) for v in (found, expected))))
    return worst


def _inside(values: np.ndarray, margin: int) -> np.ndarray:
    rows, cols = (slice(margin, length - margin) for length in values.shape[2:])
    return values[..., rows, cols]


def relative_difference(found: np.ndarray, expected: np.ndarray) -> float:
    """max |found - expected| / max |expected|; infinity where the shapes differ or NaN appears."""
    if found.shape != expected.shape or not np.isfinite(found).all():
        return float("inf")
    return float(np.abs(found - expected).max() / (np.abs(expected).max() or 1.0))
