"""A graph whose inner convolutions work in float16, with float32 in and out.

onnxconverter-common writes the casts: ONNX Runtime's own converter breaks graphs that share the
scales of a Resize.
"""

import warnings
from typing import Callable, Dict, List, Set

import onnx

from model_runtime.errors import InputError

# What comes before the first convolutions, or products, and from the last on stays in float32:
# rounding to eleven bits there is an error of the colours and of dark pixels' spectra themselves.
_PRODUCTS = frozenset({"Conv", "MatMul", "Gemm"})
_HALF = _PRODUCTS | {"Relu", "Add", "Concat", "AveragePool"}


def to_float16(content: bytes) -> bytes:
    """The graph ``content`` in float16 where that costs little.

    Raises InputError where onnxconverter-common is not installed.
    """
    try:
        from onnxconverter_common import float16
    except ImportError as error:
        raise InputError(
            "float16 packages need onnxconverter-common", "install the project's extra 'train'"
        ) from error
    model = _with_names(onnx.load_from_string(content))
    _split_casts(model.graph)
    kept = _around_convolutions(model.graph)
    # Of a cast the converter would cast what goes in and out, and so on without an end.
    others = {node.op_type for node in model.graph.node} - _HALF - {"Cast"}
    blocked = sorted(others | set(float16.DEFAULT_OP_BLOCK_LIST))
    _unshare(model.graph, lambda node: node.name in kept or node.op_type in blocked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a line for each weight below float16's least
        half = float16.convert_float_to_float16(
            model, keep_io_types=True, op_block_list=blocked, node_block_list=sorted(kept)
        )
    _leave_in_float32(half.graph)
    del half.graph.value_info[:]  # of float32 still, in places: ONNX Runtime works them out itself
    return half.SerializeToString()


def _with_names(model: onnx.ModelProto) -> onnx.ModelProto:
    """Nodes are told apart by their names."""
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"node_{number}"
    return model


def _around_convolutions(graph: onnx.GraphProto) -> Set[str]:
    """Names of the nodes before the first convolutions, and from the last ones on with them."""
    makers = {name: node for node in graph.node for name in node.output}
    users: Dict[str, List[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    ahead = [node for port in graph.input for node in users.get(port.name, [])]
    first = _reach(ahead, lambda node: [n for out in node.output for n in users.get(out, [])])
    back = [makers[port.name] for port in graph.output]
    last = _reach(back, lambda node: [makers[n] for n in node.input if n in makers])
    names = {node.name for node in first if node.op_type not in _PRODUCTS}
    return names | {node.name for node in last}


def _split_casts(graph: onnx.GraphProto) -> None:
    """Give each user of the graph's own casts one of its own: the converter knows no others."""
    casts = {node.output[0]: node for node in graph.node if node.op_type == "Cast"}
    used: Set[str] = set()
    for user in list(graph.node):
        for place, name in enumerate(user.input):
            if name in casts and name in used:
                own = graph.node.add()
                own.CopyFrom(casts[name])
                own.name = own.output[0] = user.input[place] = f"{name}_{len(graph.node)}"
            used.add(name)


def _unshare(graph: onnx.GraphProto, stays: Callable[[onnx.NodeProto], bool]) -> None:
    """Give nodes that stay in float32 their own copy of a weight that others use in float16."""
    others = {name for node in graph.node if not stays(node) for name in node.input}
    weights = {weight.name: weight for weight in graph.initializer}
    copied: Dict[str, str] = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            if stays(node) and name in others and name in weights:
                if name not in copied:
                    copied[name] = f"{name}_in_float32"
                    graph.initializer.add().CopyFrom(weights[name])
                    graph.initializer[-1].name = copied[name]
                node.input[place] = copied[name]


def _leave_in_float32(graph: onnx.GraphProto) -> None:
    """Take away the cast to float16 that the converter puts after a node that stays in float32."""
    outputs = {port.name: port for port in graph.output}
    for node in list(graph.node):
        port = outputs.get(node.output[0])
        if port is None or port.type.tensor_type.elem_type != onnx.TensorProto.FLOAT16:
            continue
        (before,) = node.input
        graph.node.remove(node)
        for other in graph.node:
            for names in (other.input, other.output):
                names[:] = [port.name if name == before else name for name in names]
        port.type.tensor_type.elem_type = onnx.TensorProto.FLOAT


def _reach(begun: List[onnx.NodeProto], next_of) -> List[onnx.NodeProto]:
    """The nodes from ``begun`` on, up to products, which are the last."""
    found: Dict[str, onnx.NodeProto] = {}
    while begun:
        node = begun.pop()
        if node.name not in found:
            found[node.name] = node
            if node.op_type not in _PRODUCTS:
                begun += next_of(node)
    return list(found.values())
