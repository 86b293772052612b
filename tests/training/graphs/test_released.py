"""The released U-Net's graph gives the network's numbers and does what conditions share once."""

import onnx
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from model_runtime.errors import PackageError
from training.graphs import onnx_export
from training.graphs.released import JoiningBlock, ReleasedGraph
from training.networks.released import ReleasedUNet, ReleasedUNetSettings

ROWS, COLS = 8, 12
# Where the groups of the up blocks' channels lie: on the borders of the skip of x, across them,
# so large that none is wholly of the skip of x, or, from block to block, all of these.
ON_BORDERS = {"base_width": 24, "groups": 12, "multipliers": (1, 2, 2), "residual_blocks": 2}
ACROSS = {"base_width": 8, "groups": 8, "multipliers": (1, 1), "residual_blocks": 1}
LARGE = {"base_width": 8, "groups": 2, "multipliers": (1, 3), "residual_blocks": 1}
MIXED = {"base_width": 12, "groups": 6, "multipliers": (2, 1, 3), "residual_blocks": 1}
ONE_LEVEL = {"base_width": 16, "groups": 16, "multipliers": (1,), "residual_blocks": 2}
# Of each joining block: the first and past-the-last channel of the skip of x that is shared.
SHARED = [
    (ON_BORDERS, [(0, 48)] * 5 + [(0, 24)] * 4),
    (ACROSS, [(1, 7)] * 4),
    (LARGE, [None] * 4),
    (MIXED, [(0, 36), None, None, (8, 18), (8, 18), (0, 8)]),
    (ONE_LEVEL, [(2, 14)] * 3),
]
NAMES = ["on borders", "across", "large", "mixed", "one level"]


def network_of(table, attention_levels=()):
    torch.manual_seed(5)
    settings = ReleasedUNetSettings(
        3, 5, time_width=10, dropout=0.5, attention_levels=attention_levels, **table
    )
    network = ReleasedUNet(settings).eval()
    for weights in network.parameters():
        if weights.dim() == 1:  # a norm's ones and zeros would hide mixed-up channels
            torch.nn.init.normal_(weights, mean=0.3, std=0.5)
    return network


def inputs(of_x, conditions):
    torch.manual_seed(6)
    x, condition = torch.randn(of_x, 5, ROWS, COLS), torch.randn(conditions, 3, ROWS, COLS)
    if conditions > of_x:
        condition[-1] = 0  # the null condition
    return x, condition, torch.tensor([777, 0, 400][:of_x])


@pytest.mark.parametrize("of_x, conditions", [(1, 1), (1, 2), (1, 3), (2, 2), (3, 3)])
@pytest.mark.parametrize("attention_levels", [(), (0,)], ids=["", "attention"])
@pytest.mark.parametrize("table", [table for table, _ in SHARED], ids=NAMES)
@torch.no_grad()
def test_graph_gives_the_networks_numbers(table, attention_levels, of_x, conditions):
    network, given = network_of(table, attention_levels), inputs(of_x, conditions)
    expected = network(*given)
    torch.testing.assert_close(ReleasedGraph(network)(*given), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("table, expected", SHARED, ids=NAMES)
def test_every_whole_group_of_the_skip_of_x_is_shared(table, expected):
    blocks = [up for up in ReleasedGraph(network_of(table)).ups if isinstance(up, JoiningBlock)]
    assert [(up.first, up.last) if up.shared else None for up in blocks] == expected


def multiply_adds(module, *given):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*given)
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("conditions", [1, 2, 3])
def test_shared_channels_cost_as_much_for_several_conditions_as_for_one(conditions):
    network, given = network_of(ONE_LEVEL), inputs(1, conditions)
    saved = multiply_adds(network, *given) - multiply_adds(ReleasedGraph(network), *given)
    # Three blocks of 12 shared channels to 16, by a 3 x 3 and a 1 x 1 convolution.
    assert saved == (conditions - 1) * 3 * 12 * 16 * (9 + 1) * ROWS * COLS


def test_pixels_are_repeated_after_the_convolution():
    network, given = network_of(ACROSS), inputs(2, 2)  # as many x's: nothing to share
    saved = multiply_adds(network, *given) - multiply_adds(ReleasedGraph(network), *given)
    assert saved == 2 * 8 * 8 * (36 - 16) * (ROWS // 2) * (COLS // 2)


@pytest.mark.parametrize("table", [ACROSS, MIXED], ids=["across", "mixed"])
def test_the_denoiser_is_written_as_its_graph(tmp_path, table):
    network, path = network_of(table, (0,)), tmp_path / "denoiser.onnx"
    assert onnx_export.export_denoiser(network, path, 3, 5, network.multiple) <= 1e-4
    graph = onnx.load(str(path)).graph
    kernels = [list(w.dims[2:]) for w in graph.initializer if len(w.dims) == 4]
    upsamples = len(table["multipliers"]) - 1
    assert kernels.count([2, 2]) == 4 * upsamples
    assert not any(node.op_type in ("Resize", "Upsample") for node in graph.node)


def test_a_graph_is_held_against_the_network_not_against_itself(tmp_path, monkeypatch):
    network, path = network_of(ACROSS), tmp_path / "denoiser.onnx"

    def with_a_mistake(network):
        graph = ReleasedGraph(network)
        graph.ups[0].shared.conv.weight.data *= 1.1
        return graph

    monkeypatch.setattr(onnx_export, "as_exported", with_a_mistake)
    with pytest.raises(PackageError, match="differs from the torch network"):
        onnx_export.export_denoiser(network, path, 3, 5, network.multiple)
    assert not path.exists()
