"""What one run over one raster works with: its settings, and what is handed in to read and compute.

A ``Job`` is made once, before the first tile; nothing in it changes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Optional, Protocol, Sequence, Tuple

import numpy as np

from .. import tiling
from ..diffusion.cascade import Cascade
from ..diffusion.settings import EVERYTHING, EstimateRequest, Sampling, TileEstimate
from ..package.manifest import Manifest
from ..raster.encoding import PERCENT, Encoding, of_dtype
from ..spectra.radiometry import Radiometry
from . import masked_pixels
from .outputs import Output, OutputSpec

if TYPE_CHECKING:  # they need GDAL, which a run over an array does without
    from ..raster.georeference import Georeference
    from ..raster.polygon_mask import PolygonMask


class Reader(Protocol):
    """An input whose chosen bands are read window by window.

    raster.reader has rasters, with a preview for the report; api.array_reader has arrays.
    """

    bands: Sequence[int]
    bands_taken: str
    bands_doubt: str
    values_doubts: Sequence[str]
    wavelength_nm: Optional[Sequence[float]]
    georeference: "Georeference"

    @property
    def whole(self) -> tiling.Window:
        """The window of the whole input."""

    def thin_validity(self, side: int) -> Tuple[np.ndarray, Tuple[float, float]]:
        """Read which pixels of the whole input are valid, thinned where it is longer than ``side``.

        Returns: bool (rows, cols), and of how many rows and columns one is taken.
        Raises: StorageError.
        """

    def read(self, window: tiling.Window) -> Tuple[np.ndarray, np.ndarray]:
        """Read a window.

        Returns: raw values (bands, rows, cols), and which pixels are valid (rows, cols).
        Raises: StorageError.
        """


class Estimator(Protocol):
    """Estimates spectra, as Cascade does."""

    def estimate(
        self,
        rgb: np.ndarray,
        row0: int,
        col0: int,
        how: Sampling,
        wanted: EstimateRequest = EVERYTHING,
    ) -> TileEstimate:
        """Estimate the spectra of ``rgb`` (input bands, rows, cols), which lies at (row0, col0).

        Returns: mean, spread and stages, as far as they are ``wanted``.
        Raises: InputError, DeviceError, PackageError.
        """


@dataclass(frozen=True)
class RuntimeInfo:
    """What computes: this process's device, or that of all workers; ``why`` where it was tried."""

    device: str
    providers: Tuple[str, ...]
    warnings: Tuple[str, ...] = ()
    why: str = ""


def runtime_of(cascade: Cascade) -> RuntimeInfo:
    """Say what a loaded cascade runs on.

    Returns: device, providers, warnings and why this device.
    """
    warnings, providers = tuple(cascade.warnings), tuple(cascade.providers)
    return RuntimeInfo(cascade.device, providers, warnings, cascade.device_why)


@dataclass(frozen=True)
class Job:
    """All that the loop over a raster needs.

    ``cascade`` is None where other processes compute. ``valid_share``: about how much of the
    window is valid, 0 to 1. ``mask``: outside of it the outputs are nodata.
    """

    reader: Reader
    model: Manifest
    layout: tiling.Layout
    radiometry: Radiometry
    sampling: Sampling
    outputs: OutputSpec
    runtime: RuntimeInfo
    cascade: Optional[Estimator] = None
    valid_share: float = 1.0
    mask: Optional["PolygonMask"] = None

    @property
    def estimator(self) -> Estimator:
        """The cascade, of a job that this process computes."""
        if self.cascade is None:
            raise ValueError("other processes compute this job")
        return self.cascade

    @cached_property
    def is_cut_out(self) -> bool:
        """Whether the whole input shows objects that were cut out (see masked_pixels.py).

        Returns: whether it does.
        Raises: StorageError.
        """
        return masked_pixels.shows_cut_outs(*self.reader.thin_validity(masked_pixels.VALID_SIDE))

    def inside_mask(self, window: tiling.Window) -> np.ndarray:
        """Find the pixels of ``window`` that the mask leaves.

        Returns: bool (rows, cols).
        """
        if self.mask is None:
            return np.ones((window.rows, window.cols), bool)
        return self.mask.inside(window)

    def encoding_of(self, output: Output) -> Encoding:
        """Choose how ``output`` stores its values.

        Returns: the encoding.
        """
        if output.is_reliability:
            return PERCENT
        return of_dtype(self.outputs.dtype, self.model.output_unit)

    def band_count(self, output: Output) -> int:
        """Count the bands that are made for ``output``, which may hold some of them.

        Returns: the number.
        """
        return 1 if output.is_reliability else len(self.model.wavelength_nm)
