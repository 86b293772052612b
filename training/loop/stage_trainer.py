"""One stage of the cascade in training: its batches, its step, its checkpoint."""

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor, nn

from model_runtime.diffusion import guidance, schedule
from model_runtime.errors import InputError

from ..config import Config, StageSettings
from ..data.patches import Patches
from ..networks import registry
from . import checkpoint, colour_fit, device_settings, optimisers
from .batch_feed import BatchFeed, Share
from .diffusion import LossParts, Network, Terms, TorchDiffusion, pooled_loss, stage_loss
from .divergence import DivergenceCheck
from .ema import Ema
from .meter import Meter
from .ranks import Ranks

STREAM = 7_919  # spreads the seeds of torch's draws over the steps
ALONE = Ranks()


@dataclass(frozen=True)
class Batch:
    """A rank's part of a step's samples, normalised: (N, bands, rows, cols), ``seen`` bool."""

    x0: Tensor
    condition: Tensor
    seen: Tensor

    @property
    def pooled(self) -> bool:
        """Whether only means of x0 over several of the condition's pixels are known."""
        return self.x0.shape[2:] != self.condition.shape[2:]


class StageTrainer:
    """Trains stage ``stage`` (from 0) on patches; ``previous`` are the EMA networks before it.

    With several ``ranks`` each works on its part of every batch; the first keeps the EMA.
    """

    def __init__(
        self,
        config: Config,
        stage: int,
        patches: Patches,
        previous: Sequence[nn.Module],
        device: str = "cpu",
        ranks: Ranks = ALONE,
    ):
        self.ranks, self.samples = ranks, config.training.batch
        self.config, self.settings, self.stage = config, config.stages[stage], stage
        self.patches, self.previous, self.device = patches, previous, device
        if self.settings.condition_estimated_share and len(previous) != stage:
            raise InputError(
                f"stage {stage + 1} learns from estimates of {stage} stages, {len(previous)} given",
                "train the stages before it first, or set condition_estimated_share = 0",
            )
        torch.manual_seed(config.training.seed + stage)
        self.network = registry.build(config, stage).to(device)
        self.network.to(memory_format=torch.channels_last)
        self._run = device_settings.prepare(self.network, config.training, device, ranks)
        self.ema = Ema(self.network, *_ema(config))
        self.diffusion = diffusion_of(self.settings, device)
        self.optimiser = self._fresh_optimiser()
        self.meter = Meter(self.settings.timesteps)
        self.divergence = DivergenceCheck(stage, device)
        self.step = 0
        self._final = torch.tensor(self.settings.final_bands, device=device)

    def _fresh_optimiser(self) -> optimisers.Optimiser:
        return optimisers.make(self.network, self.config.training, self.device)

    @cached_property
    def _feed(self) -> BatchFeed:
        share = Share(self.samples, self.ranks.rank, self.ranks.count, self.stage == 0)
        workers, pin = self.config.training.workers, torch.device(self.device).type == "cuda"
        return BatchFeed(self.patches, share, workers, pin)

    def close(self) -> None:
        """End what works ahead for steps that will not be."""
        self._feed.close()

    def advance(self) -> Tensor:
        """One optimiser step; returns the whole batch's loss, which a GPU is not waited for.

        Seed and step alone decide it. Raises InputError where the loss runs away (on a GPU: once
        ``divergence`` looks).
        """
        training = self.config.training
        self.meter.start_step()
        torch.manual_seed((training.seed + self.stage) * STREAM + self.step)
        batch = self._batch()
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        loss = self._loss(batch)
        alone = self.ranks.count == 1
        total = loss.detach() if alone else loss.new_tensor(self.ranks.sum(loss)[0])
        self.divergence.note_loss(self.step, total)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.ranks.add_up([p.grad for p in self.network.parameters() if p.grad is not None])
        longest = training.gradient_clip or math.inf
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), longest)
        self.divergence.note_norm(self.step, norm)
        self.optimiser.step()
        self.meter.end_step(self.samples, norm, self._rate())
        self.step += 1
        if self.ranks.first:
            self.ema.update(self.network, self.step)
        return total

    def fit_colours(self) -> None:
        """What the network tells by colours alone, where it does: after the last step."""
        encoder = getattr(self.network, "condition_encoder", None)
        if encoder is None or encoder.colours is None:
            return
        colour_fit.fit(encoder, self.config, self.stage, self._terms(), self.patches.sources)
        self.ema.network.condition_encoder.colours.load_state_dict(encoder.colours.state_dict())

    def _terms(self) -> Terms:
        return loss_terms(self.config, self.settings)

    def _rate(self) -> float:
        return learning_rate(self.config, self.settings.iterations, self.step)

    def _loss(self, batch: Batch) -> Tensor:
        """This rank's part of the loss: the ranks' sum is that of the whole batch."""
        terms = self._own_share(self._terms(), batch.seen)
        with self.ranks.dropout():
            if batch.pooled:
                parts, t = self._pooled_loss(self._predict, terms, batch)
            else:
                x0, noise, t = self._example(batch)
                known = x0, batch.condition, noise, t, batch.seen
                parts = stage_loss(self._predict, self.diffusion, terms, *known)
        self.meter.add_loss(parts, t)
        return parts.total

    def _predict(self, x: Tensor, condition: Tensor, t: Tensor) -> Tensor:
        """The network in the settings' precision; an angle of a few degrees needs float32."""
        low = self.config.training.precision == "bfloat16"
        with torch.autocast(self.device, torch.bfloat16, enabled=low):
            self.network.train()
            return self._run(x, condition, t).float()

    def _pooled_loss(
        self, network: Network, terms: Terms, batch: Batch
    ) -> Tuple[LossParts, Tensor]:
        """The loss and the timesteps that it is of."""
        shape = len(batch.x0), batch.x0.shape[1], *batch.condition.shape[2:]
        noise = self._normal_like(batch.condition.new_empty(shape))
        t = self._timesteps(self.samples)
        known = batch.x0, batch.condition, noise, t, batch.seen
        return pooled_loss(network, self.diffusion, terms, *known), t

    def _example(self, batch: Batch) -> Tuple[Tensor, Tensor, Tensor]:
        """(x0, noise, t) that the network learns from: the truth, noised at random timesteps."""
        t = self._timesteps(self.samples)
        return batch.x0, self._normal_like(batch.x0), t

    def _own_share(self, terms: Terms, seen: Tensor) -> Terms:
        """``terms`` weighted by how much of what the whole batch averages over is here."""
        if self.ranks.count == 1:
            return terms
        values, pixels = seen.sum(), seen.any(1).sum()
        all_values, all_pixels = self.ranks.sum(values, pixels)
        return replace(
            terms,
            target_weight=float(values) / max(all_values, 1),
            sam_weight=terms.sam_weight * float(pixels) / max(all_pixels, 1),
        )

    def _timesteps(self, count: int) -> Tensor:
        t = torch.randint(0, self.settings.timesteps, (count,), device=self.device)
        first = torch.rand(count, device=self.device) < self.settings.first_timestep_share
        return self.ranks.mine(torch.where(first, self.settings.timesteps - 1, t))

    def _uniform(self, *shape: int) -> Tensor:
        """A draw (n, *shape) a sample, between 0 and 1."""
        return self.ranks.mine(torch.rand(self.samples, *shape, device=self.device))

    def _normal_like(self, mine: Tensor) -> Tensor:
        return self.ranks.mine(self.ranks.whole_like(mine).normal_())

    def _batch(self) -> Batch:
        """Scenes; or camera pictures, and the spectra of the coarser pixels that they lie in."""
        drawn = self._feed.take(self.step, self.settings.iterations)
        rgb, cube, seen = map(self._on_device, drawn)
        rgb, cube = self._normalise(rgb), self._normalise(cube)
        condition = self._condition(rgb, cube, seen) if self.stage else rgb
        return self._with_dropout(cube, condition, seen)

    def _with_dropout(self, cube: Tensor, condition: Tensor, seen: Tensor) -> Batch:
        final = self._final
        kept = (self._uniform() >= self.settings.condition_dropout)[:, None, None, None]
        null = guidance.null_of(condition, self.config.null_condition)
        return Batch(cube[:, final], torch.where(kept, condition, null), seen[:, final])

    def _on_device(self, values: Tensor) -> Tensor:
        moved = values.to(self.device, non_blocking=True)
        return moved.to(memory_format=torch.channels_last)

    def _normalise(self, values: Tensor) -> Tensor:
        n = self.config.normalisation
        return (values - n.offset) / n.scale

    def _condition(self, rgb: Tensor, cube: Tensor, seen: Tensor) -> Tensor:
        """The previous stage's bands: true and perturbed, or as the cascade itself estimates them.

        Stage 2 is used on estimates, so it must have met them (condition augmentation).
        """
        bands = list(self.config.stages[self.stage - 1].final_bands)
        true, seen = cube[:, bands], seen[:, bands]
        sigma = self.settings.condition_noise * self._uniform(1, 1, 1)
        true = true + sigma * self._normal_like(true)
        if not self.settings.condition_estimated_share:
            return true
        estimated = self._estimate(rgb)
        draw = self._uniform() < self.settings.condition_estimated_share
        return torch.where(draw[:, None, None, None] | ~seen, estimated, true)

    @torch.no_grad()
    def _estimate(self, rgb: Tensor) -> Tensor:
        """The bands of the stage before, each stage sampled from pure noise."""
        condition = rgb
        for network, settings in zip(self.previous, self.config.stages):
            shape = (self.samples, len(settings.final_bands), *rgb.shape[2:])
            x = self.ranks.mine(torch.randn(shape, device=self.device))
            condition = self._sample(network, settings, x, condition)
        return condition

    def _sample(
        self, network: nn.Module, settings: StageSettings, x: Tensor, condition: Tensor
    ) -> Tensor:
        """A previous stage in one step from noise ``x``: its x0 at t = T - 1."""
        d = diffusion_of(settings, self.device)
        t = torch.full((len(x),), settings.timesteps - 1, device=self.device)
        return d.x0(settings.prediction, network(x, condition, t), x, t)

    def state(self) -> Dict[str, Any]:
        """Everything a resumed run needs; tensors and numbers only.

        Raises InputError where the loss ran away or the weights are no longer finite numbers.
        """
        self.divergence.look()
        weights = [*self.network.parameters(), *self.ema.network.parameters()]
        finite = all(bool(torch.isfinite(weight).all()) for weight in weights)
        wrong = "weights that are not finite numbers"
        self.divergence.stop_unless(finite, wrong, self.step)
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "ema": self.ema.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Begin at step 0 with the ``weights`` of another run or of a package."""
        with checkpoint.fitting(f"what stage {self.stage + 1} starts from"):
            self.network.load_state_dict(weights)
            self.ema.network.load_state_dict(weights)

    def restore(self, state: Optional[Dict[str, Any]]) -> None:
        """Go on from ``state``; None starts anew."""
        if state is None:
            return
        with checkpoint.fitting(f"the checkpoint of stage {self.stage + 1}"):
            self.network.load_state_dict(state["network"])
            self.ema.network.load_state_dict(state["ema"])
            optimisers.restore(self.optimiser, state["optimiser"])
        self.step = state["step"]


def _ema(config: Config):
    return config.training.ema_decay, config.training.ema_start, config.training.ema_every


def diffusion_of(settings: StageSettings, device: str) -> TorchDiffusion:
    """The diffusion that a stage's settings name."""
    ends = settings.schedule_low, settings.schedule_high
    return _diffusion(settings.schedule, settings.timesteps, *ends, device)


@lru_cache(maxsize=16)  # its tables go to the device once, not at every step
def _diffusion(kind: str, timesteps: int, low: float, high: float, device: str) -> TorchDiffusion:
    return TorchDiffusion(schedule.betas(kind, timesteps, low, high), device)


def loss_terms(config: Config, settings) -> Terms:
    """What the loss of the stage with these ``settings`` is made of."""
    training, n = config.training, config.normalisation
    offset = n.offset / n.scale if training.sam_of == "spectra" else 0.0
    weight, kind = training.sam_weight, training.sam_kind
    return Terms(settings.prediction, training.loss, weight, offset, sam_kind=kind)


def learning_rate(config: Config, iterations: int, step: int) -> float:
    """The rate at ``step``: a linear warm-up, then level or falling as half a cosine to zero."""
    training = config.training
    rate = training.learning_rate * min(1.0, (step + 1) / max(training.warmup, 1))
    if training.decay == "cosine":
        rate *= 0.5 * (1 + np.cos(np.pi * min(step / iterations, 1)))
    return float(rate)
