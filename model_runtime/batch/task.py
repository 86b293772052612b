"""One of many scenes: what is to be made of it, and what became of it."""

import hashlib
from dataclasses import dataclass, replace
from typing import Sequence, Tuple

from ..errors import ScdmError
from ..package import embedded
from ..package.manifest import open_package
from ..pipeline import fingerprint
from ..pipeline.options import UpsampleOptions, deciding_options
from .scenes import Scene

DONE, FAILED, THERE = "done", "failed", "already there"


@dataclass(frozen=True)
class Outcome:
    """What became of a scene; ``made_of``: input and options, to know the same run by."""

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


@dataclass(frozen=True)
class Task:
    """A scene and the options for it; ``made_of`` as an Outcome's, or not yet."""

    scene: Scene
    options: UpsampleOptions
    made_of: str = ""

    def identified(self) -> "Task":
        """With ``made_of``, for which the input is looked at; raises PackageError."""
        return replace(self, made_of=fingerprint_of(self.options))

    def outcome(self, state: str, seconds: float = 0.0, warnings: Sequence[str] = ()) -> Outcome:
        """What became of it."""
        name, path, output = self.scene.name, self.scene.path, self.options.output
        warned = tuple(warnings)
        return Outcome(name, path, output, state, self.made_of, round(seconds, 3), warned)

    def failed(self, error: ScdmError, seconds: float = 0.0, warned: Sequence[str] = ()) -> Outcome:
        """It failed by ``error``."""
        said = {"kind": error.kind, "message": error.message, "remedy": error.remedy}
        return replace(self.outcome(FAILED, seconds, warned), **said)


def describe_outcome(outcome: Outcome) -> str:
    """An outcome in one line."""
    if outcome.state == FAILED:
        return f"{outcome.message}: {outcome.remedy}" if outcome.remedy else outcome.message
    return f"{outcome.output} in {outcome.seconds:.1f} s" if outcome.seconds else outcome.output


def fingerprint_of(options: UpsampleOptions) -> str:
    """A name for all that decides a scene's output: options, model and input file.

    Raises PackageError.
    """
    model = open_package(embedded.folder_of(options.model)).sha256
    facts = deciding_options(options), model, fingerprint.of_files([options.input])
    return hashlib.sha256(repr(facts).encode()).hexdigest()
