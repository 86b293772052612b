"""README's picture is drawn from a run's rasters."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "make_picture.py"


def test_the_picture_is_drawn(command, tiny_package, write_raster, tmp_path):
    pytest.importorskip("matplotlib")
    from model_runtime.raster.reader import RasterReader

    values = np.random.default_rng(0).integers(0, 255, (3, 24, 40), dtype=np.uint8)
    rgb = write_raster("rgb.tif", values)
    estimate, spread, picture = (tmp_path / n for n in ("e.tif", "s.tif", "p.png"))
    words = ("--samples", "2", "--spread", spread, "--model", tiny_package)
    assert command("upsample", rgb, estimate, *words).returncode == 0
    drawn = [sys.executable, SCRIPT, rgb, estimate, picture, "--spread", spread]
    subprocess.run([str(word) for word in drawn], check=True)
    pixels = RasterReader(str(picture), [1, 2, 3])
    assert pixels.cols > pixels.rows > 400
    seen, _ = pixels.read(pixels.whole)
    assert len(np.unique(seen.reshape(3, -1), axis=1).T) > 100
