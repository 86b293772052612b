"""A package's file is read only where it is the one that the manifest names."""

import hashlib
import shutil

import pytest

from model_runtime.errors import PackageError
from model_runtime.package import manifest, verified_file


@pytest.fixture
def package(tiny_package, tmp_path):
    """A copy of the tiny package that a test may damage."""
    return shutil.copytree(tiny_package, tmp_path / "package")


def entry(package):
    """The manifest's entry of the first stage's denoiser."""
    return manifest.read(package).stages[0].denoiser


def test_what_is_read_is_the_files(package):
    content = verified_file.read_verified(package, entry(package))
    assert content == (package / "a.onnx").read_bytes()


def test_a_changed_byte_is_noticed(package):
    content = bytearray((package / "a.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (package / "a.onnx").write_bytes(content)
    with pytest.raises(PackageError, match=hashlib.sha256(content).hexdigest()):
        verified_file.read_verified(package, entry(package))


def test_a_link_out_of_the_folder_is_not_followed(package, tmp_path):
    wanted = entry(package)
    outside = shutil.move(package / "a.onnx", tmp_path / "outside.onnx")
    (package / "a.onnx").symlink_to(outside)
    with pytest.raises(PackageError, match=r"a\.onnx is not a plain file"):
        verified_file.read_verified(package, wanted)


@pytest.mark.parametrize("instead", ["nothing", "folder"])
def test_a_missing_file_is_named(package, instead):
    wanted = entry(package)
    (package / "a.onnx").unlink()
    if instead == "folder":
        (package / "a.onnx").mkdir()
    with pytest.raises(PackageError, match=r"a\.onnx is not a plain file"):
        verified_file.read_verified(package, wanted)


def test_a_file_beyond_the_limit_is_not_read(package, monkeypatch):
    monkeypatch.setattr(verified_file, "MAX_FILE_BYTES", 100)
    with pytest.raises(PackageError, match="larger than 100 bytes"):
        verified_file.read_verified(package, entry(package))
