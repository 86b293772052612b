"""Opens an ONNX file of a model package as a network on a device."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Tuple

from ..package import graph_file
from ..package.manifest import ModelFile
from . import onnx_session
from .device_network import DeviceNetwork
from .network import CpuNetwork, Network, ports_of


@dataclass(frozen=True)
class GraphUse:
    """What a graph is for: the names of its ``inputs`` and ``output``, and what it is known to do.

    ``pixelwise``: it works on each pixel by itself. ``alike``: any number of threads shall give the
    same bits. ``padded``: pixels beyond those that are kept of a tile may be any.
    """

    inputs: Tuple[str, ...]
    output: str
    pixelwise: bool = False
    alike: bool = False
    padded: bool = False


def open_network(
    folder: Path, entry: ModelFile, device: str, threads: int, use: GraphUse
) -> Network:
    """Open a package's file as a network on exactly ``device`` (cpu or cuda).

    Returns: the network.
    Raises: PackageError for a file that is not the package's or another graph, DeviceError where
        the device cannot be used, or would leave a part of the graph to the processor.
    """
    if device == "cpu":
        session = onnx_session.session_for(folder, entry, device, threads, use.pixelwise, use.alike)
        return CpuNetwork(session, use.inputs, use.output)
    content, damaged = graph_file.read_graph(folder, entry), onnx_session.damaged_graph(entry)
    ports = None
    if graph_file.works_out_sizes(content):
        onnx_session.require_device(device)
        ports = ports_of(onnx_session.open_session(content, "cpu", 1, damaged))
    opened = partial(onnx_session.open_session, content, device, threads, damaged, use.pixelwise)
    return DeviceNetwork(opened, use.inputs, use.output, device, ports, use.padded)
