"""What the GPU cannot do is said: no part is left to the processor, no memory runs out unnamed."""

import hashlib

import numpy as np
import pytest

from model_runtime.diffusion import onnx_session
from model_runtime.diffusion.open_network import GraphUse, open_network
from model_runtime.errors import DeviceError, MemoryShortage
from model_runtime.package.manifest import ModelFile

onnx = pytest.importorskip("onnx")
USE = GraphUse(("x",), "y")
MUCH = 200 << 20  # bytes that are left of a GPU's memory


def write_graph(folder, nodes, kind):
    """A graph from x to y (n, 2, rows, cols) of ``nodes``: its entry in a package."""
    helper = onnx.helper
    info = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ("n", 2, "rows", "cols"))
        for name in ("x", "y")
    ]
    graph = helper.make_graph(nodes, kind, info[:1], info[1:])
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    content = model.SerializeToString()
    (folder / f"{kind}.onnx").write_bytes(content)
    return ModelFile(f"{kind}.onnx", hashlib.sha256(content).hexdigest())


def integer_graph(folder):
    """y = x by way of bits, for which the CUDA provider has no kernel."""
    make, kind = onnx.helper.make_node, onnx.TensorProto
    nodes = [
        make("Cast", ["x"], ["whole"], to=kind.UINT32),
        make("BitwiseAnd", ["whole", "whole"], ["bits"]),
        make("Cast", ["bits"], ["y"], to=kind.FLOAT),
    ]
    return write_graph(folder, nodes, "bits")


def test_an_operator_that_the_gpu_lacks_is_refused(cuda, tmp_path):
    with pytest.raises(DeviceError, match="would leave a part of the work to the processor"):
        open_network(tmp_path, integer_graph(tmp_path), cuda, 1, USE)


def test_the_processor_has_that_operator(tmp_path):
    """Or the test before would show nothing."""
    network = open_network(tmp_path, integer_graph(tmp_path), "cpu", 1, USE)
    x = np.full((1, 2, 4, 4), 3, np.float32)
    np.testing.assert_array_equal(network(x=x), x)


def test_a_graph_that_works_out_sizes_runs_wholly_on_the_device(device, tmp_path):
    make = onnx.helper.make_node
    nodes = [make("Shape", ["x"], ["shape"]), make("Reshape", ["x", "shape"], ["y"])]
    network = open_network(tmp_path, write_graph(tmp_path, nodes, "sizes"), device, 1, USE)
    for side in (8, 12, 8):
        x = np.random.default_rng(side).random((1, 2, side, side), np.float32)
        np.testing.assert_array_equal(network(x=x), x)


def test_memory_that_runs_out_is_named_with_what_to_do(cuda, tmp_path):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("needs a torch with CUDA, to fill the GPU's memory")
    entry = write_graph(tmp_path, [onnx.helper.make_node("Exp", ["x"], ["y"])], "exp")
    network = open_network(tmp_path, entry, cuda, 1, USE)
    free, _ = torch.cuda.mem_get_info()
    taken = torch.empty(max(free - MUCH, 0), dtype=torch.uint8, device=cuda)
    try:
        with pytest.raises(MemoryShortage, match="choose a smaller tile, or device cpu"):
            network(x=np.zeros((1, 2, 8192, 8192), np.float32))
    finally:
        del taken
        torch.cuda.empty_cache()
    x = np.zeros((1, 2, 8, 8), np.float32)  # and the network still works
    np.testing.assert_array_equal(network(x=x), np.exp(x))


def test_the_device_is_usable(device):
    assert onnx_session.PROVIDERS[device][0] in onnx_session.usable_providers()
