"""scdm:spectralindices: indices such as NDVI of a hyperspectral raster, with their intervals."""

from pathlib import Path

from ..layers.loading import style_result
from ..layers.source import gdal_name
from ..layers.style import index_colours
from ..model_runtime.spectra.index_catalogue import catalogue
from ..runtime.job import Job, run_events
from . import parameters as make
from .base import AnalysisAlgorithm, given

# Parameter, option of the worker.
OPTIONS = (
    ("INDICES", "--index"),
    ("FORMULA", "--formula"),
    ("DRAWS", "--draws"),
    ("SPREAD", "--spread"),
)


class SpectralIndicesAlgorithm(AnalysisAlgorithm):
    """Indices by name or formula, computed by the worker."""

    help_page = "indices"

    def name(self):
        return "spectralindices"

    def displayName(self):
        return self.tr("Spectral indices")

    def shortDescription(self):
        return self.tr("NDVI, EVI and 140 more, or a formula with wavelengths; with intervals.")

    def tags(self):
        return self.tr("ndvi,index,indices,vegetation,formula,band,hyperspectral,scdm").split(",")

    def purpose(self):
        return self.tr(
            "Works out spectral indices of any raster with wavelengths, a band each. Names are "
            "those of the Awesome Spectral Indices catalogue (formulas: docs/indices.md). "
            "With the draws of Upsample, each index gets the ends of its 90 % interval as two more "
            "bands."
        )

    def limits(self):
        return self.tr(
            "An index of an estimated spectrum is an estimate: where the infrared was guessed, so "
            "is the NDVI. Bands as narrow as these give other values than a satellite's broad ones."
        )

    def example(self):
        return (
            "qgis_process run scdm:spectralindices -- INPUT=estimate.tif INDICES=NDVI "
            "DRAWS=draws OUTPUT=ndvi.tif"
        )

    def initAlgorithm(self, configuration=None):
        tr = self.tr
        for item in (
            make.raster("INPUT", tr("Hyperspectral raster"), tr("A raster with wavelengths.")),
            make.choices(
                "INDICES",
                tr("Indices"),
                tuple(catalogue()),
                tr("One or more of the catalogue, by name. Empty: the formula alone."),
            ),
            make.line(
                "FORMULA",
                tr("Formula"),
                tr(
                    "An index of your own: r860 is the value at 860 nm, r860_5 at 860.5. Such as "
                    "(r860-r670)/(r860+r670), with + - * / ** brackets, sqrt, log, exp, abs."
                ),
            ),
            make.folder(
                "DRAWS",
                tr("Draws"),
                tr(
                    "The folder that Upsample filled as Draws, of the same run as the raster: adds "
                    "each index's interval. Empty: none."
                ),
            ),
            make.raster(
                "SPREAD",
                tr("Spread"),
                tr(
                    "The Spread of the same estimate, where there are no draws: adds an interval "
                    "that is wider than it should be."
                ),
                optional=True,
            ),
            make.raster_output(
                "OUTPUT", tr("Index raster"), tr("GeoTIFF, a band an index; float32.")
            ),
        ):
            self.addParameter(item)

    def checkParameterValues(self, parameters, context):
        if not self._names(parameters, context) and not given(parameters, "FORMULA"):
            return False, self.tr("Choose an index, or write a formula.")
        return super().checkParameterValues(parameters, context)

    def _names(self, parameters, context):
        return [
            name for name in self.parameterAsEnumStrings(parameters, "INDICES", context) if name
        ]

    def prepareAlgorithm(self, parameters, context, feedback):
        self.python = self.worker_python()
        self.cube, self.written = gdal_name(self.raster_layer(parameters, "INPUT", context)), []
        self.spread = None
        if given(parameters, "SPREAD"):
            self.spread = gdal_name(self.raster_layer(parameters, "SPREAD", context))
        return True

    def processAlgorithm(self, parameters, context, feedback):
        output = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        path = Path(output).absolute()
        arguments = ["index", self.cube, str(path), "--events", "--overwrite"]
        names = self._names(parameters, context)
        if names:
            arguments.append(f"--index={','.join(names)}")
        if given(parameters, "FORMULA"):
            arguments.append(f"--formula={self.parameterAsString(parameters, 'FORMULA', context)}")
        arguments += self.folder_option(parameters, "DRAWS", "--draws", context)
        arguments += [f"--spread={self.spread}"] if self.spread else []
        titles = self.titles(OPTIONS)
        run_events(Job(self.python, tuple(arguments), (path,), titles), feedback)
        alone = names[0] if len(names) == 1 and not given(parameters, "FORMULA") else ""
        style_result(context, output, index_colours, alone)
        self.written = [path]
        return {"OUTPUT": output}
