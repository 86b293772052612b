"""What the parts of the quality benchmark share: the methods that are judged, and their rasters."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Sequence

import numpy as np
from quality_measures import SUMMED, Figures, figures, summary
from quality_methods import Extent, Made
from quality_scenes import by_group, write_calibrated

Table = Dict[str, Dict[str, Figures]]  # row, method: figures
MEAN, OVER_SCENES = "mean", "± over scenes"


@dataclass(frozen=True)
class Bench:
    """The methods that are compared, and the folder for all rasters."""

    methods: Sequence[Any]
    folder: Path

    def picture_of(self, scene: Path) -> Path:
        """The scene's calibrated picture, made once."""
        rgb = self.folder / f"{scene.stem}.rgb.tif"
        if not rgb.exists():
            write_calibrated(scene, rgb)
        return rgb

    def output_of(self, rgb: Path, method, part: str = "") -> Path:
        """Where the estimate of ``rgb``, or of a ``part`` of it, goes."""
        name = method.name.replace(" ", "_").replace(":", "_")
        return self.folder / f"{rgb.stem}{part}.{name}.tif"

    def estimate(self, method, rgb: Path, taken: str, extent: Extent = None) -> "Estimated":
        """The method's estimate of ``rgb`` by radiometry ``taken``, in ``extent`` only."""
        output = self.output_of(rgb, method, ".extent" if extent else "")
        return Estimated(output, method.estimate(rgb, output, taken, extent))


@dataclass(frozen=True)
class Estimated:
    """A raster that a method wrote."""

    path: Path
    made: Made


def on_scenes(bench: Bench, paths: Sequence[Path]) -> Table:
    """Figures of every method on every scene, from its calibrated picture."""
    return {
        scene.stem: {m.name: _on_scene(bench, m, scene) for m in bench.methods} for scene in paths
    }


def _on_scene(bench: Bench, method, scene: Path) -> Figures:
    estimated = bench.estimate(method, bench.picture_of(scene), "reflectance")
    found = figures(estimated.path, estimated.made.spread, scene)
    return {**found, "seconds": estimated.made.seconds}


def group_means(per_scene: Table) -> Table:
    """A row for each group, the mean over the groups, and the scenes' standard deviation."""
    groups = by_group(list(per_scene))
    means = {group: over([per_scene[s] for s in members]) for group, members in groups.items()}
    spread = over(list(per_scene.values()), np.std)
    return {**means, MEAN: over(list(means.values())), OVER_SCENES: spread}


def over(
    rows: Sequence[Dict[str, Figures]], how=np.mean, names: Sequence[str] = SUMMED
) -> Dict[str, Figures]:
    """``how`` over several rows of a table, for each method."""
    return {method: summary([row[method] for row in rows], how, names) for method in rows[0]}
