"""A GPU's networks, on the processor: the same class, device and all but the provider."""

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from model_runtime.diffusion import load, onnx_session
from model_runtime.diffusion.device_network import KEPT_SESSIONS, DeviceNetwork
from model_runtime.diffusion.network import CpuNetwork, Held, ports_of
from model_runtime.diffusion.open_network import GraphUse, open_network
from model_runtime.diffusion.sample_graph import SampleGraph
from model_runtime.diffusion.settings import sampling_of_quality
from model_runtime.errors import DeviceError, MemoryShortage, PackageError
from model_runtime.package import embedded, graph_file, manifest
from model_runtime.package.manifest import ModelFile

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
MODEL = manifest.read(embedded.EMBEDDED)
FEATURES = 48 + 12  # of stage 1: what the picture tells, and the bands that colours alone tell
BLUR = (1, 1, 1, 1)  # pads of a 3 x 3 convolution


def content_of(entry):
    return graph_file.read_graph(embedded.EMBEDDED, entry)


def session_of(content, sizes=()):
    return onnx_session.open_session(content, "cpu", 1, "damaged", sizes=sizes)


def networks(content, inputs, output, **how):
    """The graph as the processor has it, and as a GPU would."""
    device = DeviceNetwork(lambda sizes: session_of(content, sizes), inputs, output, "cpu", **how)
    return CpuNetwork(session_of(content), inputs, output), device


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def blur_graph(works_out_sizes=False):
    """prediction = a 3 x 3 mean of x + condition; with sizes, its shape is worked out too."""
    helper, kind = onnx.helper, onnx.TensorProto
    kernel = np.full((2, 1, 3, 3), 1 / 9, np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["mean"], pads=BLUR, group=2),
        helper.make_node("Add", ["mean", "condition"], ["sum"]),
    ]
    if works_out_sizes:
        nodes += [
            helper.make_node("Shape", ["x"], ["shape"]),
            helper.make_node("Reshape", ["sum", "shape"], ["prediction"]),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["sum"], ["prediction"]))
    port = dict.fromkeys(("x", "condition", "prediction"), ("n", 2, "rows", "cols"))
    info = {
        name: helper.make_tensor_value_info(name, kind.FLOAT, shape) for name, shape in port.items()
    }
    graph = helper.make_graph(
        nodes,
        "blur",
        [info["x"], info["condition"]],
        [info["prediction"]],
        [onnx.numpy_helper.from_array(kernel, "kernel")],
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


PORTS = ("x", "condition"), "prediction"


class Recorded:
    """A session that notes the sizes of x that it is run with."""

    def __init__(self, session, shapes):
        self._session, self._shapes = session, shapes

    def io_binding(self):
        binding, shapes = self._session.io_binding(), self._shapes

        def bind_cpu_input(name, values):
            shapes.append(values.shape[2:])
            binding.bind_cpu_input(name, values)

        return SimpleNamespace(
            bind_cpu_input=bind_cpu_input,
            bind_ortvalue_input=binding.bind_ortvalue_input,
            bind_output=binding.bind_output,
            get_outputs=binding.get_outputs,
            real=binding,
        )

    def run_with_iobinding(self, binding):
        self._session.run_with_iobinding(binding.real)

    def __getattr__(self, name):
        return getattr(self._session, name)


@pytest.mark.parametrize("stage", range(len(MODEL.stages)))
def test_a_bound_network_gives_the_same_bits(stage):
    entry = MODEL.stages[stage]
    encoder = networks(content_of(entry.condition_encoder), ["condition"], "features")
    condition = normal(1, entry.condition_bands, 76, 84)  # more than the encoder's margin
    plain, held = encoder[0](condition=condition), encoder[1].run_and_hold(condition=condition)
    np.testing.assert_array_equal(encoder[1](condition=condition), plain)
    denoiser = networks(content_of(entry.denoiser), ["x", "features", "timestep"], "prediction")
    for t in (999, 500, 1):  # the features stay for all steps
        feeds = {"x": normal(1, entry.output_bands, 76, 84, seed=t), "timestep": np.array([t])}
        expected = denoiser[0](**feeds, features=plain)
        np.testing.assert_array_equal(denoiser[1](**feeds, features=held), expected)


def test_what_is_held_is_sent_once(monkeypatch):
    sent, real = [], onnx_session.place
    monkeypatch.setattr(
        onnx_session, "place", lambda values, device: sent.append(device) or real(values, device)
    )
    plain, device = networks(blur_graph(), *PORTS)
    condition = normal(1, 2, 8, 8)
    held = device.hold(condition)
    for seed in range(3):
        x = normal(1, 2, 8, 8, seed=seed)
        np.testing.assert_array_equal(device(x=x, condition=held), plain(x=x, condition=condition))
    assert sent == ["cpu"]
    assert isinstance(held, Held) and len(held) == 1 and held.shape == condition.shape


def test_a_tile_at_the_edge_is_worked_in_the_size_of_the_others():
    """What is cut from each tile is more than the graph sees: there the numbers are the same."""
    shapes = []
    device = DeviceNetwork(
        lambda sizes: Recorded(session_of(blur_graph()), shapes), *PORTS, "cpu", padded=True
    )
    plain = CpuNetwork(session_of(blur_graph()), *PORTS)
    for rows, cols in ((16, 24), (16, 10), (6, 24), (6, 10)):
        feeds = {"x": normal(1, 2, rows, cols), "condition": normal(1, 2, rows, cols, seed=1)}
        made, expected = device(**feeds), plain(**feeds)
        assert made.shape == expected.shape
        kept = (..., slice(0, rows - 1), slice(0, cols - 1))
        np.testing.assert_allclose(made[kept], expected[kept], atol=1e-6)
    assert set(shapes) == {(16, 24)}


def test_what_is_held_decides_the_size_of_the_rest():
    device = networks(blur_graph(), *PORTS, padded=True)[1]
    plain = CpuNetwork(session_of(blur_graph()), *PORTS)
    small = normal(1, 2, 8, 8)
    held = device.hold(small)
    device(x=normal(1, 2, 16, 16), condition=normal(1, 2, 16, 16))
    made = device(x=small, condition=held)
    np.testing.assert_array_equal(made[..., :7, :7], plain(x=small, condition=small)[..., :7, :7])


def test_a_network_that_sees_its_whole_tile_is_given_its_own_sizes():
    """Enlarged, its result would be another: group norms and attention see all of it."""
    shapes = []
    device = DeviceNetwork(
        lambda sizes: Recorded(session_of(blur_graph()), shapes), *PORTS, "cpu", padded=False
    )
    for side in (16, 8):
        device(x=normal(1, 2, side, side), condition=normal(1, 2, side, side))
    assert set(shapes) == {(16, 16), (8, 8)}


def test_a_graph_that_works_out_sizes_has_a_session_for_each():
    content, opened = blur_graph(works_out_sizes=True), []

    def open_session(sizes):
        opened.append(dict(sizes))
        return session_of(content, sizes)

    device = DeviceNetwork(open_session, *PORTS, "cpu", ports_of(session_of(content)))
    plain = CpuNetwork(session_of(content), *PORTS)
    for side in (8, 12, 8, 12):
        feeds = {"x": normal(1, 2, side, side), "condition": normal(1, 2, side, side)}
        np.testing.assert_array_equal(device(**feeds), plain(**feeds))
    assert opened == [{"n": 1, "rows": side, "cols": side} for side in (8, 12)]


def test_sessions_of_many_sizes_do_not_pile_up():
    content, opened = blur_graph(works_out_sizes=True), []

    def open_session(sizes):
        opened.append(sizes)
        return session_of(content, sizes)

    device = DeviceNetwork(open_session, *PORTS, "cpu", ports_of(session_of(content)))
    sides = [*range(4, 4 + KEPT_SESSIONS + 1), 4, 4 + KEPT_SESSIONS]
    for side in sides:
        device(x=normal(1, 2, side, side), condition=normal(1, 2, side, side))
    assert len(device._sessions) == KEPT_SESSIONS
    assert len(opened) == KEPT_SESSIONS + 2  # the first was forgotten, the last was not


def test_sizes_are_known_to_be_worked_out():
    assert graph_file.works_out_sizes(blur_graph(works_out_sizes=True))
    assert not graph_file.works_out_sizes(blur_graph())


def test_another_graph_is_refused():
    with pytest.raises(PackageError, match="an ONNX file has inputs"):
        DeviceNetwork(lambda sizes: session_of(blur_graph()), ["x"], "prediction", "cpu")


@pytest.mark.parametrize(
    "said, kind",
    [
        ("CUDA failure 2: out of memory ; GPU=0", MemoryShortage),
        ("CUBLAS_STATUS_ALLOC_FAILED", MemoryShortage),
        ("CUDA error 700: an illegal memory access was encountered\nat gpu.cc", DeviceError),
    ],
)
def test_what_fails_on_the_device_is_its_error_with_what_to_do(said, kind):
    class Failing(Recorded):
        def run_with_iobinding(self, binding):
            raise RuntimeError(said)

    device = DeviceNetwork(lambda sizes: Failing(session_of(blur_graph()), []), *PORTS, "cpu")
    with pytest.raises(kind, match="choose a smaller tile, or device cpu") as caught:
        device(x=normal(1, 2, 8, 8), condition=normal(1, 2, 8, 8))
    assert "\n" not in str(caught.value) and type(caught.value) is kind


def test_the_processor_is_given_plain_sessions(tmp_path):
    (tmp_path / "a.onnx").write_bytes(blur_graph())
    entry = ModelFile("a.onnx", hashlib.sha256(blur_graph()).hexdigest())
    network = open_network(tmp_path, entry, "cpu", 1, GraphUse(*PORTS))
    condition = normal(1, 2, 8, 8)
    assert isinstance(network, CpuNetwork) and network.hold(condition) is condition


@pytest.mark.parametrize("works_out_sizes", [False, True])
def test_cuda_is_given_bound_sessions_of_strict_settings(tmp_path, monkeypatch, works_out_sizes):
    """An ONNX Runtime that says it has CUDA; its sessions are of the processor."""
    seen = []

    def make(content, sess_options, providers, **how):
        if providers == ["CPUExecutionProvider"]:
            return ort.InferenceSession(content, sess_options=sess_options, providers=providers)
        seen.append((sess_options, providers, how))
        session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
        return SimpleNamespace(
            get_inputs=session.get_inputs,
            get_outputs=session.get_outputs,
            get_providers=lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
        )

    fake = SimpleNamespace(
        SessionOptions=ort.SessionOptions,
        GraphOptimizationLevel=ort.GraphOptimizationLevel,
        InferenceSession=make,
        get_available_providers=lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"],
    )
    monkeypatch.setattr(onnx_session, "_onnxruntime", lambda: fake)
    monkeypatch.delenv(onnx_session.TF32_VARIABLE, raising=False)
    content = blur_graph(works_out_sizes)
    (tmp_path / "a.onnx").write_bytes(content)
    entry = ModelFile("a.onnx", hashlib.sha256(content).hexdigest())
    network = open_network(tmp_path, entry, "cuda", 1, GraphUse(*PORTS))
    assert isinstance(network, DeviceNetwork)
    options, providers, how = seen[-1]
    assert options.get_session_config_entry("session.disable_cpu_ep_fallback") == "1"
    ((name, settings),) = providers
    assert name == "CUDAExecutionProvider"
    assert settings["cudnn_conv_algo_search"] == "HEURISTIC" and settings["use_tf32"] == "0"
    assert how == {"enable_fallback": 0}


@pytest.mark.parametrize("value, used", [("on", "1"), ("off", "0")])
def test_tf32_is_what_the_environment_says(monkeypatch, value, used):
    monkeypatch.setenv(onnx_session.TF32_VARIABLE, value)
    assert onnx_session._providers("cuda")[0][1]["use_tf32"] == used


def test_tf32_is_on_or_off(monkeypatch):
    monkeypatch.setenv(onnx_session.TF32_VARIABLE, "yes")
    with pytest.raises(Exception, match="SCDM_TF32 is 'yes': set it to on or off"):
        onnx_session.allows_tf32()


def test_a_part_that_would_be_left_to_the_processor_is_refused(tmp_path, monkeypatch):
    """What ONNX Runtime says of a graph under strict settings, with the device itself usable."""

    def make(content, sess_options, providers, **how):
        if providers == ["CPUExecutionProvider"]:
            return ort.InferenceSession(content, sess_options=sess_options, providers=providers)
        if content == onnx_session.TRIVIAL_GRAPH:
            return SimpleNamespace(get_providers=lambda: ["CUDAExecutionProvider"])
        return ort.InferenceSession(content, sess_options=sess_options, providers=[])

    fake = SimpleNamespace(
        SessionOptions=ort.SessionOptions,
        InferenceSession=make,
        get_available_providers=lambda: ["CUDAExecutionProvider"],
    )
    monkeypatch.setattr(onnx_session, "_onnxruntime", lambda: fake)
    with pytest.raises(DeviceError, match="would leave a part of the work to the processor"):
        onnx_session.open_session(blur_graph(), "cuda", 1, "damaged")


@pytest.fixture
def bound_cascades(monkeypatch):
    """A function: the cascade of a package on the processor, and bound as a GPU's would be."""

    def bound(folder, entry, device, threads, use):
        content = graph_file.read_graph(folder, entry)

        def open_session(sizes):
            return onnx_session.open_session(content, "cpu", 1, "damaged", use.pixelwise, sizes)

        return DeviceNetwork(open_session, use.inputs, use.output, "cpu", padded=use.padded)

    def load_both(folder, model):
        plain = load.load_cascade(folder, model, "cpu", 1)
        for quality in model.qualities.values():
            plain._graphs(quality.sampler, quality.steps)  # opened now, unbound
        monkeypatch.setattr(load, "open_network", bound)
        monkeypatch.setattr(
            load, "SampleGraph", lambda session, model, _: SampleGraph(session, model, "cpu")
        )
        return plain, load.load_cascade(folder, model, "cpu", 1)

    return load_both


@pytest.mark.parametrize("quality", ["fast", "balanced"])
@pytest.mark.parametrize("scale", [0.0, 1.5])
def test_a_bound_cascade_makes_the_same_pixels(bound_cascades, quality, scale):
    plain, device = bound_cascades(embedded.EMBEDDED, MODEL)
    scales = (scale,) * len(MODEL.stages)
    how = sampling_of_quality(MODEL.qualities[quality], scales, seed=3)
    rgb = np.random.default_rng(0).uniform(0.02, 0.5, (3, 12, 16)).astype(np.float32)
    made, expected = (each.estimate(rgb, 5, 7, how) for each in (device, plain))
    np.testing.assert_array_equal(made.mean, expected.mean)
    if quality == "balanced":
        np.testing.assert_array_equal(made.spread, expected.spread)


@pytest.fixture
def sent(monkeypatch):
    """The shapes of what goes to the device, as it goes."""
    shapes, real = [], onnx_session.place
    monkeypatch.setattr(
        onnx_session,
        "place",
        lambda values, device: shapes.append(values.shape) or real(values, device),
    )
    return shapes


def test_features_of_a_tile_are_sent_once_for_all_steps_and_samples(bound_cascades, sent):
    device = bound_cascades(embedded.EMBEDDED, replace(MODEL, sample_graphs=()))[1]
    how = sampling_of_quality(MODEL.qualities["balanced"], (0.0, 0.0), seed=3)
    assert how.steps > 1 and how.samples > 1
    rgb = np.full((3, 12, 16), 0.2, np.float32)
    device.estimate(rgb, 0, 0, how)
    assert sent == [(1, FEATURES, 12, 16)]  # of stage 1; those of stage 2 are made on the device


def test_a_gpus_patches_make_the_same_pixels(bound_cascades, sent):
    """Larger than a core's; their features are sent once for all samples."""
    plain, device = bound_cascades(embedded.EMBEDDED, MODEL)
    device.device = "cuda"  # what is bound to the processor still
    how = sampling_of_quality(MODEL.qualities["balanced"], (0.0, 0.0), seed=3)
    rgb = np.random.default_rng(0).uniform(0.02, 0.5, (3, 16, 132)).astype(np.float32)
    made, expected = (each.estimate(rgb, 5, 7, how) for each in (device, plain))
    np.testing.assert_allclose(made.mean, expected.mean, atol=1e-6)
    assert sent == [(FEATURES, 16 * 128), (FEATURES, 16 * 4)]
