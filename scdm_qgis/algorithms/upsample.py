"""scdm:upsample: an RGB raster in, an estimated hyperspectral raster out."""

from pathlib import Path

from qgis import utils
from qgis.core import (
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterExtent,
    QgsProcessingUtils,
    QgsRasterLayer,
)

from ..layers.colour_samples import display_of
from ..layers.loading import style_on_load
from ..layers.proposal import proposed_picture
from ..layers.reference_system import chosen_by_user, write_into
from ..layers.source import band_numbers, extent_text, gdal_name, shows_what_is_taken
from ..layers.style import natural_colour, natural_look, reliability_colours, spread_colours
from ..layers.style_file import write_beside
from ..layers.web_layer import is_web_layer, part_of, shown_pixel, temporary_geotiff
from ..model_runtime.contract import (
    DEFAULT_QUALITY,
    DEVICES,
    FORMATS,
    QUALITIES,
    RADIOMETRIES,
    SAMPLE_NAME,
    SAMPLERS,
    UNFINISHED,
)
from ..runtime.cancelling import cancel_check
from ..runtime.job import NO_JOURNAL, Job, run_events
from ..runtime.models import folder_of
from ..runtime.reckoning import remember, slowdown
from . import parameters as make
from . import upsample_checks
from .base import ScdmAlgorithm, given
from .upsample_plan import kind_of

SAMPLES_OF = f"{SAMPLE_NAME}*.tif"
BANDS = ("BAND_RED", "BAND_GREEN", "BAND_BLUE")
FIRST_VIEW = ("INPUT", "EXTENT", "QUALITY")  # what else is set is advanced
# Parameter, option of `python -m model_runtime upsample`; values pass as they are.
OPTIONS = (
    ("MODEL", "--model"),
    ("QUALITY", "--quality"),
    ("RADIOMETRY", "--radiometry"),
    ("CALIBRATION", "--calibration"),
    ("SAMPLES", "--samples"),
    ("SEED", "--seed"),
    ("DEVICE", "--device"),
    ("SAMPLER", "--sampler"),
    ("STEPS", "--steps"),
    ("GUIDANCE", "--guidance"),
    ("TRUNCATION", "--truncation"),
    ("TILE", "--tile"),
    ("OVERLAP", "--overlap"),
    ("THREADS", "--threads"),
    ("CLUSTER", "--cluster"),
    ("FORMAT", "--format"),
    ("UNFINISHED", "--unfinished"),
)
NUMBERS = ("SAMPLES", "SEED", "STEPS", "TILE", "OVERLAP", "THREADS")
CHOICES = ("QUALITY", "RADIOMETRY", "DEVICE", "SAMPLER", "FORMAT", "UNFINISHED")


class UpsampleAlgorithm(ScdmAlgorithm):
    """Estimates the spectrum of every pixel in a worker process."""

    def name(self):
        return "upsample"

    def displayName(self):
        return self.tr("Upsample RGB to hyperspectral")

    def group(self):
        return self.tr("Spectral super-resolution")

    def groupId(self):
        return "spectral"

    def shortDescription(self):
        return self.tr("Estimates the full spectrum of every pixel of an RGB raster.")

    def tags(self):
        words = "hyperspectral,spectrum,bands,rgb,super-resolution,diffusion,reflectance,scdm"
        return self.tr(words).split(",")

    def purpose(self):
        return self.tr(
            "Estimates a spectrum for every pixel of an RGB raster with a spectral-cascaded "
            "diffusion model: first a few coarse bands, then all of them. The output has the "
            "input's grid, wavelengths in its band names and metadata, and the input's colours."
        )

    def limits(self):
        return self.tr(
            "Three values per pixel do not determine a spectrum: surfaces of the same colour can "
            "differ, most of all beyond 700 nm. The output is what the model finds likely, learnt "
            "from airborne and spaceborne scenes; it is not a measurement. Ask for Spread to see "
            "how far it may be off, for Reliability to see where. A camera with other colour "
            "responses, haze, shadow or a colour-graded mosaic shifts the result."
        )

    def example(self):
        return (
            "qgis_process run scdm:upsample -- INPUT=ortho.tif QUALITY=balanced SAMPLES=4 SEED=1 "
            "OUTPUT=ortho_spectra.tif SPREAD=ortho_spread.tif REPORT=ortho.html"
        )

    def initAlgorithm(self, configuration=None):
        items = [*self._inputs(), *self._settings(), *self._advanced()]
        for item in items:
            make.start_with_default(item)
            if item.name() not in FIRST_VIEW:
                make.make_advanced(item)
        for item in (*items, *self._destinations()):
            self.addParameter(item)
        self.addOutput(QgsProcessingOutputString("DEVICE_USED", self.tr("Device that was used")))
        self.addOutput(QgsProcessingOutputNumber("SECONDS", self.tr("Duration in seconds")))
        self.addOutput(QgsProcessingOutputNumber("SEED", self.tr("Seed that was used")))

    def _inputs(self):
        tr = self.tr
        picture = make.raster(
            "INPUT",
            tr("RGB raster"),
            tr(
                "A raster file with red, green and blue, or a web layer, of which Extent is saved "
                "first as it is displayed. Bands that are left empty are chosen by wavelength, "
                "colour interpretation or band name, else as the layer shows them; the log says "
                "which."
            ),
        )
        picture.setGuiDefaultValueOverride(proposed_picture(utils.iface))
        yield picture
        texts = (
            tr("The band that is red."),
            tr("The band that is green."),
            tr("The band that is blue."),
        )
        titles = (tr("Red band"), tr("Green band"), tr("Blue band"))
        for name, title, text in zip(BANDS, titles, texts):
            yield make.band(name, title, text, "INPUT")
        extent = QgsProcessingParameterExtent("EXTENT", tr("Extent"), None, True)
        extent.setHelp(
            tr(
                "Only this part of the raster is computed, such as the visible part of the map. "
                "Empty: all of it. A web layer needs it."
            )
        )
        yield extent
        yield make.model(
            "MODEL",
            tr("Model"),
            tr(
                "A model by its name, or the folder that holds its model.json. Empty: the model "
                "that comes with the plugin. Models in the folder scdm/models of the QGIS profile "
                "are found by themselves."
            ),
        )

    def _settings(self):
        tr = self.tr
        yield make.choice(
            "QUALITY",
            tr("Quality"),
            QUALITIES,
            DEFAULT_QUALITY,
            tr(
                "fast: one estimate, about 3 s per megapixel. balanced: the mean of 4 samples, "
                "9 s. best: of 16 samples, 30 s. (Embedded model, two CPU cores.)"
            ),
        )
        yield make.choice(
            "RADIOMETRY",
            tr("Radiometry"),
            RADIOMETRIES,
            "auto",
            tr(
                "How the input's values become reflectance. reflectance: they are reflectance "
                "(band scale, 0 to 1 or 0 to 10,000). match: they are the colours of a picture, "
                "brought to what the model knows. srgb: the same, with sRGB's curve undone. auto: "
                "decided by the data; the log says how."
            ),
        )
        yield make.whole(
            "SAMPLES",
            tr("Samples"),
            1,
            tr("Estimates per pixel; their mean is the output. Empty: as the quality says."),
        )
        yield make.whole(
            "SEED",
            tr("Seed"),
            0,
            tr("The same seed gives the same result, another seed another draw. Empty: 0."),
        )
        yield make.choice(
            "DEVICE",
            tr("Device"),
            DEVICES,
            "auto",
            tr("auto: an NVIDIA GPU when it is really usable, else the CPU. cuda: GPU or fail."),
        )

    def _advanced(self):
        tr = self.tr
        yield make.distance(
            "RESOLUTION",
            tr("Resolution"),
            tr(
                "Of a web layer: the side of a pixel, in units of the layer's reference system. "
                "Empty: as the map shows it now. A file has its own pixels."
            ),
            "INPUT",
        )
        yield make.polygons(
            "MASK",
            tr("Mask"),
            tr(
                "Polygons: only pixels whose centre lies in one are computed, all others are "
                "nodata. Inside, the values are those of a run of the whole raster. Empty: none."
            ),
        )
        yield make.file(
            "CALIBRATION",
            tr("Calibration"),
            tr(
                "File that Calibrate with targets made: the values become reflectance by it, in "
                "all pictures of the flight alike. Needs the radiometry auto or reflectance. "
                "Empty: none."
            ),
        )
        yield make.raster(
            "RADIOMETRY_FROM",
            tr("Match to"),
            tr(
                "Raster that the input's colours are brought to: to its medians where it holds "
                "reflectance, else by its statistics, such as those of the mosaic that the input "
                "was cut from. Needs the radiometry match, srgb or auto. Empty: the input itself."
            ),
            optional=True,
        )
        yield make.choice(
            "SAMPLER",
            tr("Sampler"),
            SAMPLERS,
            None,
            tr("How the diffusion is reversed. Empty: as the quality says."),
        )
        yield make.whole(
            "STEPS", tr("Steps"), 1, tr("Steps of each stage. Empty: as the quality says.")
        )
        yield make.line(
            "GUIDANCE",
            tr("Guidance"),
            tr(
                "Guidance scale, one number or one per stage, separated by commas: higher keeps "
                "closer to the colours and varies less. Empty: as the model says."
            ),
        )
        yield make.line(
            "TRUNCATION",
            tr("Truncation"),
            tr(
                "Values that are rarely so large are clamped before each step: on, off or a bound "
                "from 0.5 to 1, the share of values that stay as they are in the first step. "
                "Empty: as the model says."
            ),
        )
        yield make.whole(
            "TILE",
            tr("Tile size (pixels)"),
            1,
            tr("Smaller needs less memory. Empty: the model's."),
        )
        yield make.whole(
            "OVERLAP",
            tr("Overlap of tiles (pixels)"),
            0,
            tr("Where neighbouring tiles are blended. Empty: the model's."),
        )
        yield make.whole("THREADS", tr("Threads"), 1, tr("CPU threads. Empty: all cores."))
        yield make.line(
            "CLUSTER",
            tr("Cluster"),
            tr(
                "Dask cluster that computes: tcp://HOST:PORT of its scheduler, or local:N for N "
                "processes of this computer. Needs Cluster support from Install runtime. Empty: "
                "one process of this computer."
            ),
        )
        yield make.choice(
            "FORMAT",
            tr("Format"),
            FORMATS,
            None,
            tr(
                "cog: a cloud-optimised GeoTIFF. gtiff: a tiled GeoTIFF. envi: ENVI data (.img, "
                ".dat or .bsq) with a header. Empty: as the output's name says, envi or gtiff."
            ),
        )
        yield make.choice(
            "UNFINISHED",
            tr("Unfinished run"),
            UNFINISHED,
            None,
            tr(
                "What becomes of the finished tiles when an unfinished run of the same output had "
                "other settings. keep: they wait until those settings are used again. Empty or "
                "discard: they are discarded."
            ),
        )

    def _destinations(self):
        tr = self.tr
        yield make.raster_output(
            "OUTPUT",
            tr("Hyperspectral estimate"),
            tr(
                "GeoTIFF of reflectance (integers with band scale 0.0001), one band per "
                "wavelength. With a name that ends in .img: the same as ENVI data, which other "
                "programs for hyperspectral rasters read."
            ),
        )
        yield make.raster_output(
            "SPREAD",
            tr("Spread"),
            tr(
                "GeoTIFF of the estimate's spread, in reflectance: with the embedded model, "
                "estimate ± 1.645 spreads held the truth in 90 % of held-out pixels."
            ),
            optional=True,
        )
        yield make.raster_output(
            "RELIABILITY",
            tr("Reliability"),
            tr(
                "GeoTIFF of one band, 0 to 100: 100 where nothing speaks against the estimate, 50 "
                "where its spread is half as large as the spectrum or the colours are foreign to "
                "the model, 0 where it tells nothing."
            ),
            optional=True,
        )
        yield make.html_output(
            "REPORT", tr("Report"), tr("One HTML page with pictures, spectra and settings.")
        )
        item = make.folder_output(
            "DRAWS",
            tr("Draws"),
            tr(
                "Folder for the samples themselves, a GeoTIFF each. Compute an index, or the mean "
                "of a field, of every sample: the standard deviation of the results is their "
                "uncertainty."
            ),
        )
        yield make.make_advanced(item)

    def createCustomParametersWidget(self, parent=None):
        """Processing's dialog, with the time and the disk that the run takes.

        None, so that QGIS shows the plain one, where Processing has no dialog to build upon.
        """
        try:
            from ..gui.upsample_dialog import UpsampleDialog
        except ImportError:
            return None
        return UpsampleDialog(self.create(), parent)

    def checkParameterValues(self, parameters, context):
        refusal = upsample_checks.refusal(self, parameters, context)
        if refusal:
            return False, refusal
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        layer = self.raster_layer(parameters, "INPUT", context)
        self.python = self.worker_python()
        self.kind, self.facts = kind_of(self, parameters, context), {}
        self.slowed = slowdown()
        self.layer_name, self.written = layer.name(), []
        self.part = self._part(parameters, context, layer)
        self.picture = None if self.part else self._display(parameters, context, layer)
        self.crs = "" if self.part else chosen_by_user(layer)
        self.source = "" if self.part else gdal_name(layer)
        self.place = [] if self.part else self._place(parameters, context, layer, feedback)
        self.place += self._others(parameters, context, layer, feedback)
        return True

    def _part(self, parameters, context, layer):
        """What is taken of a web layer; None of a file."""
        if not is_web_layer(layer):
            return None
        extent = self.parameterAsExtent(parameters, "EXTENT", context, layer.crs())
        extent_text(extent)  # refuses an empty one
        pixel = self.parameterAsDouble(parameters, "RESOLUTION", context)
        return part_of(layer, extent, pixel or shown_pixel(layer, utils.iface))

    def _chosen_bands(self, parameters, context):
        """Red, green and blue as the user chose them, 0 for each that is left to the file."""
        return [
            self.parameterAsInt(parameters, n, context) if given(parameters, n) else 0
            for n in BANDS
        ]

    def _display(self, parameters, context, layer):
        """What the estimate shall look like; None where the picture is shown in other colours."""
        chosen = self._chosen_bands(parameters, context)
        return display_of(layer) if shows_what_is_taken(layer, chosen) else None

    def _place(self, parameters, context, layer, feedback):
        """Which bands and which part of a file are taken."""
        options = []
        chosen = self._chosen_bands(parameters, context)
        bands = band_numbers(layer, chosen)
        if bands is not None:
            options.append("--bands=" + ",".join(str(band) for band in bands))
        if bands is not None and not any(chosen):
            text = self.tr(
                "The file does not say which bands are red, green and blue: taken as the layer "
                "shows them."
            )
            feedback.pushInfo(text)
        if given(parameters, "EXTENT"):
            extent = self.parameterAsExtent(parameters, "EXTENT", context, layer.crs())
            options.append("--extent=" + extent_text(extent))
        return options

    def _others(self, parameters, context, layer, feedback):
        """The options that other layers give: what is matched to, and the mask."""
        options = []
        if given(parameters, "RADIOMETRY_FROM"):
            reference = self.raster_layer(parameters, "RADIOMETRY_FROM", context)
            options.append("--radiometry-from=" + gdal_name(reference))
        if given(parameters, "MASK"):
            self._refuse_lost_mask(parameters, context, layer)
            path, name = self.vector_file(parameters, "MASK", context, feedback)
            options += [f"--mask={path}", *([f"--mask-layer={name}"] if name else [])]
        return options

    def _refuse_lost_mask(self, parameters, context, layer):
        """The worker reads the file's own reference system, not one that its layer was given."""
        of_mask = self.parameterAsSource(parameters, "MASK", context).sourceCrs()
        lost = layer.dataProvider().crs().isValid() or of_mask != layer.crs()
        if self.crs and lost:
            text = self.tr(
                "The reference system of '{layer}' is known to its layer, not to its file, so that "
                "Mask cannot be laid over it: export the layer with its reference system."
            )
            raise QgsProcessingException(text.format(layer=layer.name()))

    def processAlgorithm(self, parameters, context, feedback):
        if self.part is None:
            return self._upsample(parameters, context, feedback)
        with temporary_geotiff(self.part, feedback, cancel_check(feedback)) as self.source:
            self.picture = display_of(QgsRasterLayer(self.source))
            return self._upsample(parameters, context, feedback)

    def _upsample(self, parameters, context, feedback):
        outputs = self._outputs(parameters, context)
        paths = {name: str(Path(path).absolute()) for name, path in outputs.items()}
        arguments = ["upsample", self.source, paths["OUTPUT"], *self.place]
        arguments += ["--events", "--overwrite"]
        if self.part or _is_temporary(paths["OUTPUT"]):
            arguments.append(NO_JOURNAL)
        arguments += self._options(parameters, context)
        arguments += [f"--{name.lower()}={paths[name]}" for name in paths if name != "OUTPUT"]
        files = tuple(Path(path) for path in paths.values())
        job = Job(self.python, tuple(arguments), files, self._titles())
        self.facts = facts = run_events(job, feedback)
        rasters = _rasters(paths)
        for path in rasters if self.crs else ():
            write_into(path, self.crs)
        self.written = rasters
        self._style(context, outputs, paths)
        return {**outputs, **_results(facts)}

    def postProcessAlgorithm(self, context, feedback):
        """In the main thread: the next dialog knows how long such a run takes."""
        remember(self.kind, self.facts, self.slowed)
        return super().postProcessAlgorithm(context, feedback)

    def _titles(self):
        """What the worker's options are called in the dialog."""
        others = ("EXTENT", "MASK", "SPREAD", "RELIABILITY", "REPORT", "DRAWS")
        named = ((name, f"--{name.lower()}") for name in others)
        bands = [self.parameterDefinition(name).description() for name in BANDS]
        named = (*OPTIONS, *named, ("RADIOMETRY_FROM", "--radiometry-from"))
        return {**self.titles(named), "--bands": bands}

    def _outputs(self, parameters, context):
        """The destinations asked for, as Processing names them."""
        paths = {
            "OUTPUT": self.parameterAsOutputLayer(parameters, "OUTPUT", context),
            "SPREAD": self.parameterAsOutputLayer(parameters, "SPREAD", context),
            "RELIABILITY": self.parameterAsOutputLayer(parameters, "RELIABILITY", context),
            "REPORT": self.parameterAsFileOutput(parameters, "REPORT", context),
            "DRAWS": self.parameterAsFileOutput(parameters, "DRAWS", context),
        }
        if not paths["OUTPUT"]:
            raise QgsProcessingException(
                self.tr(
                    "No output is given: set Hyperspectral estimate to a name that ends in .tif."
                )
            )
        return {name: path for name, path in paths.items() if path}

    def _options(self, parameters, context):
        return [
            f"{option}={self._value(parameters, name, context)}"
            for name, option in OPTIONS
            if given(parameters, name) or name in ("QUALITY", "RADIOMETRY", "DEVICE")
        ]

    def _value(self, parameters, name, context):
        if name in NUMBERS:
            return self.parameterAsInt(parameters, name, context)
        if name in CHOICES:
            return self.choice(parameters, name)
        if name == "MODEL":
            return folder_of(self.parameterAsString(parameters, name, context))
        if name == "CALIBRATION":
            return Path(self.parameterAsFile(parameters, name, context)).absolute()
        return self.parameterAsString(parameters, name, context)

    def _style(self, context, outputs, paths):
        """Style files beside the outputs; names and styles of the layers that will be loaded."""
        source = self.layer_name
        look = natural_look(paths["OUTPUT"], self.picture)
        write_beside(Path(paths["OUTPUT"]), lambda layer: natural_colour(layer, look))
        name = self.tr("{} spectra").format(source)
        style_on_load(context, outputs["OUTPUT"], name, source, look)
        maps = (
            ("SPREAD", spread_colours, self.tr("{} spread")),
            ("RELIABILITY", reliability_colours, self.tr("{} reliability")),
        )
        for parameter, colours, title in maps:
            if parameter in outputs:
                write_beside(Path(paths[parameter]), colours)
                style_on_load(context, outputs[parameter], title.format(source), source)


def _rasters(paths):
    """The rasters that were made, those in folders too."""
    named = [Path(paths[name]) for name in ("OUTPUT", "SPREAD", "RELIABILITY") if name in paths]
    return named + (sorted(Path(paths["DRAWS"]).glob(SAMPLES_OF)) if "DRAWS" in paths else [])


def _is_temporary(path):
    """Whether Processing chose the path: no later run will name it again and go on."""
    return Path(QgsProcessingUtils.tempFolder()) in Path(path).parents


def _results(facts):
    """The declared numbers and strings out of the worker's events."""
    names = {"DEVICE_USED": "device", "SECONDS": "seconds", "SEED": "seed"}
    return {name: facts[key] for name, key in names.items() if key in facts}
