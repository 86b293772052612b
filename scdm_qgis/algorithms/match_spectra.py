"""scdm:matchspectra: the best spectrum of a library for every pixel."""

from pathlib import Path

from qgis.core import QgsProcessingOutputNumber

from ..layers.class_style import class_colours, hues_of
from ..layers.loading import style_result
from ..layers.source import gdal_name
from ..layers.style import error_colours
from ..runtime.job import Job, run_events
from . import parameters as make
from .base import AnalysisAlgorithm, given

DEFAULT_THRESHOLD = 6.0  # degrees
LISTED = 20  # classes in the log
OPTIONS = (("FILTER", "--filter"), ("THRESHOLD", "--threshold"))


class MatchSpectraAlgorithm(AnalysisAlgorithm):
    """Spectral angles to a library, computed by the worker."""

    help_page = "matching"

    def name(self):
        return "matchspectra"

    def displayName(self):
        return self.tr("Match spectra with a library")

    def shortDescription(self):
        return self.tr("The spectrum of a library that is nearest to each pixel, and its angle.")

    def tags(self):
        words = "hyperspectral,spectral angle,sam,classification,library,ecostress,usgs,match,scdm"
        return self.tr(words).split(",")

    def purpose(self):
        return self.tr(
            "Compares every pixel with the spectra of a library by the spectral angle, which does "
            "not see brightness. The output holds the number of the best spectrum, with its name; "
            "0 where none is near enough. With the Spread of an estimate, bands count by how well "
            "they are known."
        )

    def limits(self):
        return self.tr(
            "The best of a library may still be wrong: what the library lacks is not found, and "
            "mixed pixels match something between. Of an estimated cube, materials of one colour "
            "differ only by what the model finds likely."
        )

    def example(self):
        return (
            "qgis_process run scdm:matchspectra -- INPUT=cube.tif LIBRARY=materials.sli "
            "THRESHOLD=6 OUTPUT=classes.tif ANGLE=angle.tif"
        )

    def initAlgorithm(self, configuration=None):
        for item in self._items():
            self.addParameter(item)
        matched = self.tr("Pixels with a match (percent)")
        self.addOutput(QgsProcessingOutputNumber("MATCHED", matched))

    def _items(self):
        tr = self.tr
        yield make.raster("INPUT", tr("Hyperspectral raster"), tr("A raster with wavelengths."))
        yield make.files(
            "LIBRARY",
            tr("Library"),
            tr(
                "Files of spectra, or folders of such: ENVI libraries (.sli with its .hdr), tables "
                "(CSV, tabs, blanks) with the wavelengths in the first column or row, files of "
                "ECOSTRESS and USGS. Percent and µm are recognised; the log says so."
            ),
        )
        yield make.line(
            "FILTER",
            tr("Filter"),
            tr(
                "Only spectra with one of these words in their name or kind, separated by commas, "
                "such as soil,grass. Empty: all."
            ),
        )
        yield make.number(
            "THRESHOLD",
            tr("Largest angle (degrees)"),
            (0.0, 90.0),
            DEFAULT_THRESHOLD,
            tr("Pixels further than this from every spectrum become 0, no match."),
        )
        yield make.raster(
            "SPREAD",
            tr("Spread"),
            tr(
                "The Spread of the same estimate: each band counts by 1 / spread of the pixel "
                "there. Empty: all bands count alike."
            ),
            optional=True,
        )
        yield make.raster_output(
            "OUTPUT",
            tr("Best spectrum"),
            tr("GeoTIFF of the best spectrum's number from 1, with names; 0 where none matches."),
        )
        yield make.raster_output(
            "ANGLE", tr("Angle"), tr("GeoTIFF of the angle to it, in degrees."), optional=True
        )

    def prepareAlgorithm(self, parameters, context, feedback):
        self.python = self.worker_python()
        self.cube = gdal_name(self.raster_layer(parameters, "INPUT", context))
        self.spread, self.written = None, []
        if given(parameters, "SPREAD"):
            self.spread = gdal_name(self.raster_layer(parameters, "SPREAD", context))
        return True

    def processAlgorithm(self, parameters, context, feedback):
        names = {
            name: self.parameterAsOutputLayer(parameters, name, context)
            for name in ("OUTPUT", "ANGLE")
        }
        outputs = {name: path for name, path in names.items() if path}
        paths = {name: Path(path).absolute() for name, path in outputs.items()}
        arguments = ["match-spectra", self.cube, str(paths["OUTPUT"]), "--events", "--overwrite"]
        arguments += self._options(parameters, context)
        if "ANGLE" in paths:
            arguments.append(f"--angle={paths['ANGLE']}")
        named = (("LIBRARY", "--library"), ("SPREAD", "--spread"), ("ANGLE", "--angle"))
        titles = self.titles((*OPTIONS, *named))
        facts = run_events(Job(self.python, tuple(arguments), (*paths.values(),), titles), feedback)
        classes = facts.get("classes", [])
        self._tell(classes, facts.get("read", ""), feedback)
        hues = hues_of(self._libraries(parameters, context))
        style_result(context, outputs["OUTPUT"], class_colours(classes, hues))
        if "ANGLE" in outputs:
            style_result(context, outputs["ANGLE"], error_colours)
        self.written = list(paths.values())
        return {**outputs, "MATCHED": _matched(classes)}

    def _libraries(self, parameters, context):
        paths = self.parameterAsFileList(parameters, "LIBRARY", context)
        return [Path(path).absolute() for path in paths]

    def _options(self, parameters, context):
        options = [f"--library={path}" for path in self._libraries(parameters, context)]
        options.append(f"--threshold={self.parameterAsDouble(parameters, 'THRESHOLD', context)!r}")
        if given(parameters, "FILTER"):
            options.append(f"--filter={self.parameterAsString(parameters, 'FILTER', context)}")
        return options + ([f"--spread={self.spread}"] if self.spread else [])

    def _tell(self, classes, read, feedback):
        """How the library was read, and the classes that occur, the most frequent first."""
        if read:
            feedback.pushInfo(self.tr("Library: {}").format(read))
        total = sum(one["pixels"] for one in classes) or 1
        for one in classes[:LISTED]:
            feedback.pushInfo(f"{one['name']}: {100 * one['pixels'] / total:.1f} %")


def _matched(classes) -> float:
    """The share of pixels with data that a spectrum matches, in percent."""
    total = sum(one["pixels"] for one in classes)
    matched = sum(one["pixels"] for one in classes if one["value"])
    return 100 * matched / total if total else 0.0
