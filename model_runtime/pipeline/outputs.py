"""Which rasters a run writes: their paths, bands and content."""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

from .. import contract
from ..errors import InputError
from ..package.manifest import Manifest
from ..spectra import reliability
from ..system import final_names
from .options import UpsampleOptions


@dataclass(frozen=True)
class Output:
    """One raster; ``bands`` (0-based) are those that it holds of what is made of a tile.

    Of a spectrum that is made all output bands of the model, of the reliability one.

    ``in_new_folder``: its folder is still to be made. ``tags`` are its own.
    """

    path: str
    bands: Tuple[int, ...]
    content: str
    in_new_folder: bool = False
    tags: Dict[str, str] = field(default_factory=dict)

    @property
    def is_reliability(self) -> bool:
        """Whether it holds the reliability, not spectra."""
        return self.content == contract.RELIABILITY_CONTENT


@dataclass(frozen=True)
class OutputSpec:
    """The rasters of a run, in the order of work_units.estimate_tile, and how they are stored.

    ``stages``, ``spread``, ``reliability`` and ``draws``: whether each stage's mean, the spread,
    the reliability and each sample are among them. ``tags`` are said of each raster.
    """

    rasters: Tuple[Output, ...]
    dtype: str = "uint16"
    spread: bool = False
    stages: bool = False
    reliability: bool = False
    draws: bool = False
    overviews: bool = False
    cog: bool = False
    tags: Dict[str, str] = field(default_factory=dict)


def spec_of(options: UpsampleOptions, model: Manifest, samples: int) -> OutputSpec:
    """Choose the rasters that ``options`` ask for of a run of ``samples``.

    Returns: what is written and how, without tags.
    """
    return OutputSpec(
        rasters=tuple(_rasters(options, model, samples)),
        dtype=options.dtype,
        spread=bool(options.spread),
        stages=bool(options.keep_stages),
        reliability=bool(options.reliability),
        draws=bool(options.draws),
        overviews=options.overviews,
        cog=options.format == "cog",
    )


def _rasters(options: UpsampleOptions, model: Manifest, samples: int) -> List[Output]:
    every = tuple(range(len(model.wavelength_nm)))
    asked = [Output(options.output, every, contract.MEAN_CONTENT)]
    if options.keep_stages:
        asked += _of_stages(Path(options.keep_stages), model)
    if options.spread:
        asked.append(Output(options.spread, every, contract.SPREAD_CONTENT))
    if options.reliability:
        tags = {contract.RELIABILITY_TAG: reliability.FORMULA}
        said = contract.RELIABILITY_CONTENT
        asked.append(Output(options.reliability, (0,), said, tags=tags))
    if options.draws:
        suffix = ".vrt" if Path(options.output).suffix.lower() == ".vrt" else ".tif"
        asked += _of_samples(Path(options.draws), suffix, every, samples)
    return asked


def _of_samples(folder: Path, suffix: str, every: Tuple[int, ...], count: int) -> List[Output]:
    return [
        Output(
            str(folder / f"{contract.SAMPLE_NAME}{number:03d}{suffix}"),
            every,
            f"{contract.SAMPLE_CONTENT} {number} of {count}",
            in_new_folder=not folder.is_dir(),
            tags={contract.SAMPLE_TAG: str(number)},
        )
        for number in range(1, count + 1)
    ]


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


def check_format(options: UpsampleOptions) -> None:
    """Refuse a --format that OUTPUT's name denies, and the name of a header.

    Raises: InputError.
    """
    form, envi = options.format, final_names.is_envi(options.output)
    if Path(options.output).suffix.lower() == ".hdr":
        raise InputError(
            f"'{options.output}' is the name of an ENVI header",
            "name the data: a name that ends in .img, the header is made beside it",
        )
    if form == "envi" and not envi:
        raise InputError(
            f"--format envi does not make '{options.output}'", "end the output in .img"
        )
    if form in ("gtiff", "cog") and envi:
        raise InputError(
            f"--format {form} does not make ENVI data as '{options.output}' names them",
            "end the output in .tif, or leave --format out",
        )


def folders_of(options: UpsampleOptions) -> Dict[str, str]:
    """Find the folders that outputs go to.

    Returns: the folders, by the options that name them.
    """
    named = {"--keep-stages": options.keep_stages, "--draws": options.draws}
    return {option: folder for option, folder in named.items() if folder}


def beside(options: UpsampleOptions) -> List[str]:
    """List the files and folders that a run makes beside its OUTPUT.

    Returns: their paths.
    """
    named = options.spread, options.reliability, options.report, *folders_of(options).values()
    return [name for name in named if name]


def check_folder(option: str, folder: str) -> None:
    """Refuse a ``folder`` of ``option`` that is not there and cannot be made.

    Raises: InputError.
    """
    path = Path(folder)
    if not path.is_dir() and (path.exists() or not path.absolute().parent.is_dir()):
        raise InputError(
            f"{option} '{folder}' is not a folder and cannot be created",
            "name a folder, new or not, in one that exists",
        )


def refuse_other_samples(folder: str, rasters: Sequence[Output]) -> None:
    """Refuse a ``folder`` with samples that the run would leave beside its own.

    Whoever takes all samples of a folder would take those of two runs for one.

    Raises: InputError.
    """
    own = {Path(output.path).name for output in rasters}
    for path in sorted(Path(folder).glob(f"{contract.SAMPLE_NAME}*")):
        number = path.name[len(contract.SAMPLE_NAME) :]
        if re.fullmatch(r"\d+\.(tiff?|vrt)", number) and path.name not in own:
            raise InputError(
                f"--draws '{folder}' holds a sample of another run, {path.name}",
                "remove that run's samples, or name another folder",
            )


def drop_if_empty(folder: str) -> None:
    """Remove the folder if it is empty."""
    with suppress(OSError):
        Path(folder).rmdir()
