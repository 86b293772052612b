"""scdm:simulatesensor: what another sensor's bands would see of a hyperspectral raster."""

from pathlib import Path

from ..layers.loading import style_result
from ..layers.source import gdal_name
from ..layers.style import natural_colour
from ..model_runtime.spectra.sensor_catalogue import catalogue
from ..runtime.job import Job, run_events
from . import parameters as make
from .base import AnalysisAlgorithm, given


class SimulateSensorAlgorithm(AnalysisAlgorithm):
    """The bands of a satellite or a camera out of a cube, computed by the worker."""

    help_page = "sensors"

    def name(self):
        return "simulatesensor"

    def displayName(self):
        return self.tr("Simulate another sensor")

    def shortDescription(self):
        return self.tr("The bands of Sentinel-2, Landsat, PlanetScope, EnMAP … out of a cube.")

    def tags(self):
        words = (
            "hyperspectral,sentinel-2,landsat,planetscope,enmap,response,convolution,resample,scdm"
        )
        return self.tr(words).split(",")

    def purpose(self):
        names = "; ".join(f"{name}: {one.title}" for name, one in catalogue().items())
        text = self.tr(
            "Weighs the bands of a hyperspectral raster with the responses of another sensor: "
            "Gaussians of the published centres and widths, or a table of your own. Sensors: {}."
        )
        return text.format(names)

    def limits(self):
        return self.tr(
            "The pixels stay those of the input, and so does the air above them: no blur, noise or "
            "atmosphere of the other sensor. Bands that the input does not cover are left out, "
            "with a warning."
        )

    def example(self):
        return (
            "qgis_process run scdm:simulatesensor -- INPUT=cube.tif SENSOR=sentinel2a OUTPUT=s2.tif"
        )

    def initAlgorithm(self, configuration=None):
        tr = self.tr
        for item in (
            make.raster("INPUT", tr("Hyperspectral raster"), tr("A raster with wavelengths.")),
            make.choice(
                "SENSOR",
                tr("Sensor"),
                tuple(catalogue()),
                None,
                tr("One of the list above. Empty: the responses of the table."),
            ),
            make.file(
                "RESPONSES",
                tr("Table of responses"),
                tr(
                    "A CSV or text file with the wavelengths in the first column and a column for "
                    "each band, in any scale. Empty: the sensor chosen above."
                ),
            ),
            make.raster_output(
                "OUTPUT",
                tr("Simulated bands"),
                tr("GeoTIFF (float32) with the sensor's bands, wavelengths and widths."),
            ),
        ):
            self.addParameter(item)

    def checkParameterValues(self, parameters, context):
        if given(parameters, "SENSOR") == given(parameters, "RESPONSES"):
            return False, self.tr("Choose a Sensor, or give a Table of responses: one of them.")
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        self.python = self.worker_python()
        self.cube, self.written = gdal_name(self.raster_layer(parameters, "INPUT", context)), []
        return True

    def processAlgorithm(self, parameters, context, feedback):
        output = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        path = Path(output).absolute()
        arguments = ["simulate-sensor", self.cube, str(path), "--events", "--overwrite"]
        if given(parameters, "SENSOR"):
            arguments.append(f"--sensor={self.choice(parameters, 'SENSOR')}")
        else:
            table = Path(self.parameterAsFile(parameters, "RESPONSES", context)).absolute()
            arguments.append(f"--responses={table}")
        titles = self.titles((("SENSOR", "--sensor"), ("RESPONSES", "--responses")))
        run_events(Job(self.python, tuple(arguments), (path,), titles), feedback)
        style_result(context, output, natural_colour)
        self.written = [path]
        return {"OUTPUT": output}
