"""What changes a network's weights: AdamW alone, or Muon for its large matrices beside AdamW.

Muon (Jordan et al. 2024) makes the step of a matrix orthogonal, so that all its directions are
learnt alike, at the length that AdamW's step would have (Liu et al. 2025): learning rate and weight
decay are those of AdamW.
"""

from typing import Any, Dict, List, Union

import torch
from torch import nn

from model_runtime.errors import InputError

from ..config import Config, Training
from ..networks import registry
from . import device_settings

LEAST_SIDE = 16  # inputs and outputs of a matrix that is worth making orthogonal


class MuonAndAdamW:
    """Muon for the weights of 1 x 1 convolutions of ``LEAST_SIDE`` channels and more, AdamW for the
    rest; used as a torch optimiser is.
    """

    def __init__(self, network: nn.Module, training: Training, device: str):
        large = large_weights(network)
        if not large:
            raise InputError(
                "training.optimiser is muon, but a network has no 1 x 1 convolution of "
                f"{LEAST_SIDE} inputs and outputs or more",
                'widen it, or set training.optimiser = "adamw"',
            )
        # Muon takes matrices (outputs, inputs): views of the weights, which change with them.
        self._matrices = [(weight, nn.Parameter(weight.detach().flatten(1))) for weight in large]
        chosen = {id(weight) for weight in large}
        rest = [p for p in learning(network) if id(p) not in chosen]
        self.muon = torch.optim.Muon(
            [matrix for _, matrix in self._matrices],
            lr=training.learning_rate,
            weight_decay=training.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        )
        self.adamw = _adamw(rest, training, device)

    @property
    def param_groups(self) -> List[Dict[str, Any]]:
        """The groups of both, whose options may be set."""
        return [*self.muon.param_groups, *self.adamw.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for weight, matrix in self._matrices:
            weight.grad = matrix.grad = None
        self.adamw.zero_grad(set_to_none)

    def step(self) -> None:
        """Change all weights by their gradients."""
        for weight, matrix in self._matrices:
            matrix.grad = None if weight.grad is None else weight.grad.flatten(1)
        self.muon.step()
        self.adamw.step()

    def state_dict(self) -> Dict[str, Any]:
        """What both keep from step to step; tensors and numbers only."""
        return {"muon": self.muon.state_dict(), "adamw": self.adamw.state_dict()}


Optimiser = Union[torch.optim.AdamW, MuonAndAdamW]


def make(network: nn.Module, training: Training, device: str) -> Optimiser:
    """The optimiser that the settings name, of all weights of ``network``.

    Raises InputError where Muon would have nothing to do.
    """
    if training.optimiser == "muon":
        return MuonAndAdamW(network, training, device)
    return _adamw(learning(network), training, device)


def check(config: Config) -> None:
    """Raise InputError where the settings' optimiser does not fit a stage's network."""
    with torch.device("meta"):
        for stage in range(len(config.stages)):
            make(registry.build(config, stage), config.training, "cpu")


def restore(optimiser: Optimiser, state: Dict[str, Any]) -> None:
    """Go on from a checkpoint's ``state``, whatever device it was written on.

    Options are those of the settings, not the checkpoint's. A state of the other optimiser says
    nothing to this one, which begins anew. Raises ValueError for one of another network, KeyError
    for one of none: weights that were averaged.
    """
    saved = [state["muon"], state["adamw"]] if "muon" in state else [state]
    if not all("param_groups" in each for each in saved):
        raise KeyError("param_groups")
    if len(saved) != len(_parts(optimiser)):
        return
    for part, each in zip(_parts(optimiser), saved):
        _restore(part, each)


def _parts(optimiser: Optimiser) -> List[torch.optim.Optimizer]:
    if isinstance(optimiser, MuonAndAdamW):
        return [optimiser.muon, optimiser.adamw]
    return [optimiser]


def learning(network: nn.Module) -> List[nn.Parameter]:
    """The weights that a stage's steps change; others are fitted by themselves."""
    return [weight for weight in network.parameters() if weight.requires_grad]


def large_weights(network: nn.Module) -> List[nn.Parameter]:
    """The weights (outputs, inputs, 1, 1) that are Muon's."""
    return [m.weight for m in network.modules() if isinstance(m, nn.Conv2d) and _is_large(m)]


def _is_large(layer: nn.Conv2d) -> bool:
    pointwise = tuple(layer.kernel_size) == (1, 1) and layer.groups == 1
    return (
        layer.weight.requires_grad
        and pointwise
        and min(layer.in_channels, layer.out_channels) >= LEAST_SIDE
    )


def _adamw(weights: List[nn.Parameter], training: Training, device: str) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        weights,
        lr=training.learning_rate,
        weight_decay=training.weight_decay,
        fused=device_settings.fuses(device),
    )


def _restore(optimiser: torch.optim.Optimizer, state: Dict[str, Any]) -> None:
    pairs = zip(state["param_groups"], optimiser.param_groups)
    groups = [{**mine, "params": saved["params"]} for saved, mine in pairs]
    optimiser.load_state_dict({**state, "param_groups": groups})
