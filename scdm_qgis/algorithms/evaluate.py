"""scdm:evaluate: how far an estimated hyperspectral raster is from a reference."""

from pathlib import Path

from qgis.core import QgsProcessingOutputNumber
from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ..layers.loading import style_result
from ..layers.source import gdal_name
from ..layers.style import error_colours
from ..runtime.job import Job, run_json
from . import parameters as make
from .base import ScdmAlgorithm

# Output, its key in the worker's JSON, its title.
METRICS = (
    ("RMSE", "rmse", QT_TRANSLATE_NOOP("scdm", "RMSE (reflectance)")),
    ("PSNR", "psnr", QT_TRANSLATE_NOOP("scdm", "PSNR (dB, peak 1)")),
    ("SAM", "sam_degrees", QT_TRANSLATE_NOOP("scdm", "Spectral angle (degrees)")),
    ("MRAE", "mrae", QT_TRANSLATE_NOOP("scdm", "Mean relative absolute error")),
    ("SSIM", "ssim", QT_TRANSLATE_NOOP("scdm", "Structural similarity")),
    ("ERGAS", "ergas", QT_TRANSLATE_NOOP("scdm", "ERGAS")),
    ("CROSS_CORRELATION", "cross_correlation", QT_TRANSLATE_NOOP("scdm", "Cross-correlation")),
)


# Parameter, option of the worker.
OUTPUTS = (("REPORT", "--report"), ("ERROR_MAP", "--error-map"))


class EvaluateAlgorithm(ScdmAlgorithm):
    """Metrics of an estimate against a reference, computed by the worker."""

    def name(self):
        return "evaluate"

    def displayName(self):
        return self.tr("Evaluate estimate against reference")

    def group(self):
        return self.tr("Evaluation")

    def groupId(self):
        return "evaluation"

    def shortDescription(self):
        return self.tr("RMSE, PSNR, spectral angle and more of an estimate against a reference.")

    def tags(self):
        words = "hyperspectral,accuracy,metrics,rmse,psnr,sam,spectral angle,mrae,validation,scdm"
        return self.tr(words).split(",")

    def purpose(self):
        return self.tr(
            "Compares an estimated hyperspectral raster with a measured one of the same place. The "
            "reference is resampled to the estimate's wavelengths, and warped where it lies on "
            "another grid; bands that it does not see and nodata pixels are left out."
        )

    def limits(self):
        return self.tr(
            "A shift of one pixel between the two, or a reference in a unit other than "
            "reflectance, counts as an error of the estimate."
        )

    def example(self):
        return (
            "qgis_process run scdm:evaluate -- ESTIMATE=ortho_spectra.tif REFERENCE=truth.tif "
            "REPORT=evaluation.html ERROR_MAP=angles.tif"
        )

    def initAlgorithm(self, configuration=None):
        tr = self.tr
        for item in (
            make.raster("ESTIMATE", tr("Estimate"), tr("Hyperspectral raster to judge.")),
            make.raster(
                "REFERENCE",
                tr("Reference"),
                tr(
                    "Measured raster with wavelengths. On another grid, or in another reference "
                    "system, it is warped to the estimate's pixels."
                ),
            ),
            make.html_output("REPORT", tr("Report"), tr("HTML page with the metrics per band.")),
            make.raster_output(
                "ERROR_MAP",
                tr("Error map"),
                tr("GeoTIFF of each pixel's spectral angle between the two, in degrees."),
                optional=True,
            ),
        ):
            self.addParameter(item)
        for name, _key, title in METRICS:
            self.addOutput(QgsProcessingOutputNumber(name, tr(title)))

    def prepareAlgorithm(self, parameters, context, feedback):
        self.python = self.worker_python()
        self.names = [
            gdal_name(self.raster_layer(parameters, name, context))
            for name in ("ESTIMATE", "REFERENCE")
        ]
        self.written = []
        return True

    def processAlgorithm(self, parameters, context, feedback):
        made = self._outputs(parameters, context)
        arguments = ["evaluate", *self.names, "--json", "--overwrite"]
        for name, option in OUTPUTS:
            if name in made:
                arguments.append(f"{option}={Path(made[name]).absolute()}")
        outputs = tuple(map(Path, made.values()))
        job = Job(self.python, tuple(arguments), outputs, self.titles(OUTPUTS))
        page = run_json(job, feedback)
        values = _numbers(page.get("overall", {}))
        for message in page.get("warnings", []):
            feedback.pushWarning(job.reword(message))
        for name, _key, title in METRICS:
            text = f"{values[name]:.4g}" if name in values else self.tr("not defined")
            feedback.pushInfo(f"{self.tr(title)}: {text}")
        if "ERROR_MAP" in made:
            style_result(context, made["ERROR_MAP"], error_colours)
        self.written = [Path(made["ERROR_MAP"])] if "ERROR_MAP" in made else []
        return {**values, **made}

    def _outputs(self, parameters, context):
        found = {
            "REPORT": self.parameterAsFileOutput(parameters, "REPORT", context),
            "ERROR_MAP": self.parameterAsOutputLayer(parameters, "ERROR_MAP", context),
        }
        return {name: path for name, path in found.items() if path}


def _numbers(overall):
    """The declared numbers; one that is not defined (an infinite PSNR) is left out."""
    return {name: overall[key] for name, key, _title in METRICS if overall.get(key) is not None}
