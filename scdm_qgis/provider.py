"""The Processing provider ``scdm`` and its algorithms."""

from pathlib import Path
from typing import Callable

from qgis.core import QgsApplication, QgsProcessingModelAlgorithm, QgsProcessingProvider

from .algorithms.base import icon
from .algorithms.calibrate import CalibrateAlgorithm
from .algorithms.convert import ConvertAlgorithm
from .algorithms.evaluate import EvaluateAlgorithm
from .algorithms.install_runtime import InstallRuntimeAlgorithm
from .algorithms.match_spectra import MatchSpectraAlgorithm
from .algorithms.sample_spectra import SampleSpectraAlgorithm
from .algorithms.simulate_rgb import SimulateRgbAlgorithm
from .algorithms.simulate_sensor import SimulateSensorAlgorithm
from .algorithms.spectral_indices import SpectralIndicesAlgorithm
from .algorithms.upsample import UpsampleAlgorithm
from .model_runtime.contract import ENVI_ENDS

MODELS = Path(__file__).resolve().parent / "models"


class ScdmProvider(QgsProcessingProvider):
    """The algorithms of README's list.

    ``offer_setup`` is called when one of them finds no runtime.
    """

    def __init__(self, offer_setup: Callable[[], None] = lambda: None):
        super().__init__()
        self.offer_setup = offer_setup

    def id(self):
        return "scdm"

    def name(self):
        return "SCDM"

    def longName(self):
        return "SCDM spectral super-resolution"

    def icon(self):
        return icon()

    def supportedOutputRasterLayerExtensions(self):
        """The worker writes GeoTIFF; scdm:convert and scdm:upsample ENVI data too."""
        return ["tif", "tiff", *(ending[1:] for ending in ENVI_ENDS)]

    def supportedOutputVectorLayerExtensions(self):
        """The worker writes GeoPackages alone."""
        return ["gpkg"]

    def defaultVectorFileExtension(self, hasGeometry=True):
        """Whatever QGIS is set to."""
        return "gpkg"

    def supportsNonFileBasedOutput(self):
        """Another process writes: no layers in memory."""
        return False

    def loadAlgorithms(self):
        for algorithm in (
            UpsampleAlgorithm,
            CalibrateAlgorithm,
            EvaluateAlgorithm,
            SimulateRgbAlgorithm,
            MatchSpectraAlgorithm,
            SimulateSensorAlgorithm,
            ConvertAlgorithm,
            SpectralIndicesAlgorithm,
            SampleSpectraAlgorithm,
            InstallRuntimeAlgorithm,
        ):
            self.addAlgorithm(algorithm())
        for path in sorted(MODELS.glob("*.model3")):
            self._add_model(path)

    def _add_model(self, path: Path) -> None:
        """A model of the modeler among the algorithms, once QGIS knows those that it is made of."""
        model = QgsProcessingModelAlgorithm()
        known = QgsApplication.processingRegistry().providerById(self.id()) is not None
        if known and model.fromFile(str(path)):
            self.addAlgorithm(model)
