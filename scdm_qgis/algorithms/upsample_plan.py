"""What a run of scdm:upsample will take, of the values in its dialog."""

import shutil
from pathlib import Path
from typing import Optional

from qgis import utils
from qgis.core import QgsProcessing, QgsProcessingUtils

from ..layers.web_layer import is_web_layer, shown_pixel
from ..model_runtime.contract import ENVI_ENDS
from ..runtime.models import FoundModel, model_of
from ..runtime.reckoning import TYPICAL, Plan, in_words
from .base import given

# What the speed depends on, beside the model.
OF_SPEED = (
    *("SAMPLES", "SAMPLER", "STEPS", "GUIDANCE", "TRUNCATION"),
    *("TILE", "OVERLAP", "THREADS", "CLUSTER"),
)


def kind_of(algorithm, parameters, context) -> tuple:
    """Runs of the same kind take the same time per pixel."""
    model = model_of(algorithm.parameterAsString(parameters, "MODEL", context))
    named = (model.name, model.version) if model else ("?", "?")
    others = [str(parameters[name]) if given(parameters, name) else "" for name in OF_SPEED]
    return (
        *named,
        algorithm.choice(parameters, "QUALITY"),
        algorithm.choice(parameters, "DEVICE"),
        *others,
    )


def words(algorithm, parameters, context) -> str:
    """Time and disk of the run in a sentence; empty where the values do not tell them yet."""
    plan = plan_of(algorithm, parameters, context)
    return "" if plan is None else in_words(plan, _typical(plan), _free(parameters))


def plan_of(algorithm, parameters, context) -> Optional[Plan]:
    """The run; None without an input or a model."""
    layer = algorithm.parameterAsRasterLayer(parameters, "INPUT", context)
    model = model_of(algorithm.parameterAsString(parameters, "MODEL", context))
    pixels = _pixels(algorithm, parameters, context, layer)
    if model is None or pixels <= 0:
        return None
    asked = {name for name in ("SPREAD", "RELIABILITY", "DRAWS") if _destination(parameters, name)}
    draws = _samples(algorithm, parameters, context, model) if "DRAWS" in asked else 0
    return Plan(
        pixels=pixels,
        bands=model.bands,
        cubes=1 + ("SPREAD" in asked) + draws,
        maps=int("RELIABILITY" in asked),
        kind=kind_of(algorithm, parameters, context),
        goes_on=not _is_temporary(_destination(parameters, "OUTPUT")),
        copied=_is_copied(algorithm, parameters),
    )


def _is_copied(algorithm, parameters) -> bool:
    """Whether the GeoTIFF is made into another format at the end."""
    chosen = given(parameters, "FORMAT") and algorithm.choice(parameters, "FORMAT") != "gtiff"
    return chosen or _destination(parameters, "OUTPUT").lower().endswith(ENVI_ENDS)


def _pixels(algorithm, parameters, context, layer) -> int:
    """Those of the layer, in the extent where one is given; 0 where that is unknown."""
    if layer is not None and layer.isValid() and is_web_layer(layer):
        return _pixels_of_web_layer(algorithm, parameters, context, layer)
    if layer is None or not layer.isValid() or layer.width() * layer.height() == 0:
        return 0
    if not given(parameters, "EXTENT"):
        return layer.width() * layer.height()
    extent = algorithm.parameterAsExtent(parameters, "EXTENT", context, layer.crs())
    part = extent.intersect(layer.extent())
    share = part.width() * part.height() / (layer.extent().width() * layer.extent().height())
    return round(layer.width() * layer.height() * share)


def _pixels_of_web_layer(algorithm, parameters, context, layer) -> int:
    side = algorithm.parameterAsDouble(parameters, "RESOLUTION", context)
    side = side or shown_pixel(layer, utils.iface) or 0
    if not given(parameters, "EXTENT") or side <= 0:
        return 0
    extent = algorithm.parameterAsExtent(parameters, "EXTENT", context, layer.crs())
    return round(extent.width() / side) * round(extent.height() / side)


def _samples(algorithm, parameters, context, model: FoundModel) -> int:
    if given(parameters, "SAMPLES"):
        return algorithm.parameterAsInt(parameters, "SAMPLES", context)
    return model.samples.get(algorithm.choice(parameters, "QUALITY"), 1)


def _typical(plan: Plan) -> Optional[float]:
    """Seconds per megapixel where nothing but the quality is chosen, and the model is embedded."""
    name, version, quality, device, *others = plan.kind
    embedded = model_of("")
    plain = not any(others) and device != "cuda"
    if embedded is None or not plain or (name, version) != (embedded.name, embedded.version):
        return None
    return TYPICAL.get(quality)


def _destination(parameters, name) -> str:
    """The place asked for, without asking Processing, which would make a temporary one."""
    value = parameters.get(name)
    sink = getattr(value, "sink", None)
    return str((value if sink is None else sink.staticValue()) or "")


def _is_temporary(place: str) -> bool:
    return place in ("", QgsProcessing.TEMPORARY_OUTPUT)


def _free(parameters) -> int:
    """Bytes that are free where OUTPUT goes."""
    place = _destination(parameters, "OUTPUT")
    folder = Path(QgsProcessingUtils.tempFolder() if _is_temporary(place) else place).absolute()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
