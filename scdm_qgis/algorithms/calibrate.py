"""scdm:calibrate: a picture's values to reflectance, by targets of known reflectance."""

from pathlib import Path

from qgis.core import QgsProcessingOutputNumber

from ..layers.source import band_numbers, gdal_name
from ..runtime.job import Job, run_events
from ..runtime.models import folder_of
from . import parameters as make
from .base import ScdmAlgorithm, given

CURVES = ("linear", "srgb")
BANDS = ("BAND_RED", "BAND_GREEN", "BAND_BLUE")
# Parameter, option of the worker.
OPTIONS = (("NAME_FIELD", "--name-field"), ("CURVE", "--curve"))
PATHS = (("LIBRARY", "--library"), ("MODEL", "--model"))


class CalibrateAlgorithm(ScdmAlgorithm):
    """An empirical line, fitted by the worker."""

    help_page = "radiometry"

    def name(self):
        return "calibrate"

    def displayName(self):
        return self.tr("Calibrate with targets")

    def group(self):
        return self.tr("Spectral super-resolution")

    def groupId(self):
        return "spectral"

    def shortDescription(self):
        return self.tr("The empirical line from a picture's values to reflectance, as a file.")

    def tags(self):
        words = "calibration,empirical line,reflectance,panel,target,grey,drone,radiometry,scdm"
        return self.tr(words).split(",")

    def purpose(self):
        return self.tr(
            "Fits a line per band (the empirical line) from a picture's values to the known "
            "reflectance of two or more targets on it, such as the grey panels of a drone kit. "
            "Upsample reads every picture of the same flight and exposure by the file: the values "
            "are reflectance then, and the spread needs no doubt about the calibration."
        )

    def limits(self):
        return self.tr(
            "It holds for the light and the exposure of the targets' picture: not for clouds that "
            "came later, nor for a camera that exposes each picture anew. Brighter than the "
            "brightest target it is extrapolated."
        )

    def example(self):
        return (
            "qgis_process run scdm:calibrate -- INPUT=ortho.tif TARGETS=panels.gpkg CURVE=linear "
            "OUTPUT=flight.json"
        )

    def initAlgorithm(self, configuration=None):
        for item in (*self._inputs(), *self._settings()):
            self.addParameter(item)
        residual = self.tr("Largest residual of a band (reflectance)")
        self.addOutput(QgsProcessingOutputNumber("RMSE", residual))
        used = self.tr("Targets that were used")
        self.addOutput(QgsProcessingOutputNumber("TARGETS_USED", used))

    def _inputs(self):
        tr = self.tr
        yield make.raster("INPUT", tr("Picture"), tr("A raster on which the targets lie."))
        texts = (
            tr("The band that is red."),
            tr("The band that is green."),
            tr("The band that is blue."),
        )
        titles = (tr("Red band"), tr("Green band"), tr("Blue band"))
        for name, title, text in zip(BANDS, titles, texts):
            yield make.band(name, title, text, "INPUT")
        yield make.features(
            "TARGETS",
            tr("Targets"),
            tr(
                "Polygons inside the targets, with their reflectance (fractions or percent) in the "
                "fields red, green and blue, or in the field reflectance for all bands, or with a "
                "name of the Library in the field spectrum."
            ),
        )
        yield make.attribute(
            "NAME_FIELD",
            tr("Names"),
            tr("Field that names the targets in the log. Empty: their numbers."),
            "TARGETS",
        )
        yield make.file(
            "LIBRARY",
            tr("Library"),
            tr("Spectra of the targets, where the field spectrum names them. Empty: none."),
        )

    def _settings(self):
        tr = self.tr
        yield make.choice(
            "CURVE",
            tr("Curve"),
            CURVES,
            CURVES[0],
            tr(
                "linear: values in proportion to light (raw, reflectance, radiance). srgb: a "
                "picture that the camera has processed (JPEG and most orthophotos), whose curve is "
                "undone first. Take the one with the smaller residual."
            ),
        )
        yield make.model(
            "MODEL",
            tr("Model"),
            tr("Folder with the model.json whose input bands are calibrated. Empty: embedded."),
        )
        yield make.file_output(
            "OUTPUT",
            tr("Calibration"),
            tr("Calibration (*.json)"),
            tr("File with the lines, targets and residuals, for Upsample's Calibration."),
            optional=False,
        )

    def prepareAlgorithm(self, parameters, context, feedback):
        self.python = self.worker_python()
        layer = self.raster_layer(parameters, "INPUT", context)
        self.picture = gdal_name(layer)
        chosen = [
            self.parameterAsInt(parameters, n, context) if given(parameters, n) else 0
            for n in BANDS
        ]
        self.bands = band_numbers(layer, chosen)
        self.targets = self.vector_file(parameters, "TARGETS", context, feedback)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        file, layer = self.targets
        path = Path(output).absolute()
        arguments = ["calibrate", self.picture, file, str(path), "--events", "--overwrite"]
        arguments += [f"--layer={layer}"] if layer else []
        arguments += self._options(parameters, context)
        titles = {**self.titles((*OPTIONS, *PATHS)), "--bands": self._band_titles()}
        facts = run_events(Job(self.python, tuple(arguments), (path,), titles), feedback)
        self._tell(facts, feedback)
        targets = facts.get("targets", [])
        return {"OUTPUT": output, "RMSE": facts.get("rmse", 0.0), "TARGETS_USED": len(targets)}

    def _band_titles(self):
        return [self.parameterDefinition(name).description() for name in BANDS]

    def _options(self, parameters, context):
        options = [f"--curve={self.choice(parameters, 'CURVE')}"]
        if self.bands is not None:
            options.append("--bands=" + ",".join(map(str, self.bands)))
        if given(parameters, "NAME_FIELD"):
            field = self.parameterAsString(parameters, "NAME_FIELD", context)
            options.append(f"--name-field={field}")
        for name, option in PATHS:
            if given(parameters, name):
                path = Path(folder_of(self.parameterAsString(parameters, name, context))).absolute()
                options.append(f"{option}={path}")
        return options

    def _tell(self, facts, feedback):
        """The lines, and how far each target comes out from what is known."""
        for line in facts.get("lines", []):
            feedback.pushInfo(
                self.tr("{band}: reflectance = {gain:.6g} × value {offset:+.4g}").format(**line)
            )
        for target in facts.get("targets", []):
            off = ", ".join(f"{value:+.3f}" for value in target["residual"])
            text = self.tr("{name}: {pixels} pixels, off by {off}")
            feedback.pushInfo(text.format(name=target["name"], pixels=target["pixels"], off=off))
