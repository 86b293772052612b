"""A package's ONNX file is searched for names of other files before ONNX Runtime sees it."""

import shutil

import numpy as np
import pytest

from model_runtime.errors import PackageError
from model_runtime.package.graph_file import refuse_external_data

onnx = pytest.importorskip("onnx")
FLOAT = onnx.TensorProto.FLOAT
helper = onnx.helper


def outside():
    """A tensor whose data lies in another file."""
    tensor = onnx.TensorProto(name="k", data_type=FLOAT, dims=[1])
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def graph(nodes=(), **parts):
    made = helper.make_graph(list(nodes), "g", [], [])
    made.initializer.extend(parts.get("initializer", []))
    made.sparse_initializer.extend(parts.get("sparse", []))
    return made


def model(body):
    return helper.make_model(body)


def with_attribute(**named):
    node = onnx.NodeProto(op_type="Any")
    attribute = node.attribute.add(name="a")
    for name, value in named.items():
        field = getattr(attribute, name)
        field.extend([value]) if name.endswith("s") else field.CopyFrom(value)
    return model(graph([node]))


def with_function():
    made = model(graph())
    made.functions.add(name="f").node.extend(with_attribute(t=outside()).graph.node)
    return made


def with_training():
    made = model(graph())
    made.training_info.add().initialization.CopyFrom(graph(initializer=[outside()]))
    return made


def without_the_mark():
    """The location alone: whether a reader asks for the mark is the reader's affair."""
    tensor = outside()
    tensor.ClearField("data_location")
    return model(graph(initializer=[tensor]))


SPARSE = onnx.SparseTensorProto(values=outside())
DEEP = graph([helper.make_node("If", ["c"], ["y"], then_branch=graph(initializer=[outside()]))])
EXTERNAL = {
    "initializer": model(graph(initializer=[outside()])),
    "sparse initializer": model(graph(sparse=[SPARSE])),
    "attribute": with_attribute(t=outside()),
    "list of tensors": with_attribute(tensors=outside()),
    "sparse attribute": with_attribute(sparse_tensor=SPARSE),
    "list of sparse": with_attribute(sparse_tensors=SPARSE),
    "subgraph": model(DEEP),
    "list of subgraphs": with_attribute(graphs=DEEP),
    "function": with_function(),
    "training": with_training(),
    "location alone": without_the_mark(),
}


@pytest.mark.parametrize("made", EXTERNAL.values(), ids=EXTERNAL)
def test_external_data_is_refused_wherever_it_is_named(made):
    with pytest.raises(PackageError, match="names external data"):
        refuse_external_data(made.SerializeToString(), "a.onnx")


def test_weights_inside_pass():
    inside = onnx.numpy_helper.from_array(np.ones((3, 4), np.float32), "k")
    body = graph([helper.make_node("Constant", [], ["c"], value=inside)], initializer=[inside])
    assert refuse_external_data(model(body).SerializeToString(), "a.onnx") is None


def nested(depth):
    """Graphs within attributes of nodes of graphs: deeper than ONNX's own writer makes them."""
    body = b""
    for number in [7, *[1, 5, 6] * depth][::-1]:
        size = len(body)
        body = (
            bytes([number << 3 | 2, 0x80 | size & 0x7F, 0x80 | size >> 7 & 0x7F, size >> 14]) + body
        )
    return body


# The mark of external data in a field whose number a reader in C++ cuts to that mark's.
DISGUISED = bytes([0x3A, 9, 0x2A, 7, 0xF0, 0x80, 0x80, 0x80, 0x10, 1, 0])
MALFORMED = {
    "cut": model(graph([helper.make_node("Add", ["a", "b"], ["c"])])).SerializeToString()[:-3],
    "text": b"not a graph at all",
    "endless number": b"\xff" * 20,
    "length past the end": b"\x3a\x7f",
    "number for a graph": b"\x38\x01",
    "group": b"\x3b\x3c",
    "disguised": DISGUISED,
    "too deep": nested(40),
    "ONNX Runtime's own format": b"\x18\x00\x00\x00ORTM" + bytes(64),
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_a_graph_is_refused_in_one_line(content):
    with pytest.raises(PackageError) as caught:
        refuse_external_data(content, "a.onnx")
    assert "\n" not in str(caught.value)


def test_describe_refuses_such_a_package(command, tiny_package, tmp_path):
    """Before anybody runs it."""
    import hashlib
    import json

    folder = shutil.copytree(tiny_package, tmp_path / "package")
    content = EXTERNAL["initializer"].SerializeToString()
    told = json.loads((folder / "model.json").read_text())
    told["stages"][0]["denoiser"]["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "model.json").write_text(json.dumps(told))
    (folder / "a.onnx").write_bytes(content)
    done = command("describe", folder)
    assert done.returncode == 3 and "external data" in done.stderr and not done.stdout
