"""One stage of a student in training: rounds in which it learns its teacher's steps in fewer."""

import copy
from dataclasses import asdict, dataclass, replace
from typing import Any, Dict, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from model_runtime.diffusion import samplers
from model_runtime.errors import InputError

from ..config import Config, StageSettings
from ..data.patches import Patches
from . import checkpoint
from .diffusion import Terms
from .distillation import X0, ddpm_step, sample_steps, truncate, x0_of_one_step, x0_on
from .stage_trainer import Batch, StageTrainer, diffusion_of, learning_rate


@dataclass(frozen=True)
class Plan:
    """How a stage is distilled: ``teacher_steps`` to ``steps``, halved in each round.

    ``guidance_scale`` is folded in by the first round, ``iterations`` are those of a round.
    ``draws`` above 0: one round, and the student's one step is the mean of so many samples that
    the teacher draws by ddpm in ``teacher_steps``.
    """

    steps: int
    teacher_steps: int
    guidance_scale: float
    iterations: int
    draws: int = 0

    def rounds(self) -> List[Tuple[int, int]]:
        """(teacher's steps, student's steps) of each round."""
        if self.draws or self.teacher_steps == self.steps:
            return [(self.teacher_steps, self.steps)]
        halved, left = [], self.teacher_steps
        while left > self.steps:
            halved.append((left, left // 2))
            left //= 2
        return halved


class DistillTrainer(StageTrainer):
    """Trains a stage's student, which starts from ``teacher``; ``previous`` are students.

    After each round the student is the next one's teacher, unguided.
    """

    def __init__(
        self,
        config: Config,
        stage: int,
        patches: Patches,
        previous: Sequence[nn.Module],
        teacher: nn.Module,
        plan: Plan,
        device: str = "cpu",
    ):
        # Not in evaluation: then a patch's surroundings would not be continued. Dropout is 0.
        super().__init__(config, stage, patches, [n.train() for n in previous], device)
        self.plan, self.rounds = plan, plan.rounds()
        self.teacher = copy.deepcopy(self.network).requires_grad_(False).train()
        for network in (self.teacher, self.network, self.ema.network):
            network.load_state_dict(teacher.state_dict())

    def advance(self) -> Tensor:
        """One optimiser step, after a change of rounds where one is due."""
        if self.step and self.step % self.plan.iterations == 0:
            self._begin_round()
        return super().advance()

    def _begin_round(self) -> None:
        for network in (self.teacher, self.network):
            network.load_state_dict(self.ema.network.state_dict())
        self.optimiser = self._fresh_optimiser()

    @property
    def round(self) -> int:
        """Which of the rounds the next step belongs to."""
        return self.step // self.plan.iterations

    def _rate(self) -> float:
        iterations = self.plan.iterations
        return learning_rate(self.config, iterations, self.step % iterations)

    def _terms(self) -> Terms:
        return replace(super()._terms(), x0_counts=True)

    def _batch(self) -> Batch:
        """A batch whose seen pixels are so in all bands: the teacher knows them all."""
        batch = super()._batch()
        return replace(batch, seen=batch.seen.any(1, keepdim=True).expand_as(batch.seen))

    @torch.no_grad()
    def _example(self, batch: Batch) -> Tuple[Tensor, Tensor, Tensor]:
        """(x0, noise, t): what one step of the student has to say there, and x_t by its noise."""
        t, *rest = self._timesteps_of_a_step()
        x_t = truncate(self._add_noise(batch.x0, t), t, self.settings)
        x0 = self._draw(batch) if self.plan.draws else self._solve_teacher(batch, x_t, [t, *rest])
        return x0, self.diffusion.implied_noise(x0, x_t, t), t

    def _add_noise(self, x0: Tensor, t: Tensor) -> Tensor:
        """x_t; at t = T - 1 nothing but noise, as in sampling.

        What a schedule leaves of x0 there a network could read, averaged over the patch.
        """
        noise = self._normal_like(x0)
        first = (t == self.settings.timesteps - 1)[:, None, None, None]
        return torch.where(first, noise, self.diffusion.add_noise(x0, noise, t))

    def _timesteps_of_a_step(self) -> List[Tensor]:
        """For each sample one of the student's steps: the timesteps at which the teacher stops."""
        teacher_steps, steps = self.rounds[self.round]
        order = self._order(teacher_steps)
        within = teacher_steps // steps
        first = (self._uniform() * steps).long() * within
        return [order[first + i] for i in range(within + 1)]

    def _order(self, steps: int) -> Tensor:
        order = [*samplers.timesteps(self.settings.timesteps, steps), -1]
        return torch.tensor(order, device=self.device)

    def _solve_teacher(self, batch: Batch, x_t: Tensor, timesteps: Sequence[Tensor]) -> Tensor:
        d, settings = self.diffusion, self.settings
        scale = 0.0 if self.round else self.plan.guidance_scale
        x0_of = self._teacher_says(batch.condition, scale)
        end = sample_steps(x_t, timesteps, x0_of, d, settings)
        return x0_of_one_step(d, x_t, end, timesteps[0], timesteps[-1])

    def _teacher_says(self, condition: Tensor, scale: float) -> X0:
        kind, null = self.settings.prediction, self.config.null_condition
        return x0_on(self.teacher, kind, self.diffusion, condition, scale, null)

    def _draw(self, batch: Batch) -> Tensor:
        d, settings, scale = self.diffusion, self.settings, self.plan.guidance_scale
        x0_of = self._teacher_says(batch.condition, scale)
        order = self._order(self.plan.teacher_steps)[:, None].expand(-1, len(batch.x0))
        starts = (self._normal_like(batch.x0) for _ in range(self.plan.draws))
        drawn = [sample_steps(x, list(order), x0_of, d, settings, ddpm_step) for x in starts]
        return torch.stack(drawn).mean(0)

    def _sample(
        self, network: nn.Module, settings: StageSettings, x: Tensor, condition: Tensor
    ) -> Tensor:
        """A previous student's bands in all of its steps."""
        d = diffusion_of(settings, self.device)
        order = [*samplers.timesteps(settings.timesteps, self.plan.steps), -1]
        timesteps = [torch.full((len(x),), int(t), device=self.device) for t in order]
        return sample_steps(
            x, timesteps, x0_on(network, settings.prediction, d, condition), d, settings
        )

    def state(self) -> Dict[str, Any]:
        """As the trainer's, with the round's teacher and the plan."""
        return {
            **super().state(),
            "teacher": self.teacher.state_dict(),
            "plan": asdict(self.plan),
        }

    def restore(self, state: Optional[Dict[str, Any]]) -> None:
        """Go on from ``state``; raises InputError where it was made by another plan."""
        if state is None:
            return
        if state.get("plan") != asdict(self.plan):
            raise InputError(
                f"the checkpoint of stage {self.stage + 1} was distilled by other rounds: "
                f"{state.get('plan')}, now {asdict(self.plan)}",
                "put the old options back, or choose another --out",
            )
        super().restore(state)
        with checkpoint.fitting(f"the checkpoint of stage {self.stage + 1}"):
            self.teacher.load_state_dict(state["teacher"])
