"""A graph whose inner convolutions work in float16, with float32 in and out.

onnxconverter-common writes the casts: ONNX Runtime's own converter breaks graphs that share the
scales of a Resize.
"""

from typing import Dict, List, Set

import onnx

from model_runtime.errors import InputError

# What comes before the first convolutions and after the last stays in float32: there, rounding to
# eleven bits is an error of the input's colours and of dark pixels' spectra themselves.
_HALF = frozenset({"Conv", "Relu", "Add", "Concat", "AveragePool", "MatMul", "Gemm"})


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
    kept = _around_convolutions(model.graph)
    others = {node.op_type for node in model.graph.node} - _HALF
    blocked = sorted(others | set(float16.DEFAULT_OP_BLOCK_LIST))
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
    names = {node.name for node in first if node.op_type != "Conv"}
    return names | {node.name for node in last}


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
    """The nodes from ``begun`` on, up to convolutions, which are the last."""
    found: Dict[str, onnx.NodeProto] = {}
    while begun:
        node = begun.pop()
        if node.name not in found:
            found[node.name] = node
            if node.op_type != "Conv":
                begun += next_of(node)
    return list(found.values())
