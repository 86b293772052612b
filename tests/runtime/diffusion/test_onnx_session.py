"""ONNX Runtime's door: only the package's own graph, only on the device that was asked for."""

import hashlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from model_runtime.diffusion import onnx_session
from model_runtime.diffusion.network import CpuNetwork
from model_runtime.errors import DeviceError, PackageError
from model_runtime.package.manifest import ModelFile

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
FLOAT, INT64, DOUBLE = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.DOUBLE
IMAGE = ["n", 2, "h", "w"]
PORTS = (("x", FLOAT, IMAGE), ("condition", FLOAT, IMAGE), ("timestep", INT64, ["n"]))
NAMES = [name for name, *_ in PORTS]
SUM = (onnx.helper.make_node("Add", ["x", "condition"], ["prediction"]),)
HAS_CUDA = "CUDAExecutionProvider" in ort.get_available_providers()


def graph(nodes=SUM, inputs=PORTS, output=("prediction", FLOAT, IMAGE), constants=(), domains=()):
    """The bytes of an ONNX model, not checked."""
    info = onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(
        nodes, "g", [info(*i) for i in inputs], [info(*output)], list(constants)
    )
    opsets = [onnx.helper.make_opsetid(*d) for d in (("", 17), *domains)]
    return onnx.helper.make_model(body, opset_imports=opsets, ir_version=8).SerializeToString()


def put(folder, content):
    """``content`` as a file of a package: its entry."""
    (folder / "a.onnx").write_bytes(content)
    return ModelFile("a.onnx", hashlib.sha256(content).hexdigest())


def network(folder, content):
    """The network of ``content``, loaded as the cascade loads it."""
    session = onnx_session.session_for(folder, put(folder, content), "cpu", 1)
    return CpuNetwork(session, NAMES, "prediction")


def feeds(rows=3, cols=5):
    x = np.random.default_rng(0).standard_normal((1, 2, rows, cols)).astype(np.float32)
    return {"x": x, "condition": 2 * x, "timestep": np.array([7])}


def test_a_network_is_called_by_its_inputs_names(tmp_path):
    found = network(tmp_path, graph())(**feeds())
    np.testing.assert_allclose(found, 3 * feeds()["x"], rtol=1e-6)


def test_another_hash_is_refused_before_the_file_is_opened(tmp_path):
    put(tmp_path, b"no graph at all")
    with pytest.raises(PackageError, match="has SHA-256"):
        onnx_session.session_for(tmp_path, ModelFile("a.onnx", "0" * 64), "cpu", 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x08", b"no graph at all", graph()[:-20], graph()[:50], bytes(1000)],
    ids=["empty", "a byte", "text", "cut", "cut short", "zeros"],
)
def test_a_damaged_graph_is_refused_in_one_line(tmp_path, content):
    with pytest.raises(PackageError) as caught:
        network(tmp_path, content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "inputs, output",
    [
        (PORTS[:2], ("prediction", FLOAT, IMAGE)),
        ((*PORTS, ("extra", FLOAT, IMAGE)), ("prediction", FLOAT, IMAGE)),
        ((PORTS[0], ("features", FLOAT, IMAGE), PORTS[2]), ("prediction", FLOAT, IMAGE)),
        (PORTS, ("noise", FLOAT, IMAGE)),
    ],
    ids=["no timestep", "one too many", "features for condition", "another output"],
)
def test_other_inputs_or_outputs_are_refused(tmp_path, inputs, output):
    names = [inputs[0][0], inputs[1][0]]
    nodes = [onnx.helper.make_node("Add", names, [output[0]])]
    with pytest.raises(PackageError, match=r"not \['condition', 'timestep', 'x'\]"):
        network(tmp_path, graph(nodes, inputs, output))


@pytest.mark.parametrize("place, kind", [(2, FLOAT), (2, onnx.TensorProto.INT32), (0, DOUBLE)])
def test_other_types_are_refused_when_loading(tmp_path, place, kind):
    inputs = [list(port) for port in PORTS]
    inputs[place][1] = kind
    cast = onnx.helper.make_node("Cast", ["x"], ["single"], to=FLOAT)
    total = onnx.helper.make_node("Add", ["single", "condition"], ["prediction"])
    with pytest.raises(PackageError, match=f"'{inputs[place][0]}' of an ONNX file is tensor"):
        network(tmp_path, graph([cast, total], inputs))


def external(location):
    """A graph whose weights lie in another file."""
    weights = onnx.TensorProto(name="k", data_type=FLOAT, dims=[2, 2, 1, 1])
    weights.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "16")):
        weights.external_data.add(key=key, value=value)
    conv = onnx.helper.make_node("Conv", ["x", "k"], ["mixed"])
    total = onnx.helper.make_node("Add", ["mixed", "condition"], ["prediction"])
    return graph([conv, total], constants=[weights])


@pytest.mark.parametrize("location", ["w.bin", "./w.bin", "../w.bin", "{folder}/w.bin"])
def test_weights_outside_the_file_are_not_read(tmp_path, monkeypatch, location):
    """They would escape the hash: not from the working folder, the package's, or anywhere."""
    folder = tmp_path / "package"
    folder.mkdir()
    for place in (folder, tmp_path):
        (place / "w.bin").write_bytes(np.ones(4, np.float32).tobytes())
    monkeypatch.chdir(folder)
    with pytest.raises(PackageError, match=r"[Ee]xternal"):
        network(folder, external(location.format(folder=folder)))


def test_an_operator_of_somebody_else_is_refused(tmp_path):
    node = onnx.helper.make_node("Run", ["x"], ["prediction"], domain="com.example")
    with pytest.raises(PackageError, match=r"com\.example"):
        network(tmp_path, graph([node], domains=[("com.example", 1)]))


def test_a_failure_while_running_is_the_devices_in_one_line(tmp_path):
    run = network(tmp_path, graph())
    with pytest.raises(DeviceError, match="choose a smaller tile") as caught:
        run(**{**feeds(), "condition": np.zeros((1, 2, 9, 9), np.float32)})
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(HAS_CUDA, reason="this ONNX Runtime offers CUDA")
def test_cuda_where_there_is_none_names_the_cause_and_what_to_do(tmp_path):
    with pytest.raises(DeviceError, match=r"CPUExecutionProvider.*onnxruntime-gpu") as caught:
        onnx_session.session_for(tmp_path, put(tmp_path, graph()), "cuda", 1)
    assert caught.value.exit_code == 4


@pytest.fixture
def claimed_cuda(monkeypatch):
    """An ONNX Runtime that says it has CUDA; its sessions come from ``make(content, **how)``."""

    def claim(make):
        real = {"SessionOptions": ort.SessionOptions, "__version__": ort.__version__}
        offered = {"get_available_providers": lambda: ["CUDAExecutionProvider"]}
        fake = SimpleNamespace(**real, **offered, InferenceSession=make)
        monkeypatch.setattr(onnx_session, "_onnxruntime", lambda: fake)

    return claim


def on_cpu(content, **how):
    """What ONNX Runtime does without a word where CUDA cannot start."""
    return ort.InferenceSession(content, providers=["CPUExecutionProvider"])


def fails_on_cuda(content, **how):
    if how["providers"] != ["CPUExecutionProvider"]:
        raise RuntimeError("CUDA failure 100: no CUDA-capable device\nat gpu.cc")
    return ort.InferenceSession(content, **how)


def test_a_silent_fallback_to_the_cpu_is_an_error(tmp_path, claimed_cuda):
    claimed_cuda(on_cpu)
    with pytest.raises(DeviceError, match="fell back to CPUExecutionProvider"):
        onnx_session.session_for(tmp_path, put(tmp_path, graph()), "cuda", 1)


def test_a_device_that_fails_is_not_the_packages_fault(tmp_path, claimed_cuda):
    claimed_cuda(fails_on_cuda)
    with pytest.raises(DeviceError, match="no CUDA-capable device") as caught:
        onnx_session.session_for(tmp_path, put(tmp_path, graph()), "cuda", 1)
    assert "\n" not in str(caught.value)


def test_a_damaged_graph_is_the_packages_fault_on_any_device(tmp_path, claimed_cuda):
    claimed_cuda(fails_on_cuda)
    with pytest.raises(PackageError, match="not a usable ONNX graph"):
        content = graph([onnx.helper.make_node("NoSuch", ["x"], ["prediction"])])
        onnx_session.session_for(tmp_path, put(tmp_path, content), "cuda", 1)


@pytest.mark.parametrize("make", [on_cpu, fails_on_cuda])
def test_a_gpu_runtime_that_finds_no_gpu_is_offered_and_not_usable(claimed_cuda, make):
    claimed_cuda(make)
    assert onnx_session.cuda_state() == (True, False)
    assert onnx_session.usable_providers() == ["CPUExecutionProvider"]


@pytest.mark.skipif(HAS_CUDA, reason="this ONNX Runtime offers CUDA")
def test_a_runtime_without_cuda_does_not_offer_it():
    assert onnx_session.cuda_state() == (False, False)


def test_the_cpu_is_usable():
    assert "CPUExecutionProvider" in onnx_session.usable_providers()
    session = onnx_session.open_session(onnx_session.TRIVIAL_GRAPH, "cpu", 1, "")
    assert session.run(None, {"x": np.float32([3])})[0].tolist() == [3]


def test_the_trial_graph_is_valid_onnx():
    onnx.checker.check_model(onnx.load_from_string(onnx_session.TRIVIAL_GRAPH))


def test_without_onnxruntime_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DeviceError, match="scdm:installruntime"):
        onnx_session.onnxruntime_version()
