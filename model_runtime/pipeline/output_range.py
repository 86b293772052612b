"""Whether a model's values can be estimates: samples that diverge are told, absurd ones refused."""

import numpy as np

from ..errors import PackageError
from ..package.manifest import Manifest

# Normalised values lie within a few scales. Twenty off are hardly an estimate, a million off none.
DOUBTFUL_SCALES, ABSURD_SCALES = 20, 1_000_000
_REMEDY = "choose another sampler, more steps or less guidance, or another model"


class OutputRange:
    """The lowest and the highest value that ``model`` made, against what its training knew."""

    def __init__(self, model: Manifest):
        self._name, self._unit = model.name, model.output_unit
        rule = model.normalisation
        self._offset = max(map(abs, rule.output_offset))
        self._scale = max(rule.output_scale)
        self._low, self._high = np.inf, -np.inf

    def check(self, made: np.ndarray) -> None:
        """Take note of ``made``, in the model's output unit (any shape).

        Raises: PackageError where it cannot be an estimate.
        """
        low, high = float(made.min()), float(made.max())  # NaN where there is one
        self._low, self._high = min(self._low, low), max(self._high, high)
        if self._within(low, high, ABSURD_SCALES):
            return
        finite = np.isfinite(low) and np.isfinite(high)
        what = f"from {low:.3g} to {high:.3g}" if finite else "that are not finite numbers"
        raise PackageError(
            f"the model '{self._name}' made values {what}: its samples diverge", _REMEDY
        )

    def doubt(self) -> str:
        """Say what speaks against the values so far.

        Returns: a sentence, "" where nothing does.
        """
        if self._within(self._low, self._high, DOUBTFUL_SCALES):
            return ""
        return (
            f"the model '{self._name}' made values from {self._low:.3g} to {self._high:.3g} "
            f"{self._unit}, far from all that it was trained on: its samples seem to diverge. "
            f"{_REMEDY[:1].upper()}{_REMEDY[1:]}"
        )

    def _within(self, low: float, high: float, scales: float) -> bool:
        bound = self._offset + scales * self._scale
        return -bound <= low and high <= bound
