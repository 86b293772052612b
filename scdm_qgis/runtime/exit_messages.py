"""What happened to a worker that ended badly, in words, and what to try."""

import signal

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ..model_runtime import contract
from ..translation import tr

_MEANING = {
    contract.OPTIONS_EXIT: QT_TRANSLATE_NOOP("scdm", "the input or an option was refused"),
    contract.PACKAGE_EXIT: QT_TRANSLATE_NOOP("scdm", "the model package was refused"),
    contract.DEVICE_EXIT: QT_TRANSLATE_NOOP("scdm", "the device or ONNX Runtime failed"),
    contract.STORAGE_EXIT: QT_TRANSLATE_NOOP("scdm", "reading or writing failed"),
    contract.CANCELLED_EXIT: QT_TRANSLATE_NOOP("scdm", "it was cancelled"),
}
_REFUSAL = "error:"
_MEMORY = QT_TRANSLATE_NOOP(
    "scdm",
    "usually the memory ran out: close other programs, choose a smaller Tile size, "
    "fewer Samples or fewer Threads, or a smaller Extent",
)
_CRASH = QT_TRANSLATE_NOOP(
    "scdm",
    "a native library crashed: choose Device 'cpu', or run Install runtime with Action = repair",
)
_WINDOWS_CRASHES = {0xC0000005: "access violation", 0xC0000409: "stack overrun"}


def explain(code: int, stderr_tail: str) -> str:
    """A sentence on exit code ``code`` with the last lines of stderr below it.

    A worker that refuses says why in its last line; nothing is to be added then.
    """
    last = stderr_tail.rsplit("\n", 1)[-1]
    if code in _MEANING and last.startswith(_REFUSAL):
        return last[len(_REFUSAL) :].strip()
    sentence = _what(code)
    if not stderr_tail:
        return sentence
    return "\n".join((sentence, tr("Its last output:"), stderr_tail))


def _what(code: int) -> str:
    if code < 0:
        return _describe_signal(-code)
    if code > 128 and code not in _MEANING and code - 128 in _signal_numbers():
        return _describe_signal(code - 128)
    if code in _WINDOWS_CRASHES:
        text = tr("The worker process died ({what}): {remedy}.")
        return text.format(what=_WINDOWS_CRASHES[code], remedy=tr(_CRASH))
    if code == 0:
        return tr(
            "The worker process ended without a result: run Install runtime with Action = repair."
        )
    meaning = tr(_MEANING[code]) if code in _MEANING else tr("an error in the runtime")
    text = tr("The worker process ended with exit code {code}: {meaning}.")
    return text.format(code=code, meaning=meaning)


def _describe_signal(number: int) -> str:
    name = signal.Signals(number).name if number in _signal_numbers() else str(number)
    remedy = _MEMORY if name == "SIGKILL" else _CRASH
    text = tr("The worker process was ended by signal {name}: {remedy}.")
    return text.format(name=name, remedy=tr(remedy))


def _signal_numbers():
    return {int(item) for item in signal.Signals}
