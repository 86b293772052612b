"""What of a network stays in float32 where the rest runs in bfloat16."""

from typing import Callable

import torch
from torch import Tensor


def in_float32(head: Callable[..., Tensor], *features: Tensor) -> Tensor:
    """``head`` of the ``features``, in float32 even under autocast.

    bfloat16 keeps 8 bits: rounded to them, a spectrum is off by some tenths of a degree.
    """
    device = features[0].device.type
    if not (torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)):
        return head(*features)
    with torch.autocast(device, enabled=False):
        return head(*(each.float() for each in features))
