"""One of many scenes: what is to be made of it, and what became of it."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, Iterable, List, Sequence, Tuple

from ..errors import ScdmError
from ..package import embedded
from ..package.manifest import open_package
from ..pipeline import fingerprint
from ..pipeline.options import UpsampleOptions, deciding_options
from ..system.final_names import is_envi
from .scenes import Scene

DONE, FAILED, THERE = "done", "failed", "already there"


@dataclass(frozen=True)
class Outcome:
    """What became of a scene; ``made_of``: input and options, to know the same run by.

    ``settings``: options and model alone. ``files``: what each file that was made is, by its path.
    """

    name: str
    input: str
    output: str
    state: str
    made_of: str
    seconds: float = 0.0
    warnings: Tuple[str, ...] = ()
    kind: str = ""
    message: str = ""
    remedy: str = ""
    settings: str = ""
    files: Dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """A scene and the options for it; ``made_of`` as an Outcome's, or not yet."""

    scene: Scene
    options: UpsampleOptions
    made_of: str = ""

    def with_fingerprint(self) -> "Task":
        """Look at the input and note it in ``made_of``.

        Returns: the task with its fingerprint.
        Raises: PackageError.
        """
        return replace(self, made_of=fingerprint_of(self.options))

    def outcome(self, state: str, seconds: float = 0.0, warnings: Sequence[str] = ()) -> Outcome:
        """Say what became of it.

        Returns: the outcome, without the files that were made.
        Raises: PackageError.
        """
        name, path, output = self.scene.name, self.scene.path, self.options.output
        made = name, path, output, state, self.made_of, round(seconds, 3), tuple(warnings)
        return Outcome(*made, settings=settings_of(self.options))

    def success(self, state: str, seconds: float = 0.0, warnings: Sequence[str] = ()) -> Outcome:
        """Say what became of it where all files are there.

        Returns: the outcome with the content of each file.
        Raises: PackageError.
        """
        files = {path: fingerprint.content_of(path) for path in self.paths()}
        return replace(self.outcome(state, seconds, warnings), files=files)

    def paths(self, recorded: Iterable[str] = ()) -> List[str]:
        """List the files that the options ask for.

        Returns: their paths; of the folders the files that are there and those ``recorded``.
        """
        options = self.options
        paths = [options.output, options.spread, options.reliability, options.report]
        paths += [str(Path(path).with_suffix(".hdr")) for path in paths if path and is_envi(path)]
        for folder, first, pattern in (
            (options.keep_stages, "stage1.tif", "stage*.tif"),
            (options.draws, "sample_001.tif", "sample_*.tif"),
        ):
            if folder:
                there = map(str, sorted(Path(folder).glob(pattern)))
                known = (path for path in recorded if Path(path).parent == Path(folder))
                paths += [str(Path(folder) / first), *there, *known]
        return list(dict.fromkeys(filter(None, paths)))

    def failure(
        self, error: ScdmError, seconds: float = 0.0, warned: Sequence[str] = ()
    ) -> Outcome:
        """Say that it failed by ``error``.

        Returns: the outcome.
        Raises: PackageError.
        """
        outcome = self.outcome(FAILED, seconds, warned)
        return replace(outcome, kind=error.kind, message=error.message, remedy=error.remedy)


def describe_outcome(outcome: Outcome) -> str:
    """Describe an outcome in one line.

    Returns: the line.
    """
    if outcome.state == FAILED:
        return f"{outcome.message}: {outcome.remedy}" if outcome.remedy else outcome.message
    time = f" in {outcome.seconds:.1f} s" if outcome.seconds else ""
    return f"{outcome.output}{time}{_warned(outcome.warnings)}"


def _warned(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    more = f"; {len(warnings)} warnings, the first: " if len(warnings) > 1 else "; warning: "
    return more + warnings[0]


def fingerprint_of(options: UpsampleOptions) -> str:
    """Name all that decides a scene's output: options, model and the files read.

    Returns: SHA-256 in hexadecimal.
    Raises: PackageError.
    """
    facts = settings_of(options), fingerprint.fingerprint_files(_files_read(options))
    return hashlib.sha256(repr(facts).encode("utf-8", "backslashreplace")).hexdigest()


def settings_of(options: UpsampleOptions) -> str:
    """Name the options and the model that decide a scene's output.

    Returns: SHA-256 in hexadecimal.
    Raises: PackageError.
    """
    model = open_package(embedded.package_folder(options.model)).sha256
    facts = repr((deciding_options(options), model))
    return hashlib.sha256(facts.encode("utf-8", "backslashreplace")).hexdigest()


def _files_read(options: UpsampleOptions) -> List[str]:
    """The input's files, and those of what says what its values mean and where it is done."""
    from ..raster.features import files_of_layer

    reference = _files_of(options.radiometry_from) if options.radiometry_from else []
    mask = files_of_layer(options.mask) if options.mask else []
    return [*_files_of(options.input), *reference, *filter(None, [options.calibration]), *mask]


def _files_of(path: str) -> List[str]:
    """The local files that decide a scene: a VRT's sources and masks too, where it can be read."""
    from ..raster.dataset import files_read
    from ..raster.named_sources import is_remote

    if is_remote(path):
        return [path]
    try:
        return files_read(path)
    except ScdmError:  # told when its turn comes
        return [path]
