"""Tiles in process: the runtime against plain torch of the same networks, on the same device."""

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Callable, Dict, Optional

import numpy as np
import torch
from gpu_settings import Rows, Settings, time_action, torch_wait
from gpu_torch import VARIANTS, TorchCascade, make_variant
from speed_clock import ROOT, sampling_of

from model_runtime.diffusion.cascade import Cascade
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import EstimateRequest
from model_runtime.package import embedded, manifest
from training import config as settings_file

CONFIG = ROOT / "training" / "configs" / "vnir48.toml"
QUICK_SIDE = 80
QUALITIES = ("fast", "balanced")
MEGA = 1e6


def tiles(settings: Settings, rows: Rows) -> None:
    """Megapixels per second of what a tile keeps, by quality: ours, then torch's variants."""
    model = manifest.read(embedded.EMBEDDED)
    side, kept = sides(model, settings.quick)
    rgb = picture(model, side)
    loaded = rows.measure("load", lambda: load_embedded(settings))
    for quality in QUALITIES:
        ours = None
        if loaded is not None:
            ours = rows.measure(quality, lambda q=quality: _ours(loaded, q, rgb, kept, settings))
        if ours:
            rows.add(quality, kept**2 / MEGA / ours, "Mpx/s", f"tiles of {side}, {kept} kept")
        for variant in () if settings.quick and quality != "fast" else VARIANTS:
            _beside(quality, variant, rgb, kept, settings, rows, ours)


def float16(settings: Settings, rows: Rows) -> None:
    """The rate of the embedded model's float16 variant, where its converter is installed."""
    if find_spec("onnxconverter_common") is None:
        return
    from training.convert_float16 import convert

    model = manifest.read(embedded.EMBEDDED)
    side, kept = sides(model, settings.quick)

    def rate(quality: str, folder: Path) -> float:
        half = manifest.read(folder)
        loaded = load_cascade(folder, half, settings.provider, settings.threads)
        return _ours(loaded, quality, picture(model, side), kept, settings)

    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "variant"
        said = rows.measure("float16 variant", lambda: list(convert(embedded.EMBEDDED, folder)))
        for quality in QUALITIES if said else ():
            what = f"{quality}, float16 variant"
            taken = rows.measure(what, lambda q=quality: rate(q, folder))
            if taken:
                rows.add(
                    what,
                    kept**2 / MEGA / taken,
                    "Mpx/s",
                    next(s for s in said if s.startswith(quality)),
                )


def _beside(
    quality: str,
    variant: str,
    rgb: np.ndarray,
    kept: int,
    settings: Settings,
    rows: Rows,
    ours: Optional[float],
) -> None:
    what = f"{quality}, torch {variant}"
    found = rows.measure(what, lambda: _torch(quality, variant, rgb, settings))
    if found:
        times = f"ours is {found / ours:.2f} times as fast" if ours else ""
        rows.add(what, kept**2 / MEGA / found, "Mpx/s", times)


def load_embedded(settings: Settings) -> Cascade:
    """The embedded model on the provider."""
    model = manifest.read(embedded.EMBEDDED)
    return load_cascade(embedded.EMBEDDED, model, settings.provider, settings.threads)


def sides(model: manifest.Manifest, quick: bool):
    """Pixels a side of a tile, and of what a run keeps of it."""
    side = QUICK_SIDE if quick else model.tile.size
    return side, side - 2 * (model.tile.influence or 0)


def picture(model: manifest.Manifest, side: int) -> np.ndarray:
    """RGB (input bands, side, side) of no place."""
    shape = len(model.input_bands), side, side
    return np.random.default_rng(0).uniform(0.02, 0.6, shape).astype(np.float32)


def estimate(loaded: Cascade, quality: str, rgb: np.ndarray, kept: int) -> Callable[[], object]:
    """An action: a tile as a run without spread has it, stored as UInt16."""
    how, margin = sampling_of(loaded.manifest, quality), (rgb.shape[1] - kept) // 2
    inside = slice(margin, margin + kept)
    wanted = EstimateRequest((inside, inside), spread=False, stages=False, finish=_as_stored)
    return lambda: loaded.estimate(rgb, 0, 0, how, wanted)


def _as_stored(spectra: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(spectra * 10_000), 0, 65_534).astype(np.uint16)


def _ours(loaded: Cascade, quality: str, rgb: np.ndarray, kept: int, settings: Settings) -> float:
    return time_action(estimate(loaded, quality, rgb, kept), settings)


def _torch(quality: str, variant: str, rgb: np.ndarray, settings: Settings) -> float:
    config = settings_file.load(CONFIG)
    cascade = make_variant(TorchCascade(config, settings.provider), variant, settings.quick)
    how = config.qualities[quality]
    given = torch.from_numpy(rgb)[None]

    def action() -> np.ndarray:
        with torch.inference_mode():
            return cascade(given.to(settings.provider), how.steps, how.samples).cpu().numpy()

    return time_action(action, settings, torch_wait(settings))


def load_mst(path: Optional[Path], bands: int = 31) -> Dict[str, torch.nn.Module]:
    """{what it is: MST++}: of the authors' file where there is one, else written from the paper."""
    if path is None:
        from mst import MstPlusPlus, MstSettings

        whole = MstPlusPlus(MstSettings(3, bands))
        return {"MST++ (benchmarks/mst.py)": _OfCondition(whole)}
    import importlib.util

    spec = importlib.util.spec_from_file_location("mst_of_its_authors", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {f"MST++ ({path.name})": module.MST_Plus_Plus()}


class _OfCondition(torch.nn.Module):
    """A network of RGB alone."""

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network

    def forward(self, rgb: torch.Tensor) -> torch.Tensor:
        return self.network(rgb, rgb, rgb)


def mst(settings: Settings, rows: Rows) -> None:
    """Megapixels per second of MST++ in torch, from RGB on the host to bands on the host."""
    side = 16 if settings.quick else 512
    rgb = torch.rand(1, 3, side, side)
    found = rows.measure("MST++", lambda: load_mst(settings.mst))
    for name, network in (found or {}).items():
        for variant in VARIANTS:
            what = f"{name}, torch {variant}"
            seconds = rows.measure(
                what, lambda n=network, v=variant: _mst_seconds(n, v, rgb, settings)
            )
            if seconds:
                rows.add(what, side**2 / MEGA / seconds, "Mpx/s", f"31 bands, {side} x {side}")


def _mst_seconds(network, variant: str, rgb: torch.Tensor, settings: Settings) -> float:
    network = make_variant(network.eval().to(settings.provider), variant, settings.quick)

    def action() -> np.ndarray:
        with torch.inference_mode():
            return network(rgb.to(settings.provider)).float().cpu().numpy()

    return time_action(action, settings, torch_wait(settings))
