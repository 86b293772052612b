"""Parts (c) and (d): the embedded model's networks beside a one-shot network, and the ceiling."""

import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Callable, Dict, List, Sequence, Tuple

import numpy as np
import onnx
import torch
from mst import MstPlusPlus, MstSettings
from speed_clock import Bench, in_turns, sampling_of
from speed_flops import multiply_adds
from speed_report import Part
from torch import nn

from model_runtime.diffusion import cascade, onnx_session
from model_runtime.diffusion.cascade import Cascade
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import EstimateRequest
from model_runtime.package import manifest
from model_runtime.package.manifest import ModelFile

MEGA, GIGA = 1e6, 1e9
# MST++ (Cai et al., CVPR workshops 2022): 23.05 GFLOP for 31 bands of 256 x 256 pixels.
ONE_SHOT_SIDE, ONE_SHOT_BANDS = 256, 31
CEILING_SIDE = 2048
ONE_SHOT_HEADS = ("", "s / megapixel", "megapixels / s")
ENGINE_HEADS = ("graph", "pixels per pass", "GFLOP per pass", "GFLOP/s", "of the ceiling")


def one_shot() -> nn.Module:
    """A plain network of MST++'s cost: 3 x 3 and 1 x 1 convolutions of 64 features, ReLU."""
    layers: List[nn.Module] = [nn.Conv2d(3, 64, 3, padding=1)]
    for kernel in (3, 3, 1, 3, 3, 1):
        layers += [nn.ReLU(), nn.Conv2d(64, 64, kernel, padding=kernel // 2)]
    return nn.Sequential(*layers, nn.ReLU(), nn.Conv2d(64, ONE_SHOT_BANDS, 3, padding=1))


def one_shot_graph(network: nn.Module, side: int) -> bytes:
    """``network``, from RGB to bands, as ONNX for ``side`` x ``side`` pixels."""
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's age
        example = (torch.zeros(1, 3, side, side),)
        torch.onnx.export(network.eval(), example, content, input_names=["rgb"], dynamo=False)
    return content.getvalue()


class _OfRgb(nn.Module):
    """MST++ as its publication has it, of 31 bands and of RGB alone."""

    def __init__(self):
        super().__init__()
        self.network = MstPlusPlus(MstSettings(3, ONE_SHOT_BANDS))

    def forward(self, rgb: torch.Tensor) -> torch.Tensor:
        return self.network(rgb, rgb, rgb)


def beside_one_shot(bench: Bench, side: int = ONE_SHOT_SIDE) -> Part:
    """Part (c): the cascade in process against one-shot networks in the same engine."""
    model, graph = manifest.read(bench.model), one_shot_graph(one_shot(), side)
    tile = model.tile.size
    rivals = {"one-shot": graph, "MST++": one_shot_graph(_OfRgb(), side)}
    if bench.rival:
        rivals[bench.rival.stem] = bench.rival.read_bytes()
    passes = {name: _one_shot_pass(content, bench.threads) for name, content in rivals.items()}
    actions = {name: action for name, (action, _) in passes.items()}
    pixels = {name: count for name, (_, count) in passes.items()}
    loaded = load_cascade(bench.model, model, "cpu", bench.threads)
    for quality in ("fast", "balanced"):
        actions[quality], pixels[quality] = _estimate(loaded, quality, tile), tile**2
    taken = in_turns(actions, bench.repeats)
    pace = {name: median(taken[name]) / (pixels[name] / MEGA) for name in actions}
    heads = (*ONE_SHOT_HEADS, *(f"times as fast as {name}" for name in rivals))
    cost = 2 * multiply_adds(onnx.load_from_string(graph), {}) / GIGA
    note = (
        f"In process, without files, {bench.threads} threads, medians of {bench.repeats}. "
        f"One-shot: plain convolutions, {cost:.1f} GFLOP (two for a multiply-add) for "
        f"{ONE_SHOT_BANDS} bands of {side} x {side} pixels, random weights, in ONNX Runtime. If "
        "MST++'s published figure counts multiply-adds, the real one costs twice that. Ours: RGB "
        f"to all bands of {tile} x {tile} pixels and what lies around them, sampling included. "
        "MST++ is benchmarks/mst.py, random weights."
    )
    title = "(c) Beside one-shot networks"
    return Part(title, heads, pace_rows(pace, list(rivals)), note, taken)


def pace_rows(pace: Dict[str, float], rivals: Sequence[str]) -> List[List]:
    """A row a way of its seconds per megapixel, and how many times as fast it is as each rival."""
    return [
        [name, value, 1 / value, *(pace[rival] / value for rival in rivals)]
        for name, value in pace.items()
    ]


def _one_shot_pass(graph: bytes, threads: int) -> Tuple[Callable[[], object], int]:
    """An action of one pass, and the pixels of it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    entering = session.get_inputs()[0]
    rgb = np.random.default_rng(0).random(entering.shape, np.float32)
    return lambda: session.run(None, {entering.name: rgb}), rgb.shape[2] * rgb.shape[3]


def _estimate(loaded: Cascade, quality: str, side: int) -> Callable[[], object]:
    how = sampling_of(loaded.manifest, quality)
    shape = len(loaded.manifest.input_bands), side, side
    rgb = np.random.default_rng(0).uniform(0.02, 0.6, shape).astype(np.float32)
    alone = EstimateRequest(spread=False, stages=False)  # as a run without SPREAD
    return lambda: loaded.estimate(rgb, 0, 0, how, alone)


def engine(bench: Bench, passes: int = 20, ceiling_side: int = CEILING_SIDE) -> Part:
    """Part (d): GFLOP/s of each graph's passes over those of a large matrix product."""
    model = manifest.read(bench.model)
    works = {}
    for i, stage in enumerate(model.stages):
        if stage.condition_encoder:
            alone = model.pixelwise and i > 0
            name = f"stage {i + 1}, encoder"
            works[name] = _work(bench, model, stage.condition_encoder, alone, passes)
        works[f"stage {i + 1}, denoiser"] = _work(
            bench, model, stage.denoiser, model.pixelwise, passes
        )
    actions = {"matrix product": _matrix_product(ceiling_side, bench.threads)}
    actions.update({name: work[0] for name, work in works.items()})
    taken = in_turns(actions, bench.repeats)
    ceiling = 2 * ceiling_side**3 / GIGA / median(taken["matrix product"])
    rows = [["matrix product", "", 2 * ceiling_side**3 / GIGA, ceiling, "100 %"]]
    for name, (_, count, pixels, flop) in works.items():
        speed = count * flop / GIGA / median(taken[name])
        rows.append([name, pixels, flop / GIGA, speed, f"{100 * speed / ceiling:.0f} %"])
    rows.append(["denoisers together", "", *_together(works, taken, ceiling)])
    note = (
        f"Two FLOP for each multiply-add of convolutions and matrix products, nothing for the "
        f"rest, whose time counts. The ceiling: float32, {ceiling_side} a side, torch, "
        f"{bench.threads} threads. Graphs that work on strips: {passes} passes per thread, one "
        f"thread inside each and all at once; others: all threads inside one pass. Medians of "
        f"{bench.repeats}."
    )
    return Part("(d) Of the machine's matrix product", ENGINE_HEADS, rows, note, taken)


def _together(works, taken: Dict[str, List[float]], ceiling: float) -> List:
    """The GFLOP of a pass of each denoiser, and their speed one after the other."""
    names = [name for name in works if name.endswith("denoiser")]
    flop = sum(works[name][3] for name in names) / GIGA
    seconds = sum(median(taken[name]) / works[name][1] for name in names)
    return [flop, flop / seconds, f"{100 * flop / seconds / ceiling:.0f} %"]


Work = Tuple[Callable[[], object], int, int, int]


def _work(
    bench: Bench, model: manifest.Manifest, file: ModelFile, strip: bool, passes: int
) -> Work:
    """An action of a graph, the passes in it, and the pixels and FLOP of a pass."""
    side = model.tile.size
    rows = max(1, cascade.STRIP_PIXELS // side) if strip else side
    inside, beside = (1, bench.threads) if strip else (bench.threads, 1)
    session = onnx_session.session_for(bench.model, file, "cpu", inside, pixelwise=strip)
    feeds = random_feeds(session, rows, side)
    count = passes * beside if strip else 1

    def action() -> None:
        with ThreadPoolExecutor(beside) as pool:
            list(pool.map(lambda _: session.run(None, feeds), range(count)))

    sizes = {"batch": 1, "n": 1, "rows": rows, "h": rows, "cols": side, "w": side}
    flop = 2 * multiply_adds(onnx.load(str(Path(bench.model) / file.file)), sizes)
    return action, count, rows * side, flop


def random_feeds(session, rows: int, cols: int) -> Dict[str, np.ndarray]:
    """Normal values, positive as brightness is, for every input; the timestep is 500."""
    rng, feeds = np.random.default_rng(0), {}
    for node in session.get_inputs():
        if node.type == "tensor(int64)":
            feeds[node.name] = np.array([500], np.int64)
        else:
            shape = 1, node.shape[1], rows, cols
            feeds[node.name] = np.abs(rng.standard_normal(shape, np.float32))
    return feeds


def _matrix_product(side: int, threads: int) -> Callable[[], object]:
    torch.set_num_threads(threads)
    a, b = torch.rand(side, side), torch.rand(side, side)
    return lambda: a @ b
