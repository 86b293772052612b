"""Which device ``auto`` means: where there is a GPU, the one that is quicker at a small tile."""

import time
from dataclasses import dataclass
from typing import Callable, Optional, Tuple

from ..errors import DeviceError
from . import onnx_session

# One run before, unmeasured: a GPU loads its kernels and plans its convolutions there.
RUNS = 3
_UNUSABLE = "the CUDA runtime is installed but no GPU can be used: running on the CPU"


@dataclass(frozen=True)
class DeviceChoice:
    """The ``device``, ``warnings`` of one that cannot be used, and ``why`` where two were tried."""

    device: str
    warnings: Tuple[str, ...] = ()
    why: str = ""


def choose_device(device: str, seconds_on: Optional[Callable[[str], float]] = None) -> DeviceChoice:
    """Make ``auto`` cpu or cuda; a device that is named is taken as named.

    ``seconds_on`` (device): what a small tile takes there. It is called where a GPU can be used,
    and raises DeviceError where that one cannot run the model after all. Without it a GPU that can
    be used is taken.

    Returns: the choice.
    Raises: what ``seconds_on`` raises for the CPU.
    """
    if device != "auto":
        return DeviceChoice(device)
    offered, usable = onnx_session.cuda_state()
    if not usable:
        return DeviceChoice("cpu", (_UNUSABLE,) if offered else ())
    if seconds_on is None:
        return DeviceChoice("cuda")
    try:
        gpu = seconds_on("cuda")
    except DeviceError as error:
        message = f"the GPU cannot run this model ({error.message}): running on the CPU"
        return DeviceChoice("cpu", (message,))
    return _quicker(gpu, seconds_on("cpu"))


def _quicker(gpu: float, cpu: float) -> DeviceChoice:
    times = f"a small tile takes the GPU {1e3 * gpu:.1f} ms and the CPU {1e3 * cpu:.1f} ms"
    chosen = "cuda" if gpu < cpu else "cpu"
    return DeviceChoice(chosen, why=f"Device: {chosen}, as {times}")


def time_runs(run: Callable[[], object]) -> float:
    """Time ``run`` after one run that does not count.

    Returns: seconds of the quickest.
    """
    run()
    taken = []
    for _ in range(RUNS):
        since = time.perf_counter()
        run()
        taken.append(time.perf_counter() - since)
    return min(taken)
