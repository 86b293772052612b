"""Describe: the package's contents, its files checked."""

import json
import shutil

import pytest

from model_runtime.commands import describe
from model_runtime.errors import PackageError
from model_runtime.package import manifest, model_card


@pytest.fixture
def package(tiny_package, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(tiny_package, tmp_path / "package")


def test_json_holds_the_manifest_files_and_card(command, package):
    done = command("describe", package, "--json")
    facts = json.loads(done.stdout)
    assert done.returncode == 0 and done.stderr == ""
    assert facts["name"] == "tiny" and len(facts["wavelength_nm"]) == 8
    assert [file["file"] for file in facts["files"]] == ["a.onnx", "b.onnx"]
    assert facts["files"][0]["bytes"] == (package / "a.onnx").stat().st_size
    assert "not trained" in facts["card_text"]


def test_text_names_bands_stages_and_qualities(package):
    model = manifest.read(package)
    text = describe.as_text(model, describe.file_facts(package, model))
    assert "8 bands, 400 to 925 nm" in text and "red 640/82 nm" in text
    assert "3 to 2 bands" in text and "2 to 8 bands" in text
    assert "balanced dpm-solver++, 3 steps" in text


def test_a_changed_file_is_refused(command, package):
    (package / "b.onnx").write_bytes(b"something else")
    done = command("describe", package)
    assert done.returncode == PackageError.exit_code and done.stdout == ""
    assert "b.onnx" in done.stderr and "SHA-256" in done.stderr and "Traceback" not in done.stderr


def test_a_folder_without_a_package_is_refused(command, tmp_path):
    done = command("describe", tmp_path)
    assert done.returncode == 3 and "model.json" in done.stderr


def test_a_package_without_a_card_has_none(package):
    (package / "MODEL_CARD.md").unlink()
    assert model_card.card_text(package, manifest.read(package)) == ""
