"""A network as the cascade calls it, named arrays in and one array out; here on the processor."""

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Iterator, List, Mapping, Protocol, Sequence, Tuple, Union

import numpy as np

from ..errors import DeviceError, MemoryShortage, PackageError, ScdmError, one_line

# The name of a denoiser's batch of x where one x does for a batch of conditions.
SHARED_BATCH = "x_batch"
DAMAGED = "get the model package again, or export it again with training/export.py"
# What ONNX Runtime and CUDA say when memory runs out; there is no type for it.
_MEMORY_SIGNS = (
    "Failed to allocate memory",
    "bad_alloc",
    "bad allocation",
    "out of memory",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


@dataclass(frozen=True)
class Held:
    """An array that stays on a device; ``shape`` is that of the array it was made of."""

    value: Any
    shape: Tuple[int, ...]

    def __len__(self) -> int:
        return self.shape[0]


Feed = Union[np.ndarray, Held]


@dataclass(frozen=True)
class Port:
    """An input or output of a graph: a name where it leaves a size open, ONNX Runtime's type."""

    name: str
    shape: Tuple[Union[int, str, None], ...]
    type: str


@dataclass(frozen=True)
class Ports:
    """What goes into a graph and comes out of it."""

    inputs: Tuple[Port, ...]
    outputs: Tuple[Port, ...]

    @property
    def shares_x(self) -> bool:
        """Whether one x does for a batch of conditions."""
        return any(SHARED_BATCH in port.shape for port in self.inputs)

    def require(self, inputs: Sequence[str], output: str) -> None:
        """Check the names and types.

        Raises: PackageError where they are others than ``inputs`` and ``output``.
        """
        found = sorted(port.name for port in self.inputs)
        if found != sorted(inputs) or [port.name for port in self.outputs] != [output]:
            raise PackageError(
                f"an ONNX file has inputs {found}, not {sorted(inputs)} with output '{output}'",
                DAMAGED,
            )
        for port in (*self.inputs, *self.outputs):
            kind = "tensor(int64)" if port.name == "timestep" else "tensor(float)"
            if port.type != kind:
                raise PackageError(
                    f"'{port.name}' of an ONNX file is {port.type}, not {kind}", DAMAGED
                )

    def sizes(self, shapes: Mapping[str, Sequence[int]]) -> Tuple[Tuple[str, int], ...]:
        """Read the sizes that the graph leaves open from the ``shapes`` of its inputs.

        Returns: (name of the dimension, size), by name.
        """
        found = {
            name: int(size)
            for port in self.inputs
            for name, size in zip(port.shape, shapes[port.name])
            if isinstance(name, str)
        }
        return tuple(sorted(found.items()))


def ports_of(session) -> Ports:
    """Copy what a session says of its graph.

    Returns: the ports, which do not keep the session.
    """
    inputs, outputs = (
        tuple(Port(node.name, tuple(node.shape), node.type) for node in nodes)
        for nodes in (session.get_inputs(), session.get_outputs())
    )
    return Ports(inputs, outputs)


class Network(Protocol):
    """One graph on one device."""

    @property
    def shares_x(self) -> bool:
        """Whether one x does for a batch of conditions."""

    def __call__(self, **feeds: Feed) -> np.ndarray:
        """Run the graph.

        Returns: its one output, (N, bands, rows, cols) float32.
        Raises: DeviceError; its kind MemoryShortage says that smaller feeds may go.
        """

    def hold(self, values: np.ndarray) -> Feed:
        """Put ``values`` (N, bands, rows, cols), an input of several calls, where it works.

        Returns: what to give the network in their place.
        Raises: DeviceError.
        """

    def run_and_hold(self, **feeds: Feed) -> Feed:
        """Run the graph for another network of the same device.

        Returns: its output (N, bands, rows, cols), left where the networks work.
        Raises: DeviceError.
        """


class CpuNetwork:
    """A graph on the processor: ONNX Runtime works on NumPy's own arrays."""

    def __init__(self, session, inputs: Sequence[str], output: str):
        self._session, self._output = session, output
        ports = ports_of(session)
        ports.require(inputs, output)
        self.shares_x = ports.shares_x

    def __call__(self, **feeds: Any) -> np.ndarray:
        """Run the graph.

        Returns: its one output, (N, bands, rows, cols) float32.
        Raises: DeviceError; its kind MemoryShortage says that smaller feeds may go.
        """
        with device_errors():
            return self._session.run([self._output], feeds)[0]

    def hold(self, values: np.ndarray) -> np.ndarray:
        """Leave ``values`` (N, bands, rows, cols) where the processor works on them.

        Returns: ``values``.
        """
        return values

    def run_and_hold(self, **feeds: Any) -> np.ndarray:
        """Run the graph.

        Returns: its output (N, bands, rows, cols).
        Raises: DeviceError.
        """
        return self(**feeds)


def run_bound(session, names: Sequence[str], feeds: Mapping[str, Feed], device: str) -> List[Any]:
    """Run a session with inputs and outputs bound to ``device``.

    Returns: ONNX Runtime's values of the outputs ``names``, which stay there.
    """
    binding = session.io_binding()
    for name, feed in feeds.items():
        if isinstance(feed, Held):
            binding.bind_ortvalue_input(name, feed.value)
        else:
            binding.bind_cpu_input(name, feed)
    for name in names:
        binding.bind_output(name, device)
    session.run_with_iobinding(binding)
    return list(binding.get_outputs())


@contextmanager
def device_errors() -> Iterator[None]:
    """Translate what ONNX Runtime raises while it works.

    Raises: MemoryShortage where memory ran out, DeviceError for anything else.
    """
    try:
        yield
    except ScdmError:
        raise
    except Exception as error:
        if any(sign in str(error) for sign in _MEMORY_SIGNS):
            raise MemoryShortage(
                f"the memory ran out while sampling ({one_line(error)})",
                "choose a smaller tile, or device cpu",
            ) from error
        raise DeviceError(
            f"ONNX Runtime failed while sampling ({one_line(error)})",
            "choose a smaller tile, or device cpu",
        ) from error
