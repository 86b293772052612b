"""The speed benchmark: what it counts, how it compares and prints; never how fast anything is."""

import io
import json
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
import speed
import speed_command
import speed_engine
import speed_picture
import speed_released
import torch
from osgeo import gdal
from speed_clock import Bench, Spent, in_turns, median_of, run_timed
from speed_flops import multiply_adds
from speed_report import Part, markdown, text, whole

from model_runtime.errors import InputError

UNSHUFFLED = torch.nn.Sequential(torch.nn.PixelUnshuffle(2), torch.nn.Conv2d(12, 5, 1))


def graph_of(module, *inputs, **how):
    """``module`` as an ONNX graph."""
    content = io.BytesIO()
    torch.onnx.export(module.eval(), inputs, content, dynamo=False, opset_version=18, **how)
    return onnx.load_from_string(content.getvalue())


@pytest.fixture
def bench(tiny_package):
    """The smallest measurement of the tiny package."""
    return Bench(tiny_package, None, threads=2, repeats=1, side=24, sides=(16, 32))


@pytest.mark.parametrize(
    "layer, shape, expected",
    [
        (torch.nn.Conv2d(3, 5, 3, padding=1), (1, 3, 8, 6), 8 * 6 * 5 * 3 * 9),
        (torch.nn.Conv2d(4, 8, 3, stride=2, padding=1), (2, 4, 8, 6), 2 * 4 * 3 * 8 * 4 * 9),
        (torch.nn.Conv2d(6, 6, 5, padding=2, groups=6), (1, 6, 7, 9), 7 * 9 * 6 * 25),
        (torch.nn.ConvTranspose2d(4, 3, 2, stride=2), (1, 4, 5, 6), 5 * 6 * 4 * 3 * 4),
        (torch.nn.Linear(7, 11), (3, 7), 3 * 7 * 11),
        (torch.nn.Linear(7, 11, bias=False), (2, 3, 7), 2 * 3 * 7 * 11),
        (UNSHUFFLED, (1, 3, 8, 6), 4 * 3 * 5 * 12),
    ],
)
def test_multiply_adds_of_known_layers(layer, shape, expected):
    assert multiply_adds(graph_of(layer, torch.zeros(shape)), {}) == expected


def test_free_dimensions_are_those_that_are_asked_for():
    free = {"input_names": ["x"], "dynamic_axes": {"x": {2: "rows", 3: "cols"}}}
    graph = graph_of(torch.nn.Conv2d(3, 5, 3), torch.zeros(1, 3, 8, 8), **free)
    assert multiply_adds(graph, {"rows": 12, "cols": 32}) == 10 * 30 * 5 * 3 * 9


def test_a_product_of_unknown_shape_is_not_left_out_in_silence():
    class Picked(torch.nn.Module):
        def forward(self, x):
            return torch.nonzero(x).float() @ torch.ones(2, 4)

    graph = graph_of(Picked(), torch.ones(3, 3))
    with pytest.raises(ValueError, match="MatMul"):
        multiply_adds(graph, {})


def test_the_one_shot_network_costs_what_mst_pp_is_published_to():
    graph = onnx.load_from_string(speed_engine.one_shot_graph(speed_engine.one_shot(), 16))
    flop = 2 * multiply_adds(graph, {}) * (256 / 16) ** 2
    assert flop == pytest.approx(23.05e9, rel=0.01)


@pytest.mark.parametrize(
    "value, expected",
    [
        *((12, "12"), ("7.1 %", "7.1 %"), (1234.5, "1234"), (123.4, "123"), (12.34, "12.3")),
        *((1.234, "1.23"), (0.1234, "0.123"), (0.01234, "0.0123"), (0.001234, "0.00123")),
        *((0.0, "0.000"), (1.234e-6, "1.2e-06")),
    ],
)
def test_numbers_have_three_digits(value, expected):
    assert text(value) == expected


def test_a_part_as_markdown_and_as_json():
    part = Part("(x) Title", ("way", "s"), [["slow", 2.0], ["fast", 0.5]], "Note.", {"slow": [2.0]})
    assert markdown(part).splitlines() == [
        *("## (x) Title", "", "| way | s |", "| --- | ---: |"),
        *("| slow | 2.00 |", "| fast | 0.500 |", "", "Note."),
    ]
    kept = json.loads(json.dumps(whole({"x": part}, {"threads": 2})))
    assert kept["parts"]["x"]["rows"] == [["slow", 2.0], ["fast", 0.5]]
    assert kept["machine"] == {"threads": 2}


def test_ratios_are_of_each_rival():
    rows = speed_engine.pace_rows({"one-shot": 4.0, "real": 2.0, "fast": 0.5}, ["one-shot", "real"])
    assert rows == [
        *(["one-shot", 4.0, 0.25, 1.0, 0.5], ["real", 2.0, 0.5, 2.0, 1.0]),
        ["fast", 0.5, 2.0, 8.0, 4.0],
    ]


def test_sizes_are_compared_by_the_megapixel():
    runs = {500: Spent(1.0, 2.0, 2**20), 1000: Spent(2.0, 4.0, 2**21)}
    assert speed_command.size_rows(runs) == [
        [0.25, 1.0, 4.0, 1.0, 2.0, 1.0],
        [1.0, 2.0, 2.0, 0.5, 4.0, 2.0],
    ]


def test_medians_and_the_highest_peak():
    runs = [Spent(3.0, 1.0, 5), Spent(1.0, 9.0, 7), Spent(2.0, 2.0, 6)]
    assert median_of(runs) == Spent(2.0, 2.0, 7)


def test_actions_take_turns_after_one_run_each_that_does_not_count():
    called = []
    actions = {name: lambda name=name: called.append(name) for name in "ab"}
    taken = in_turns(actions, 2)
    assert called == list("ababab")
    assert [len(values) for values in taken.values()] == [2, 2]


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is measured as Linux counts it")
def test_a_command_s_peak_is_its_own_and_not_this_process_s():
    held = np.ones(2**27 // 8)  # 128 MiB
    small = run_timed([sys.executable, "-S", "-c", "pass"])
    large = run_timed([sys.executable, "-S", "-c", "b'x' * 2**26"])
    assert small.peak_bytes < held.nbytes
    assert large.peak_bytes - small.peak_bytes > 2**25


def test_a_command_that_fails_ends_the_benchmark_with_its_words():
    with pytest.raises(SystemExit, match="ended with 3: no way"):
        run_timed([sys.executable, "-c", "import sys; sys.stderr.write('no way'); sys.exit(3)"])


def test_a_picture_is_mirrored_on_to_any_side(tmp_path, write_raster):
    values = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    source = write_raster("source.tif", values)
    made = gdal.Open(str(speed_picture.write(tmp_path / "made.tif", 7, source))).ReadAsArray()
    assert made.shape == (3, 7, 7) and made.dtype == np.uint8
    assert (made[:, :4, :5] == values).all() and (made[:, 4:, :5] == values[:, :0:-1]).all()
    texture = gdal.Open(str(speed_picture.write(tmp_path / "texture.tif", 600))).ReadAsArray()
    assert texture.shape == (3, 600, 600) and texture.std() > 20


def test_a_picture_of_other_values_is_refused(tmp_path, write_raster):
    source = write_raster("source.tif", np.ones((3, 4, 5), np.uint16))
    with pytest.raises(InputError, match="8-bit"):
        speed_picture.write(tmp_path / "made.tif", 4, source)


def test_qualities_and_sizes_by_the_real_command(bench):
    part = speed_command.qualities(replace(bench, threads=1))
    assert [row[0] for row in part.rows] == ["fast", "balanced", "best"]
    for row in part.rows:
        shares = [float(share.rstrip("%")) for share in row[-3:]]
        assert sum(shares) == pytest.approx(100, abs=0.2)
        assert shares[0] > 0 and shares[1] == 0  # the tiny package has no encoders
    assert [row[0] for row in speed_command.sizes(bench).rows] == [16**2 / 1e6, 32**2 / 1e6]


def test_the_engine_s_tables_name_every_graph(bench, tmp_path):
    part = speed_engine.engine(bench, passes=2, ceiling_side=64)
    assert [row[0] for row in part.rows] == [
        *("matrix product", "stage 1, denoiser", "stage 2, denoiser", "denoisers together")
    ]
    one, two, together = part.rows[1:]
    assert together[2] == one[2] + two[2]
    assert min(one[3], two[3]) <= together[3] <= max(one[3], two[3])
    assert one[2] == pytest.approx(2 * 32 * 32 * 2 * 3 * 9 / 1e9)  # 3 to 2 bands, 3 x 3
    graph = tmp_path / "real.onnx"
    graph.write_bytes(speed_engine.one_shot_graph(speed_engine.one_shot(), 8))
    beside = speed_engine.beside_one_shot(replace(bench, rival=graph), side=16)
    assert [row[0] for row in beside.rows] == ["one-shot", "MST++", "real", "fast", "balanced"]


def test_the_released_network_gives_equal_steps_in_torch_and_in_the_runtime(bench):
    config = speed_released.load_released()
    # Four channels a group, as released: of one alone, a null condition has nothing to normalise.
    small = {"base_width": 16, "groups": 4, "multipliers": [1, 1], "attention_levels": [1]}
    stages = tuple(replace(s, network={**s.network, **small}) for s in config.stages)
    one = replace(bench, threads=1)
    part = speed_released.part(one, replace(config, stages=stages), side=4)
    assert [row[0] for row in part.rows] == [
        *("guided step, stage 1", "guided step, stage 2", "whole tile")
    ]
    assert all(row[-1] < 1e-3 for row in part.rows[:2])
    eager = 1000 * sum(row[1] for row in part.rows[:2])
    assert part.rows[2][1] == pytest.approx(eager)


def test_parts_are_chosen_and_kept(tiny_package, tmp_path, capsys):
    words = ["--only", "e", "--model", str(tiny_package), "--sides", "16", "--repeats", "1"]
    kept = tmp_path / "speed.json", tmp_path / "speed.md"
    assert speed.main([*words, "--json", str(kept[0]), "--markdown", str(kept[1])]) == 0
    assert list(json.loads(kept[0].read_text())["parts"]) == ["e"]
    assert kept[1].read_text().strip() == capsys.readouterr().out.strip()
