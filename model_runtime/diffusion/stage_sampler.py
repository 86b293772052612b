"""One stage of the cascade: a condition to samples of the stage's bands."""

from typing import Callable, Optional, Tuple

import numpy as np

from ..errors import PackageError
from ..package.manifest import Stage
from . import guidance, samplers, schedule
from .network import Feed, Held
from .settings import Sampling


class StageSampler:
    """One stage: condition (1, condition bands, rows, cols) to a sample of its bands."""

    def __init__(self, stage: Stage, denoise: Callable, encode: Optional[Callable]):
        self.stage, self._denoise, self._encode = stage, denoise, encode
        self.diffusion = schedule.of_manifest(stage.schedule)

    def features(self, condition: np.ndarray) -> np.ndarray:
        """What the denoiser sees of a condition: itself, or the condition encoder's output.

        Returns: float32 (1, channels, rows, cols).
        """
        return self._encode(condition=condition) if self._encode else condition

    def held_features(self, condition: np.ndarray) -> Feed:
        """As ``features``, but left on the device where the denoiser works.

        Returns: what ``sample`` takes, (1, channels, rows, cols).
        """
        run = getattr(self._encode, "run_and_hold", None)
        if run is None or self._shares_x:
            return self.features(condition)
        return run(condition=condition)

    def hold(self, features: Feed) -> Feed:
        """Put ``features`` (1, channels, rows, cols) where the denoiser works, for all samples.

        A pair of conditions is put together on the processor first, so it is not sent here.

        Returns: what ``sample`` takes.
        """
        return features if self._shares_x else self._place(features)

    def _place(self, features: Feed) -> Feed:
        place = getattr(self._denoise, "hold", None)
        return features if place is None or isinstance(features, Held) else place(features)

    @property
    def _shares_x(self) -> bool:
        return getattr(self._denoise, "shares_x", False)

    def sample(
        self,
        features: Feed,
        null: Optional[Feed],
        how: Sampling,
        scale: float,
        draw,
        bound: Optional[float] = None,
    ) -> np.ndarray:
        """One sample (1, bands, rows, cols); ``draw(t)`` gives noise, t = T the start.

        ``bound``: PDT's lower bound; None: the stage's own.

        Returns: the sample in the network's normalised unit.
        """
        predict = self.predictor(features, null, scale, how.guidance_interval)
        stage, d = self.stage, self.diffusion
        lower_bound = stage.pdt_lower_bound if bound is None else bound

        def denoise(x_t: np.ndarray, t: int) -> np.ndarray:
            return schedule.x0(stage.prediction, predict(x_t, t), x_t, d, t)

        def truncate(x_t: np.ndarray, t: int) -> np.ndarray:
            if stage.truncation is None:
                return guidance.truncate(x_t, t, d.steps, lower_bound)
            return guidance.truncate_by_thresholds(x_t, t, d.steps, lower_bound, stage.truncation)

        run = samplers.SAMPLER_FUNCTIONS[how.sampler]
        order = samplers.timesteps(d.steps, how.steps)
        return run(draw(d.steps), denoise, d, order, draw, truncate)

    def predictor(
        self,
        features: Feed,
        null: Optional[Feed],
        scale: float,
        interval: Optional[Tuple[int, int]] = None,
    ) -> guidance.Predict:
        """The mixture of what ``features`` and ``null`` give (ICMG), in ``interval``.

        A network that can looks at x once for both.

        Returns: a function (x_t, t) to the network's prediction, shaped like x_t.
        """
        conditional = self._network(features)
        if not scale or null is None:
            mixture = conditional
        elif self._shares_x:
            both = self._network(np.concatenate([features, null]))
            mixture = guidance.mix_guidance_of_pair(both, scale)
        else:
            mixture = guidance.mix_guidance(conditional, self._network(null), scale)
        return mixture if interval is None else guidance.within(interval, mixture, conditional)

    def _network(self, features: Feed) -> guidance.Predict:
        name = "features" if self._encode else "condition"
        features = self._place(features)

        def predict(x_t: np.ndarray, t: int) -> np.ndarray:
            timestep = np.full(len(x_t), t, np.int64)
            prediction = self._denoise(x=x_t, timestep=timestep, **{name: features})
            # NumPy would repeat a single band in silence.
            if prediction.shape != (len(features), *x_t.shape[1:]):
                raise PackageError(
                    f"a denoiser makes {prediction.shape} of {x_t.shape}",
                    "its prediction has the shape of x: export the model again",
                )
            return prediction

        return predict
