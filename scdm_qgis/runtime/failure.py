"""What happened to a worker that ended badly, in words, and what to try."""

import signal

_MEANING = {
    2: "the input or an option was refused",
    3: "the model package was refused",
    4: "the device or ONNX Runtime failed",
    5: "reading or writing failed",
    130: "it was cancelled",
}
_REFUSAL = "error:"
_MEMORY = (
    "usually the memory ran out: close other programs, choose a smaller Tile size, "
    "fewer Samples or fewer Threads, or a smaller Extent"
)
_CRASH = "a native library crashed: choose Device 'cpu', or run 'SCDM: Install runtime' with repair"
_WINDOWS_CRASHES = {0xC0000005: "access violation", 0xC0000409: "stack overrun"}


def explain(code: int, stderr_tail: str) -> str:
    """A sentence on exit code ``code`` with the last lines of stderr below it.

    A worker that refuses says why in its last line; nothing is to be added then.
    """
    last = stderr_tail.rsplit("\n", 1)[-1]
    if code in _MEANING and last.startswith(_REFUSAL):
        return last[len(_REFUSAL) :].strip()
    sentence = f"The worker process {_what(code)}."
    return f"{sentence}\nIts last words:\n{stderr_tail}" if stderr_tail else sentence


def _what(code: int) -> str:
    if code < 0:
        return _signalled(-code)
    if code > 128 and code not in _MEANING and code - 128 in _signal_numbers():
        return _signalled(code - 128)
    if code in _WINDOWS_CRASHES:
        return f"died ({_WINDOWS_CRASHES[code]}): {_CRASH}"
    if code == 0:
        return "ended without a result: run 'SCDM: Install runtime' with repair"
    return f"ended with exit code {code}: {_MEANING.get(code, 'an error in the runtime')}"


def _signalled(number: int) -> str:
    name = signal.Signals(number).name if number in _signal_numbers() else str(number)
    remedy = _MEMORY if name == "SIGKILL" else _CRASH
    return f"was ended by signal {name}: {remedy}"


def _signal_numbers():
    return {int(item) for item in signal.Signals}
