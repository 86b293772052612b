"""The networks that a settings file can name, by ``kind``."""

from dataclasses import fields
from typing import Any, Dict, Optional, Sequence

import torch
from torch import nn

from model_runtime.errors import InputError

from ..config import Config, from_table
from . import compact as networks_compact
from .compact import CompactNetwork, CompactSettings
from .interpolation import start_as_interpolation
from .released import ReleasedUNet, ReleasedUNetSettings

COLOURS = ("red", "green", "blue")
KINDS = {
    "compact": (CompactNetwork, CompactSettings),
    "released": (ReleasedUNet, ReleasedUNetSettings),
}


def build(config: Config, stage: int) -> nn.Module:
    """A stage's network with fresh weights; raises InputError for settings that it lacks."""
    table = dict(config.stages[stage].network)
    kind, where = table.pop("kind"), f"stage {stage + 1}: network"
    if kind not in list(KINDS):
        raise InputError(f"{where} kind {kind!r} is unknown", f"use one of {', '.join(KINDS)}")
    network, settings_class = KINDS[kind]
    known = {field.name for field in fields(settings_class)}
    implied = {k: v for k, v in _implied_settings(config, stage).items() if k in known}
    if said := sorted(set(table) & set(implied)):
        raise InputError(f"{where} sets {said}", "leave it out: the other settings say it")
    if table.get("colour_width") and config.stages[stage].prediction != "x0":
        raise InputError(f"{where} sets colour_width", 'leave it out, or set prediction = "x0"')
    if table.get("texture") and config.input.names != COLOURS:
        raise InputError(f"{where} sets texture", f"leave it out, or input {', '.join(COLOURS)}")
    try:
        settings = from_table(settings_class, {**table, **implied}, where)
        return _started(network(settings), config, stage)
    except (ValueError, RuntimeError, ZeroDivisionError) as error:
        raise InputError(f"{where} cannot be built ({error})", "change its sizes") from error


def _started(network: nn.Module, config: Config, stage: int) -> nn.Module:
    """A later compact stage begins as the interpolation of the one before."""
    if stage and isinstance(network, CompactNetwork):
        nm = config.output.wavelength_nm
        of_stages = (config.stages[s].final_bands for s in (stage - 1, stage))
        start_as_interpolation(network, *([nm[band] for band in bands] for bands in of_stages))
    return network


def check(config: Config) -> None:
    """Build every stage's network without memory; raises InputError where one does not fit."""
    with torch.device("meta"):
        built = [build(config, stage) for stage in range(len(config.stages))]
    tile = config.tile
    for stage, network in enumerate(built, start=1):
        if tile.multiple % network.multiple:
            raise InputError(
                f"tile.multiple is {tile.multiple}",
                f"stage {stage}'s network needs a multiple of {network.multiple}",
            )
    reach = influence(built)
    if tile.influence is not None and (reach is None or reach > tile.influence):
        least = "leave it out: a network sees the whole tile" if reach is None else f"give {reach}"
        raise InputError(f"tile.influence is {tile.influence}", least)


def influence(built: Sequence[nn.Module]) -> Optional[int]:
    """How far, in pixels, the stages together look; None where one sees the whole tile."""
    if not all(isinstance(network, CompactNetwork) for network in built):
        return None
    return sum(networks_compact.influence(network.settings) for network in built)


def pixelwise(config: Config) -> bool:
    """Whether, after the first stage's condition encoder, each pixel is worked by itself."""
    tables = [stage.network for stage in config.stages]
    compact = all(table["kind"] == "compact" for table in tables)
    alone = compact and not any(table.get("context_widths") for table in tables[1:])
    return alone and all(stage.pdt_lower_bound >= 1 for stage in config.stages)


def _implied_settings(config: Config, stage: int) -> Dict[str, Any]:
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
