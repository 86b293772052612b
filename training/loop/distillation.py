"""What a student has to say in one step for what its teacher does in several.

Progressive distillation (Salimans & Ho 2022): the student's one step of DDIM ends where the
teacher's steps end. Tensors are (N, bands, rows, cols), timesteps int64 (N,), -1 the clean end.
"""

from typing import Callable, Sequence

import torch
from torch import Tensor, nn

from model_runtime.diffusion import guidance
from model_runtime.package.manifest import NULL_CONDITIONS

from ..config import StageSettings
from .diffusion import TorchDiffusion

X0 = Callable[[Tensor, Tensor], Tensor]  # (x_t, t) -> x0
# (diffusion, x0, x_t, t, previous) -> x_previous
Step = Callable[[TorchDiffusion, Tensor, Tensor, Tensor, Tensor], Tensor]


def x0_on(
    network: nn.Module,
    kind: str,
    d: TorchDiffusion,
    condition: Tensor,
    guidance_scale: float = 0.0,
    null_condition: str = NULL_CONDITIONS[0],
) -> X0:
    """The x0 that a network predicting ``kind`` says of any x_t, guided (ICMG) by its scale."""
    predict = _predict_on(network, condition)
    if guidance_scale:
        null = _predict_on(network, guidance.null_of(condition, null_condition))
        predict = guidance.mix_guidance(predict, null, guidance_scale)
    return lambda x_t, t: d.x0(kind, predict(x_t, t), x_t, t)


def _predict_on(network: nn.Module, condition: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """A condition encoder does not see the timestep: it looks once, for all steps."""
    if hasattr(network, "condition_encoder"):
        features = network.condition_encoder(condition)
        return lambda x_t, t: network.denoiser(x_t, features, t)
    return lambda x_t, t: network(x_t, condition, t)


def truncate(x_t: Tensor, t: Tensor, settings: StageSettings) -> Tensor:
    """PDT as the sampler does it before each step (guidance.truncated), each sample at its t."""
    if settings.pdt_lower_bound >= 1:
        return x_t
    levels = guidance.truncation_quantile(t, settings.timesteps, settings.pdt_lower_bound)
    values = [torch.quantile(x.abs().flatten(), level) for x, level in zip(x_t, levels)]
    bound = torch.stack(values).clamp_min(1)[:, None, None, None]
    return torch.maximum(torch.minimum(x_t, bound), -bound)


def ddim_step(d: TorchDiffusion, x0: Tensor, x_t: Tensor, t: Tensor, previous: Tensor) -> Tensor:
    """x_previous without new noise (Song et al. 2021, eq. 12 with eta = 0)."""
    return d.signal(previous) * x0 + d.noise(previous) * d.implied_noise(x0, x_t, t)


def ddpm_step(d: TorchDiffusion, x0: Tensor, x_t: Tensor, t: Tensor, previous: Tensor) -> Tensor:
    """x_previous drawn with sigma^2 = beta (Ho et al. 2020, eq. 7), as sampling.ddpm draws it."""
    beta = 1 - (d.signal(t) / d.signal(previous)) ** 2
    of_x0 = d.signal(previous) * beta / d.noise(t) ** 2
    of_x_t = (1 - beta).sqrt() * (d.noise(previous) / d.noise(t)) ** 2
    spread = beta.sqrt() * (previous >= 0)[:, None, None, None]
    return of_x0 * x0 + of_x_t * x_t + spread * torch.randn_like(x_t)


def sample_steps(
    x_t: Tensor,
    timesteps: Sequence[Tensor],
    x0_of: X0,
    d: TorchDiffusion,
    settings: StageSettings,
    step: Step = ddim_step,
) -> Tensor:
    """x at the last of ``timesteps`` from x_t at the first, a step between each two."""
    for t, previous in zip(timesteps, timesteps[1:]):
        x_t = truncate(x_t, t, settings)
        x_t = step(d, x0_of(x_t, t), x_t, t, previous)
    return x_t


def x0_of_one_step(
    d: TorchDiffusion, x_t: Tensor, x_previous: Tensor, t: Tensor, previous: Tensor
) -> Tensor:
    """The x0 with which one DDIM step leads from x_t to x_previous (Salimans & Ho, algorithm 2)."""
    ratio = d.noise(previous) / d.noise(t)
    return (x_previous - ratio * x_t) / (d.signal(previous) - ratio * d.signal(t))
