"""The journal of a run beside its output: what is finished, for which input and options.

``OUTPUT.blocks`` holds the finished units and ``run.json``, the facts that decide their content. A
later run with the same facts continues from there; with others it starts anew and says what it
discards, or lays the other run aside (``NAME.run.json``) until its settings are used again.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Dict, Optional, Set

from ..contract import JOURNAL_SUFFIX, PART_SUFFIX, UNFINISHED
from ..errors import StorageError
from ..events import Events
from ..system.durable_files import atomic_write, storage_errors, sync_folder, write_durably
from ..system.file_lock import take_lock
from . import leftovers
from .unit_store import UnitStore

FACTS_NAME = "run.json"
LOCK_NAME = "lock"
# Set when all is made and the outputs are about to get their names; it holds the run's name.
ENDING_NAME = "ending"
# Set when they have them, where somebody has still to note it (one of many scenes).
RECEIPT_NAME = "receipt"
# What a journal of nothing may hold.
EMPTY = {LOCK_NAME, f"{FACTS_NAME}{PART_SUFFIX}", f"{ENDING_NAME}{PART_SUFFIX}"}
MAX_FACTS_BYTES = 1 << 24
ASIDE = ".run.json"  # facts of a run that was laid aside, after its name
DISCARD, KEEP = UNFINISHED


def folder_of(output: str) -> Path:
    """Name the folder of the journal of ``output``.

    Returns: its path.
    """
    return Path(f"{output}{JOURNAL_SUFFIX}")


class Journal:
    """The journal of one run, locked against a second one; use it in a ``with`` statement.

    ``store`` has its units, and from ``begin`` on those of ``run``, a name for the facts. It is
    removed on exit unless ``keep()`` was called; an empty journal is always removed.

    Raises: StorageError when it cannot be written, or is in use.
    """

    def __init__(self, output: str):
        self.folder = folder_of(output)
        self.run, self.store = "", UnitStore(self.folder)
        self._lock: Optional[int] = None
        self._kept = self._receipt = False

    def __enter__(self) -> "Journal":
        if self.folder.is_symlink():
            raise StorageError(
                f"'{self.folder}' is a link: what it leads to is not this run's", "remove the link"
            )
        with storage_errors(self.folder):
            self.folder.mkdir(exist_ok=True)
            self._lock = take_lock(self.folder / LOCK_NAME)
        if self._lock is None:
            raise StorageError(
                f"another run is making '{self.folder}'", "wait for it, or name another output"
            )
        return self

    def holds(self, facts: Dict[str, str]) -> bool:
        """Tell whether a run with the same ``facts`` left this journal.

        Returns: True where one did.
        """
        with storage_errors(self.folder):
            return facts in (self._own_facts(), _read_facts(self._aside(run_name(facts))))

    def begin(
        self, facts: Dict[str, str], resume: bool, events: Events, unfinished: str = DISCARD
    ) -> int:
        """Continue from the units of a run with the same ``facts``, or start anew.

        ``unfinished``: what becomes of a run with other facts, one of UNFINISHED.

        Returns: how many units there are.
        """
        self._kept = False
        self.run = run_name(facts)
        self.store = UnitStore(self.folder, self.run)
        with storage_errors(self.folder):
            found, aside = self._own_facts(), self._aside(self.run)
            if resume and found == facts:
                return len(self.store.names())
            if resume and found is not None:
                events.warning(self._farewell(found, facts, unfinished))
            if resume and unfinished == KEEP:
                self._lay_aside(found)
            if resume and _read_facts(aside) == facts:
                aside.replace(self.folder / FACTS_NAME)
                sync_folder(self.folder)
                return len(self.store.names())
            if not (resume and unfinished == KEEP):
                self._clear()
            content = json.dumps(facts, indent=1, sort_keys=True).encode("ascii")
            atomic_write(self.folder / FACTS_NAME, content)
        return 0

    def _own_facts(self) -> Optional[Dict[str, str]]:
        return _read_facts(self.folder / FACTS_NAME)

    def _aside(self, run: str) -> Path:
        return self.folder / f"{run}{ASIDE}"

    def _farewell(self, found: Dict[str, str], facts: Dict[str, str], unfinished: str) -> str:
        said = "The unfinished run for this file had other settings"
        fate = "are kept for when they come again" if unfinished == KEEP else "are discarded"
        size = leftovers.size(self.folder)
        return f"{said} ({leftovers.differences(found, facts)}): its tiles {fate} ({size})"

    def _lay_aside(self, found: Optional[Dict[str, str]]) -> None:
        """Keep the units of the run ``found`` under a name of its own."""
        if found is not None:
            (self.folder / FACTS_NAME).replace(self._aside(run_name(found)))

    def keep(self) -> None:
        """Leave the journal for a later run to go on from."""
        self._kept = True

    def mark_ending(self) -> None:
        """Note that the outputs are complete and get their names now.

        Raises: StorageError.
        """
        with storage_errors(self.folder):
            atomic_write(self.folder / ENDING_NAME, self.run.encode("ascii"))

    def was_ending(self, facts: Dict[str, str]) -> bool:
        """Tell whether a run with the same ``facts`` was interrupted after ``mark_ending``.

        Returns: True where one was.
        """
        mark = self.folder / ENDING_NAME
        with storage_errors(self.folder):
            return mark.is_file() and mark.read_bytes() == run_name(facts).encode("ascii")

    def was_over(self) -> bool:
        """Tell whether all outputs of the run that was ending have their names.

        Returns: True with a receipt, and where the run's facts are removed already: they stay
            until the outputs have their names.
        """
        return self._has_receipt() or not (self.folder / FACTS_NAME).exists()

    def leave_receipt(self) -> None:
        """Note that all outputs have their names, until ``settle`` removes the note.

        Raises: StorageError.
        """
        with storage_errors(self.folder):
            write_durably(self.folder / RECEIPT_NAME, b"")
            sync_folder(self.folder)
        self._receipt = True

    def _has_receipt(self) -> bool:
        return (self.folder / RECEIPT_NAME).is_file()

    def __exit__(self, *_) -> None:
        self.leave()

    def leave(self) -> None:
        """Remove the journal unless it is kept, and let go of it."""
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        unlocked_first = os.name == "nt"  # an open file cannot be removed there
        if unlocked_first:
            os.close(lock)
        with contextlib.suppress(OSError):  # what is not the journal's keeps the folder
            if self._receipt:
                self.store.clear()
            elif not self._kept or not self.store.names():
                self._clear_own()
                if not any(self.folder.glob(f"*{ASIDE}")):
                    self._clear()
                    (self.folder / LOCK_NAME).unlink(missing_ok=True)
                    self.folder.rmdir()
        if not unlocked_first:
            os.close(lock)

    def _clear_own(self) -> None:
        """Forget this run; what others left aside stays."""
        # The mark of the end last: by it alone the same run knows that nothing is left to do.
        self.store.clear()
        unfinished = [f"{name}{PART_SUFFIX}" for name in (FACTS_NAME, ENDING_NAME)]
        for name in (*unfinished, FACTS_NAME, RECEIPT_NAME, ENDING_NAME):
            (self.folder / name).unlink(missing_ok=True)

    def _clear(self) -> None:
        """Forget all runs."""
        UnitStore(self.folder).clear()
        for path in self.folder.glob(f"*{ASIDE}"):
            path.unlink(missing_ok=True)
        self._clear_own()


def run_name(facts: Dict[str, str]) -> str:
    """Derive a name from ``facts`` that no run with other facts has.

    Returns: 16 hexadecimal digits.
    """
    content = json.dumps(facts, sort_keys=True).encode("ascii")
    return hashlib.sha256(content).hexdigest()[:16]


def was_ending(output: str) -> bool:
    """Tell whether a run of ``output`` was interrupted while its outputs got their names.

    Returns: True where one was.
    """
    return (folder_of(output) / ENDING_NAME).is_file()


def settle(output: str) -> None:
    """Remove the receipt of a run of ``output``.

    Raises: StorageError.
    """
    if (folder_of(output) / RECEIPT_NAME).is_file():
        with Journal(output):
            pass
    _sweep(output, {*EMPTY, ENDING_NAME})


def sweep(output: str) -> None:
    """Remove what is left of a journal whose run was killed while it removed it."""
    _sweep(output, EMPTY)


def _sweep(output: str, nothing: Set[str]) -> None:
    """Remove a journal that holds only ``nothing``."""
    folder = folder_of(output)
    with contextlib.suppress(OSError):
        if {path.name for path in folder.iterdir()} <= nothing:
            with contextlib.suppress(StorageError), Journal(output):
                pass


def _read_facts(path: Path) -> Optional[Dict[str, str]]:
    """The facts of an earlier run; None where there are none to be read."""
    if not path.is_file() or path.stat().st_size > MAX_FACTS_BYTES:
        return None
    try:
        facts = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None
