"""Classes of libraries and sensors, each of which counts alike where colours are compared."""

from types import SimpleNamespace

import numpy as np
import pytest

from training.loop import metamer_groups


@pytest.fixture
def sources():
    """Three libraries with ten soils each, one with five of litter, and scenes of two sensors."""
    names = ["a soil", "b soil/red", "c soil", "d npv/litter/measured", "sim_canopy"]
    sizes = [10, 10, 10, 5, 20]
    numbers = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    values = np.arange(sum(sizes), dtype=np.float32)[None].repeat(3, 0)
    spectra = SimpleNamespace(
        names=names, groups=numbers, rgb=values, cube=values, seen=values >= 0
    )
    scenes = [
        SimpleNamespace(sensor=sensor, rgb=v, cube=v, seen=v > 0)
        for sensor, v in ((n, np.ones((3, 4, 5))) for n in ("one", "one", "other"))
    ]
    return SimpleNamespace(library=spectra, scenes=scenes)


def test_a_class_in_several_libraries_is_one_group(sources):
    classes = metamer_groups.groups_of(sources)[:-2]
    assert [one.rgb.shape[1] for one in classes] == [30, 5, 20]
    assert classes[0].cube[0].tolist() == list(range(30))
    assert {one.weight for one in classes} == {1.0}


def test_all_sensors_count_half_as_much_as_all_classes_and_alike(sources):
    *classes, one, other = metamer_groups.groups_of(sources)
    assert one.weight == other.weight == pytest.approx(0.5 * len(classes) / 2)
    assert (one.rgb.shape[1], other.rgb.shape[1]) == (40, 20)
