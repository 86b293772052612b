"""One of many scenes: what is to be made of it, and what became of it."""

import hashlib
from argparse import Namespace
from dataclasses import dataclass, replace
from typing import Sequence, Tuple

from ..errors import PackageError, ScdmError
from ..package import embedded
from ..package.manifest import MANIFEST_NAME
from ..pipeline import fingerprint, provenance
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
    """A scene and the arguments of ``upsample`` for it; ``made_of`` as an Outcome's, or not yet."""

    scene: Scene
    args: Namespace
    made_of: str = ""

    def identified(self) -> "Task":
        """With ``made_of``, for which the input is looked at; raises PackageError."""
        return replace(self, made_of=made_of(self.args))

    def outcome(self, state: str, seconds: float = 0.0, warnings: Sequence[str] = ()) -> Outcome:
        """What became of it."""
        name, path, output = self.scene.name, self.scene.path, self.args.output
        warned = tuple(warnings)
        return Outcome(name, path, output, state, self.made_of, round(seconds, 3), warned)

    def failed(self, error: ScdmError, seconds: float = 0.0, warned: Sequence[str] = ()) -> Outcome:
        """It failed by ``error``."""
        said = {"kind": error.kind, "message": error.message, "remedy": error.remedy}
        return replace(self.outcome(FAILED, seconds, warned), **said)


def told(outcome: Outcome) -> str:
    """An outcome in one line."""
    if outcome.state == FAILED:
        return f"{outcome.message}: {outcome.remedy}" if outcome.remedy else outcome.message
    return f"{outcome.output} in {outcome.seconds:.1f} s" if outcome.seconds else outcome.output


def made_of(args) -> str:
    """A name for all that decides a scene's output: the options, the model and the input file."""
    content = embedded.folder_of(args.model) / MANIFEST_NAME
    if not content.is_file():
        raise PackageError(f"no model in '{content.parent}'", "choose a folder with model.json")
    model = hashlib.sha256(content.read_bytes()).hexdigest()
    facts = provenance.options_of(args), model, fingerprint.of_files([args.input])
    return hashlib.sha256(repr(facts).encode()).hexdigest()
