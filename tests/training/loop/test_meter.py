"""What steps were made of."""

import math

import pytest
import torch

from training.loop.diffusion import LossParts
from training.loop.meter import Meter


@pytest.fixture
def meter():
    """Of a stage of 41 timesteps, with two steps of three samples each."""
    made = Meter(41)
    for errors, t in (([1.0, 2.0, 3.0], [0, 9, 10]), ([5.0, 7.0, float("nan")], [39, 40, 25])):
        made.start_step()
        parts = LossParts(torch.tensor(0.5), torch.tensor(0.25), torch.tensor(errors))
        made.add_loss(parts, torch.tensor(t))
        made.end_step(3, gradient_norm=2.0, learning_rate=1e-3)
    return made


def test_errors_are_means_by_timestep_and_the_last_is_apart(meter):
    found = meter.read()
    groups = {n.split("/")[1]: v for n, v in found.items() if n.startswith("loss_by_timestep")}
    assert math.isnan(groups.pop("20-29"))  # nothing of that sample was seen
    assert groups == {"0-9": 1.5, "10-19": 3.0, "30-39": 5.0, "40-40": 7.0}


def test_parts_rate_and_pace_are_read_and_then_begun_anew(meter):
    found = meter.read()
    assert (found["loss_target"], found["loss_angle"]) == (0.5, 0.25)
    assert (found["gradient_norm"], found["learning_rate"]) == (2.0, 1e-3)
    assert found["samples_per_second"] > 0
    assert meter.read() == {}
