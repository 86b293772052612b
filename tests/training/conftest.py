"""Golden numbers of the reference implementation; small scenes and settings to train with."""

import os
import subprocess
import sys
from pathlib import Path

import golden_networks
import numpy as np
import pytest
from golden_networks import Golden

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", params=["tiny_stage1", "tiny_stage2", "stage1", "stage2"])
def golden(request) -> Golden:
    """Each golden network in turn."""
    return golden_networks.load(request.param)


@pytest.fixture(scope="session", params=["tiny", ""], ids=["tiny", "larger"])
def golden_pair(request):
    """Both stages of each golden cascade in turn."""
    prefix = f"{request.param}_" if request.param else ""
    return [golden_networks.load(f"{prefix}stage{stage}") for stage in (1, 2)]


@pytest.fixture(scope="session")
def load_golden():
    """A golden network by its name."""
    return golden_networks.load


SENSORS = {"a": np.linspace(400, 1000, 25), "b": np.linspace(455, 900, 18)}
TINY_TOML = """
name = "small"
version = "1"
licence = "GPL-2.0-or-later"
[input]
unit = "reflectance"
names = ["red", "green", "blue"]
wavelength_nm = [640.0, 550.0, 465.0]
fwhm_nm = [82.0, 82.0, 70.0]
[output]
unit = "reflectance"
grid_nm = [400.0, 1000.0, 8]
[normalisation]
offset = 0.2
scale = 0.2
[data]
train = ["{train}"]
validation = ["{validation}"]
units = ["reflectance"]
patch = 8
gain_sigma = 0.1
mixture_share = 0.3
input_noise = 0.002
[training]
seed = 3
batch = 4
learning_rate = 3e-3
loss = "l1"
sam_weight = 1.0
sam_of = "spectra"
ema_decay = 0.9
ema_start = 5
gradient_clip = 1.0
log_every = 2
checkpoint_every = 6
validate_every = 100
[tile]
multiple = 2
size = 32
overlap = 16
influence = 8
[qualities]
fast = {{ sampler = "ddim", steps = 2, samples = 1 }}
[[stages]]
every = 4
prediction = "x0"
schedule = "cosine"
timesteps = 50
schedule_low = 0.0001
schedule_high = 0.02
guidance_scale = 0.0
pdt_lower_bound = 1.0
iterations = 20
[stages.network]
kind = "compact"
context_widths = [8, 8]
context_blocks = [1, 1]
width = 8
blocks = 1
[[stages]]
every = 1
prediction = "x0"
schedule = "cosine"
timesteps = 50
schedule_low = 0.0001
schedule_high = 0.02
guidance_scale = 0.5
pdt_lower_bound = 1.0
iterations = 20
condition_noise = 0.1
condition_estimated_share = 0.5
network = {{ kind = "compact", width = 8, blocks = 1 }}
"""


def reflectance(wavelength_nm: np.ndarray, rows: int, cols: int, seed: int) -> np.ndarray:
    """Mixtures of soil and leaves (bands, rows, cols), between 0 and 0.6."""
    soil = 0.05 + 0.3 * (wavelength_nm - 400) / 600
    leaves = 0.04 + 0.4 / (1 + np.exp(-(wavelength_nm - 715) / 15))
    share = np.random.default_rng(seed).random((rows, cols))
    return soil[:, None, None] * share + leaves[:, None, None] * (1 - share)


@pytest.fixture(scope="session")
def write_cube():
    """A function that writes a scene as UInt16 reflectance x 10,000: (path, nm, values, **how).

    ``nodata`` pixels are those where ``values`` is NaN; ``units`` is the bands' unit.
    """
    from osgeo import gdal

    gdal.UseExceptions()

    def write(path, wavelength_nm, values, units="reflectance"):
        bands, rows, cols = values.shape
        driver = gdal.GetDriverByName("GTiff")
        dataset = driver.Create(str(path), cols, rows, bands, gdal.GDT_UInt16)
        stored = np.where(np.isfinite(values), np.round(values * 10_000), 65535).astype(np.uint16)
        for i, centre in enumerate(wavelength_nm):
            band = dataset.GetRasterBand(i + 1)
            band.SetMetadata({"wavelength": str(centre), "wavelength_units": "Nanometers"})
            band.SetNoDataValue(65535)
            band.SetScale(0.0001)
            band.SetUnitType(units)
            band.WriteArray(stored[i])
        return path

    return write


@pytest.fixture(scope="session")
def small_scenes(tmp_path_factory, write_cube):
    """(folder of three training scenes of two sensors, folder of one validation scene)."""
    train, held_out = (tmp_path_factory.mktemp(name) for name in ("train", "val"))
    shapes = (("a1", 20, 14), ("a2", 9, 17), ("b1", 6, 12))  # the last is lower than a patch
    for seed, (name, rows, cols) in enumerate(shapes):
        nm = SENSORS[name[0]]
        write_cube(train / f"{name}.tif", nm, reflectance(nm, rows, cols, seed))
    write_cube(held_out / "v.tif", SENSORS["a"], reflectance(SENSORS["a"], 7, 9, 9))
    return train, held_out


@pytest.fixture(scope="session")
def small_toml(tmp_path_factory, small_scenes):
    """A settings file of a two-stage cascade, 3 to 2 to 8 bands, that trains in a second."""
    path = tmp_path_factory.mktemp("settings") / "small.toml"
    train, held_out = small_scenes
    path.write_text(TINY_TOML.format(train=train, validation=held_out))
    return path


@pytest.fixture(scope="session")
def train():
    """A function that runs ``python training/train.py`` with its words, on one core."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}

    def run(*words, script="train.py", **how):
        return subprocess.run(
            [sys.executable, str(ROOT / "training" / script), *map(str, words)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=300,
            **how,
        )

    return run
