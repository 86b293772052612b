"""What a sampler adds up, read off the runtime's own function by running it on symbols.

Between two calls of the network every sampler makes the next x_t of what is there by sums with
constant factors. Run on unit vectors, one a symbol, its function shows them.
"""

from dataclasses import dataclass
from typing import Callable, Dict, List, Sequence

import numpy as np

from model_runtime.diffusion import schedule
from model_runtime.diffusion.schedule import Diffusion


@dataclass(frozen=True)
class Step:
    """The step at timestep ``t``: x_t as a sum, and x0 of the network's prediction and of x_t.

    ``x``: factors of the symbols ``nT`` (noise drawn for timestep T), ``xK`` and ``x0_K`` (x_t and
    x0 of step K).
    """

    t: int
    x: Dict[str, float]
    prediction_of_x0: float
    x_of_x0: float


def linear_steps(
    sampler: Callable[..., np.ndarray], d: Diffusion, order: Sequence[int], prediction: str
) -> List[Step]:
    """The steps of ``sampler`` at the timesteps ``order`` for a network that gives ``prediction``.

    Raises ValueError for a sampler that is not linear between its calls of the network.
    """
    count = len(order)
    names = [f"{kind}{k}" for kind in ("x", "x0_") for k in range(count)]
    names += [f"n{t}" for t in (d.steps, *map(int, order))]
    symbol = dict(zip(names, np.eye(len(names))))
    sums: List[np.ndarray] = []

    def truncate(x: np.ndarray, t: int) -> np.ndarray:
        sums.append(x.copy())
        return symbol[f"x{len(sums) - 1}"].copy()

    def denoise(x: np.ndarray, t: int) -> np.ndarray:
        return symbol[f"x0_{len(sums) - 1}"].copy()

    def noise(t: int) -> np.ndarray:
        return symbol[f"n{t}"].copy()

    last = sampler(noise(d.steps), denoise, d, order, noise, truncate)
    if len(sums) != count or not np.array_equal(last, symbol[f"x0_{count - 1}"]):
        raise ValueError("the sampler does not end with the network's last answer")
    return [_step(int(t), dict(zip(names, x)), d, prediction) for t, x in zip(order, sums)]


def _step(t: int, factors: Dict[str, float], d: Diffusion, prediction: str) -> Step:
    answer, x = np.eye(2)
    of_prediction, of_x = schedule.x0(prediction, answer, x, d, t)
    used = {name: float(factor) for name, factor in factors.items() if factor}
    return Step(t, used, float(of_prediction), float(of_x))
