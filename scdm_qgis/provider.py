"""The Processing provider ``scdm`` and its algorithms."""

from typing import Callable

from qgis.core import QgsProcessingProvider

from .algorithms.base import icon
from .algorithms.evaluate import EvaluateAlgorithm
from .algorithms.install_runtime import InstallRuntimeAlgorithm
from .algorithms.simulate_rgb import SimulateRgbAlgorithm
from .algorithms.upsample import UpsampleAlgorithm


class ScdmProvider(QgsProcessingProvider):
    """Algorithms scdm:upsample, scdm:evaluate, scdm:simulatergb and scdm:installruntime.

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
        """The worker writes GeoTIFF only."""
        return ["tif", "tiff"]

    def loadAlgorithms(self):
        for algorithm in (
            UpsampleAlgorithm,
            EvaluateAlgorithm,
            SimulateRgbAlgorithm,
            InstallRuntimeAlgorithm,
        ):
            self.addAlgorithm(algorithm())
