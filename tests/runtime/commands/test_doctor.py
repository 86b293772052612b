"""Doctor: says what is there, names each problem once, and ends with the first one."""

import json
from types import SimpleNamespace

import pytest

from model_runtime.commands import doctor
from model_runtime.diffusion import onnx_session
from model_runtime.errors import DeviceError, PackageError
from model_runtime.events import Events
from model_runtime.package import embedded
from model_runtime.system import hardware


def test_a_missing_model_is_the_only_problem(tmp_path, monkeypatch, capsys):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(embedded, "EMBEDDED", tmp_path / "nowhere")
    with pytest.raises(PackageError, match="nowhere"):
        doctor.run(SimpleNamespace(json=True, events=False), Events())
    facts = json.loads(capsys.readouterr().out)
    assert facts["providers"][0] == "CPUExecutionProvider" and facts["device"] in ("cpu", "cuda")
    assert [problem["kind"] for problem in facts["problems"]] == ["model"]
    assert facts["gdal"].count(".") == 2 and facts["cores"] >= 1
    assert facts["memory_bytes"]["total"] > 2**27


def test_a_missing_onnxruntime_is_said_once(tmp_path, monkeypatch):
    def missing():
        raise DeviceError("onnxruntime cannot be imported", "install it")

    monkeypatch.setattr(onnx_session, "_onnxruntime", missing)
    monkeypatch.setattr(embedded, "EMBEDDED", tmp_path / "nowhere")
    facts, problems = doctor.examine()
    assert [type(problem) for problem in problems] == [DeviceError, PackageError]
    assert facts["onnxruntime"] is None and facts["providers"] == []
    text = doctor.as_text(facts)
    assert "ONNX Runtime missing" in text and text.count("problem:") == 2


def test_no_usable_device_is_a_problem(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(onnx_session, "usable_providers", list)
    monkeypatch.setattr(embedded, "EMBEDDED", tmp_path / "nowhere")
    _, problems = doctor.examine()
    assert "any device" in problems[0].message


def test_a_sound_package_runs(tiny_package, monkeypatch):
    monkeypatch.setattr(embedded, "EMBEDDED", tiny_package)
    facts, problems = doctor.examine()
    assert problems == [] and facts["problems"] == []
    assert facts["model"] == {"name": "tiny", "version": "1", "runs_on": facts["device"]}


def test_the_gpu_and_why_a_device_is_taken_are_said(tiny_package, monkeypatch):
    gpu = {"name": "A GPU", "driver": "580.1", "memory_bytes": 8 * 2**30, "used_bytes": None}
    monkeypatch.setattr(hardware, "gpus", lambda: [gpu])
    monkeypatch.setattr(embedded, "EMBEDDED", tiny_package)
    facts, _ = doctor.examine()
    facts["model"]["why"] = "Device: cpu, as it is quicker"
    text = doctor.as_text(facts)
    assert "GPU A GPU, driver 580.1, memory 8.0 GiB, used unknown" in text
    assert text.endswith("Device: cpu, as it is quicker")
