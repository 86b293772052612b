"""Signals end a run at once, also where Python cannot hear them."""

import signal
import subprocess
import sys

import pytest

# One long call of C that holds no lock of Python's, as a network's pass or an overview's making.
STUCK = "import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)"
LISTENING = "import time\nwhile True: time.sleep(0.01)"

# Between two instructions of Python, but within an import.
AT_IMPORT = "import slow_to_import"


def worker(body, folder=".", before_speaking="pass"):
    code = (
        "import sys; from model_runtime.system import cancellation\n"
        "cancellation.watch(lambda: print('forced', flush=True))\n"
        "cancellation.tidy(lambda: print('tidied', flush=True))\n"
        "done = cancellation.tidy(lambda: print('never', flush=True)); done()\n"
        # Said by another thread once the first one is at it.
        "import threading; say = lambda: print('ready', flush=True)\n"
        "threading.Timer(0.3, say).start()\n"
        "try:\n    " + body.replace("\n", "\n    ") + "\n"
        "except KeyboardInterrupt:\n"
        "    with cancellation.last_word() as mine:\n"
        "        " + before_speaking + "\n"
        "        print('orderly' if mine else 'late', flush=True)\n"
        "    sys.exit(130)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.path.append({str(folder)!r})\n{code}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize(
    ("body", "said"), [(LISTENING, ["orderly"]), (STUCK, ["tidied", "forced"])]
)
def test_a_signal_ends_the_process_with_130(number, body, said):
    process = worker(body)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.split() == said


def test_a_last_word_that_has_begun_is_spoken_to_its_end():
    """The time for the orderly way runs out between the claim and the word itself."""
    late = "out = threading.Event(); cancellation.tidy(out.set); out.wait(); sum(range(10**6))"
    process = worker(LISTENING, before_speaking=late)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.split() == ["tidied", "orderly"]


def test_with_nohup_a_closed_terminal_ends_nothing():
    code = (
        "import os, signal; from model_runtime.system import cancellation\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "cancellation.watch(lambda: None); os.kill(os.getpid(), signal.SIGHUP); print('goes on')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "goes on\n")


def test_an_import_is_not_broken_off_by_an_exception(tmp_path):
    """NumPy's C code would print it and fail with an error of its own."""
    slow = "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('broken')\n"
    (tmp_path / "slow_to_import.py").write_text(slow)
    process = worker(AT_IMPORT, tmp_path)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.split() == ["tidied", "forced"]
