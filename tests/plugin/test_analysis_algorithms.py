"""The algorithms of spectral analysis with layers as a project holds them, and the real worker."""

import json
import sys

import numpy as np
import pytest
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from scdm_qgis.model_runtime.contract import ORANGE

NM = np.arange(420.0, 900.0, 40)
GRASS, SOIL = 0.05 + 0.45 / (1 + np.exp((715 - NM) / 15)), 0.1 + NM / 3000


@pytest.fixture
def run(registered, log, tmp_path, monkeypatch):
    """A function: (algorithm, **parameters) -> what processing.run returns."""
    import processing

    monkeypatch.setenv("SCDM_PYTHON", sys.executable)
    monkeypatch.chdir(tmp_path)
    return lambda name, **words: processing.run(f"scdm:{name}", words, feedback=log)


@pytest.fixture
def cube(write_cube, tmp_path):
    """A raster: its left half is grass, its right half soil, a few pixels are neither."""
    values = np.repeat(GRASS[:, None, None], 20, axis=2) * np.ones((1, 12, 1))
    values[:, :, 10:] = SOIL[:, None, None]
    values[:, :2, :2] = (0.3 - 0.25 * np.cos(NM / 25))[:, None, None]
    path = write_cube("cube.tif", values.astype(np.float32), NM)
    rows = "\n".join(f"{nm:g},{g:.4f},{s:.4f}" for nm, g, s in zip(NM, GRASS, SOIL))
    (tmp_path / "library.csv").write_text(f"nm,grass,soil\n{rows}\n")
    return str(path)


def test_matched_classes_come_with_names_and_colours(run, cube, log, tmp_path):
    words = {"LIBRARY": ["library.csv"], "THRESHOLD": 5, "OUTPUT": str(tmp_path / "o.tif")}
    assert run("matchspectra", INPUT=cube, **words)["MATCHED"] == pytest.approx(100 * 236 / 240)
    layer = QgsRasterLayer(str(tmp_path / "o.tif"), "o")
    shown = layer.renderer()
    labels = {item.value: item.label for item in shown.classes()}
    assert shown.type() == "paletted"
    assert labels == {0: "no match", 1: "grass", 2: "soil"}
    colours = {item.label: item.color.name() for item in shown.classes()}
    assert colours["soil"] == ORANGE  # near to its own
    assert "soil: 50.0 %" in log.infos
    assert any("2 spectra, wavelengths in nm, values as reflectance" in text for text in log.infos)


@pytest.fixture
def loaded(registered, cube, tmp_path, monkeypatch, log, qgis_new_project):
    """A function: an algorithm's OUTPUT as Processing loads it into the project."""
    import processing

    monkeypatch.setenv("SCDM_PYTHON", sys.executable)
    monkeypatch.chdir(tmp_path)

    def run(name, **words):
        words = {"INPUT": str(cube), "OUTPUT": str(tmp_path / "o.tif"), **words}
        processing.runAndLoadResults(f"scdm:{name}", words, feedback=log)
        layers = QgsProject.instance().mapLayers().values()
        return {layer.name(): layer for layer in layers}

    return run


def test_what_processing_loads_is_styled_too(loaded, tmp_path):
    """Processing loads rasters without the style file that lies beside them."""
    best = loaded(
        "matchspectra", LIBRARY=["library.csv"], THRESHOLD=5, ANGLE=str(tmp_path / "a.tif")
    )
    assert best["Best spectrum"].renderer().type() == "paletted"
    assert best["Angle"].renderer().type() == "singlebandpseudocolor"
    drone = loaded("simulatesensor", SENSOR="micasense", OUTPUT=str(tmp_path / "m.tif"))[
        "Simulated bands"
    ]
    assert list(drone.renderer().usesBands()) == [3, 2, 1]


def test_an_index_is_shown_without_its_interval_and_called_by_its_name(loaded, tmp_path):
    index = loaded("spectralindices", INDICES=["NDVI"])["NDVI"].renderer()
    assert index.type() == "singlebandpseudocolor" and list(index.usesBands()) == [1]
    assert index.classificationMin() < index.classificationMax()
    again = QgsRasterLayer(str(tmp_path / "o.tif"), "again")
    assert again.renderer().type() == "singlebandpseudocolor"


def test_a_copy_is_shown_in_natural_colour(loaded, tmp_path):
    copy = loaded("convert", FORMAT="envi", OUTPUT=str(tmp_path / "o.img"))["Converted"].renderer()
    assert len(copy.usesBands()) == 3 and list(copy.usesBands()) != [1, 2, 3]


def test_a_refusal_speaks_of_the_dialogs_parameters(run, cube, tmp_path):
    words = {"LIBRARY": ["library.csv"], "FILTER": "snow", "OUTPUT": str(tmp_path / "o.tif")}
    with pytest.raises(QgsProcessingException, match="'snow' in its name"):
        run("matchspectra", INPUT=cube, **words)
    assert not list(tmp_path.glob("o.*"))


def test_a_simulated_sensor_is_shown_in_its_own_bands(run, cube, tmp_path):
    run("simulatesensor", INPUT=cube, SENSOR="micasense", OUTPUT=str(tmp_path / "o.tif"))
    layer = QgsRasterLayer(str(tmp_path / "o.tif"), "o")
    shown = layer.renderer()
    assert [layer.bandName(n).split(": ")[1] for n in (1, 5)] == [
        "blue (475.0 nm)",
        "nir (842.0 nm)",
    ]
    assert (shown.redBand(), shown.greenBand(), shown.blueBand()) == (3, 2, 1)


@pytest.mark.parametrize("words", [{}, {"SENSOR": "landsat8", "RESPONSES": "library.csv"}])
def test_a_sensor_or_a_table_but_not_both(run, cube, tmp_path, words):
    with pytest.raises(QgsProcessingException, match="one of them"):
        run("simulatesensor", INPUT=cube, OUTPUT=str(tmp_path / "o.tif"), **words)


def test_converted_to_a_temporary_cog(run, cube):
    made = run("convert", INPUT=cube, OUTPUT="TEMPORARY_OUTPUT")
    layer = QgsRasterLayer(made["OUTPUT"], "copy")
    assert layer.bandCount() == len(NM) and layer.dataProvider().bandScale(1) == 1


def test_targets_of_a_layer_in_memory_calibrate(run, write_raster, log, tmp_path):
    """The reflectance is 0.002 x value - 0.01."""
    values = np.full((3, 12, 30), 60, np.uint8)
    for number, level in enumerate((30, 130, 230)):
        values[:, 2:8, 10 * number : 10 * number + 8] = level
    picture = QgsRasterLayer(str(write_raster("p.tif", values)), "picture")
    targets = QgsVectorLayer("Polygon?crs=EPSG:32617&field=reflectance:double", "t", "memory")
    for number, known in enumerate((0.05, 0.25, 0.45)):
        xmin, feature = 500000 + 20 * number, QgsFeature(targets.fields())
        corners = f"{xmin} 4099984,{xmin + 16} 4099984,{xmin + 16} 4099996,{xmin} 4099996"
        feature.setGeometry(QgsGeometry.fromWkt(f"POLYGON (({corners},{xmin} 4099984))"))
        feature.setAttribute("reflectance", known)
        targets.dataProvider().addFeature(feature)
    words = {"INPUT": picture, "TARGETS": targets, "OUTPUT": str(tmp_path / "c.json")}
    made = run("calibrate", **words)
    assert made["TARGETS_USED"] == 3 and made["RMSE"] < 1e-9
    lines = json.loads((tmp_path / "c.json").read_text())["lines"]
    assert [line["gain"] for line in lines] == pytest.approx([0.002] * 3)
    assert [line["offset"] for line in lines] == pytest.approx([-0.01] * 3)
    assert "red: reflectance = 0.002 × value -0.01" in log.infos
