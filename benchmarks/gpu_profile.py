"""Where the time of tiles goes, and whether memory stays flat over many of them."""

import time
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Iterator, List

import torch
from gpu_settings import Rows, Settings
from gpu_tiles import QUALITIES, estimate, load_embedded, picture, sides

from model_runtime.diffusion.network import CpuNetwork
from model_runtime.diffusion.sample_graph import SampleGraph
from model_runtime.package import embedded, manifest
from model_runtime.system import hardware

MIB = 2**20
SETTLED, MANY = 5, 40  # tiles


def profile(settings: Settings, rows: Rows) -> None:
    """The share of the time of some tiles that is spent in kernels, or here in the networks."""
    for quality in QUALITIES:
        action = _tile(settings, quality)
        share = _share_in_kernels if settings.provider == "cuda" else _share_in_networks
        found = rows.measure(f"{quality}, in kernels", lambda a=action, s=share: s(a))
        if found is not None:
            where = "CUDA kernels" if settings.provider == "cuda" else "ONNX Runtime's networks"
            rows.add(f"{quality}, in kernels", 100 * found, "%", f"share of the time in {where}")


def memory(settings: Settings, rows: Rows) -> None:
    """What many tiles take at the most, and by how much it grows after the first few."""
    action = _tile(settings, "balanced")
    tiles = SETTLED + 1 if settings.quick else MANY

    def measure() -> None:
        held = []
        for _ in range(tiles):
            action()
            held.append(_held(settings))
        rows.add("memory, at most", max(held) / MIB, "MiB", f"{tiles} tiles of balanced")
        rows.add("memory, growth", (held[-1] - held[SETTLED - 1]) / MIB, "MiB", "after 5 tiles")

    rows.measure("memory", measure)


def _tile(settings: Settings, quality: str) -> Callable[[], Any]:
    model = manifest.read(embedded.EMBEDDED)
    loaded = load_embedded(settings)
    side, kept = sides(model, settings.quick)
    return estimate(loaded, quality, picture(model, side), kept)


def _held(settings: Settings) -> int:
    """Bytes that are used: of the GPU by all, as its driver says it, else of this process."""
    if settings.provider == "cuda":
        free, total = torch.cuda.mem_get_info()
        return total - free
    return hardware.resident()


def _share_in_kernels(action: Callable[[], Any], tiles: int = 5) -> float:
    """CUPTI sees the kernels of the whole process, ONNX Runtime's among them."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as torch_profile

    action()
    torch.cuda.synchronize()
    with torch_profile(activities=[ProfilerActivity.CUDA]) as found:
        since = time.perf_counter()
        for _ in range(tiles):
            action()
        torch.cuda.synchronize()
        wall = time.perf_counter() - since
    kernels = [event for event in found.events() if event.device_type.name == "CUDA"]
    if not kernels:
        raise RuntimeError("the profiler saw no kernel: CUPTI may be missing")
    return sum(event.time_range.elapsed_us() for event in kernels) / 1e6 / wall


def _share_in_networks(action: Callable[[], Any], tiles: int = 1) -> float:
    """Of all threads' time, in networks and in graphs of samples."""
    inside: List[float] = []
    action()
    with ExitStack() as stack:
        for kind, name in ((CpuNetwork, "__call__"), (SampleGraph, "_run")):
            stack.enter_context(_timed(kind, name, inside))
        since = time.perf_counter()
        for _ in range(tiles):
            action()
        wall = time.perf_counter() - since
    return sum(inside) / (wall * hardware.cores())


@contextmanager
def _timed(kind: type, name: str, inside: List[float]) -> Iterator[None]:
    """While it is open, each call of a class's method adds its seconds to ``inside``."""
    plain = getattr(kind, name)

    def run(*given: Any, **named: Any) -> Any:
        since = time.perf_counter()
        found = plain(*given, **named)
        inside.append(time.perf_counter() - since)
        return found

    setattr(kind, name, run)
    try:
        yield
    finally:
        setattr(kind, name, plain)
