"""The released setting, on a small raster like the contest's: ENVI, 50 bands, no wavelengths."""

from pathlib import Path

import numpy as np
import pytest
import torch
from osgeo import gdal
from torch.utils.flop_counter import FlopCounterMode

from model_runtime.errors import InputError
from training import config as settings_file
from training import prepare
from training.data.dataset import load_scenes
from training.networks import registry
from training.package import manifest_of_config

SETTINGS = Path(settings_file.__file__).parent / "configs" / "dfc2018.toml"


@pytest.fixture(scope="module")
def contest(tmp_path_factory):
    """(path, values uint16 (50, rows, cols)); the last two bands are far from image values."""
    path = tmp_path_factory.mktemp("contest") / "20170218_UH_CASI_S4_NAD83.pix"
    values = np.random.default_rng(2).integers(500, 12000, (50, 40, 70)).astype(np.uint16)
    values[48:] = 65000
    dataset = gdal.GetDriverByName("ENVI").Create(str(path), 70, 40, 50, gdal.GDT_UInt16)
    dataset.WriteArray(values)
    dataset = None
    return path, values


def test_the_settings_are_the_released_ones():
    config = settings_file.load(SETTINGS)
    assert [b - 1 for b in config.input.band_numbers] == [4, 11, 22]
    assert config.output.band_numbers == tuple(range(1, 49))
    assert config.input.wavelength_nm == pytest.approx(
        [config.output.wavelength_nm[b] for b in (4, 11, 22)], abs=0.01
    )
    assert [stage.final_bands for stage in config.stages] == [
        tuple(range(0, 48, 4)),
        tuple(range(48)),
    ]
    assert not config.data.turned
    assert config.stages[1].condition_noise == config.stages[1].condition_estimated_share == 0
    manifest_of_config.identity(config)


def gflop(function, *arguments):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        function(*arguments)
    return round(counter.get_total_flops() / 1e9)


def test_the_network_is_as_large_as_the_released_one():
    """GFLOP per pass at 128 x 128, as counted on the authors' network: x, condition, all."""
    with torch.device("meta"):
        network = registry.build(settings_file.load(SETTINGS), 0).eval()
        x, condition = torch.zeros(1, 12, 128, 128), torch.zeros(1, 3, 128, 128)
        timestep = torch.zeros(1, dtype=torch.long)
        time = network.time_mlp(timestep)
        assert gflop(network.encode_x, x, time) == 47
        assert gflop(network.encode_condition, condition, time) == 46
        assert gflop(network, x, condition, timestep) == 266


def test_the_raster_is_read_as_it_is_distributed(contest):
    path, values = contest
    (scene,) = load_scenes([str(path)], settings_file.load(SETTINGS))
    assert np.array_equal(scene.rgb, values[[4, 11, 22]])
    assert np.array_equal(scene.cube, values[:48])
    assert scene.seen.all()


def test_prepared_blocks_are_the_same_bands(contest, tmp_path):
    path, values = contest
    folder = tmp_path / "dfc2018"
    cut = ["--bands", "1-48", "--grid-nm", "380,1050", "--block", "20", "--gap", "2"]
    assert prepare.main([str(path), str(folder), *cut]) == 0
    scenes = load_scenes([str(folder / "train")], settings_file.load(SETTINGS))
    scene = next(s for s in scenes if s.name.endswith("_20_46"))
    assert np.array_equal(scene.rgb, values[[4, 11, 22], 20:40, 46:70])
    assert np.array_equal(scene.cube, values[:48, 20:40, 46:70])


def test_a_raster_with_too_few_bands_is_named(tmp_path):
    dataset = gdal.GetDriverByName("ENVI").Create(
        str(tmp_path / "few.dat"), 4, 4, 20, gdal.GDT_UInt16
    )
    dataset.WriteArray(np.full((20, 4, 4), 5000, np.uint16))
    dataset = None
    with pytest.raises(InputError, match="20 bands"):
        load_scenes([str(tmp_path / "few.dat")], settings_file.load(SETTINGS))
