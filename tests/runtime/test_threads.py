"""The number of threads decides how long a run takes, and no pixel."""

import numpy as np
import pytest

from model_runtime.diffusion import onnx_session
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import sampling_of_quality
from model_runtime.package import embedded, manifest
from model_runtime.package.graph_file import read_graph, works_alike_on_all_threads

onnx = pytest.importorskip("onnx")
THREADS = (2, 3, 4, 7, 8)
# Sizes at which ONNX Runtime's shares are no multiples of its packets.
SHAPES = ((300, 200), (132, 92))


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("onnxruntime")
    return manifest.read(embedded.EMBEDDED)


def test_the_embedded_encoder_shares_its_work(model):
    """Were it not safe to, one thread would do all of it."""
    entry = model.stages[0].condition_encoder
    assert works_alike_on_all_threads(read_graph(embedded.EMBEDDED, entry))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_embedded_encoder_gives_the_same_bits(model, shape):
    entry = model.stages[0].condition_encoder
    rgb = np.random.default_rng(0).standard_normal((1, 3, *shape)).astype(np.float32)

    def features(threads):
        session = onnx_session.session_for(embedded.EMBEDDED, entry, "cpu", threads, alike=True)
        return session.run(None, {"condition": rgb})[0]

    alone = features(1)
    for threads in THREADS:
        np.testing.assert_array_equal(features(threads), alone)


def test_a_tile_is_the_same_on_any_number_of_threads(model):
    how = sampling_of_quality(model.qualities["fast"], (0.0,) * len(model.stages), 7)
    rgb = np.random.default_rng(0).uniform(0.01, 0.5, (3, 100, 132)).astype(np.float32)

    def mean(threads):
        loaded = load_cascade(embedded.EMBEDDED, model, "cpu", threads)
        return loaded.estimate(rgb, 12, 30, how).mean

    alone = mean(1)
    for threads in (2, 3, 5):
        np.testing.assert_array_equal(mean(threads), alone)


def graph_of(op):
    """A graph of one operator on a map of 8 bands."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [helper.make_node(op, ["x"], ["y"])]
    if op.startswith("Reduce"):
        nodes = [helper.make_node(op, ["x", "axes"], ["y"])]
    axes = onnx.numpy_helper.from_array(np.array([1], np.int64), "axes")
    ports = [helper.make_tensor_value_info(name, kind, None) for name in "xy"]
    body = helper.make_graph(nodes, "g", ports[:1], ports[1:], [axes])
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(body, opset_imports=opsets, ir_version=9).SerializeToString()


@pytest.mark.parametrize("op", ["Log", "Softplus", "ReduceMean", "ReduceSum", "MatMul", "Unheard"])
def test_operators_that_may_differ_are_known(op):
    assert not works_alike_on_all_threads(graph_of(op))


@pytest.mark.parametrize("op", ["Exp", "Tanh", "Sigmoid", "Erf", "Sqrt", "Relu", "Abs", "Neg"])
def test_operators_that_are_trusted_do_not_differ(op):
    """All that make each element by itself; a new ONNX Runtime may bring another kernel."""
    content = graph_of(op)
    assert works_alike_on_all_threads(content)
    values = np.random.default_rng(1).random((2, 8, 131, 77)).astype(np.float32)

    def found(threads):
        return onnx_session.open_session(content, "cpu", threads, "").run(None, {"x": values})[0]

    alone = found(1)
    for threads in THREADS:
        np.testing.assert_array_equal(found(threads), alone)


def test_a_graph_that_might_differ_is_left_to_one_thread(tmp_path):
    import hashlib

    content = graph_of("Log")
    (tmp_path / "a.onnx").write_bytes(content)
    entry = manifest.ModelFile("a.onnx", hashlib.sha256(content).hexdigest())
    values = np.random.default_rng(1).random((1, 8, 200, 333)).astype(np.float32)

    def found(threads):
        session = onnx_session.session_for(tmp_path, entry, "cpu", threads, alike=True)
        return session.run(None, {"x": values})[0]

    alone = found(1)
    for threads in (7, 13):
        np.testing.assert_array_equal(found(threads), alone)
