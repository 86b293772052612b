"""Samples held-out scenes in the ways that an ablation compares, and measures them."""

import time
from dataclasses import replace
from typing import Dict, List, Optional, Sequence

from model_runtime.diffusion.cascade import Cascade
from model_runtime.diffusion.settings import Sampling

from ..data.dataset import Scene
from . import validation
from .ablation import evaluations
from .ablation_table import MEASURES, Row

Groups = Dict[str, Sequence[Scene]]
SEEN, UNSEEN = "corners", "unseen sensors"


def groups_of(held_out: Sequence[Scene], trained: Sequence[Scene]) -> Groups:
    """Held-out scenes of sensors that were trained on (other ground), and those of other sensors.

    A group without scenes is left out.
    """
    known = {scene.sensor for scene in trained}
    found: Dict[str, List[Scene]] = {SEEN: [], UNSEEN: []}
    for scene in held_out:
        found[SEEN if scene.sensor in known else UNSEEN].append(scene)
    return {name: scenes for name, scenes in found.items() if scenes}


def measure_row(
    name: str,
    cascade: Cascade,
    how: Sampling,
    groups: Groups,
    given: Optional[Sequence[int]] = None,
) -> Row:
    """All scenes sampled as ``how`` says; ``given`` as in ``validation.measure``."""
    cascade = _by_scene(cascade, how)
    began = time.process_time()
    judged = {
        group: validation.measure(cascade, how, scenes, given) for group, scenes in groups.items()
    }
    seconds = time.process_time() - began
    scores = {group: _scores(each) for group, each in judged.items()}
    return Row(name, scores, evaluations(cascade.manifest, how), seconds)


def _scores(judged: Sequence[validation.Judged]) -> Dict[str, List[float]]:
    means = validation.means(judged)
    return {measure: [means[measure]] for measure in MEASURES}


def _by_scene(cascade: Cascade, how: Sampling) -> Cascade:
    """Where thresholds are missing, PDT's quantile is that of the whole scene, not of strips."""
    bounds = how.truncation or (1.0,) * len(cascade.stages)
    stages = cascade.manifest.stages
    if not any(b < 1 and stage.truncation is None for b, stage in zip(bounds, stages)):
        return cascade
    whole = replace(cascade.manifest, pixelwise=False)
    return Cascade(whole, cascade.stages, cascade.device, cascade.threads)


def merge_seeds(rows: Sequence[Row]) -> Row:
    """One row of several trainings' rows: all values, the mean of the seconds."""
    first = rows[0]
    scores = {
        group: {m: [row.scores[group][m][0] for row in rows] for m in of_group}
        for group, of_group in first.scores.items()
    }
    return replace(first, scores=scores, seconds=sum(row.seconds for row in rows) / len(rows))
