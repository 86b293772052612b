"""The settings of an estimate: checked, and as the command has them."""

from dataclasses import replace
from typing import Any, Dict, Optional, Sequence, Union

import numpy as np

from .. import contract
from ..errors import InputError
from ..pipeline.options import UpsampleOptions, check_numbers

# Of the command's options, what may be given beside the parameters.
FURTHER = (
    *("sampler", "steps", "guidance", "guidance_interval", "truncation"),
    *("tile", "overlap", "memory_limit"),
)
_CHOICES = {"quality": contract.QUALITIES, "radiometry": contract.RADIOMETRIES}


def options_of(given: Dict[str, Any], further: Dict[str, Any]) -> UpsampleOptions:
    """Make options of the parameters ``given`` and of ``further`` ones.

    Returns: the options, for float32 outputs.
    Raises: InputError for what no raster or model could make right, TypeError for a further
        parameter that there is not.
    """
    for name in further:
        if name not in FURTHER:
            raise TypeError(f"estimate has no parameter '{name}': give {', '.join(FURTHER)}")
    options = UpsampleOptions(output="mean", dtype="float32", **given, **further)
    for name, choices in _CHOICES.items():
        require_choice(name, getattr(options, name), choices)
    if options.sampler is not None:
        require_choice("sampler", options.sampler, contract.SAMPLERS)
    check_numbers(options)
    return replace(
        options,
        guidance=_numbers(options.guidance),
        guidance_interval=_numbers(options.guidance_interval),
        truncation=None if options.truncation is None else str(options.truncation),
    )


def require_choice(name: str, given: str, choices: Sequence[str]) -> None:
    """Check that the parameter ``name`` is one of ``choices``.

    Raises: InputError where it is not.
    """
    if given not in choices:
        raise InputError(f"{name} is {given!r}", f"choose {', '.join(choices)}")


def _numbers(given: Union[float, Sequence[float], None]) -> Optional[tuple]:
    return None if given is None else tuple(np.atleast_1d(given).tolist())
