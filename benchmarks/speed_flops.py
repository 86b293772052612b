"""How many multiply-adds a pass of an ONNX graph costs: its convolutions and matrix products."""

from math import prod
from typing import Dict, List

import onnx

Shapes = Dict[str, List[int]]


def multiply_adds(model: onnx.ModelProto, sizes: Dict[str, int]) -> int:
    """Multiply-adds of a pass with the free dimensions ``sizes``, such as {"rows": 64, ...}.

    Counted are Conv, ConvTranspose, Gemm and MatMul; raises ValueError where a shape stays open.
    """
    fixed = onnx.ModelProto.FromString(model.SerializeToString())
    for value in fixed.graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_value = sizes[dim.dim_param]
    for value in fixed.graph.output:  # their free names would contradict what is inferred
        value.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(fixed, data_prop=True)
    shapes = _shapes(inferred.graph)
    return sum(_of_node(node, shapes) for node in inferred.graph.node)


def _shapes(graph) -> Shapes:
    found = {item.name: list(item.dims) for item in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        if all(dim.HasField("dim_value") for dim in dims):
            found[value.name] = [dim.dim_value for dim in dims]
    for node in graph.node:
        for attribute in node.attribute if node.op_type == "Constant" else ():
            found[node.output[0]] = list(attribute.t.dims)
    return found


def _of_node(node, shapes: Shapes) -> int:
    if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
        return 0
    for name in (*node.input[:2], node.output[0]):
        if name not in shapes:
            raise ValueError(f"{node.op_type} {node.name}: the shape of '{name}' is not known")
    first, second = (shapes[name] for name in node.input[:2])
    if node.op_type == "Conv":  # the kernel is (out, in / groups, rows, cols)
        return prod(shapes[node.output[0]]) * prod(second[1:])
    if node.op_type == "ConvTranspose":  # the kernel is (in, out / groups, rows, cols)
        return prod(first) * prod(second[1:])
    turned = any(a.name == "transA" and a.i for a in node.attribute)
    return prod(shapes[node.output[0]]) * first[0 if turned else -1]
