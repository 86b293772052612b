"""The golden networks of the reference implementation: settings, arrays and checkpoint of each."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Dict

import numpy as np
import pytest
import torch

from training.networks.released import ReleasedUNet, ReleasedUNetSettings

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


def load(name: str) -> Golden:
    """The golden network ``name``; skips where only ../shared would have it and it is absent."""
    folder = COMMITTED if name.startswith("tiny_") else SHARED
    if not (folder / f"{name}.npz").is_file():
        pytest.skip(f"{name}.npz is not in {folder}: the larger golden numbers are not committed")
    with np.load(folder / f"{name}.npz") as arrays:
        values = {key: arrays[key] for key in arrays.files}
    settings = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Golden(settings, values, folder / f"{name}.pth")
