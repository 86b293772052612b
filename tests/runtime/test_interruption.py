"""Signals end a run at once, also where Python cannot hear them."""

import signal
import subprocess
import sys

import pytest

# One long call of C that holds no lock of Python's, as a network's pass or an overview's making.
STUCK = "import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)"
LISTENING = "import time\nwhile True: time.sleep(0.01)"


def worker(body):
    code = (
        "import sys; from model_runtime import interruption\n"
        "interruption.watch(lambda: print('forced', flush=True))\n"
        "interruption.tidy(lambda: print('tidied', flush=True))\n"
        "done = interruption.tidy(lambda: print('never', flush=True)); done()\n"
        # Said by another thread once the first one is at it.
        "import threading; say = lambda: print('ready', flush=True)\n"
        "threading.Timer(0.3, say).start()\n"
        "try:\n    " + body.replace("\n", "\n    ") + "\n"
        "except KeyboardInterrupt:\n"
        "    print('orderly' if interruption.may_speak() else 'late', flush=True)\n"
        "    sys.exit(130)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("body", "said"), [(LISTENING, ["orderly"]), (STUCK, ["tidied", "forced"])]
)
def test_a_signal_ends_the_process_with_130(number, body, said):
    process = worker(body)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.split() == said
