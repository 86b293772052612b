"""``python -m model_runtime``, or ``scdm``: the commands, and how they end.

Exit codes 0, 2 to 5, 130.
"""

import argparse
import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import List, Optional, Sequence

from . import __version__
from .errors import CancelledError, InputError, to_scdm_error
from .events import Events, JsonEvents, TerminalEvents
from .system import address_space, cancellation, parent_watch, standard_streams

# Command, module, one line; a module is imported for its own command only, --help needs no GDAL.
COMMANDS = (
    ("upsample", "upsample", "estimate the spectrum of every pixel of an RGB raster"),
    ("calibrate", "calibrate", "a picture's values to reflectance, by targets that are known"),
    ("evaluate", "evaluate", "compare an estimate with a reference"),
    ("simulate-rgb", "simulate_rgb", "the RGB that a hyperspectral raster would give"),
    ("index", "index", "spectral indices of a hyperspectral raster, with intervals from draws"),
    ("sample", "sample", "spectra of points and polygons, with intervals from draws"),
    ("simulate-sensor", "simulate_sensor", "what another sensor would give of a raster"),
    ("match-spectra", "match_spectra", "the best spectrum of a library for every pixel"),
    ("convert", "convert", "copy a hyperspectral raster to ENVI or COG, wavelengths and all"),
    ("describe", "describe", "what a model package holds"),
    ("doctor", "doctor", "what this installation can do"),
)
# Values of these begin with a minus sign now and then, which argparse takes for an option.
SIGNED_OPTIONS = ("--extent", "--guidance")


class _Parser(argparse.ArgumentParser):
    """Errors of the command line go the way of all errors, with events too."""

    def error(self, message: str):
        raise InputError(message, f"see {self.prog} --help")


def build_parser(words: Optional[Sequence[str]] = None) -> argparse.ArgumentParser:
    """Build the parser of all commands; the options only of that in ``words``, None: of all.

    Returns: the parser; what it parses names the command's ``module``.
    """
    program = "scdm" if Path(sys.argv[0]).stem == "scdm" else "python -m model_runtime"
    parser = _Parser(prog=program, description="Estimates of the spectrum behind RGB.")
    parser.add_argument("--version", action="version", version=__version__)
    asked = None if words is None else next((word for word in words if word[:1] != "-"), "")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module, summary in COMMANDS:
        sentence = f"{summary[0].upper()}{summary[1:]}."  # capitalize() would write "rgb"
        command = commands.add_parser(name, help=summary, description=sentence)
        command.add_argument("--events", action="store_true", help="JSON lines on stdout")
        command.add_argument("--debug", action="store_true", help="show where an error arose")
        command.set_defaults(module=module)
        if asked in (None, name):
            importlib.import_module(f".commands.{module}", __package__).add_arguments(command)
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command of ``argv``, the process's own where it is None.

    Returns: the exit code; every error is told to the user, none is raised.
    """
    standard_streams.open_closed()
    words = _join_signed_options(list(sys.argv[1:] if argv is None else argv))
    events = events_of(words)
    try:
        address_space.require_room()
        _refuse_other_encodings(words)
        args = build_parser(words).parse_args(words)
        importlib.import_module(f".commands.{args.module}", __package__).run(args, events)
        standard_streams.flush()
    except BaseException as error:
        if isinstance(error, SystemExit):  # --help and --version
            return int(error.code or 0)
        return _report_end(error, events, "--debug" in words)
    return 0


def events_of(words: Sequence[str]) -> Events:
    """Choose how the run speaks: JSON lines where ``words`` hold ``--events``, else on stderr.

    Returns: the events.
    """
    return JsonEvents(sys.stdout) if "--events" in words else TerminalEvents(sys.stderr)


def _refuse_other_encodings(words: Sequence[str]) -> None:
    """GDAL takes names in UTF-8 alone."""
    for word in words:
        try:
            word.encode("utf-8")
        except UnicodeEncodeError:
            raise InputError(
                f"the name {word!a} is not in UTF-8", "rename the file or its folder"
            ) from None


def _join_signed_options(words: List[str]) -> List[str]:
    """``--extent -5,0,1,2`` as ``--extent=-5,0,1,2``."""
    joined: List[str] = []
    for word in words:
        if joined and joined[-1] in SIGNED_OPTIONS and word[:1] == "-" and word[1:2].isdigit():
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _report_end(error: BaseException, events: Events, debug: bool) -> int:
    """Say how the command ended, in one line; returns its exit code."""
    if debug:
        traceback.print_exception(type(error), error, error.__traceback__)
    # Code that a signal broke off may have made another error of it.
    told = to_scdm_error(error)
    if cancellation.is_requested() or isinstance(told, CancelledError):
        told = cancellation.cancelled_error()
    with cancellation.last_word() as mine:
        try:
            if mine:
                events.error(told)
        except OSError:  # whoever listened is gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or the flush at exit would fail
    return told.exit_code


def _say_cancelled() -> None:
    events_of(sys.argv).error(cancellation.cancelled_error())


def run() -> None:
    """Run a command in this process, which ends with it: that of ``scdm``."""
    cancellation.watch(_say_cancelled)
    parent_watch.watch()
    sys.exit(main())


if __name__ == "__main__":
    run()
