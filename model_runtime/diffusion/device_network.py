"""A network on a GPU: arrays stay there between calls, and tiles of one size keep one plan.

The same class runs on the processor, where it gives what ``CpuNetwork`` gives, bit for bit: so
tests exercise all of it without a GPU.
"""

import threading
from collections import OrderedDict
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple

import numpy as np

from . import onnx_session
from .network import Feed, Held, Ports, device_errors, ports_of, run_bound

# Blended tiles have four sizes: inside, at the right, at the bottom and in the corner.
KEPT_SESSIONS = 4

Sizes = Tuple[Tuple[str, int], ...]
# A session for these sizes; none where the graph leaves them open.
Open = Callable[[Sizes], Any]


class DeviceNetwork:
    """One graph on ``device``, by ONNX Runtime's binding of inputs and outputs (IOBinding).

    ``ports``: those of a graph that works out sizes: its sessions are opened for given sizes, or
    they would leave that work to the processor. None: one session does for all sizes.
    ``padded``: an edge's smaller tile is enlarged to the size of those before it and what was added
    cut off again, so that a GPU plans its convolutions once. Only where pixels beyond those that
    are kept decide nothing.
    """

    def __init__(
        self,
        open_session: Open,
        inputs: Sequence[str],
        output: str,
        device: str,
        ports: Optional[Ports] = None,
        padded: bool = False,
    ):
        self._open, self._output, self._device, self._padded = open_session, output, device, padded
        self._session = None if ports else open_session(())
        self._ports = ports or ports_of(self._session)
        self._ports.require(inputs, output)
        self.shares_x = self._ports.shares_x
        self._sessions: OrderedDict[Sizes, Any] = OrderedDict()
        self._opening = threading.Lock()
        self._standing = (0, 0)  # rows and cols of the largest tile so far

    def __call__(self, **feeds: Feed) -> np.ndarray:
        """Run the graph.

        Returns: its one output, (N, bands, rows, cols) float32.
        Raises: DeviceError; its kind MemoryShortage says that smaller feeds may go.
        """
        held = self.run_and_hold(**feeds)
        with device_errors():
            return np.ascontiguousarray(_crop(held.value.numpy(), held.shape))

    def hold(self, values: np.ndarray) -> Held:
        """Send ``values`` (N, bands, rows, cols), an input of several calls, to the device.

        Returns: what to give the network in their place.
        Raises: DeviceError.
        """
        with device_errors():
            sent = onnx_session.place(self._enlarge(values, None), self._device)
        return Held(sent, values.shape)

    def run_and_hold(self, **feeds: Feed) -> Held:
        """Run the graph for another network of the same device.

        Returns: its output, which stays there.
        Raises: DeviceError.
        """
        shape = next(feed.shape for feed in feeds.values() if len(feed.shape) == 4)
        stored = (_stored_shape(feed) for feed in feeds.values() if isinstance(feed, Held))
        size = next(((rows, cols) for *_, rows, cols in stored), None)
        given = {
            name: feed if isinstance(feed, Held) else self._enlarge(feed, size)
            for name, feed in feeds.items()
        }
        with device_errors():
            made = self._run(given)
        batch, bands = made.shape()[:2]
        return Held(made, (batch, bands, *shape[2:]))

    def _run(self, feeds: Mapping[str, Feed]) -> Any:
        session = self._session or self._session_for(feeds)
        (made,) = run_bound(session, [self._output], feeds, self._device)
        return made

    def _session_for(self, feeds: Mapping[str, Feed]) -> Any:
        sizes = self._ports.sizes({name: _stored_shape(feed) for name, feed in feeds.items()})
        with self._opening:
            if sizes not in self._sessions:
                if len(self._sessions) == KEPT_SESSIONS:
                    self._sessions.popitem(last=False)
                self._sessions[sizes] = self._open(sizes)
            self._sessions.move_to_end(sizes)
            return self._sessions[sizes]

    def _enlarge(self, values: np.ndarray, size: Optional[Tuple[int, int]]) -> np.ndarray:
        """``values`` repeated beyond their lower and right edge, to ``size`` or that of tiles."""
        if not self._padded or values.ndim != 4:
            return np.ascontiguousarray(values)
        rows, cols = values.shape[2:]
        if size is None:
            size = self._standing = max(self._standing[0], rows), max(self._standing[1], cols)
        beyond = (0, 0), (0, 0), (0, size[0] - rows), (0, size[1] - cols)
        return np.pad(values, beyond, mode="edge")


def _stored_shape(feed: Feed) -> Sequence[int]:
    """The shape on the device, with what was added."""
    return feed.value.shape() if isinstance(feed, Held) else feed.shape


def _crop(values: np.ndarray, shape: Tuple[int, ...]) -> np.ndarray:
    return values[:, :, : shape[2], : shape[3]]
