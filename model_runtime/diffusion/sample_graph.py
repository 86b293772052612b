"""Samples by one graph: all steps of all stages for a patch of pixels, its noise included.

Where a package has such a graph for a sampler and its steps (``training/graphs/sample_graph.py``
makes them), it gives the samples of ``StageSampler`` without a way back to Python in every step.
"""

import re
from typing import Dict, List, Sequence

import numpy as np

from ..errors import PackageError
from ..package.manifest import Manifest
from ..tiling import Window
from . import noise
from .network import DAMAGED, Port, device_errors, ports_of
from .noise import NoiseKey
from .settings import Sampling

# Rows and columns of a patch: what a core's cache holds, and few nodes of shared noise.
PATCH_ROWS, PATCH_COLS = 32, 64
_DRAWN = re.compile(r"(places|bank|nodes)_(\d+)_(\d+)")


class SampleGraph:
    """An open graph of ``model``'s stages, for any number of threads at once."""

    def __init__(self, session, model: Manifest):
        self._session, self._model = session, model
        ports = ports_of(session)
        self._draws = _draws_of(ports.inputs, len(model.stages))
        wanted = [f"sample_{stage}" for stage in range(len(model.stages))]
        if [port.name for port in ports.outputs] != wanted:
            raise PackageError(f"a graph of samples has other outputs than {wanted}", DAMAGED)

    def samples(
        self, features: np.ndarray, window: Window, how: Sampling, number: int, every: bool
    ) -> List[np.ndarray]:
        """Make sample ``number`` of the pixels in ``window``.

        ``features`` (width, pixels) of the first stage. ``every``: of each stage; else of the last
        alone.

        Returns: (bands, rows, cols) normalised, of each stage that is asked for.
        Raises: DeviceError; its kind MemoryShortage says that fewer pixels may go.
        """
        feeds = {
            "features": features,
            "interpolation": noise.pixel_weights(window, self._model.shared_noise),
            **self._noise(window, how, number),
        }
        last = len(self._model.stages) - 1
        names = [f"sample_{stage}" for stage in range(0 if every else last, last + 1)]
        with device_errors():
            made = self._session.run(names, feeds)
        return [values.reshape(-1, window.rows, window.cols) for values in made]

    def _noise(self, window: Window, how: Sampling, number: int) -> Dict[str, np.ndarray]:
        feeds: Dict[str, np.ndarray] = {}
        shared = self._model.shared_noise
        for stage, step in self._draws:
            bands = self._model.stages[stage].output_bands
            key = NoiseKey(how.seed, stage, number, step)
            parts = noise.pick_parts(key, bands, how.samples, window, shared)
            for name in ("places", "bank", "nodes"):
                feeds[f"{name}_{stage}_{step}"] = getattr(parts, name)
        return feeds


def _draws_of(inputs: Sequence[Port], stages: int):
    """(stage, timestep) of each noise that the graph takes."""
    names = {port.name for port in inputs} - {"features", "interpolation"}
    found = [_DRAWN.fullmatch(name) for name in sorted(names)]
    draws = sorted({(int(one[2]), int(one[3])) for one in found if one})
    expected = {f"{part}_{s}_{t}" for s, t in draws for part in ("places", "bank", "nodes")}
    if names != expected or any(stage >= stages for stage, _ in draws):
        raise PackageError(f"a graph of samples has the inputs {sorted(names)}", DAMAGED)
    return draws
