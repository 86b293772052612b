"""A checkpoint of the authors' released code, read safely and held against the settings.

It is ``GaussianDiffusion.state_dict()``: the live weights under ``model.``, the averaged ones under
``ema_model.``, and the schedule's buffers.
"""

from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
import torch
from torch import Tensor

from model_runtime.diffusion import schedule
from model_runtime.errors import InputError, PackageError, one_line

from ..networks.released import ReleasedUNet

PREFIXES = {"ema": "ema_model.", "live": "model."}
UNUSED = ("out_rgb.weight", "out_rgb.bias")  # a head that the released network never runs
# The buffers are float32: 6e-8 of them at most, and a product of a thousand such ones.
_BETA_RTOL, _PRODUCT_RTOL, _BUFFER_ATOL = 1e-6, 1e-4, 1e-7
_SETTINGS = "give the settings that the checkpoint was trained with"
_WHOLE = "give a whole state_dict of the released code's GaussianDiffusion"

State = Dict[str, Tensor]


def read(path: Path) -> State:
    """The checkpoint's tensors; no code in it is run.

    Raises InputError where there is no such file, PackageError where it holds anything else.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"checkpoint {path} is not a file", "name a checkpoint of the released code"
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damage shows as any of many errors
        reason = one_line(error)
        raise PackageError(f"{path} cannot be read as plain weights ({reason})", _WHOLE) from error
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise PackageError(f"{path} is not a table of tensors by name", _WHOLE)
    return dict(state)


def load_weights(network: ReleasedUNet, state: State, weights: str, path: Path) -> None:
    """Put the ``weights`` (ema or live) of a checkpoint into ``network``.

    Raises PackageError for a missing or broken tensor, InputError where the settings are of
    another network; ``path`` is for the message.
    """
    prefix = PREFIXES[weights]
    own = {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}
    if not own:
        raise PackageError(f"{path} holds no {weights} weights ({prefix}…)", _WHOLE)
    own = {key: value for key, value in own.items() if key not in UNUSED}
    _hold_same_tensors(own, network.state_dict(), f"{path}: {prefix}")
    network.load_state_dict(own)


def _hold_same_tensors(found: State, wanted: State, where: str) -> None:
    missing, extra = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    if missing and extra:
        other = f"{where}{extra[0]} is there and {missing[0]} is not: another network"
        raise InputError(other, _SETTINGS)
    if missing:
        raise PackageError(f"{where}{_some(missing)} missing", f"{_WHOLE}, or {_SETTINGS}")
    if extra:
        raise InputError(f"{where}{_some(extra)} not in the network of the settings", _SETTINGS)
    for key, value in found.items():
        if value.shape != wanted[key].shape:
            shapes = f"{tuple(value.shape)}, the settings' network has {tuple(wanted[key].shape)}"
            raise InputError(f"{where}{key} has shape {shapes}", _SETTINGS)
        if not torch.isfinite(value).all():
            raise PackageError(f"{where}{key} holds values that are not finite", _WHOLE)


def _some(keys: List[str]) -> str:
    return keys[0] + (" is" if len(keys) == 1 else f" and {len(keys) - 1} more are")


def schedule_ends(
    state: State, kind: str, steps: int, low: float, high: float, path: Path
) -> Tuple[float, float]:
    """The ends of the schedule that a checkpoint's buffers hold; its variance is held against beta.

    The released code scales the ends of its linear schedule by 1000 / steps before use, so
    ``low`` and ``high`` may be the scaled ends or those before: the checkpoint's betas decide.
    Raises PackageError for a missing buffer, InputError where the schedule is another one.
    """
    found = _buffer(state, "betas", path)
    scale = 1000 / steps
    for ends in ((low, high), (low * scale, high * scale)):
        betas = schedule.betas(kind, steps, *ends)
        if _close(found, betas, _BETA_RTOL):
            _hold_products(state, betas, path)
            return ends
    raise InputError(
        f"{path} was made with {_describe(found)}, the settings' {kind} schedule gives "
        f"{_describe(schedule.betas(kind, steps, low, high))}",
        _SETTINGS,
    )


def _hold_products(state: State, betas: np.ndarray, path: Path) -> None:
    products = schedule.diffusion(betas).alpha_bar
    for name, values in (("alphas_cumprod", products), ("sigma", np.sqrt(betas))):
        if not _close(_buffer(state, name, path), values, _PRODUCT_RTOL):
            rule = "cumprod(1 - beta)" if name == "alphas_cumprod" else "sqrt(beta)"
            raise PackageError(f"{path}: buffer {name} is not {rule}", _WHOLE)


def _buffer(state: State, name: str, path: Path) -> np.ndarray:
    if name not in state:
        raise PackageError(f"{path} has no buffer '{name}'", _WHOLE)
    return state[name].double().numpy()


def _close(found: np.ndarray, expected: np.ndarray, rtol: float) -> bool:
    return found.shape == expected.shape and np.allclose(
        found, expected, rtol=rtol, atol=_BUFFER_ATOL
    )


def _describe(betas: np.ndarray) -> str:
    ends = f" from {betas.flat[0]:.6g} to {betas.flat[-1]:.6g}" if betas.size else ""
    return f"{betas.size} betas{ends}"
