"""All steps of all stages of a pixelwise compact package in one graph: noise in, a sample out.

The arrays are (pixels, channels), so that every layer is one product with constant weights. What
the timestep adds is a constant of each step; a step's noise, the sums of the sampler and the next
stage's condition stay inside. The sampler itself is not written again: ``linear_steps`` runs the
runtime's function on symbols and reads off what it adds up.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model_runtime.diffusion import samplers, schedule
from model_runtime.errors import PackageError
from model_runtime.package import manifest

from ..networks.colours import LEAST_COSINE
from ..networks.compact import DARKEST
from .compact import COLOUR_SHARE, OLD_COLOUR_SHARE
from .linear_steps import Step, linear_steps

OPSET, IR_VERSION = 18, 8
Weights = Dict[str, np.ndarray]


def sample_graph(folder: Path, model: manifest.Manifest, sampler: str, steps: int) -> bytes:
    """The graph of ``model``'s stages in ``folder`` for ``steps`` steps by ``sampler``.

    Inputs: ``features`` (width, pixels) of the first stage, behind them what colours tell;
    ``interpolation`` (pixels, nodes); for each stage s and timestep t at which it draws noise
    ``places_s_t`` (pixels,), ``bank_s_t`` (draws, bands) and ``nodes_s_t`` (nodes, bands):
    bank[places] + interpolation @ nodes. Outputs: ``sample_s`` (bands, pixels) of each stage.
    Raises KeyError for graphs of other networks, PackageError for those of before 0.9 with colours.
    """
    graph = _Graph()
    graph.input("interpolation", ["pixels", "nodes"])
    condition: Optional[str] = None
    for s, stage in enumerate(model.stages):
        denoiser = _weights(folder, stage.denoiser)
        if condition is None:
            seen = _enter(graph, denoiser, stage.output_bands)
        else:
            encoder = _weights(folder, stage.condition_encoder)
            seen = _encode(graph, encoder, model, s, condition, _ends(denoiser))
        condition = _StageGraph(graph, s, model, denoiser, seen).sample(sampler, steps)
        graph.output(f"sample_{s}", condition, stage.output_bands)
    return graph.content()


def _weights(folder: Path, file: manifest.ModelFile) -> Weights:
    graph = onnx.load(str(folder / file.file)).graph
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def _matrix(weights: Weights, layer: str) -> np.ndarray:
    """A 1 x 1 convolution's weights as (entering, leaving), float64."""
    return weights[f"{layer}.weight"][:, :, 0, 0].T.astype(np.float64)


@dataclass
class _Graph:
    """Nodes as they are added; a constant is stored once."""

    nodes: List[onnx.NodeProto] = field(default_factory=list)
    constants: Dict[bytes, onnx.TensorProto] = field(default_factory=dict)
    inputs: List[onnx.ValueInfoProto] = field(default_factory=list)
    outputs: List[onnx.ValueInfoProto] = field(default_factory=list)

    def add(self, operator: str, *entering: str, **attributes) -> str:
        """One more node; the name of what it makes."""
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(entering), [name], **attributes))
        return name

    def constant(self, values, kind=np.float32) -> str:
        array = np.ascontiguousarray(values, kind)
        key = array.tobytes() + str((array.shape, array.dtype)).encode()
        if key not in self.constants:
            self.constants[key] = numpy_helper.from_array(array, f"c{len(self.constants)}")
        return self.constants[key].name

    def columns(self, values: str, first: int, end: int) -> str:
        """Columns ``first`` to ``end``, without that, of ``values`` (pixels, columns)."""
        ends = [self.constant(v, np.int64) for v in ([first], [end], [1])]
        return self.add("Slice", values, *ends)

    def input(self, name: str, shape: Sequence, kind=TensorProto.FLOAT) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, value: str, bands: int) -> None:
        self.nodes.append(helper.make_node("Transpose", [value], [name], perm=[1, 0]))
        shape = [bands, "pixels"]
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def content(self) -> bytes:
        graph = helper.make_graph(
            self.nodes, "sample", self.inputs, self.outputs, list(self.constants.values())
        )
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model.SerializeToString()


@dataclass(frozen=True)
class _Seen:
    """What a stage sees of its condition: ``features`` (pixels, width), ``brightness`` (pixels, 1).

    The biases at the blocks' ends are in the features already, instead of in every step.
    ``colours`` (pixels, bands): x0 by them alone, if the stage has one; it counts for ``share``.
    """

    features: str
    brightness: str
    colours: Optional[str] = None
    share: float = 0.0


def _ends(denoiser: Weights) -> List[np.ndarray]:
    """The biases at the ends of the blocks."""
    count = sum(name.startswith("biases_") for name in denoiser)
    return [denoiser[f"blocks.{b}.narrow.bias"].astype(np.float64) for b in range(count)]


def _enter(graph: _Graph, denoiser: Weights, bands: int) -> _Seen:
    """The first stage's, whose encoder saw the picture: an input."""
    if OLD_COLOUR_SHARE in denoiser:
        raise PackageError(
            "the package was exported before 0.9, when what colours tell counted everywhere",
            "export its run again; as it is, the package works with the graphs that it has",
        )
    width, share = _matrix(denoiser, "enter").shape[1], denoiser.get(COLOUR_SHARE)
    given = width if share is None else width + bands
    features = graph.add("Transpose", graph.input("features", [given, "pixels"]), perm=[1, 0])
    colours = None
    if share is not None:
        colours = graph.columns(features, width, given)
        features = graph.columns(features, 0, width)
    brightness = graph.columns(features, width - 1, width)
    ended = graph.add("Add", features, graph.constant(sum(_ends(denoiser))))
    return _Seen(ended, brightness, colours, 0.0 if share is None else float(share))


def _encode(
    graph: _Graph,
    weights: Weights,
    model: manifest.Manifest,
    s: int,
    condition: str,
    ends: List[np.ndarray],
) -> _Seen:
    """Of a stage that sees one pixel of the one before, as ``compact.PixelEncoderGraph`` does."""
    bands = list(model.stages[s - 1].final_bands)
    n = model.normalisation
    scale, offset = (np.array(v)[bands] for v in (n.output_scale, n.output_offset))
    mean = graph.constant(_matrix(weights, "mean")), graph.constant(weights["mean.bias"])
    brightness = graph.add("Gemm", condition, *mean)
    brightness = graph.add("Clip", brightness, graph.constant(np.float32(DARKEST)))
    values = graph.add("Mul", condition, graph.constant(scale))
    values = graph.add("Add", values, graph.constant(offset))
    relative = graph.add("Div", values, brightness)
    seen = graph.add("Concat", relative, graph.add("Log", brightness), brightness, axis=1)
    looks = _matrix(weights, "looks"), weights["looks.bias"] + sum(ends)
    return _Seen(graph.add("Gemm", seen, *map(graph.constant, looks)), brightness)


class _Colours:
    """What colours alone tell, as ``compact.DenoiserGraph`` has it count."""

    def __init__(self, graph: _Graph, model: manifest.Manifest, stage: manifest.Stage, seen: _Seen):
        bands, n = list(stage.final_bands), model.normalisation
        self._graph, self._seen = graph, seen
        self._scale, self._offset = (
            graph.constant(np.array(each)[bands]) for each in (n.output_scale, n.output_offset)
        )
        self._spectrum = self._spectra(seen.colours)
        self._square = self._sum_of_products(self._spectrum, self._spectrum)

    def with_share(self, x0: str) -> str:
        """``x0`` (pixels, bands) with its share of colours, the more the nearer both lie."""
        graph, own = self._graph, self._spectra(x0)
        squares = graph.add("Mul", self._sum_of_products(own, own), self._square)
        length = graph.add("Max", graph.add("Sqrt", squares), graph.constant(np.float32(1e-12)))
        cosine = graph.add("Div", self._sum_of_products(own, self._spectrum), length)
        above = graph.add("Sub", cosine, graph.constant(np.float32(LEAST_COSINE)))
        factor = np.float32(self._seen.share / (1 - LEAST_COSINE))
        share = graph.add("Relu", graph.add("Mul", above, graph.constant(factor)))
        apart = graph.add("Sub", self._seen.colours, x0)
        return graph.add("Add", x0, graph.add("Mul", apart, share))

    def _spectra(self, normalised: str) -> str:
        return self._graph.add("Add", self._graph.add("Mul", normalised, self._scale), self._offset)

    def _sum_of_products(self, one: str, other: str) -> str:
        """The sums over the bands (pixels, 1), whose bits no other pixel changes.

        A product with a column of ones rounds by how many pixels there are.
        """
        products, axes = self._graph.add("Mul", one, other), self._graph.constant([1], np.int64)
        return self._graph.add("ReduceSum", products, axes, keepdims=1)


class _StageGraph:
    """One stage's steps.

    A stage of as many bands as its network is wide never needs x_t itself: only what the first
    layer makes of it, and that of the noise is found by the bank, not by the pixel. So all symbols
    are then what they are behind that layer, and the layer is no work at all.
    """

    def __init__(
        self, graph: _Graph, s: int, model: manifest.Manifest, weights: Weights, seen: _Seen
    ):
        stage = model.stages[s]
        self._graph, self._s, self._stage, self._weights = graph, s, stage, weights
        self._enter = _matrix(weights, "enter")
        wide = self._enter.shape[0] >= self._enter.shape[1]
        # Else the last x0 is made of x_t too, or every x0 is held against what colours tell.
        self._behind = wide and stage.prediction == "x0" and seen.colours is None
        self._diffusion = schedule.of_manifest(stage.schedule)
        self._ends, self._seen = _ends(weights), seen
        self._colours = None
        if seen.colours is not None:
            self._colours = _Colours(graph, model, stage, seen)

    def sample(self, sampler: str, steps: int) -> str:
        """The sample (pixels, bands) after all steps."""
        function, d = samplers.SAMPLER_FUNCTIONS[sampler], self._diffusion
        plan = linear_steps(function, d, samplers.timesteps(d.steps, steps), self._stage.prediction)
        found: Dict[str, str] = {}
        for k, step in enumerate(plan):
            last = k == len(plan) - 1
            x = self._sum(step.x, found)
            found[f"x{k}"] = x
            prediction = self._network(x, step, last)
            found[f"x0_{k}"] = self._x0(prediction, x, step)
        return found[f"x0_{len(plan) - 1}"]

    def _x0(self, prediction: str, x: str, step: Step) -> str:
        """x0 of the network's answer, and of x where it does not predict x0 itself."""
        if not step.x_of_x0:
            return prediction
        scaled = self._graph.add("Mul", prediction, self._graph.constant(step.prediction_of_x0))
        return self._graph.add(
            "Add", scaled, self._graph.add("Mul", x, self._graph.constant(step.x_of_x0))
        )

    def _sum(self, terms: Dict[str, float], found: Dict[str, str]) -> str:
        """The sum of symbols times factors; noise comes with its factor."""
        graph, parts = self._graph, []
        for name, factor in terms.items():
            if name.startswith("n"):
                parts.append(self._noise(int(name[1:]), factor))
            else:
                parts.append(graph.add("Mul", found[name], graph.constant(np.float32(factor))))
        total = parts[0]
        for part in parts[1:]:
            total = graph.add("Add", total, part)
        return total

    def _noise(self, t: int, factor: float) -> str:
        graph, bands = self._graph, self._enter.shape[0]
        name = f"{self._s}_{t}"
        places = graph.input(f"places_{name}", ["pixels"], TensorProto.INT64)
        bank = graph.input(f"bank_{name}", ["draws", bands])
        nodes = graph.input(f"nodes_{name}", ["nodes", bands])
        if self._behind:
            enter = graph.constant(self._enter)
            bank, nodes = (graph.add("MatMul", values, enter) for values in (bank, nodes))
        own = graph.add("Gather", bank, places, axis=0)
        return graph.add("Gemm", "interpolation", nodes, own, alpha=factor, beta=factor)

    def _network(self, x: str, step: Step, last: bool) -> str:
        """``compact.DenoiserGraph`` at one timestep; behind the first layer unless ``last``."""
        graph = self._graph
        if self._behind:
            hidden = graph.add("Add", x, self._seen.features)
        else:
            hidden = graph.add("Gemm", x, graph.constant(self._enter), self._seen.features)
        for b in range(len(self._ends)):
            hidden = self._block(b, hidden, step.t)
        hidden = graph.add("Relu", hidden)
        behind = self._behind and not last
        shape, rest = (self._leave(layer, hidden, behind) for layer in ("shape", "rest"))
        x0 = graph.add("Add", graph.add("Mul", shape, self._seen.brightness), rest)
        return x0 if self._colours is None else self._colours.with_share(x0)

    def _block(self, b: int, hidden: str, t: int) -> str:
        """A residual block, whose end's bias is in ``hidden`` already."""
        graph, widen = self._graph, _matrix(self._weights, f"blocks.{b}.widen")
        bias = self._weights[f"biases_{b}"][t] - sum(self._ends[b:]) @ widen
        wide = graph.add("Gemm", hidden, graph.constant(widen), graph.constant(bias))
        narrow = graph.constant(_matrix(self._weights, f"blocks.{b}.narrow"))
        return graph.add("Gemm", graph.add("Relu", wide), narrow, hidden)

    def _leave(self, layer: str, hidden: str, behind: bool) -> str:
        matrix, bias = _matrix(self._weights, layer), self._weights[f"{layer}.bias"]
        if behind:
            matrix, bias = matrix @ self._enter, bias @ self._enter
        return self._graph.add(
            "Gemm", hidden, self._graph.constant(matrix), self._graph.constant(bias)
        )
