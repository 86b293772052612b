"""What patches are drawn from: with what there is of the extras."""

import dataclasses

import pytest

from training.config import load
from training.data import sources


@pytest.fixture
def config(small_toml, tmp_path):
    """Settings whose extras do not exist."""
    config = load(small_toml)
    places = {name: (str(tmp_path / name),) for name in sources.EXTRAS}
    return dataclasses.replace(config, data=dataclasses.replace(config.data, **places))


def test_extras_that_are_not_there_are_told_and_left_out(config, tmp_path):
    found = sources.load(config)
    assert len(found.scenes) == 3
    assert found.library is None and not found.pairs
    told = sources.warnings(config)
    assert [line.split(":")[0] for line in told] == [f"data.{name}" for name in sources.EXTRAS]
    assert all(str(tmp_path) in line for line in told)


def test_nothing_is_told_where_all_is_there(small_toml):
    assert sources.warnings(load(small_toml)) == []
