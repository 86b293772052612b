"""The compact network's weights back from its graphs: ``compact.py`` the other way round.

All but one come back as they were. The table of what a timestep adds is made by a small network
that the graph has lost: one is fitted to the table.
"""

from typing import Dict

import torch
from torch import Tensor
from torch.nn import functional as F

from ..networks.compact import CompactNetwork, TimeEmbedding
from .compact import COLOUR_SHARE, OLD_COLOUR_SHARE
from .surroundings import CENTRE

State = Dict[str, Tensor]
COLOURS = "colours."  # begins the names of what tells a spectrum by colours alone
FIT_STEPS = 400  # of LBFGS: some seconds, and about 1 % from the table
FIRST_WEIGHT = 100.0  # sampling begins at t = T - 1, and one step is only there
SEED = 0


def state_of(denoiser: State, encoder: State, network: CompactNetwork) -> State:
    """The state of ``network`` from the constants of a DenoiserGraph and of its encoder's graph.

    ``network``'s own weights are not used, only its settings. Raises KeyError or RuntimeError for
    graphs of other networks.
    """
    sees_around = bool(network.settings.context_widths)
    parts = {
        "condition_encoder": (_encoder if sees_around else _pixel_encoder)(encoder),
        "denoiser": _denoiser(denoiser, network),
    }
    found = {f"{part}.{name}": value for part, own in parts.items() for name, value in own.items()}
    return {**_colours(encoder, network), **found}


def _colours(encoder: State, network: CompactNetwork) -> State:
    """What ``network`` has of colours, which count where the graph has them."""
    fresh, begins = network.state_dict(), f"condition_encoder.{COLOURS}"
    own = {name: value for name, value in fresh.items() if name.startswith(begins)}
    fitted = torch.tensor(any(name.startswith(COLOURS) for name in encoder))
    return {name: fitted if name == f"{begins}fitted" else value for name, value in own.items()}


def _encoder(graph: State) -> State:
    """Of EncoderGraph: all but what crops its levels."""
    cropping = f"looks.{CENTRE}"
    return {name: value for name, value in graph.items() if not name.startswith(cropping)}


def _pixel_encoder(graph: State) -> State:
    """Of PixelEncoderGraph: the last band and feature handed on, 1 and 2 in the bias."""
    matrix, bias = graph["looks.weight"][:-1, :-1], graph["looks.bias"][:-1]
    bands = matrix.shape[1] - 1
    flat = matrix[:, :, 0, 0]
    bias = bias + flat[:, :bands].sum(1) - 2 * flat[:, bands]
    return {"looks.pixel.weight": matrix.contiguous(), "looks.pixel.bias": bias}


def _denoiser(graph: State, network: CompactNetwork) -> State:
    """Of DenoiserGraph: scales and offsets out of shape and rest, the table as a network."""
    offset, scale = network.denoiser.offset, network.denoiser.scale
    own = {name: value for name, value in graph.items() if not name.startswith("biases_")}
    own.pop(COLOUR_SHARE, None)
    share = 1 - own.pop(OLD_COLOUR_SHARE, torch.tensor(0.0))
    for name in ("shape.weight", "shape.bias", "rest.weight", "rest.bias"):
        own[name] = own[name] / share
    own["shape.weight"] = own["shape.weight"] * scale
    own["shape.bias"] = own["shape.bias"] * scale - 1
    own["rest.bias"] = own["rest.bias"] + offset / scale
    blocks = range(len(network.denoiser.blocks))
    tables = [graph[f"biases_{block}"] for block in blocks]
    for block in blocks:
        own[f"blocks.{block}.widen.bias"] = torch.zeros_like(tables[block][0])
    time = fit_time(tables, network.settings.time_width)
    return {**own, **{f"time.{name}": value for name, value in time.state_dict().items()}}


def fit_time(tables, time_width: int) -> TimeEmbedding:
    """An embedding whose shifts are near ``tables``, one a block (timesteps, 2 width)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        time = TimeEmbedding(time_width, tables[0].shape[1] // 2, len(tables)).double()
    wanted = torch.cat(tables, 1).double()
    timesteps = torch.arange(len(wanted))
    weight = torch.ones(len(wanted), 1, dtype=torch.float64)
    weight[-1] = FIRST_WEIGHT
    optimiser = torch.optim.LBFGS(
        time.parameters(), max_iter=FIT_STEPS, history_size=50, line_search_fn="strong_wolfe"
    )

    def miss() -> Tensor:
        optimiser.zero_grad()
        found = torch.cat([shift.flatten(1) for shift in time(timesteps)], 1)
        error = F.mse_loss(found, wanted, reduction="none") * weight
        error.mean().backward()
        return error.mean()

    with torch.enable_grad():
        optimiser.step(miss)
    return time.float()
