"""scdm:upsample: what the worker is asked for, what comes back, how the layer looks."""

import json
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProject,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

WAVELENGTHS_NM = (450, 466, 545, 600, 645, 900)
WORKER = """
open({calls!r}, 'w').write(json.dumps(argv))
import shutil
shutil.copy({cube!r}, argv[4])
say(event='started', rows=12, columns=20, tiles=1, device='cpu', providers=[], seed=11)
say(event='progress', done=1, total=1)
say(event='done', output=argv[4], seconds=0.25)
"""


@pytest.fixture
def worker(fake_worker, tmp_path, write_cube):
    """A worker that copies a cube to OUTPUT; returns a function for the argv that it got."""
    rng = np.random.default_rng(5)
    values = rng.uniform(0, 1, (len(WAVELENGTHS_NM), 12, 20)).astype(np.float32)
    cube = write_cube("cube.tif", values, WAVELENGTHS_NM)
    calls = tmp_path / "argv.json"
    fake_worker(WORKER.format(calls=str(calls), cube=str(cube)))
    return lambda: json.loads(calls.read_text())


def run(parameters, log, load=False):
    import processing

    go = processing.runAndLoadResults if load else processing.run
    return go("scdm:upsample", parameters, feedback=log)


def test_defaults(registered, worker, log, rgb_path, tmp_path):
    output = str(tmp_path / "out.tif")
    result = run({"INPUT": str(rgb_path), "OUTPUT": output}, log)
    assert worker() == [
        *("-m", "model_runtime", "upsample", str(rgb_path), output, "--events"),
        "--overwrite",
        *("--quality=fast", "--radiometry=auto", "--device=auto"),
    ]
    assert result == {"OUTPUT": output, "DEVICE_USED": "cpu", "SECONDS": 0.25, "SEED": 11}


def test_every_option_reaches_the_worker(registered, worker, log, rgb_path, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.json").touch()
    chosen = {
        "QUALITY": "best",
        "RADIOMETRY": "match",
        "SAMPLES": 3,
        "SEED": 0,
        "DEVICE": "cpu",
        "SAMPLER": "ddim",
        "STEPS": 9,
        "GUIDANCE": "2.5,1",
        "TILE": 64,
        "OVERLAP": 0,
        "THREADS": 2,
        "UNFINISHED": "keep",
        "MODEL": str(model),
    }
    rasters = ("OUTPUT", "SPREAD", "RELIABILITY")
    paths = {name: str(tmp_path / f"{name}.tif") for name in rasters}
    paths["DRAWS"] = str(tmp_path / "draws")
    report = str(tmp_path / "page.html")
    places = {"INPUT": str(rgb_path), "EXTENT": "500002,500010,4099980,4099990", "REPORT": report}
    places["RADIOMETRY_FROM"] = str(rgb_path)
    bands = {"BAND_RED": 3, "BAND_GREEN": 2, "BAND_BLUE": 1}
    run({**places, **bands, **chosen, **paths}, log)
    options = {f"--{name.lower()}={value}" for name, value in chosen.items()}
    options |= {
        "--events",
        "--overwrite",
        f"--spread={paths['SPREAD']}",
        f"--reliability={paths['RELIABILITY']}",
        f"--draws={paths['DRAWS']}",
        f"--report={report}",
        f"--radiometry-from={rgb_path}",
        "--bands=3,2,1",
    }
    options |= {"--extent=500002.0,4099980.0,500010.0,4099990.0"}
    assert set(worker()[5:]) == options


def test_a_choice_by_number_is_its_word(registered, worker, log, rgb_path, tmp_path):
    output = str(tmp_path / "out.tif")
    run({"INPUT": str(rgb_path), "OUTPUT": output, "QUALITY": "0", "SAMPLER": 2}, log)
    assert {"--quality=fast", "--sampler=dpm-solver++"} <= set(worker())


def test_an_unknown_choice_is_refused(registered, worker, log, rgb_path, tmp_path):
    with pytest.raises(QgsProcessingException, match="QUALITY"):
        run({"INPUT": str(rgb_path), "OUTPUT": str(tmp_path / "o.tif"), "QUALITY": "good"}, log)


def test_one_chosen_band_is_filled_up_from_the_file(
    registered, worker, log, tmp_path, write_raster
):
    path = write_raster("bgr.tif", np.ones((4, 5, 6), np.uint8))
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for band, colour in ((1, gdal.GCI_BlueBand), (2, gdal.GCI_GreenBand), (3, gdal.GCI_RedBand)):
        dataset.GetRasterBand(band).SetColorInterpretation(colour)
    dataset = None
    run({"INPUT": str(path), "OUTPUT": str(tmp_path / "o.tif"), "BAND_GREEN": 4}, log)
    assert "--bands=3,4,1" in worker()


@pytest.mark.parametrize("extent", ["0,0,0,0", "500002,500002,4099980,4099990"])
def test_an_empty_extent_is_refused(registered, worker, log, rgb_path, tmp_path, extent):
    with pytest.raises(QgsProcessingException):
        run({"INPUT": str(rgb_path), "OUTPUT": str(tmp_path / "o.tif"), "EXTENT": extent}, log)
    assert any("is empty" in text for text in log.errors)


def test_only_geotiff_is_promised(registered, worker, log, rgb_path, tmp_path):
    with pytest.raises(QgsProcessingException, match=r"use a name that ends in \.tif .*o\.png"):
        run({"INPUT": str(rgb_path), "OUTPUT": str(tmp_path / "o.png")}, log)


def test_a_web_layer_without_an_extent_is_refused_with_the_remedy(
    registered, worker, log, tmp_path
):
    url = "type=xyz&url=http://localhost:9/{z}/{x}/{y}.png&zmax=3&zmin=0"
    layer = QgsRasterLayer(url, "tiles", "wms")
    context = QgsProcessingContext()
    project = QgsProject.instance()
    project.addMapLayer(layer, False)
    context.setProject(project)
    try:
        with pytest.raises(QgsProcessingException):
            import processing

            processing.run(
                "scdm:upsample",
                {"INPUT": layer.id(), "OUTPUT": str(tmp_path / "o.tif")},
                context=context,
                feedback=log,
            )
        assert any("choose in Extent which part of it is taken" in text for text in log.errors)
    finally:
        project.removeMapLayer(layer.id())


def test_the_loaded_layer_has_the_inputs_name_and_natural_colour(
    registered, worker, log, rgb_path, tmp_path, qgis_new_project
):
    output = str(tmp_path / "out.tif")
    run({"INPUT": str(rgb_path), "OUTPUT": output}, log, load=True)
    (layer,) = QgsProject.instance().mapLayers().values()
    renderer = layer.renderer()
    assert layer.name() == "field spectra"
    assert (renderer.redBand(), renderer.greenBand(), renderer.blueBand()) == (5, 3, 2)
    for enhancement in (
        renderer.redContrastEnhancement(),
        renderer.greenContrastEnhancement(),
        renderer.blueContrastEnhancement(),
    ):
        assert 0 < enhancement.minimumValue() < 0.1
        assert 0.9 < enhancement.maximumValue() < 1
    assert "645 nm" in layer.bandName(5)
    assert Path(layer.source()) == Path(output)


def test_without_a_window_the_style_lies_beside_the_outputs(
    registered, worker, log, rgb_path, tmp_path
):
    output = tmp_path / "out.tif"
    run({"INPUT": str(rgb_path), "OUTPUT": str(output)}, log)
    layer = QgsRasterLayer(str(output), "reopened")
    assert layer.renderer().usesBands() == [5, 3, 2]
    assert not (tmp_path / "out.tif.aux.xml").exists()


def test_the_loaded_layer_has_colour_infrared_as_its_second_style(
    registered, worker, log, rgb_path, tmp_path, qgis_new_project
):
    run({"INPUT": str(rgb_path), "OUTPUT": str(tmp_path / "out.tif")}, log, load=True)
    (layer,) = QgsProject.instance().mapLayers().values()
    styles = layer.styleManager()
    assert set(styles.styles()) == {"Natural colour", "Colour infrared"}
    assert styles.currentStyle() == "Natural colour"
    styles.setCurrentStyle("Colour infrared")
    renderer = layer.renderer()
    assert (renderer.redBand(), renderer.greenBand(), renderer.blueBand()) == (6, 5, 3)


def test_the_loaded_layer_is_described(
    registered, fake_worker, log, rgb_path, tmp_path, write_cube, qgis_new_project
):
    cube = write_cube("tagged.tif", np.ones((2, 3, 4), np.float32), (450, 850))
    tags = {"MODEL": "vnir", "MODEL_VERSION": "1", "SEED": "11", "MODEL_LICENCE": "CC-BY-4.0"}
    tags.update(SAMPLES="4", CONTENT="mean of the samples")
    dataset = gdal.Open(str(cube), gdal.GA_Update)
    dataset.SetMetadata({f"SCDM_{name}": text for name, text in tags.items()})
    dataset = None
    fake_worker(WORKER.format(calls=str(tmp_path / "argv.json"), cube=str(cube)))
    run({"INPUT": str(rgb_path), "OUTPUT": str(tmp_path / "out.tif")}, log, load=True)
    (layer,) = QgsProject.instance().mapLayers().values()
    page = layer.metadata()
    assert "'field': 2 bands, 450-850 nm" in page.abstract()
    assert "model vnir 1, seed 11" in page.abstract()
    assert "not a measurement" in page.abstract()
    assert page.licenses() == ["Model: CC-BY-4.0"]
    assert page.crs() == layer.crs()
    assert "scdm:upsample of 'field'" in page.history()[0]
    assert "Seed: 11" in page.history()


def test_the_spread_is_a_map_from_zero(
    registered, fake_worker, log, rgb_path, tmp_path, write_cube, qgis_new_project
):
    values = np.random.default_rng(2).uniform(0, 0.2, (3, 12, 20)).astype(np.float32)
    cube = write_cube("tagged.tif", values, (450, 550, 850))
    dataset = gdal.Open(str(cube), gdal.GA_Update)
    dataset.SetMetadata({"SCDM_CONTENT": "spread of the estimate"})
    dataset = None
    fake_worker(WORKER.format(calls=str(tmp_path / "argv.json"), cube=str(cube)))
    run({"INPUT": str(rgb_path), "OUTPUT": str(tmp_path / "out.tif")}, log, load=True)
    (layer,) = QgsProject.instance().mapLayers().values()
    renderer = layer.renderer()
    assert list(renderer.usesBands()) == [3]
    assert renderer.classificationMin() == 0
    assert 0.1 < renderer.classificationMax() <= 0.2
    assert "Spread of the hyperspectral estimate" in layer.metadata().abstract()
    QCoreApplication.processEvents()
    assert not QgsProject.instance().layerTreeRoot().findLayer(layer.id()).isVisible()


def test_the_reliability_is_a_map_from_0_to_100(
    registered, fake_worker, log, rgb_path, tmp_path, write_raster, qgis_new_project
):
    values = np.random.default_rng(2).integers(30, 80, (1, 12, 20)).astype(np.uint8)
    index = write_raster("index.tif", values, nodata=255)
    dataset = gdal.Open(str(index), gdal.GA_Update)
    dataset.SetMetadata({"SCDM_CONTENT": "reliability of the estimate", "SCDM_MODEL": "vnir"})
    dataset = None
    fake_worker(WORKER.format(calls=str(tmp_path / "argv.json"), cube=str(index)))
    run({"INPUT": str(rgb_path), "OUTPUT": str(tmp_path / "out.tif")}, log, load=True)
    (layer,) = QgsProject.instance().mapLayers().values()
    renderer = layer.renderer()
    assert renderer.type() == "singlebandpseudocolor"
    assert (renderer.classificationMin(), renderer.classificationMax()) == (0, 100)
    assert "Reliability of the hyperspectral estimate of 'field'" in layer.metadata().abstract()
    assert "left unstyled" not in " ".join(log.warnings)
    QCoreApplication.processEvents()
    assert not QgsProject.instance().layerTreeRoot().findLayer(layer.id()).isVisible()
