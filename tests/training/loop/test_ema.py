"""The moving average of weights against its closed form."""

import copy

import pytest
import torch
from torch import nn

from training.loop.ema import Ema


def live(value=0.0):
    """A network of one weight and one buffer."""
    network = nn.BatchNorm1d(1)
    set_to(network, value)
    return network


def set_to(network, value):
    with torch.no_grad():
        network.weight.fill_(value)
        network.running_mean.fill_(value)


def followed(ema, network, values):
    """The average's weight after each of the live ``values``."""
    found = []
    for step, value in enumerate(values, start=1):
        set_to(network, value)
        ema.update(network, step)
        found.append(ema.network.weight.item())
    return found


def test_until_it_starts_it_is_a_copy_then_it_follows_by_its_decay():
    network = live()
    found = followed(Ema(network, decay=0.75, start=3), network, [1, 2, 6, 6, 10])
    expected = [1, 2, 2 + 0.25 * 4]
    expected += [expected[-1] + 0.25 * (6 - expected[-1])]
    expected += [expected[-1] + 0.25 * (10 - expected[-1])]
    assert found == pytest.approx(expected)


def test_it_follows_every_so_many_steps():
    network = live()
    ema = Ema(network, decay=0.5, start=0, every=2)
    assert followed(ema, network, [8, 8, 8, 8]) == pytest.approx([0, 4, 4, 6])


def test_buffers_are_those_of_the_live_network():
    network = live()
    ema = Ema(network, decay=0.9, start=0)
    followed(ema, network, [5])
    assert ema.network.running_mean.item() == 5


def test_it_is_apart_from_the_live_network_and_is_not_trained():
    network = live(1.0)
    ema = Ema(network, decay=0.9, start=0)
    set_to(network, 7)
    assert ema.network.weight.item() == 1
    assert not any(p.requires_grad for p in ema.network.parameters())
    assert not ema.network.training
    assert network.weight.requires_grad


def test_it_goes_on_from_what_it_was():
    network = live()
    one = Ema(network, decay=0.9, start=1)
    followed(one, network, [1, 2, 3])
    other = Ema(network, decay=0.9, start=1)
    other.network.load_state_dict(copy.deepcopy(one.network.state_dict()))
    for ema in (one, other):
        ema.update(network, 4)
    assert other.network.weight.item() == one.network.weight.item()
