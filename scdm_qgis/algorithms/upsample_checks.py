"""What scdm:upsample refuses before it starts, in the words of its dialog."""

import re
from pathlib import Path

from qgis import utils

from ..layers.raster_file import is_own_output
from ..layers.web_layer import is_web_layer, shown_pixel
from ..model_runtime.contract import ENVI_ENDS
from ..runtime.models import folder_of
from ..translation import tr
from .base import given

_NUMBER = r"\s*[+-]?[\d.]+(e[+-]?\d+)?\s*"
_NUMBER_LIST = re.compile(f"{_NUMBER}(,{_NUMBER})*")


def refusal(algorithm, parameters, context) -> str:
    """Why ``algorithm`` cannot run with ``parameters``; empty when nothing speaks against it."""
    checks = (
        _other_formats,
        _denied_format,
        _own_results,
        _spread_of_one,
        _odd_guidance,
        _empty_model,
        _web_layer_alone,
    )
    found = (check(algorithm, parameters, context) for check in checks)
    return next((text for text in found if text), "")


def _other_formats(algorithm, parameters, context) -> str:
    for name in ("OUTPUT", "SPREAD", "RELIABILITY"):
        path = algorithm.parameterAsOutputLayer(parameters, name, context)
        if path and not path.lower().endswith((".tif", ".tiff", *ENVI_ENDS)):
            title = algorithm.parameterDefinition(name).description()
            text = tr(
                "{name} must be a GeoTIFF or ENVI data: use a name that ends in .tif or .img "
                "('{path}')."
            )
            return text.format(name=title, path=path)
    return ""


def _denied_format(algorithm, parameters, context) -> str:
    if not given(parameters, "FORMAT"):
        return ""
    path = algorithm.parameterAsOutputLayer(parameters, "OUTPUT", context)
    form = algorithm.choice(parameters, "FORMAT")
    if not path or (form == "envi") == path.lower().endswith(ENVI_ENDS):
        return ""
    text = tr("The format {form} needs a name that ends in {ending}: not '{path}'.")
    return text.format(form=form, ending=".img" if form == "envi" else ".tif", path=path)


def _own_results(algorithm, parameters, context) -> str:
    layer = algorithm.parameterAsRasterLayer(parameters, "INPUT", context)
    if layer is None or not layer.isValid() or not is_own_output(layer.source()):
        return ""
    text = tr(
        "'{layer}' is a result of SCDM, not a picture: set RGB raster to the picture that it was "
        "made from, or to another one."
    )
    return text.format(layer=layer.name())


def _spread_of_one(algorithm, parameters, context) -> str:
    if not given(parameters, "SAMPLES"):
        return ""
    if algorithm.parameterAsInt(parameters, "SAMPLES", context) != 1:
        return ""
    rasters = ("SPREAD", "RELIABILITY")
    asked = {name: algorithm.parameterAsOutputLayer(parameters, name, context) for name in rasters}
    asked["DRAWS"] = algorithm.parameterAsFileOutput(parameters, "DRAWS", context)
    name = next((name for name, path in asked.items() if path), None)
    if name is None:
        return ""
    text = tr("{name} needs Samples of 2 or more (or leave Samples empty).")
    return text.format(name=algorithm.parameterDefinition(name).description())


def _odd_guidance(algorithm, parameters, context) -> str:
    text = algorithm.parameterAsString(parameters, "GUIDANCE", context)
    if not text or _NUMBER_LIST.fullmatch(text):
        return ""
    return tr("Guidance must be numbers separated by commas, for example 0 or 1.5,2.")


def _empty_model(algorithm, parameters, context) -> str:
    if not given(parameters, "MODEL"):
        return ""
    folder = Path(folder_of(algorithm.parameterAsString(parameters, "MODEL", context)))
    if (folder / "model.json").is_file():
        return ""
    text = tr(
        "The folder '{}' holds no model.json: choose the folder of a model, or leave Model empty."
    )
    return text.format(folder)


def _web_layer_alone(algorithm, parameters, context) -> str:
    layer = algorithm.parameterAsRasterLayer(parameters, "INPUT", context)
    if layer is None or not layer.isValid():
        return ""
    told = _lacking(layer, parameters) if is_web_layer(layer) else _unused(parameters)
    return told.format(layer=layer.name())


def _unused(parameters) -> str:
    if not given(parameters, "RESOLUTION"):
        return ""
    return tr("Resolution is for web layers: leave it empty, '{layer}' has pixels of its own.")


def _lacking(layer, parameters) -> str:
    if any(given(parameters, name) for name in ("BAND_RED", "BAND_GREEN", "BAND_BLUE")):
        return tr("'{layer}' is a web layer, taken as it is displayed: leave the bands empty.")
    if not given(parameters, "EXTENT"):
        return tr("'{layer}' is a web layer: choose in Extent which part of it is taken.")
    if not given(parameters, "RESOLUTION") and shown_pixel(layer, utils.iface) is None:
        return tr(
            "'{layer}' is a web layer: give the side of a pixel as Resolution, in units of the "
            "layer's reference system."
        )
    return ""
