"""The table's groups and means."""

import numpy as np
import pytest
import quality_table as table


def figures(value):
    return {"best": dict.fromkeys(table.DIGITS, float(value))}


def test_the_mean_is_over_groups_not_scenes():
    per_scene = {
        "val/neon_a.tif": figures(1),
        "val/neon_b.tif": figures(3),
        "val/muufl_x.tif": figures(8),
    }
    means = table.group_means(per_scene)
    assert list(means) == ["neon", "muufl", "mean", table.SPREAD]
    assert means["neon"]["best"]["rmse"] == 2 and means["mean"]["best"]["rmse"] == 5
    assert means[table.SPREAD]["best"]["rmse"] == pytest.approx(np.std([1, 3, 8]))


def test_the_markdown_has_a_row_a_scene_and_a_group():
    per_scene = {"val/neon_a.tif": figures(1), "val/berlin.tif": figures(2)}
    lines = table.markdown(per_scene, table.group_means(per_scene)).splitlines()
    assert lines[0].startswith("| Scene | best RMSE | best PSNR dB | best SAM°")
    assert "| neon_a | 1.0000 | 1.00 | 1.00 | 1.000 | 1.0 |" in lines
    assert "| mean | 1.5000 | 1.50 | 1.50 | 1.500 | 1.5 |" in lines
    assert len({line.count("|") for line in lines if line}) == 1


def test_without_data_it_says_so(tmp_path, capsys):
    assert table.main(["--data", str(tmp_path)]) == 2
    assert "no scenes.json" in capsys.readouterr().err
