"""The card's picture of failures: the pixels that an estimate gets most wrong, scene by scene.

    python docs/make_failures_picture.py PICTURE.png SCENE.tif ... [--model DIR] [--quality WAY]

Each SCENE is a hyperspectral raster; its RGB is simulated and estimated as the quality benchmark
does. A row a scene: its RGB, the truth in colour infrared, the estimate, the error of each pixel
(degrees), and true and estimated spectrum with the 90 % interval of the worst pixel and of one in
the middle. A pixel stands for its neighbourhood: the worst is sought in means over 3 x 3 pixels.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot
from scipy.ndimage import uniform_filter

from model_runtime.contract import INTERVAL_SPREADS
from model_runtime.package import embedded
from model_runtime.raster.cube import read_cube
from model_runtime.report import images
from model_runtime.spectra import metrics
from model_runtime.spectra.resample import resample

ROOT = Path(__file__).resolve().parents[1]
WORST, MIDDLE = "tab:red", "tab:blue"


@dataclass(frozen=True)
class Judged:
    """A scene beside its estimate, on the model's bands: (bands, rows, cols) each."""

    name: str
    rgb: np.ndarray
    truth: np.ndarray
    estimate: np.ndarray
    spread: np.ndarray
    wavelength_nm: np.ndarray

    @property
    def angle(self) -> np.ndarray:
        """Degrees between true and estimated spectrum, (rows, cols), over bands that are seen."""
        return metrics.spectral_angles(self.estimate, self.truth)


def judged(scene: Path, model: Path, quality: str) -> Judged:
    """Simulate the RGB of ``scene``, estimate its spectra, read all."""
    with tempfile.TemporaryDirectory() as folder:
        rgb, made, spread = (f"{folder}/{name}.tif" for name in ("rgb", "made", "spread"))
        _run("simulate-rgb", str(scene), rgb, "--model", str(model))
        _run(
            *("upsample", rgb, made, "--model", str(model), "--quality", quality),
            *("--radiometry", "reflectance", "--spread", spread),
        )
        found, apart = read_cube(made), read_cube(spread)
        picture = read_cube(rgb, need_wavelengths=False).values
    truth = read_cube(str(scene))
    widths = np.full(len(found.wavelength_nm), np.diff(found.wavelength_nm).mean())
    values = resample(truth.values, truth.wavelength_nm, found.wavelength_nm, widths)
    return Judged(scene.stem, picture, values, found.values, apart.values, found.wavelength_nm)


def _run(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "model_runtime", *words], cwd=ROOT, check=True)


def places(angle: np.ndarray) -> List[Tuple[int, int]]:
    """(row, col) of the worst neighbourhood and of a middling one."""
    smooth = uniform_filter(np.where(np.isnan(angle), np.nanmedian(angle), angle), 3)
    smooth[np.isnan(angle)] = np.nan
    middling = np.abs(smooth - np.nanmedian(smooth))
    return [
        tuple(int(i) for i in np.unravel_index(place, angle.shape))
        for place in (np.nanargmax(smooth), np.nanargmin(middling))
    ]


def draw(scenes: Sequence[Judged], picture: Path) -> None:
    """A row of panels a scene."""
    figure, rows = pyplot.subplots(
        len(scenes),
        5,
        figsize=(14, 2.9 * len(scenes)),
        width_ratios=[1, 1, 1, 1.15, 2.1],
        layout="constrained",
        squeeze=False,
    )
    for axes, scene in zip(rows, scenes):
        _pictures(axes[:4], scene)
        _spectra(axes[4], scene)
    figure.savefig(picture, dpi=80, facecolor="white")


def _pictures(axes, scene: Judged) -> None:
    nm, angle = scene.wavelength_nm, scene.angle
    panels = {
        f"{scene.name}\nRGB": images.composite(scene.rgb, together=True),
        "true, colour infrared": images.infrared(scene.truth, nm),
        "estimated": images.infrared(scene.estimate, nm),
    }
    for ax, (title, rgba) in zip(axes, panels.items()):
        ax.imshow(rgba.transpose(1, 2, 0), interpolation="nearest")
        ax.set_title(title, fontsize=9)
    shown = axes[3].imshow(angle, vmin=0, vmax=20, cmap="magma", interpolation="nearest")
    axes[3].set_title(f"angle, mean {np.nanmean(angle):.1f}°", fontsize=9)
    axes[3].figure.colorbar(shown, ax=axes[3], label="degrees")
    for ax in axes:
        ax.set_axis_off()
        for colour, (row, col) in zip((WORST, MIDDLE), places(angle)):
            ax.plot(col, row, "o", ms=7, mfc="none", mec=colour, mew=2)


def _spectra(ax, scene: Judged) -> None:
    angle = scene.angle
    for colour, (row, col) in zip((WORST, MIDDLE), places(angle)):
        at = np.s_[:, row, col]
        half = INTERVAL_SPREADS * scene.spread[at]
        ax.plot(scene.wavelength_nm, scene.truth[at], color=colour, lw=2, label="true")
        ax.plot(scene.wavelength_nm, scene.estimate[at], color=colour, lw=1.5, ls="--")
        low, high = scene.estimate[at] - half, scene.estimate[at] + half
        ax.fill_between(scene.wavelength_nm, low, high, color=colour, alpha=0.15, lw=0)
        ax.annotate(f"{angle[row, col]:.0f}°", (990, scene.truth[at][-1]), color=colour)
    ax.set(xlabel="wavelength (nm)", ylabel="reflectance")
    ax.set_title("true (line), estimated (dashes), 90 % interval", fontsize=9)
    ax.grid(alpha=0.3)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Judge every scene, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", type=Path)
    parser.add_argument("scenes", type=Path, nargs="+")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--quality", default="balanced")
    args = parser.parse_args(argv)
    model = embedded.package_folder(args.model).resolve()
    draw([judged(scene.resolve(), model, args.quality) for scene in args.scenes], args.picture)


if __name__ == "__main__":
    main()
