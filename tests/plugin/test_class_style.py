"""Colours of classes: each its own, near to the material's where it has one."""

import pytest
from qgis.core import QgsRasterLayer
from scdm_qgis.model_runtime.contract import BLUE, GREEN, ORANGE, VERMILION

from scdm_qgis.layers.class_style import class_colours, hues_of

NM = (450, 550, 650, 850)


@pytest.fixture
def library(tmp_path):
    """Water, green and dry grass, soil and a grey one."""
    rows = {
        "lake": (0.06, 0.05, 0.02, 0.01),
        "green grass": (0.03, 0.08, 0.04, 0.45),
        "dry grass": (0.10, 0.18, 0.24, 0.35),
        "bare soil": (0.08, 0.11, 0.19, 0.26),
        "concrete": (0.29, 0.30, 0.31, 0.32),
    }
    lines = [",".join(["nm", *rows])]
    lines += [",".join(map(str, line)) for line in zip(NM, *rows.values())]
    path = tmp_path / "library.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_grey_have_no_hue(library):
    assert set(hues_of([library])) == {"lake", "green grass", "dry grass", "bare soil"}


def test_a_library_that_cannot_be_read_has_no_hues(tmp_path):
    (tmp_path / "none.csv").write_text("nothing")
    assert hues_of([tmp_path / "none.csv", tmp_path / "gone"]) == {}


def colours_of(layer):
    return {item.label: item.color.name() for item in layer.renderer().classes()}


def test_classes_have_colours_near_their_materials(qgis_app, library, rgb_path):
    names = ("bare soil", "dry grass", "green grass", "lake", "concrete")
    classes = [{"value": i, "name": name} for i, name in enumerate(names, 1)]
    layer = QgsRasterLayer(str(rgb_path), "classes")
    class_colours(classes, hues_of([library]))(layer)
    found = colours_of(layer)
    wanted = (("bare soil", VERMILION), ("dry grass", ORANGE), ("green grass", GREEN))
    assert all(found[name] == colour for name, colour in wanted)
    assert len(set(found.values())) == len(names)


def test_many_classes_have_a_colour_each(qgis_app, rgb_path):
    classes = [{"value": i, "name": f"class {i}"} for i in range(1, 20)]
    layer = QgsRasterLayer(str(rgb_path), "classes")
    class_colours(classes, {f"class {i}": 100.0 for i in range(1, 20, 2)})(layer)
    found = list(colours_of(layer).values())
    assert len(set(found)) == 19 and found[0] == GREEN and found[1] == BLUE
