"""``load`` and what it gives: a model package, ready to estimate arrays of any size."""

import warnings
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import numpy as np

from .. import contract
from ..diffusion.cascade import Cascade
from ..diffusion.load import load_cascade
from ..events import Events
from ..package import embedded
from ..package.manifest import ModelPackage, open_package
from ..pipeline import colour_places, memory_budget, outputs, provenance, radiometry_choice
from ..pipeline.estimation import Estimation
from ..pipeline.job import Job, runtime_of
from ..pipeline.options import UpsampleOptions, check_numbers, layout_of, sampling_of
from ..pipeline.work_units import UnitMaker
from ..raster.encoding import PERCENT
from ..spectra import radiometry as radiometries
from . import array_values, data_array
from .array_reader import ArrayReader
from .memory_units import MemoryUnits
from .parameter_names import in_python, naming_parameters
from .settings import options_of, require_choice

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Estimate:
    """Estimated spectra, float32 in the model's output unit (the embedded one's: reflectance).

    ``mean`` and ``spread`` (bands, rows, cols), NaN where the input has no valid pixel; ``spread``,
    the calibrated standard deviation, and ``reliability`` (rows, cols), 0 to 100, are None for a
    single sample. NumPy arrays, or xarray's where one was given. ``wavelength_nm`` (bands,).
    ``provenance``: model, settings and how the values were read, as the command's outputs have
    them in their tags.
    """

    mean: Any
    spread: Optional[Any]
    reliability: Optional[Any]
    wavelength_nm: np.ndarray
    provenance: Dict[str, str]


def load(
    model: Union[str, "PathLike[str]", None] = None, device: str = "auto", threads: int = 0
) -> "Model":
    """Load the model package in the folder ``model``; None: the embedded one.

    ``device``: auto, cpu or cuda. ``threads``: 0 for one per core.

    Returns: the model, for any number of estimates.
    Raises: InputError for a device that this machine lacks, PackageError for what is not a model
        package, DeviceError where the device or ONNX Runtime cannot be used.
    """
    with naming_parameters():
        require_choice("device", device, contract.DEVICES)
        check_numbers(UpsampleOptions(threads=threads))
        folder = embedded.package_folder(None if model is None else fspath(model))
        package = open_package(Path(folder))
        return Model(package, load_cascade(package.folder, package.manifest, device, threads))


class Model:
    """A loaded model package, made by ``load``.

    ``name``; ``device``: cpu or cuda; ``wavelength_nm`` (bands,) of what it makes.
    """

    def __init__(self, package: ModelPackage, loaded: Cascade):
        self._package, self._cascade = package, loaded
        self.name, self.device = package.manifest.name, loaded.device
        self.wavelength_nm = np.array(package.manifest.wavelength_nm, np.float64)

    def estimate(
        self,
        rgb: Any,
        quality: str = contract.DEFAULT_QUALITY,
        samples: Optional[int] = None,
        seed: int = 0,
        radiometry: str = "auto",
        nodata: Optional[float] = None,
        progress: Optional[Progress] = None,
        calibration: Union[str, "PathLike[str]", None] = None,
        radiometry_from: Any = None,
        **further: Any,
    ) -> Estimate:
        """Estimate the spectrum of every pixel, to the same numbers as the command ``upsample``.

        ``rgb`` (bands, rows, cols): the model's input bands, which are red, green and blue, as a
        NumPy array, masked or not, or an xarray.DataArray. NaN, infinity and ``nodata`` in any band
        mask a pixel. ``quality``: fast, balanced or best. ``samples``: None for the quality's; of 2
        or more spread and reliability are worked out too. ``radiometry``: what the values are,
        auto, reflectance, match or srgb; or a ``calibration``, a file of the command ``calibrate``,
        says it; or ``radiometry_from``, another array of the same bands, to which ``rgb`` is
        matched (there ``nodata`` does not count). ``progress`` hears (tiles done, tiles in all).
        ``further``: sampler, steps, guidance, guidance_interval, truncation, tile, overlap (pixels)
        and memory_limit (bytes) as the command takes them. Doubts come as UserWarnings.

        Returns: the Estimate; xarray's arrays have the dimension ``wavelength`` and keep the place.
        Raises: InputError for values or settings that break a rule, DeviceError and PackageError
            where the model cannot be run; TypeError for a parameter that there is not.
        """
        given = {"quality": quality, "samples": samples, "seed": seed, "radiometry": radiometry}
        given["calibration"] = None if calibration is None else fspath(calibration)
        heard = _Heard(progress)
        with naming_parameters():
            options = options_of(given, further)
            reader, reference = self._reader(rgb, nodata), self._reference(radiometry_from)
            made = self._estimate(reader, reference, options, heard)
        for message in dict.fromkeys(heard.warnings):
            warnings.warn(in_python(message), stacklevel=2)
        return self._like(rgb, made) if data_array.is_data_array(rgb) else made

    def _reader(self, rgb: Any, nodata: Optional[float], name: str = "rgb") -> ArrayReader:
        take = data_array.of_data_array if data_array.is_data_array(rgb) else array_values.of_array
        given = replace(take(rgb, nodata), name=name)
        array_values.check(given, self._package.manifest.input_bands)
        return ArrayReader(given, self._package.manifest.input_bands)

    def _reference(self, given: Any) -> Optional[radiometries.Stored]:
        """A sample of what ``rgb`` is to be matched to."""
        if given is None:
            return None
        return self._reader(given, None, "radiometry_from").sample(radiometries.SAMPLE_SIDE)

    def _estimate(
        self,
        reader: ArrayReader,
        reference: Optional[radiometries.Stored],
        options: UpsampleOptions,
        events: Events,
    ) -> Estimate:
        job = self._job(reader, reference, options)
        fitting = memory_budget.fit_layout(job, options.memory_limit, events.warning)
        job = replace(job, layout=fitting)
        facts = provenance.facts_of(job, self._package.sha256)
        for message in facts.warnings:
            events.warning(message)
        mean, spread, reliability = _gather(job, events)
        said = {n: v for n, v in facts.settings.items() if n.startswith(contract.TAG_PREFIX)}
        return Estimate(mean, spread, reliability, self.wavelength_nm, said)

    def _job(
        self,
        reader: ArrayReader,
        reference: Optional[radiometries.Stored],
        options: UpsampleOptions,
    ) -> Job:
        model, whole = self._package.manifest, reader.whole
        sampling = sampling_of(options, model)
        if sampling.samples > 1:
            options = replace(options, spread="spread", reliability="reliability")
        radiometry, _ = radiometry_choice.choose_for(
            reader, lambda: reader.sample(radiometries.SAMPLE_SIDE), options, model, reference
        )
        colours = colour_places.fit_colours(reader, radiometry, model, lambda: self._cascade)
        guess = radiometry.is_guess
        return Job(
            reader=reader,
            model=model,
            layout=layout_of(options.tile, options.overlap, model.tile, whole, whole),
            radiometry=radiometry,
            sampling=replace(sampling, level_guessed=guess, colours=colours),
            outputs=outputs.spec_of(options, model, sampling.samples),
            runtime=runtime_of(self._cascade),
            cascade=self._cascade,
        )

    def _like(self, rgb: Any, made: Estimate) -> Estimate:
        """``made`` as DataArrays that lie where ``rgb`` does."""

        def place(values: Optional[np.ndarray], content: str, unit: str) -> Any:
            said = {"units": unit, contract.CONTENT_TAG: content, **made.provenance}
            if values is None:
                return None
            return data_array.like(rgb, values, self.wavelength_nm, said)

        unit = self._package.manifest.output_unit
        return replace(
            made,
            mean=place(made.mean, contract.MEAN_CONTENT, unit),
            spread=place(made.spread, contract.SPREAD_CONTENT, unit),
            reliability=place(made.reliability, contract.RELIABILITY_CONTENT, "%"),
        )


class _Heard(Events):
    """Tells progress to a function, and keeps warnings."""

    def __init__(self, progress: Optional[Progress]):
        self._progress = progress
        self.warnings: List[str] = []

    def progress(self, done: int, total: int, doing: str = "") -> None:
        if self._progress is not None:
            self._progress(done, total)

    def warning(self, message: str) -> None:
        self.warnings.append(message)


def _gather(
    job: Job, events: Events
) -> Tuple[np.ndarray, Optional[np.ndarray], Optional[np.ndarray]]:
    """Mean, spread and reliability of the whole array, NaN without a valid pixel.

    Of a single sample the last two are None.
    """
    units = MemoryUnits(UnitMaker(job, events.warning))
    whole, rasters = job.layout.window, job.outputs.rasters
    made = [
        job.encoding_of(output).nothing((len(output.bands), whole.rows, whole.cols))
        for output in rasters
    ]
    with Estimation(job, units, events, units) as estimation:
        for place, values in estimation.pieces():
            for room, value in zip(made, values):
                room[(slice(None), *place.slices(whole))] = value
    if len(made) == 1:
        return made[0], None, None
    mean, spread, (stored,) = made
    return mean, spread, np.where(PERCENT.has_values(stored), stored, np.float32(np.nan))
