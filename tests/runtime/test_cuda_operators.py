"""The embedded model's graphs have no operator that a GPU would leave to the processor."""

import pytest
from cuda_operators import CUDA_OPERATORS, operators_left

from model_runtime.package import embedded, graph_file, manifest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
MODEL = manifest.read(embedded.EMBEDDED)
GRAPHS = MODEL.graph_files


@pytest.mark.parametrize("entry", GRAPHS, ids=lambda entry: entry.file)
def test_every_operator_has_a_kernel_on_cuda(entry):
    content = graph_file.read_graph(embedded.EMBEDDED, entry)
    assert operators_left(content) <= CUDA_OPERATORS


@pytest.mark.parametrize("entry", GRAPHS, ids=lambda entry: entry.file)
def test_none_works_out_sizes(entry):
    """One session does for all sizes of tiles."""
    assert not graph_file.works_out_sizes(graph_file.read_graph(embedded.EMBEDDED, entry))
