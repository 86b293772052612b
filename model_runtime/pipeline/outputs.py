"""Which rasters a run writes: their paths, bands and content."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Tuple

from .. import contract
from ..errors import InputError, StorageError
from ..package.manifest import Manifest
from .options import UpsampleOptions


@dataclass(frozen=True)
class Output:
    """One raster; ``bands`` are the model's output bands (0-based) that it holds.

    ``in_new_folder``: its folder is still to be made.
    """

    path: str
    bands: Tuple[int, ...]
    content: str
    in_new_folder: bool = False


@dataclass(frozen=True)
class OutputSpec:
    """The rasters of a run, in the order of work_units.estimate_tile, and how they are stored.

    ``stages`` and ``spread``: whether each stage's mean and the spread are among them. ``tags``
    are said of each raster.
    """

    rasters: Tuple[Output, ...]
    dtype: str = "uint16"
    spread: bool = False
    stages: bool = False
    overviews: bool = False
    cog: bool = False
    tags: Dict[str, str] = field(default_factory=dict)


def spec_of(options: UpsampleOptions, model: Manifest) -> OutputSpec:
    """What ``options`` ask for, without tags."""
    return OutputSpec(
        rasters=tuple(_rasters(options, model)),
        dtype=options.dtype,
        spread=bool(options.spread),
        stages=bool(options.keep_stages),
        overviews=options.overviews,
        cog=options.format == "cog",
    )


def _rasters(options: UpsampleOptions, model: Manifest) -> List[Output]:
    every = tuple(range(len(model.wavelength_nm)))
    asked = [Output(options.output, every, contract.MEAN_CONTENT)]
    if options.keep_stages:
        asked += _of_stages(Path(options.keep_stages), model)
    if options.spread:
        asked.append(Output(options.spread, every, contract.SPREAD_CONTENT))
    return asked


def _of_stages(folder: Path, model: Manifest) -> List[Output]:
    count = len(model.stages)
    return [
        Output(
            str(folder / f"stage{number}.tif"),
            tuple(sorted(stage.final_bands)),
            f"{contract.MEAN_CONTENT}, stage {number} of {count}",
            in_new_folder=not folder.is_dir(),
        )
        for number, stage in enumerate(model.stages, start=1)
    ]


def check_folder(folder: str) -> None:
    """Raise InputError where ``folder`` is not there and could not be made."""
    path = Path(folder)
    if not path.is_dir() and (path.exists() or not path.absolute().parent.is_dir()):
        raise InputError(
            f"--keep-stages '{folder}' is no folder and none can be made there",
            "name a folder, new or not, in one that exists",
        )


def make_folder(folder: str) -> None:
    """Make ``folder`` where it is missing; raises StorageError."""
    try:
        Path(folder).mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"the folder '{folder}' cannot be made ({error.strerror})", "choose another folder"
        ) from error


def drop_if_empty(folder: str) -> None:
    """Remove the folder if it is empty."""
    with suppress(OSError):
        Path(folder).rmdir()
