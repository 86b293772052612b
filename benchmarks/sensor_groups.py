"""The scenes by sensor, and what is left to train on without one."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from model_runtime.errors import InputError

# Sensors as scenes.json names them. The simulated EnMAP scene is of HyMap's ground.
GROUPS: Dict[str, Sequence[str]] = {
    "NEON": ("NEON NIS",),
    "EnMAP": ("EnMAP L2A",),
    "AVIRIS": ("AVIRIS",),
    "CASI": ("CASI-1500",),
    "HyMap": ("HyMap", "EnMAP (simulated from HyMap)"),
}


@dataclass(frozen=True)
class Split:
    """The reflectance scenes to train on, and those of the group that is left out to judge by."""

    group: str
    training: Sequence[Path]
    judged: Sequence[Path]


def without(data: Path, group: str) -> Split:
    """The split that leaves ``group`` out: all of its scenes are judged, in training or not.

    Raises InputError where ``data`` lists no scenes, or none of one side.
    """
    training = [_path(data, s) for s in _list(data, "train") if s["sensor"] not in GROUPS[group]]
    judged = [
        _path(data, scene)
        for split in ("train", "val")
        for scene in _list(data, split)
        if scene["sensor"] in GROUPS[group]
    ]
    for paths, what in ((training, "to train on"), (judged, f"of {group}")):
        if not paths:
            raise InputError(f"{data} lists no scene {what}", "name other scenes: --data")
    return Split(group, training, judged)


def _list(data: Path, split: str) -> List[Dict]:
    if not (data / "scenes.json").is_file():
        raise InputError(f"{data} holds no scenes.json", "name the scenes' folder: --data")
    listed = json.loads((data / "scenes.json").read_text(encoding="utf-8"))
    return [s for s in listed if s["split"] == split and s["units"] == "reflectance"]


def _path(data: Path, scene: Dict) -> Path:
    return (data / scene["file"]).resolve()
