"""The baselines beside the models: each is fitted in seconds on the same training data."""

from pathlib import Path
from typing import List, Optional, Sequence

import neighbours
import ridge
import training_pixels
from quality_methods import Regression

from model_runtime.package import manifest

FITS = {"ridge": ridge.fit, "neighbours": neighbours.fit}
WITH_LIBRARIES = " with libraries"
NAMES = (*FITS, *(f"{name}{WITH_LIBRARIES}" for name in FITS))


def baselines(
    scenes: Sequence[Path],
    libraries: Optional[Path],
    model: manifest.Manifest,
    names: Sequence[str] = NAMES,
) -> List[Regression]:
    """Those ``names`` fitted on ``scenes``, or on these and the spectra of ``libraries``.

    They see the RGB of ``model`` and make its bands. Without libraries, those that need them are
    left out.
    """
    known = list(training_pixels.of_scenes(scenes, model)) if names else []
    spectra = list(training_pixels.of_libraries(libraries, model)) if libraries and names else []
    found = []
    for name in names:
        both = name.endswith(WITH_LIBRARIES)
        if spectra or not both:
            fit = FITS[name[: -len(WITH_LIBRARIES)] if both else name]
            fitted = fit(known + spectra if both else known)
            bands = model.wavelength_nm, model.fwhm_nm, model
            found.append(Regression(name, fitted.estimate, *bands))
    return found
