"""What baselines are fitted on: the RGB and the spectra of training scenes and of libraries."""

from pathlib import Path
from typing import Iterator, Sequence, Tuple

import library_file
import numpy as np

from model_runtime.package.manifest import Manifest
from model_runtime.raster.cube import read_cube
from model_runtime.spectra.resample import resample

Pair = Tuple[np.ndarray, np.ndarray]  # RGB (3, rows, cols) and spectra (bands, rows, cols)


def of_scenes(paths: Sequence[Path], model: Manifest) -> Iterator[Pair]:
    """What the model's input bands and output bands see of hyperspectral rasters."""
    for path in paths:
        cube = read_cube(str(path))
        yield see_pair(cube.values, cube.wavelength_nm, model)


def of_libraries(folder: Path, model: Manifest) -> Iterator[Pair]:
    """The same of the spectra in the libraries (.npz) of ``folder``, one row each."""
    for path in sorted(folder.glob("*.npz")):
        library = library_file.read(path)
        yield see_pair(library.reflectance[:, None], library.wavelength_nm, model)


def see_pair(values: np.ndarray, wavelength_nm: np.ndarray, model: Manifest) -> Pair:
    """``values`` (bands, rows, cols) through the model's input and output bands."""
    centres = [band.wavelength_nm for band in model.input_bands]
    widths = [band.fwhm_nm for band in model.input_bands]
    rgb = resample(values, wavelength_nm, centres, widths)
    return rgb, resample(values, wavelength_nm, model.wavelength_nm, model.fwhm_nm)
