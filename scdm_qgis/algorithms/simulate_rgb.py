"""scdm:simulatergb: the RGB raster that a model's input bands would see of a hyperspectral one."""

from pathlib import Path

from ..layers.reference_system import chosen_by_user, write_into
from ..layers.source import gdal_name
from ..runtime.job import Job, run_plain
from ..runtime.models import folder_of
from . import parameters as make
from .base import ScdmAlgorithm, given


class SimulateRgbAlgorithm(ScdmAlgorithm):
    """RGB out of a hyperspectral raster, computed by the worker."""

    help_page = "sensors"

    def name(self):
        return "simulatergb"

    def displayName(self):
        return self.tr("Simulate RGB from hyperspectral")

    def group(self):
        return self.tr("Evaluation")

    def groupId(self):
        return "evaluation"

    def shortDescription(self):
        return self.tr("The red, green and blue that a model's input bands would see.")

    def tags(self):
        return self.tr("hyperspectral,rgb,simulate,response,convolution,bands,scdm").split(",")

    def purpose(self):
        return self.tr(
            "Weighs the bands of a hyperspectral raster with the spectral responses of a model's "
            "input bands. Use it to test upsampling where the truth is known: simulate, upsample "
            "with radiometry 'reflectance', evaluate."
        )

    def limits(self):
        return self.tr(
            "It is the camera that the model was trained for, without its noise, blur and colour "
            "processing; a real camera sees colours differently."
        )

    def example(self):
        return "qgis_process run scdm:simulatergb -- INPUT=cube.tif OUTPUT=rgb.tif"

    def initAlgorithm(self, configuration=None):
        tr = self.tr
        for item in (
            make.raster("INPUT", tr("Hyperspectral raster"), tr("A raster with wavelengths.")),
            make.model(
                "MODEL",
                tr("Model"),
                tr("Folder with the model.json whose input bands are simulated. Empty: embedded."),
            ),
            make.raster_output("OUTPUT", tr("RGB"), tr("GeoTIFF of red, green, blue reflectance.")),
        ):
            self.addParameter(item)

    def prepareAlgorithm(self, parameters, context, feedback):
        self.python = self.worker_python()
        layer = self.raster_layer(parameters, "INPUT", context)
        self.cube, self.crs, self.written = gdal_name(layer), chosen_by_user(layer), []
        return True

    def processAlgorithm(self, parameters, context, feedback):
        output = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        path = Path(output).absolute()
        arguments = ["simulate-rgb", self.cube, str(path), "--overwrite"]
        if given(parameters, "MODEL"):
            model = folder_of(self.parameterAsString(parameters, "MODEL", context))
            arguments.append(f"--model={model}")
        titles = self.titles((("MODEL", "--model"),))
        run_plain(Job(self.python, tuple(arguments), (path,), titles), feedback)
        if self.crs:
            write_into(path, self.crs)
        self.written = [path]
        return {"OUTPUT": output}
