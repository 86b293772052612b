"""How a stage's network runs on its device: what changes pace and memory, not what is learnt."""

from typing import Callable

import torch
from torch import Tensor, nn

from model_runtime.errors import InputError

from ..config import Training
from .ranks import Ranks

Run = Callable[[Tensor, Tensor, Tensor], Tensor]


def prepare(network: nn.Module, training: Training, device: str, ranks: Ranks) -> Run:
    """``network`` as the settings have it run; its weights stay where they are.

    Raises InputError for what this network, or several processes, cannot do.
    """
    if torch.device(device).type == "cuda":
        allow_tf32(training.tf32)
    if training.activation_checkpointing:
        if not hasattr(network, "recompute"):
            raise InputError(
                "training.activation_checkpointing is for released networks alone",
                "leave it out: a compact network's features are small",
            )
        network.recompute = ranks.dropout  # the second time with the masks of the first
    if not training.compile:
        return network
    if ranks.count > 1:
        raise InputError("training.compile is for one process", "leave it out with torchrun")
    return torch.compile(network)


def allow_tf32(allowed: bool) -> None:
    """Whether CUDA's products and convolutions of float32 numbers may be of TF32 ones.

    torch's own default is no for products and yes for convolutions; here one switch does for both.
    """
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def fuses(device: str) -> bool:
    """Whether the optimiser changes all weights in one kernel: on a GPU, where each has a cost."""
    return torch.device(device).type == "cuda"
