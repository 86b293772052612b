"""The networks that a settings file can name, by ``kind``."""

from dataclasses import fields
from typing import Any, Dict

from torch import nn

from model_runtime.errors import InputError

from .config import Config
from .networks_compact import CompactNetwork, CompactSettings
from .networks_released import ReleasedUNet, ReleasedUNetSettings

KINDS = {
    "compact": (CompactNetwork, CompactSettings),
    "released": (ReleasedUNet, ReleasedUNetSettings),
}


def build(config: Config, stage: int) -> nn.Module:
    """A stage's network with fresh weights; raises InputError for settings that it lacks."""
    settings = dict(config.stages[stage].network)
    kind = settings.pop("kind")
    if kind not in KINDS:
        raise InputError(f"network kind '{kind}' is unknown", f"use one of {', '.join(KINDS)}")
    network, settings_class = KINDS[kind]
    known = {field.name for field in fields(settings_class)}
    given = {**_implied(config, stage), **settings}
    if unknown := set(settings) - known:
        raise InputError(f"network {kind} has no {sorted(unknown)}", f"use {sorted(known)}")
    return network(settings_class(**{k: _frozen(v) for k, v in given.items() if k in known}))


def _implied(config: Config, stage: int) -> Dict[str, Any]:
    """What the rest of the settings says of a stage's network."""
    return {
        "condition_bands": condition_bands(config, stage),
        "output_bands": len(config.stages[stage].final_bands),
        "offset": config.normalisation.offset,
        "scale": config.normalisation.scale,
    }


def condition_bands(config: Config, stage: int) -> int:
    """Number of bands that stage ``stage`` (from 0) is conditioned on."""
    return len(config.stages[stage - 1].final_bands) if stage else len(config.input.names)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
