"""scdm:convert: a hyperspectral raster as ENVI or COG that still says its wavelengths."""

from pathlib import Path

from ..layers.loading import style_result
from ..layers.source import gdal_name
from ..layers.style import dress
from ..model_runtime.contract import ENVI_ENDS
from ..runtime.job import Job, run_events
from ..translation import tr
from . import parameters as make
from .base import AnalysisAlgorithm

# Format, the ending of its name.
ENDINGS = {"cog": (".tif", ".tiff"), "envi": ENVI_ENDS}


class ConvertAlgorithm(AnalysisAlgorithm):
    """A copy in another format, made by the worker."""

    help_page = "wavelengths"

    def name(self):
        return "convert"

    def displayName(self):
        return self.tr("Convert hyperspectral raster")

    def shortDescription(self):
        return self.tr("A copy as ENVI or cloud-optimised GeoTIFF that keeps the wavelengths.")

    def tags(self):
        return self.tr("hyperspectral,envi,cog,convert,export,wavelengths,header,scdm").split(",")

    def purpose(self):
        return self.tr(
            "Copies a raster to ENVI or to a cloud-optimised GeoTIFF with all that it says of its "
            "bands: wavelengths, widths, scale, nodata. GDAL's own Translate loses the wavelengths "
            "unless it is told to keep them."
        )

    def limits(self):
        return self.tr(
            "It copies values as they are: nothing is resampled, and what the input does not say "
            "of its bands is not made up."
        )

    def example(self):
        return "qgis_process run scdm:convert -- INPUT=cube.tif FORMAT=envi OUTPUT=cube.img"

    def initAlgorithm(self, configuration=None):
        tr = self.tr
        for item in (
            make.raster("INPUT", tr("Hyperspectral raster"), tr("A raster with wavelengths.")),
            make.choice(
                "FORMAT",
                tr("Format"),
                tuple(ENDINGS),
                "cog",
                tr(
                    "cog: a cloud-optimised GeoTIFF (.tif). envi: ENVI data (.img) with its header "
                    "(.hdr) beside it."
                ),
            ),
            make.raster_output(
                "OUTPUT", tr("Converted"), tr("A name that ends in .tif for cog, .img for envi.")
            ),
        ):
            self.addParameter(item)

    def checkParameterValues(self, parameters, context):
        path = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        form = self.choice(parameters, "FORMAT")
        endings = ENDINGS.get(form, ())
        if path and endings and not path.lower().endswith(endings):
            text = tr("The format {form} needs a name that ends in {ending}: not '{path}'.")
            return False, text.format(form=form, ending=endings[0], path=path)
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        self.python = self.worker_python()
        self.cube, self.written = gdal_name(self.raster_layer(parameters, "INPUT", context)), []
        return True

    def processAlgorithm(self, parameters, context, feedback):
        output = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        path = Path(output).absolute()
        arguments = ["convert", self.cube, str(path), "--events", "--overwrite"]
        arguments.append(f"--format={self.choice(parameters, 'FORMAT')}")
        titles = self.titles((("FORMAT", "--format"),))
        run_events(Job(self.python, tuple(arguments), (path,), titles), feedback)
        style_result(context, output, dress)
        self.written = [path]
        return {"OUTPUT": output}
