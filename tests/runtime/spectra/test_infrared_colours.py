"""Pictures whose plants look as in colour infrared are told, and no others."""

import numpy as np
import pytest

from model_runtime.spectra.infrared_colours import describe_infrared

# Reflectance in the near infrared, red, green and blue.
MATERIALS = {
    "leaves": (0.40, 0.03, 0.05, 0.02),
    "dry grass": (0.30, 0.16, 0.12, 0.07),
    "soil": (0.30, 0.22, 0.15, 0.10),
    "brick": (0.35, 0.25, 0.11, 0.08),
    "clear water": (0.01, 0.01, 0.02, 0.03),
    "asphalt": (0.12, 0.10, 0.10, 0.09),
}


def scene(leaves, *bands):
    """Pixels (bands, 1000), ``leaves`` of them leaves and the others all else, with shades."""
    spectra = np.array(list(MATERIALS.values())).T[list(bands)]
    number = np.where(np.arange(1000) < 1000 * leaves, 0, 1 + np.arange(1000) % 5)
    light = np.random.default_rng(0).uniform(0.2, 1, 1000)
    return (spectra[:, number] * light).astype(np.float32)


@pytest.mark.parametrize(
    ("bands", "order"),
    [
        ((0, 1, 2), "near infrared, red, green"),
        ((1, 2, 0), "red, green, near infrared"),
        ((2, 1, 0), "green, red, near infrared"),
    ],
)
def test_leaves_in_infrared_are_told_with_the_order_of_the_bands(bands, order):
    (said,) = describe_infrared(scene(0.3, *bands))
    assert said.startswith("30 % of the pixels")
    assert order in said
    assert "--bands" in said


@pytest.mark.parametrize("leaves", [0, 0.3, 1])
def test_red_green_and_blue_are_not(leaves):
    assert describe_infrared(scene(leaves, 1, 2, 3)) == []


def test_some_pink_things_are_not():
    assert describe_infrared(scene(0.1, 0, 1, 2)) == []
