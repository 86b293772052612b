"""The golden numbers: small seeded networks of the method's reference implementation."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Dict

import numpy as np
import pytest
import torch

from training.networks_released import ReleasedUNet, ReleasedUNetSettings

COMMITTED = Path(__file__).parents[1] / "data" / "golden"
SHARED = Path(__file__).parents[3] / "shared" / "golden"


@dataclass(frozen=True)
class Golden:
    """One golden network: its settings, arrays and checkpoint."""

    settings: Dict
    arrays: Dict[str, np.ndarray]
    checkpoint: Path

    @property
    def network_settings(self) -> ReleasedUNetSettings:
        """The settings under our names."""
        s = self.settings
        return ReleasedUNetSettings(
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

    def network(self, prefix: str) -> ReleasedUNet:
        """The network in evaluation mode, of the weights under ``prefix`` (model or ema_model)."""
        state = torch.load(self.checkpoint, weights_only=True)
        own = {k[len(prefix) + 1 :]: v for k, v in state.items() if k.startswith(prefix + ".")}
        network = ReleasedUNet(self.network_settings)
        missing, unexpected = network.load_state_dict(own, strict=False)
        assert not missing
        assert sorted(unexpected) == ["out_rgb.bias", "out_rgb.weight"]
        return network.eval()


def _load(name: str) -> Golden:
    """The golden network ``name``; skips where only ../shared would have it and it is absent."""
    folder = COMMITTED if name.startswith("tiny_") else SHARED
    if not (folder / f"{name}.npz").is_file():
        pytest.skip(f"{name}.npz is not in {folder}: the larger golden numbers are not committed")
    with np.load(folder / f"{name}.npz") as arrays:
        values = {key: arrays[key] for key in arrays.files}
    settings = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Golden(settings, values, folder / f"{name}.pth")


@pytest.fixture(scope="session", params=["tiny_stage1", "tiny_stage2", "stage1", "stage2"])
def golden(request) -> Golden:
    """Each golden network in turn."""
    return _load(request.param)


@pytest.fixture(scope="session", params=["tiny", ""], ids=["tiny", "larger"])
def golden_pair(request):
    """Both stages of each golden cascade in turn."""
    prefix = f"{request.param}_" if request.param else ""
    return [_load(f"{prefix}stage{stage}") for stage in (1, 2)]


@pytest.fixture(scope="session")
def load_golden():
    """A golden network by its name."""
    return _load
