"""scdm:samplespectra: spectra of points and polygons, with their intervals."""

from pathlib import Path

from ..layers.source import gdal_name
from ..model_runtime.spectra.index_catalogue import catalogue
from ..runtime.job import Job, run_events
from . import parameters as make
from .base import AnalysisAlgorithm, given

# Parameter, option of the worker.
TEXTS = (("NAME_FIELD", "--name-field"), ("FORMULA", "--formula"))
OUTPUTS = (("OUTPUT", "--gpkg"), ("CSV", "--csv"), ("LIBRARY", "--library"))
OTHERS = (("INDICES", "--index"), ("DRAWS", "--draws"), ("ALL_TOUCHED", "--all-touched"))


class SampleSpectraAlgorithm(AnalysisAlgorithm):
    """Spectra of features, read by the worker."""

    help_page = "sampling"

    def name(self):
        return "samplespectra"

    def displayName(self):
        return self.tr("Sample spectra of points and polygons")

    def shortDescription(self):
        return self.tr("Mean spectrum, deviation and interval of each feature of a layer.")

    def tags(self):
        words = "zonal statistics,spectrum,polygon,point,field,library,envi,csv,ndvi,interval,scdm"
        return self.tr(words).split(",")

    def purpose(self):
        return self.tr(
            "Reads the spectrum of every point, line and polygon of a layer: mean and standard "
            "deviation of its pixels in each band, and their number. Indices are worked out of the "
            "mean spectrum. With the draws of Upsample, each number gets its 90 % interval. "
            "The layer may be in any reference system."
        )

    def limits(self):
        return self.tr(
            "A polygon counts the pixels whose centres it holds; one that holds none stays empty. "
            "The interval knows nothing of errors that the whole picture shares, such as a wrong "
            "calibration: of a large area it is a lower bound."
        )

    def example(self):
        return (
            "qgis_process run scdm:samplespectra -- INPUT=estimate.tif FEATURES=fields.gpkg "
            "INDICES=NDVI DRAWS=draws OUTPUT=spectra.gpkg CSV=spectra.csv"
        )

    def initAlgorithm(self, configuration=None):
        tr = self.tr
        for item in (
            make.raster("INPUT", tr("Hyperspectral raster"), tr("A raster with wavelengths.")),
            make.features("FEATURES", tr("Features"), tr("Points, lines or polygons.")),
            make.attribute(
                "NAME_FIELD",
                tr("Names"),
                tr("Field that names the spectra. Empty: the features' numbers."),
                "FEATURES",
            ),
            make.choices(
                "INDICES",
                tr("Indices"),
                tuple(catalogue()),
                tr("Indices of the catalogue (docs/indices.md) to work out too. Empty: none."),
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
                    "the intervals. Empty: none."
                ),
            ),
            make.switch(
                "ALL_TOUCHED",
                tr("All touched pixels"),
                tr("Count every pixel that a polygon touches, not those whose centre it holds."),
            ),
            make.features_output(
                "OUTPUT",
                tr("Spectra"),
                tr(
                    "GeoPackage: the features with the columns pixels, NDVI, mean_550, sd_550 and, "
                    "with draws, low_550 and high_550."
                ),
            ),
            make.file_output(
                "CSV",
                tr("Table"),
                tr("CSV (*.csv)"),
                tr("A row for each feature and band; lines with # say what it was made of."),
            ),
            make.file_output(
                "LIBRARY",
                tr("Spectral library"),
                tr("ENVI spectral library (*.sli)"),
                tr("The mean spectra, as EnMAP-Box and Spectral Python read them."),
            ),
        ):
            self.addParameter(item)

    def checkParameterValues(self, parameters, context):
        if not any(given(parameters, name) for name, _ in OUTPUTS):
            return False, self.tr("Choose an output: Spectra, Table or Spectral library.")
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        self.python = self.worker_python()
        self.cube = gdal_name(self.raster_layer(parameters, "INPUT", context))
        self.features = self.vector_file(parameters, "FEATURES", context, feedback)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        outputs = self._outputs(parameters, context)
        path, layer = self.features
        arguments = ["sample", self.cube, path, "--events", "--overwrite"]
        arguments += [f"--layer={layer}"] if layer else []
        arguments += self._options(parameters, context)
        arguments += [
            f"{option}={Path(outputs[n]).absolute()}" for n, option in OUTPUTS if n in outputs
        ]
        titles = self.titles((*TEXTS, *OTHERS, *OUTPUTS))
        job = Job(self.python, tuple(arguments), tuple(map(Path, outputs.values())), titles)
        run_events(job, feedback)
        return outputs

    def _outputs(self, parameters, context):
        found = {"OUTPUT": self.parameterAsOutputLayer(parameters, "OUTPUT", context)}
        for name in ("CSV", "LIBRARY"):
            found[name] = self.parameterAsFileOutput(parameters, name, context)
        return {name: path for name, path in found.items() if path}

    def _options(self, parameters, context):
        names = [n for n in self.parameterAsEnumStrings(parameters, "INDICES", context) if n]
        yield from [f"--index={','.join(names)}"] if names else []
        yield from (
            ["--all-touched"] if self.parameterAsBool(parameters, "ALL_TOUCHED", context) else []
        )
        yield from self.folder_option(parameters, "DRAWS", "--draws", context)
        for name, option in TEXTS:
            if given(parameters, name):
                yield f"{option}={self.parameterAsString(parameters, name, context)}"
