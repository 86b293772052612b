"""The errors a user can meet, each with its exit code (0 done, 130 cancelled)."""

import errno

from . import contract


class ScdmError(Exception):
    """What went wrong (value and rule) and, in ``remedy``, what to do about it."""

    kind = "internal"
    exit_code = 1

    def __init__(self, message: str, remedy: str = ""):
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}" if self.remedy else self.message


def one_line(error: BaseException) -> str:
    """Write another library's error on one line.

    Returns: at most 300 characters; the error's name and arguments where it says nothing.
    """
    return (" ".join(str(error).split()) or repr(error))[:300]


class InputError(ScdmError):
    """The input raster or an option breaks a rule."""

    kind, exit_code = "input", contract.OPTIONS_EXIT


class PackageError(ScdmError):
    """The model package is missing, damaged or hostile."""

    kind, exit_code = "model", contract.PACKAGE_EXIT


class DeviceError(ScdmError):
    """The device or ONNX Runtime cannot do what was asked."""

    kind, exit_code = "device", contract.DEVICE_EXIT


class MemoryShortage(DeviceError):
    """The device's memory does not hold what was asked of it; less at a time may go."""


class StorageError(ScdmError):
    """Reading or writing failed while running."""

    kind, exit_code = "storage", contract.STORAGE_EXIT


class CancelledError(ScdmError):
    """The user stopped the run."""

    kind, exit_code = "cancelled", contract.CANCELLED_EXIT


class InternalError(ScdmError):
    """Something that should not happen, told in one line."""


def to_scdm_error(error: BaseException) -> ScdmError:
    """``error`` as one of the errors a user can meet.

    Returns: ``error`` itself where it is one already.
    """
    if isinstance(error, ScdmError):
        return error
    if isinstance(error, (KeyboardInterrupt, BrokenPipeError)):
        return CancelledError("cancelled")
    if isinstance(error, MemoryError):
        return DeviceError("not enough memory", "give a smaller --tile, or close other programs")
    if isinstance(error, ModuleNotFoundError) and error.name == "osgeo":
        return DeviceError(
            "this Python has no GDAL, which reads and writes rasters",
            "use QGIS's own Python, or install GDAL with its bindings (Debian: python3-gdal)",
        )
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return InputError("a file's name or path is too long for this system", "use a shorter one")
    if isinstance(error, OSError):
        remedy = "make room on it" if error.errno == errno.ENOSPC else "check the path"
        return StorageError(str(error), remedy)
    return InternalError(
        f"internal error: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
        "run it again with --debug and report what it shows",
    )
