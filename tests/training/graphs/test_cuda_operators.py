"""Exported released networks leave nothing to the processor, once their sizes are known."""

from pathlib import Path

import pytest
from cuda_operators import CUDA_OPERATORS, operators_left

from model_runtime.package import graph_file
from training import config as settings_file
from training.graphs.onnx_export import export_denoiser
from training.networks import registry
from training.package import manifest_of_config

CONFIGS = Path(__file__).resolve().parents[3] / "training" / "configs"


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    config = settings_file.load(CONFIGS / "released_small.toml")
    network = registry.build(config, 0).eval()
    path = tmp_path_factory.mktemp("released") / "stage1.onnx"
    inner = manifest_of_config.condition_bands(config, 0)
    outer = len(config.stages[0].final_bands)
    export_denoiser(network, path, inner, outer, network.multiple)
    return path.read_bytes()


def test_its_graph_works_out_sizes(content):
    assert graph_file.works_out_sizes(content)
    assert "Shape" in operators_left(content)


def test_with_its_sizes_known_every_operator_has_a_kernel_on_cuda(content):
    sizes = (("batch", 2), ("cols", 96), ("rows", 64), ("x_batch", 1))
    assert operators_left(content, sizes) <= CUDA_OPERATORS
