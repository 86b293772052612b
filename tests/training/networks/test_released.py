"""The released U-Net against the golden numbers, and its two encoders against each other."""

import numpy as np
import pytest
import torch

from model_runtime.errors import InputError
from training.graphs.onnx_export import export_denoiser, relative_difference
from training.networks.released import ReleasedUNet, ReleasedUNetSettings

OUTPUTS = [
    ("model", "eps_cond_model", 1.0),
    ("ema_model", "eps_cond_ema", 1.0),
    ("ema_model", "eps_null_ema", 0.0),
]
SMALL = {"base_width": 8, "groups": 4, "time_width": 12, "residual_blocks": 1, "dropout": 0.5}
OTHERS = [
    ReleasedUNetSettings(3, 5, multipliers=(1, 3), attention_levels=(0,), **SMALL),
    ReleasedUNetSettings(2, 4, multipliers=(2, 1, 1), attention_levels=(0, 2), **SMALL),
    ReleasedUNetSettings(1, 2, multipliers=(1,), attention_levels=(), **SMALL),
]


def small_inputs(settings, rows=8, cols=12):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn((2, settings.output_bands, rows, cols), generator=generator)
    condition = torch.randn((2, settings.condition_bands, rows, cols), generator=generator)
    return x, condition, torch.tensor([0, 777])


@pytest.mark.parametrize("prefix, array, share", OUTPUTS)
def test_outputs_equal_the_reference(golden, prefix, array, share):
    expected = golden.arrays[array]  # (timesteps, bands, rows, cols)
    timestep = torch.from_numpy(golden.arrays["timesteps"])
    x = torch.from_numpy(golden.arrays["x"]).repeat(len(timestep), 1, 1, 1)
    condition = share * torch.from_numpy(golden.arrays["condition"]).repeat(len(timestep), 1, 1, 1)
    with torch.no_grad():
        found = golden.network(prefix)(x, condition, timestep).numpy()
    assert relative_difference(found, expected) <= 1e-5


@pytest.mark.parametrize("settings", OTHERS, ids=["two levels", "three levels", "one level"])
def test_any_settings_give_x_its_shape_and_reach_every_parameter(settings):
    network = ReleasedUNet(settings).train()
    x, condition, timestep = small_inputs(settings)
    prediction = network(x, condition, timestep)
    assert prediction.shape == x.shape
    prediction.square().mean().backward()
    unused = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    # A bias right before a group of one channel's norm, or of attention's keys, cancels by design.
    assert [name for name in unused if "to_qkv.bias" not in name] == []


def test_x_encoder_and_middle_serve_condition_and_null_alike():
    settings = OTHERS[0]
    network = ReleasedUNet(settings).eval()
    x, condition, timestep = small_inputs(settings)
    with torch.no_grad():
        time = network.time_mlp(timestep)
        shared = network.encode_x(x, time)
        for seen in (condition, torch.zeros_like(condition)):
            joined = network.decode(*shared, network.encode_condition(seen, time), time)
            assert torch.equal(joined, network(x, seen, timestep))


def test_both_encoders_share_the_down_blocks():
    settings = ReleasedUNetSettings(4, 4, multipliers=(1, 2), attention_levels=(1,), **SMALL)
    network = ReleasedUNet(settings).eval()
    network.init_rgb.load_state_dict(network.init_conv.state_dict())
    x, _, timestep = small_inputs(settings)
    with torch.no_grad():
        time = network.time_mlp(timestep)
        of_x, of_condition = network.encode_x(x, time)[1], network.encode_condition(x, time)
    assert all(torch.equal(a, b) for a, b in zip(of_x, of_condition))
    assert [f.shape[1] for f in of_x] == [8, 8, 8, 16]


def test_onnx_equals_torch_and_does_not_tell_where_it_was_made(tmp_path):
    settings = OTHERS[2]
    onnxruntime = pytest.importorskip("onnxruntime")
    network = ReleasedUNet(settings)
    path = tmp_path / "denoiser.onnx"
    export_denoiser(
        network, path, settings.condition_bands, settings.output_bands, network.multiple
    )
    x, condition, timestep = small_inputs(settings, rows=20, cols=4)
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    feeds = {"x": x, "condition": condition, "timestep": timestep}
    found = session.run(["prediction"], {k: v.numpy() for k, v in feeds.items()})[0]
    with torch.no_grad():
        expected = network(x, condition, timestep).numpy()
    assert relative_difference(found, expected) <= 1e-4
    feeds |= {"x": x[:1], "timestep": timestep[:1]}  # one x for all conditions
    found = session.run(["prediction"], {k: v.numpy() for k, v in feeds.items()})[0]
    with torch.no_grad():
        each = len(condition), -1, -1, -1
        expected = network(x[:1].expand(each), condition, timestep[:1].expand(each[:1])).numpy()
    assert relative_difference(found, expected) <= 1e-4
    assert b".py" not in path.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["denoiser.onnx"]


@pytest.mark.parametrize(
    "change, named",
    [
        ({"attention_levels": (7,)}, "attention_levels"),
        ({"base_width": 10}, "base_width"),
        ({"multipliers": ()}, "multipliers"),
        ({"dropout": 1.0}, "dropout"),
        ({"residual_blocks": 0}, "residual_blocks"),
    ],
)
def test_impossible_settings_are_named(change, named):
    with pytest.raises(InputError, match=rf"\): .*{named}.* must"):
        ReleasedUNetSettings(3, 4, **{**SMALL, "attention_levels": (), **change})


def test_relative_difference_refuses_nan_and_other_shapes():
    one = np.ones((1, 2), np.float32)
    assert relative_difference(one * 1.5, one) == pytest.approx(0.5)
    assert relative_difference(one * np.nan, one) == float("inf")
    assert relative_difference(one[:, :1], one) == float("inf")
