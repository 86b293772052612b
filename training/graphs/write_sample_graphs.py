"""Puts graphs of whole samples into a package: one for the sampler and steps of each quality."""

from dataclasses import replace
from pathlib import Path
from typing import List

import numpy as np

from model_runtime import tiling
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import EstimateRequest, Sampling
from model_runtime.errors import PackageError
from model_runtime.package import manifest

from ..package.package_folder import model_file
from .sample_graph import sample_graph

# Of what the stages make step by step, in the output unit (of values above 1: of the largest);
# rounding alone makes 1e-6.
TOLERANCE = 1e-5
_ROWS, _COLS, _SAMPLES = 40, 72, 2  # more than one patch both ways


def with_sample_graphs(
    folder: Path, model: manifest.Manifest, lines: List[str]
) -> manifest.Manifest:
    """``model`` with graphs of its stages in ``folder``, held against the stages one by one.

    Adds a line a graph to ``lines``. A model that is not pixelwise, or whose later stages have no
    condition encoder, stays as it is. Raises PackageError where a graph's samples differ.
    """
    model = replace(model, sample_graphs=())
    if not model.pixelwise or any(stage.condition_encoder is None for stage in model.stages):
        return model
    settings = {(quality.sampler, quality.steps) for quality in model.qualities.values()}
    made = [_write(folder, model, *one) for one in sorted(settings)]
    model = replace(model, sample_graphs=tuple(made))
    for one in made:
        difference = _difference(folder, model, one)
        lines.append(f"{one.graph.file}: differs from the stages by {difference:.1e}")
        if not difference <= TOLERANCE:
            raise PackageError(
                f"{one.graph.file} differs from its stages by {difference:.1e}",
                f"at most {TOLERANCE:g} is rounding: this is a fault of the export",
            )
    return model


def _write(
    folder: Path, model: manifest.Manifest, sampler: str, steps: int
) -> manifest.SampleGraph:
    path = folder / f"sample_{sampler.replace('+', 'p')}_{steps}.onnx"
    path.write_bytes(sample_graph(folder, model, sampler, steps))
    made_of = manifest.stages_digest(model.stages)
    return manifest.SampleGraph(sampler, steps, model_file(path), made_of)


def _difference(folder: Path, model: manifest.Manifest, one: manifest.SampleGraph) -> float:
    """By how much the samples of ``one`` differ from those of the stages, at most."""
    rng = np.random.default_rng(0)
    n = model.normalisation
    offset, scale = (np.array(v)[:, None, None] for v in (n.input_offset, n.input_scale))
    margin = tiling.round_up(model.tile.influence or 0, model.tile.multiple)
    sides = [tiling.round_up(side, model.tile.multiple) for side in (_ROWS, _COLS)]
    shape = len(model.input_bands), *(side + 2 * margin for side in sides)
    rgb = np.maximum(offset + scale * rng.normal(0, 0.5, shape), 0).astype(np.float32)
    plain = tuple(replace(stage, pdt_lower_bound=1.0) for stage in model.stages)
    rows, cols = (slice(margin, margin + side) for side in sides)
    asked = EstimateRequest((rows, cols))
    how = Sampling(one.sampler, one.steps, _SAMPLES, (0.0,) * len(plain), seed=1)
    found = [
        load_cascade(folder, replace(model, stages=plain, sample_graphs=graphs), "cpu", 1)
        .estimate(rgb, 5, 3, how, asked)
        .stages
        for graphs in ((), (one,))
    ]
    return max(float(np.abs(a - b).max() / max(1, np.abs(b).max())) for a, b in zip(*found))
