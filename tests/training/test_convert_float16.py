"""Packages in float16: nearly the same spectra, float32 at their ends, and refused where not so."""

import numpy as np
import onnx
import pytest
from cuda_operators import CUDA_OPERATORS, operators_left

pytest.importorskip("onnxconverter_common", reason="needs onnxconverter-common, of the extra train")

from model_runtime.errors import InputError, PackageError
from model_runtime.package import embedded, manifest
from training import convert_float16
from training.graphs.float16 import to_float16
from training.graphs.onnx_export import export_denoiser, relative_difference
from training.networks.released import ReleasedUNet, ReleasedUNetSettings


@pytest.fixture(scope="module", autouse=True)
def little():
    """One small picture: a processor takes its time for float16."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert_float16, "SIDE", 12)
        patch.setattr(convert_float16, "MADE", 1)
        yield


@pytest.fixture(scope="module")
def variant(tmp_path_factory, little):
    """(the embedded model's variant, what was said of it)."""
    folder = tmp_path_factory.mktemp("half") / "variant"
    return folder, list(convert_float16.convert(embedded.EMBEDDED, folder))


def graphs(folder):
    stages = manifest.read(folder).stages
    entries = [e for s in stages for e in (s.denoiser, s.condition_encoder) if e]
    return [onnx.load(str(folder / entry.file)) for entry in entries]


def test_the_variant_is_near_in_every_quality(variant):
    folder, said = variant
    qualities = manifest.read(folder).qualities
    assert [line.split(":")[0] for line in said] == list(qualities)
    degrees = [float(line.split()[1]) for line in said]
    assert 0 < max(degrees) <= convert_float16.MOST_DEGREES


def test_it_says_what_it_is(variant):
    model, card = manifest.read(variant[0]), variant[0] / "MODEL_CARD.md"
    assert model.name == "vnir48-fp16"
    assert card.read_text().endswith("made by training/convert_float16.py.\n")


def test_what_goes_in_and_comes_out_is_float32(variant):
    for model in graphs(variant[0]):
        ports = [*model.graph.input, *model.graph.output]
        kinds = {port.type.tensor_type.elem_type for port in ports if port.name != "timestep"}
        assert kinds == {onnx.TensorProto.FLOAT}


def test_most_weights_are_float16(variant):
    sizes = {onnx.TensorProto.FLOAT: 0, onnx.TensorProto.FLOAT16: 0}
    for weight in graphs(variant[0])[1].graph.initializer:  # the first encoder: nearly all the work
        sizes[weight.data_type] += int(np.prod(weight.dims))
    assert sizes[onnx.TensorProto.FLOAT16] > 9 * sizes[onnx.TensorProto.FLOAT]


def test_every_operator_has_a_kernel_on_cuda(variant):
    for model in graphs(variant[0]):
        assert operators_left(model.SerializeToString()) <= CUDA_OPERATORS


def test_a_variant_that_differs_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(convert_float16, "MOST_DEGREES", 1e-4)
    with pytest.raises(PackageError, match=r"degrees from float32, more than 0\.0001"):
        list(convert_float16.convert(embedded.EMBEDDED, tmp_path / "variant"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_full_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="choose a new folder"):
        list(convert_float16.convert(embedded.EMBEDDED, tmp_path))


def test_a_released_network_keeps_its_norms_in_float32(tmp_path):
    import onnxruntime

    widths = {"base_width": 8, "groups": 4, "time_width": 12, "residual_blocks": 1}
    settings = ReleasedUNetSettings(3, 5, multipliers=(1,), attention_levels=(), **widths)
    network, path, bands = ReleasedUNet(settings).eval(), tmp_path / "stage.onnx", (3, 5)
    export_denoiser(network, path, *bands, network.multiple)
    half = to_float16(path.read_bytes())
    rng = np.random.default_rng(0)
    feeds = {
        "x": rng.standard_normal((1, bands[1], 16, 16), np.float32),
        "condition": rng.standard_normal((2, bands[0], 16, 16), np.float32),
        "timestep": np.array([500]),
    }
    on = ["CPUExecutionProvider"]
    sessions = [onnxruntime.InferenceSession(c, providers=on) for c in (path.read_bytes(), half)]
    expected, found = (session.run(None, feeds)[0] for session in sessions)
    assert found.dtype == np.float32
    assert 0 < relative_difference(found, expected) < 1e-2


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    assert convert_float16.main([str(tmp_path), str(tmp_path / "variant")]) == 3
    assert "model.json" in capsys.readouterr().err
