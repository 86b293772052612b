"""Samples by one graph: all steps of all stages for a patch of pixels, its noise included.

Where a package has such a graph for a sampler and its steps (``training/graphs/sample_graph.py``
makes them), it gives the samples of ``StageSampler`` without a way back to Python in every step.
"""

import re
from typing import Dict, List, Optional, Sequence

import numpy as np

from ..errors import PackageError
from ..package.manifest import Manifest
from ..tiling import Window
from . import noise, onnx_session
from .network import DAMAGED, Feed, Held, Port, device_errors, ports_of, run_bound
from .noise import NoiseKey
from .settings import Sampling

# Rows and columns of a patch: what a core's cache holds, and few nodes of shared noise.
PATCH_ROWS, PATCH_COLS = 32, 64
# Of a patch on a GPU: large enough to fill it, and weights of shared noise of a few megabytes.
GPU_PATCH_SIDE = 128
_DRAWN = re.compile(r"(places|bank|nodes)_(\d+)_(\d+)")


class SampleGraph:
    """An open graph of ``model``'s stages, for any number of threads at once.

    ``bound_to``: the device to which inputs and outputs are bound; None: arrays stay NumPy's own.
    """

    def __init__(self, session, model: Manifest, bound_to: Optional[str] = None):
        self._session, self._model, self._bound_to = session, model, bound_to
        ports = ports_of(session)
        self._draws = _draws_of(ports.inputs, len(model.stages))
        wanted = [f"sample_{stage}" for stage in range(len(model.stages))]
        if [port.name for port in ports.outputs] != wanted:
            raise PackageError(f"a graph of samples has other outputs than {wanted}", DAMAGED)

    def hold(self, features: np.ndarray) -> Feed:
        """Put ``features`` (width, pixels) where the graph works, for all samples of the pixels.

        Returns: what ``samples`` takes.
        Raises: DeviceError.
        """
        if self._bound_to is None:
            return features
        with device_errors():
            return Held(onnx_session.place(features, self._bound_to), features.shape)

    def samples(
        self, features: Feed, window: Window, how: Sampling, number: int, every: bool
    ) -> List[np.ndarray]:
        """Make sample ``number`` of the pixels in ``window``.

        ``features`` (width, pixels) of the first stage, or ``hold`` of them. ``every``: of each
        stage; else of the last alone.

        Returns: (bands, rows, cols) normalised, of each stage that is asked for.
        Raises: DeviceError; its kind MemoryShortage says that fewer pixels may go.
        """
        feeds: Dict[str, Feed] = {
            "features": features,
            "interpolation": noise.pixel_weights(window, self._model.shared_noise),
            **self._noise(window, how, number),
        }
        last = len(self._model.stages) - 1
        names = [f"sample_{stage}" for stage in range(0 if every else last, last + 1)]
        with device_errors():
            made = self._run(names, feeds)
        return [values.reshape(-1, window.rows, window.cols) for values in made]

    def _run(self, names: Sequence[str], feeds: Dict[str, Feed]) -> List[np.ndarray]:
        if self._bound_to is None:
            return self._session.run(names, feeds)
        made = run_bound(self._session, names, feeds, self._bound_to)
        return [value.numpy() for value in made]

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
