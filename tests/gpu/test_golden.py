"""The released method's golden numbers, through packages of the committed small checkpoints."""

import numpy as np
import pytest

from model_runtime.diffusion.open_network import GraphUse, open_network

pytest.importorskip("torch")
pytest.importorskip("onnx")
# As on the processor (tests/training/test_import_reference.py): of the largest value.
NEAR = 1e-4


@pytest.fixture(scope="module", params=["tiny_stage1", "tiny_stage2"])
def golden(request, tmp_path_factory):
    """(arrays, folder with the averaged network's graph, its entry)."""
    import golden_networks

    from training.graphs.onnx_export import export_denoiser
    from training.package.package_folder import model_file

    found = golden_networks.load(request.param)
    network = found.network("ema_model")
    bands = network.settings.condition_bands, network.settings.output_bands
    folder = tmp_path_factory.mktemp(request.param)
    export_denoiser(network, folder / "denoiser.onnx", *bands, network.multiple)
    return found.arrays, folder, model_file(folder / "denoiser.onnx")


@pytest.fixture
def denoise(golden, device):
    """The golden network on the device: (condition, t) to its prediction of x."""
    arrays, folder, entry = golden
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
