"""Plain torch of our networks, as one who knows torch runs them: what the runtime is held to."""

from typing import Callable

import torch
from torch import Tensor, nn

from training.config import Config
from training.networks import registry

VARIANTS = ("eager", "compile", "float16")


class TorchCascade(nn.Module):
    """The embedded model's stages, random weights: RGB (1, 3, rows, cols) to the mean of samples.

    All samples are one batch; the condition encoder is run once for its steps.
    """

    def __init__(self, config: Config, device: str):
        super().__init__()
        torch.manual_seed(0)
        self.stages = nn.ModuleList(
            registry.build(config, stage).eval() for stage in range(len(config.stages))
        )
        self.bands = [len(stage.final_bands) for stage in config.stages]
        self.timesteps = [stage.timesteps for stage in config.stages]
        self.to(device, memory_format=torch.channels_last)

    def forward(self, rgb: Tensor, steps: int, samples: int) -> Tensor:
        condition = rgb
        for network, bands, timesteps in zip(self.stages, self.bands, self.timesteps):
            condition = self._sample(network, condition, bands, timesteps, steps, samples)
        return condition.float().mean(0)

    def _sample(
        self, network, condition: Tensor, bands: int, timesteps: int, steps: int, samples: int
    ) -> Tensor:
        features = network.condition_encoder(condition)
        x = self._noise(condition, samples, bands)
        for step in range(steps):
            t = timesteps - 1 - step * timesteps // steps
            timestep = torch.full((1,), t, device=condition.device)
            x0 = network.denoiser(x, features, timestep)
            left = 1 - (step + 1) / steps  # the arithmetic of a step, not its exact numbers
            x = x0 if left == 0 else x0 * (1 - left) + x * left
            if left:
                x = x + left * self._noise(condition, samples, bands)
        return x

    def _noise(self, like: Tensor, samples: int, bands: int) -> Tensor:
        return torch.randn((samples, bands, *like.shape[2:]), device=like.device, dtype=like.dtype)


def make_variant(network: nn.Module, variant: str, quick: bool = False) -> Callable[..., Tensor]:
    """``network`` as it is, compiled, or under automatic mixed precision in float16.

    ``quick``: compiled as far as its trace, without making code of it.
    """
    if variant == "compile":
        return torch.compile(network, backend="eager" if quick else "inductor")
    if variant == "float16":
        return _Half(network)
    return network


class _Half(nn.Module):
    """A network whose products are in float16."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, first: Tensor, *rest):
        with torch.autocast(first.device.type, torch.float16):
            return self.network(first, *rest)
