"""A network that is opened when it is first used, which may be never."""

import threading
from typing import Callable, Optional

import numpy as np

from .network import Feed, Network


class LateNetwork:
    """Stands for the network that ``open_it`` opens, once, for any number of threads.

    Its methods raise what opening raises: PackageError, DeviceError.
    """

    def __init__(self, open_it: Callable[[], Network]):
        self._open, self._opening = open_it, threading.Lock()
        self._opened: Optional[Network] = None

    @property
    def network(self) -> Network:
        """The network, open.

        Raises: PackageError, DeviceError.
        """
        with self._opening:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    @property
    def shares_x(self) -> bool:
        """Whether one x does for a batch of conditions."""
        return self.network.shares_x

    def __call__(self, **feeds: Feed) -> np.ndarray:
        """Run the graph.

        Returns: its one output, (N, bands, rows, cols) float32.
        Raises: DeviceError.
        """
        return self.network(**feeds)

    def hold(self, values: np.ndarray) -> Feed:
        """Put ``values`` (N, bands, rows, cols), an input of several calls, where it works.

        Returns: what to give the network in their place.
        Raises: DeviceError.
        """
        return self.network.hold(values)

    def run_and_hold(self, **feeds: Feed) -> Feed:
        """Run the graph for another network of the same device.

        Returns: its output (N, bands, rows, cols), left where the networks work.
        Raises: DeviceError.
        """
        return self.network.run_and_hold(**feeds)
