"""The embedded model on the GPU: the processor's numbers, whatever the tiles, in flat memory."""

import numpy as np
import pytest

from model_runtime import load
from model_runtime.diffusion import onnx_session
from model_runtime.diffusion.late_network import LateNetwork
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import sampling_of_quality
from model_runtime.package import embedded, manifest
from model_runtime.system import hardware

NEAR = 1e-4  # reflectance
SIDE = 160  # pixels: two tiles of the smaller kind a side, with smaller ones at the edge
TILES = (580, 148)


@pytest.fixture(scope="module")
def model():
    return manifest.read(embedded.EMBEDDED)


@pytest.fixture(scope="module")
def cascades(device, model):
    """The embedded model on the processor and on the device."""
    return [load_cascade(embedded.EMBEDDED, model, each, 1) for each in ("cpu", device)]


@pytest.fixture(scope="module")
def rgb():
    return np.random.default_rng(0).uniform(0.04, 0.12, (3, SIDE, SIDE)).astype(np.float32)


@pytest.mark.parametrize("quality", ["fast", "balanced"])
@pytest.mark.parametrize("scale", [0.0, 1.5], ids=["plain", "guided"])
def test_a_tile_has_the_processors_numbers(cascades, model, rgb, quality, scale):
    how = sampling_of_quality(model.qualities[quality], (scale,) * len(model.stages), seed=1)
    tile = rgb[:, :96, :88]
    expected, made = (each.estimate(tile, 3, 5, how) for each in cascades)
    np.testing.assert_allclose(made.mean, expected.mean, atol=NEAR)
    if expected.spread is not None:
        np.testing.assert_allclose(made.spread, expected.spread, atol=NEAR)


def test_the_pixels_are_those_of_any_tile_size(device, rgb):
    loaded = load(device=device, threads=1)
    how = {"quality": "fast", "seed": 2, "radiometry": "reflectance"}
    whole, small = (loaded.estimate(rgb, tile=tile, **how).mean for tile in TILES)
    np.testing.assert_allclose(small, whole, atol=NEAR)


def test_all_sessions_are_on_the_device(cascades, device):
    provider = onnx_session.PROVIDERS[device][0]
    assert cascades[1].device == device and cascades[1].providers[0] == provider
    for stage in cascades[1].stages:
        for network in (stage._denoise, stage._encode):
            opened = network.network if isinstance(network, LateNetwork) else network
            assert opened._session.get_providers()[0] == provider


def test_memory_stays_flat(cascades, model, device):
    how = sampling_of_quality(model.qualities["fast"], (0.0, 0.0), seed=1)
    held = []
    for number in range(12):
        rows = 96 if number % 3 else 88  # an edge among them
        tile = np.full((3, rows, 96), 0.2, np.float32)
        cascades[1].estimate(tile, 0, 0, how)
        held.append(used_bytes(device))
    assert held[-1] - held[5] <= 32 << 20


def used_bytes(device):
    """Of the GPU by all that use it, else of this process."""
    if device == "cpu":
        return hardware.resident()
    torch = pytest.importorskip("torch")
    free, total = torch.cuda.mem_get_info()
    return total - free
