"""scdm:samplespectra: what the worker is given of layers that are no file."""

from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsVectorLayer,
)


def test_selected_features_of_a_layer_in_memory_go_to_a_file(
    registered, fake_worker, log, rgb_path, tmp_path
):
    import processing

    layer = QgsVectorLayer("Point?crs=EPSG:32633&field=name:string", "trees", "memory")
    for x in (1, 2, 3):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(QgsGeometry.fromWkt(f"POINT ({x} 0)"))
        layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    layer.selectByIds([2])
    fake_worker(
        "from pathlib import Path\n"
        "import shutil\n"
        "features = next(word for word in sys.argv if word.endswith('.gpkg') and '=' not in word)\n"
        f"shutil.copy(features, r'{tmp_path / 'seen.gpkg'}')\n"
        "print(json.dumps({'event': 'done', 'output': '', 'seconds': 0}))\n"
    )
    source = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    words = {"INPUT": str(rgb_path), "FEATURES": source, "CSV": str(tmp_path / "s.csv")}
    processing.run("scdm:samplespectra", words, feedback=log)
    QgsProject.instance().removeMapLayer(layer.id())
    seen = QgsVectorLayer(str(tmp_path / "seen.gpkg"), "seen", "ogr")
    assert [feature.geometry().asPoint().x() for feature in seen.getFeatures()] == [2]
