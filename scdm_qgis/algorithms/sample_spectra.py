"""scdm:samplespectra: spectra of points and polygons, with the interval of their means."""

from pathlib import Path

from ..layers.source import gdal_name
from ..runtime.job import Job, run_events
from . import parameters as make
from .base import ScdmAlgorithm, given

FILTERS = "GeoPackage (*.gpkg);;CSV (*.csv);;ENVI (*.sli)"
# Parameter, option of the worker.
TEXTS = (("NAME", "--name"), ("DRAWS", "--draws"))


class SampleSpectraAlgorithm(ScdmAlgorithm):
    """A table of spectra, computed by the worker."""

    def name(self):
        return "samplespectra"

    def displayName(self):
        return self.tr("Spectra of points and polygons")

    def group(self):
        return self.tr("Spectral analysis")

    def groupId(self):
        return "analysis"

    def shortDescription(self):
        return self.tr("Mean spectrum of each feature, with its interval from draws.")

    def tags(self):
        return self.tr("zonal,statistics,sample,polygon,point,spectrum,library,scdm").split(",")

    def purpose(self):
        return self.tr(
            "Writes for each point, line or polygon the mean of its pixels' spectra, their "
            "standard deviation and number. With the draws of Upsample, also the ends of the "
            "mean's 90 % interval, in which the errors that neighbouring pixels share are counted."
        )

    def limits(self):
        return self.tr(
            "The deviation says how the pixels differ, not how far the mean may be off: that is "
            "the interval. What a whole picture shares, such as a wrong calibration, is in neither."
        )

    def example(self):
        return (
            "qgis_process run scdm:samplespectra -- INPUT=estimate.tif FEATURES=fields.gpkg "
            "NAME=crop DRAWS=draws OUTPUT=fields.csv"
        )

    def initAlgorithm(self, configuration=None):
        tr = self.tr
        for item in (
            make.raster("INPUT", tr("Hyperspectral raster"), tr("A raster with wavelengths.")),
            make.vector(
                "FEATURES",
                tr("Points or polygons"),
                tr(
                    "Of a polygon the pixels whose centres lie inside count; where there is none, "
                    "and of points and lines, all that are touched."
                ),
            ),
            make.field(
                "NAME", tr("Name"), tr("Field that names the spectra. Empty: numbers."), "FEATURES"
            ),
            make.folder(
                "DRAWS",
                tr("Draws"),
                tr(
                    "The folder that Upsample filled as Draws, of the same run as the raster: adds "
                    "each mean's interval. Empty: none."
                ),
            ),
            make.file_output(
                "OUTPUT",
                tr("Spectra"),
                FILTERS,
                tr(
                    "GeoPackage (a field a band), CSV (a row a feature and band) or ENVI spectral "
                    "library, by the name's ending."
                ),
            ),
        ):
            self.addParameter(item)

    def prepareAlgorithm(self, parameters, context, feedback):
        self.python = self.worker_python()
        self.cube = gdal_name(self.raster_layer(parameters, "INPUT", context))
        self.features = self.parameterAsCompatibleSourceLayerPathAndLayerName(
            parameters, "FEATURES", context, ["gpkg", "shp", "geojson", "fgb"], "gpkg", feedback
        )
        return True

    def processAlgorithm(self, parameters, context, feedback):
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        (features, layer), path = self.features, Path(output).absolute()
        arguments = ["sample", self.cube, features, str(path), "--events", "--overwrite"]
        if layer:
            arguments.append(f"--layer={layer}")
        for name, option in TEXTS:
            if given(parameters, name):
                arguments.append(f"{option}={self.parameterAsString(parameters, name, context)}")
        titles = self.titles((("FEATURES", "FEATURES"), *TEXTS))
        run_events(Job(self.python, tuple(arguments), (path,), titles), feedback)
        return {"OUTPUT": output}
