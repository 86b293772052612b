"""``auto`` takes the quicker device, says why, and times nothing where there is no choice."""

import pytest

from model_runtime.diffusion import device_choice, load, onnx_session
from model_runtime.diffusion.device_choice import DeviceChoice, choose_device
from model_runtime.errors import DeviceError
from model_runtime.package import manifest


@pytest.fixture
def cuda(monkeypatch):
    """A function that sets whether CUDA is offered and usable."""

    def claim(offered=True, usable=True):
        monkeypatch.setattr(onnx_session, "cuda_state", lambda: (offered, usable))

    return claim


def never(device):
    raise AssertionError(f"{device} was timed")


@pytest.mark.parametrize("named", ["cpu", "cuda"])
def test_a_device_that_was_named_is_taken_as_named(named):
    assert choose_device(named, never) == DeviceChoice(named)


def test_without_a_gpu_runtime_nothing_is_timed_and_nothing_said(cuda):
    cuda(offered=False, usable=False)
    assert choose_device("auto", never) == DeviceChoice("cpu")


def test_a_gpu_runtime_without_a_gpu_is_said(cuda):
    cuda(usable=False)
    choice = choose_device("auto", never)
    assert choice.device == "cpu" and "no GPU can be used" in choice.warnings[0]


@pytest.mark.parametrize(
    "gpu, cpu, taken",
    [(0.004, 0.06, "cuda"), (0.2, 0.05, "cpu")],
)
def test_the_quicker_one_is_taken_and_both_times_are_said(cuda, gpu, cpu, taken):
    cuda()
    choice = choose_device("auto", {"cuda": gpu, "cpu": cpu}.__getitem__)
    assert choice.device == taken and choice.warnings == ()
    assert f"{1e3 * gpu:.1f} ms" in choice.why and f"{1e3 * cpu:.1f} ms" in choice.why
    assert choice.why.startswith(f"Device: {taken}")


def test_a_gpu_that_cannot_run_the_model_is_said_and_the_cpu_taken(cuda):
    cuda()

    def seconds(device):
        if device == "cuda":
            raise DeviceError("device cuda would leave a part of the work to the processor", "x")
        return never(device)

    choice = choose_device("auto", seconds)
    assert choice.device == "cpu"
    assert "cannot run this model (device cuda would leave" in choice.warnings[0]


def test_where_devices_have_to_be_alike_a_usable_gpu_is_taken_untimed(cuda):
    cuda()
    assert choose_device("auto") == DeviceChoice("cuda")


def test_the_first_run_does_not_count(monkeypatch):
    clock = iter([10.0, 10.5, 20.0, 20.2, 30.0, 30.4])
    monkeypatch.setattr(device_choice.time, "perf_counter", lambda: next(clock))
    runs = []
    assert device_choice.time_runs(lambda: runs.append(1)) == pytest.approx(0.2)
    assert len(runs) == 1 + device_choice.RUNS


@pytest.fixture
def opened(monkeypatch):
    """The devices that networks are opened on, in turn; every one is the processor in truth."""
    devices, real = [], load.open_network

    def open_on_cpu(folder, entry, device, threads, use):
        devices.append(device)
        return real(folder, entry, "cpu", threads, use)

    monkeypatch.setattr(load, "open_network", open_on_cpu)
    return devices


@pytest.mark.parametrize("seconds, taken", [((0.1, 0.2), "cuda"), ((0.2, 0.1), "cpu")])
def test_loading_tries_both_and_keeps_the_quicker(
    tiny_package, cuda, opened, monkeypatch, seconds, taken
):
    cuda()
    times = iter(seconds)  # of the GPU, then of the CPU

    def time_runs(run):
        run()  # the trial tile goes through the whole cascade
        return next(times)

    monkeypatch.setattr(load, "time_runs", time_runs)
    cascade = load.load_cascade(tiny_package, manifest.read(tiny_package), "auto", 1)
    assert cascade.device == taken and cascade.device_why.startswith(f"Device: {taken}")
    assert sorted(opened) == ["cpu", "cpu", "cuda", "cuda"]  # two stages, each opened once


def test_loading_without_cuda_opens_the_processor_alone(tiny_package, cuda, opened, monkeypatch):
    cuda(offered=False, usable=False)
    monkeypatch.setattr(load, "time_runs", never)
    cascade = load.load_cascade(tiny_package, manifest.read(tiny_package), "auto", 1)
    assert (cascade.device, cascade.device_why, cascade.warnings) == ("cpu", "", [])
    assert opened == ["cpu", "cpu"]
