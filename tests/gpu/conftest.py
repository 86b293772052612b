"""What the GPU's tests share: the device, and a clear word where there is none.

``make test-gpu`` runs them on CUDA. With SCDM_TEST_DEVICE=cpu they run on the processor: that shows
that they work, and compares nothing.
"""

import os

import pytest

DEVICE = os.environ.get("SCDM_TEST_DEVICE", "cuda")


def pytest_collection_modifyitems(items):
    """All tests of this folder are marked gpu."""
    for item in items:
        if "tests/gpu/" in item.path.as_posix():
            item.add_marker(pytest.mark.gpu)


@pytest.fixture(scope="session", autouse=True)
def exact_products():
    """Float32 as the processor has it: no TF32, in ONNX Runtime and in torch."""
    os.environ["SCDM_TF32"] = "off"
    try:
        import torch
    except ImportError:
        return
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


@pytest.fixture(scope="session")
def device(exact_products) -> str:
    """The device under test, of ONNX Runtime."""
    pytest.importorskip("onnxruntime")
    from model_runtime.diffusion import onnx_session

    if DEVICE == "cuda" and not onnx_session.cuda_state()[1]:
        pytest.skip(
            "needs an NVIDIA GPU and onnxruntime-gpu: ONNX Runtime runs on the processor alone here"
        )
    return DEVICE


@pytest.fixture(scope="session")
def cuda(device) -> str:
    """CUDA itself, for what a processor cannot stand in for."""
    if device != "cuda":
        pytest.skip("needs CUDA itself: the processor cannot stand in for it here")
    return device


@pytest.fixture(scope="session")
def torch_device(exact_products) -> str:
    """The device under test, of torch."""
    torch = pytest.importorskip("torch")
    if DEVICE == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs an NVIDIA GPU and a torch with CUDA")
    return DEVICE
