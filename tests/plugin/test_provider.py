"""The provider and its algorithms as QGIS sees them."""

import pytest
from qgis.core import QgsApplication

INTERFACE = {
    "upsample": (
        "INPUT BAND_RED BAND_GREEN BAND_BLUE EXTENT MODEL QUALITY RADIOMETRY SAMPLES SEED DEVICE "
        "RESOLUTION MASK CALIBRATION RADIOMETRY_FROM SAMPLER STEPS GUIDANCE TRUNCATION TILE "
        "OVERLAP THREADS CLUSTER FORMAT UNFINISHED OUTPUT SPREAD RELIABILITY REPORT DRAWS",
        "OUTPUT SPREAD RELIABILITY REPORT DRAWS DEVICE_USED SECONDS SEED",
    ),
    "evaluate": (
        "ESTIMATE REFERENCE REPORT ERROR_MAP",
        "REPORT ERROR_MAP RMSE PSNR SAM MRAE SSIM ERGAS CROSS_CORRELATION",
    ),
    "simulatergb": ("INPUT MODEL OUTPUT", "OUTPUT"),
    "matchspectra": (
        "INPUT LIBRARY FILTER THRESHOLD SPREAD OUTPUT ANGLE",
        "OUTPUT ANGLE MATCHED",
    ),
    "simulatesensor": ("INPUT SENSOR RESPONSES OUTPUT", "OUTPUT"),
    "calibrate": (
        "INPUT BAND_RED BAND_GREEN BAND_BLUE TARGETS NAME_FIELD LIBRARY CURVE MODEL OUTPUT",
        "OUTPUT RMSE TARGETS_USED",
    ),
    "convert": ("INPUT FORMAT OUTPUT", "OUTPUT"),
    "spectralindices": ("INPUT INDICES FORMULA DRAWS SPREAD OUTPUT", "OUTPUT"),
    "samplespectra": (
        "INPUT FEATURES NAME_FIELD INDICES FORMULA DRAWS ALL_TOUCHED OUTPUT CSV LIBRARY",
        "OUTPUT CSV LIBRARY",
    ),
    "installruntime": ("ACTION DEVICE CLUSTER WHEELS", "FOLDER PYTHON"),
}


def algorithm(name):
    return QgsApplication.processingRegistry().createAlgorithmById(f"scdm:{name}")


@pytest.mark.parametrize("name", sorted(INTERFACE))
def test_parameters_and_outputs_are_the_documented_ones(registered, name):
    found = algorithm(name)
    parameters = " ".join(item.name() for item in found.parameterDefinitions())
    outputs = " ".join(item.name() for item in found.outputDefinitions())
    assert (parameters, outputs) == INTERFACE[name]


@pytest.mark.parametrize("name", sorted(INTERFACE))
def test_every_parameter_is_explained(registered, name):
    found = algorithm(name)
    help_text = found.shortHelpString()
    for item in found.parameterDefinitions():
        assert item.help(), item.name()
        assert item.help() in help_text
    assert found.example().startswith(f"qgis_process run scdm:{name} -- ")
    assert found.example() in help_text
    assert found.limits() in help_text


def test_the_first_view_is_input_quality_and_outputs(registered):
    found = algorithm("upsample")  # owns the definitions
    items = found.parameterDefinitions()
    first = [item.name() for item in items if not item.flags() & item.FlagAdvanced]
    assert first == ["INPUT", "EXTENT", "QUALITY", "OUTPUT", "SPREAD", "RELIABILITY", "REPORT"]


def test_only_the_input_and_the_output_are_needed(registered):
    """A choice always has a default, so it needs no value either."""
    found = algorithm("upsample")  # owns the definitions
    items = found.parameterDefinitions()
    needed = [i.name() for i in items if not i.flags() & i.FlagOptional and not i.defaultValue()]
    assert needed == ["INPUT", "OUTPUT"]


def test_icons_are_drawn(registered):
    assert not registered.provider.icon().isNull()
    assert not registered.provider.icon().pixmap(24, 24).isNull()


def test_unload_takes_the_provider_away(qgis_app, qgis_processing):
    import scdm_qgis

    plugin = scdm_qgis.classFactory(None)
    plugin.initProcessing()
    assert QgsApplication.processingRegistry().providerById("scdm") is plugin.provider
    plugin.unload()
    plugin.unload()
    assert QgsApplication.processingRegistry().providerById("scdm") is None
