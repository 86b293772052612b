"""The released method's golden numbers, through packages of the committed small checkpoints."""

import json
from pathlib import Path

import numpy as np
import pytest

from model_runtime.diffusion.open_network import GraphUse, open_network

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"
# As on the processor (tests/training/test_import_reference.py): of the largest value.
NEAR = 1e-4


@pytest.fixture(scope="module", params=["tiny_stage1", "tiny_stage2"])
def golden(request, tmp_path_factory):
    """(arrays, settings, folder with the averaged network's graph, its entry)."""
    from training.graphs.onnx_export import export_denoiser
    from training.networks.released import ReleasedUNet, ReleasedUNetSettings
    from training.package.package_folder import model_file

    s = json.loads((GOLDEN / f"{request.param}.json").read_text(encoding="utf-8"))
    network = ReleasedUNet(
        ReleasedUNetSettings(
            condition_bands=s["condition_channels"],
            output_bands=s["output_channels"],
            base_width=s["base_channels"],
            multipliers=tuple(s["channel_mults"]),
            attention_levels=tuple(s["attention_resolutions"]),
            time_width=s["time_emb_dim"],
            residual_blocks=s["num_res_blocks"],
            groups=s["groups"],
            dropout=s["dropout"],
        )
    )
    state = torch.load(GOLDEN / f"{request.param}.pth", weights_only=True)
    own = {k[len("ema_model.") :]: v for k, v in state.items() if k.startswith("ema_model.")}
    network.load_state_dict(own, strict=False)
    folder = tmp_path_factory.mktemp(request.param)
    path = folder / "denoiser.onnx"
    bands = s["condition_channels"], s["output_channels"]
    export_denoiser(network.eval(), path, *bands, network.multiple)
    with np.load(GOLDEN / f"{request.param}.npz") as arrays:
        values = {name: arrays[name] for name in arrays.files}
    return values, s, folder, model_file(path)


@pytest.fixture
def denoise(golden, device):
    """The golden network on the device: (condition, t) to its prediction of x."""
    arrays, _, folder, entry = golden
    use = GraphUse(("x", "condition", "timestep"), "prediction")
    network = open_network(folder, entry, device, 1, use)
    return lambda condition, t: network(
        x=arrays["x"], condition=condition, timestep=np.array([t], np.int64)
    )


@pytest.mark.parametrize("name, share", [("eps_cond_ema", 1.0), ("eps_null_ema", 0.0)])
def test_predictions_equal_the_reference(golden, denoise, name, share):
    arrays = golden[0]
    condition = (share * arrays["condition"]).astype(np.float32)
    for t, expected in zip(arrays["timesteps"], arrays[name]):
        found = denoise(condition, int(t))[0]
        assert np.abs(found - expected).max() <= NEAR * np.abs(expected).max()


def test_condition_and_null_in_one_pass_equal_the_reference(golden, denoise):
    """One x for both: what a guided step asks for."""
    arrays = golden[0]
    both = np.concatenate([arrays["condition"], 0 * arrays["condition"]])
    for i, t in enumerate(arrays["timesteps"]):
        found = denoise(both, int(t))
        for one, name in zip(found, ("eps_cond_ema", "eps_null_ema")):
            expected = arrays[name][i]
            assert np.abs(one - expected).max() <= NEAR * np.abs(expected).max()
