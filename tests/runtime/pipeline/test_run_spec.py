"""What a worker takes up, and what it refuses: another folder, input or model than the client's."""

from dataclasses import replace

import numpy as np
import pytest

from model_runtime import tiling
from model_runtime.diffusion.load import load_cascade
from model_runtime.diffusion.settings import Sampling
from model_runtime.errors import DeviceError, PackageError, StorageError
from model_runtime.package import manifest
from model_runtime.pipeline import fingerprint, run_spec
from model_runtime.pipeline.options import deciding_options
from model_runtime.pipeline.outputs import Output, OutputSpec
from model_runtime.spectra import radiometry


@pytest.fixture
def work(write_raster, tiny_package, tmp_path):
    """An order of a raster of 40 x 50 pixels."""
    import hashlib

    source = write_raster("a.tif", np.full((3, 40, 50), 90, np.uint8))
    journal = tmp_path / "o.tif.blocks"
    journal.mkdir()
    (journal / "run.json").write_text("{}")
    content = (tiny_package / manifest.MANIFEST_NAME).read_bytes()
    return run_spec.RunSpec(
        input=str(source),
        bands=(1, 2, 3),
        inputs=fingerprint.fingerprint_files([str(source)]),
        model=str(tiny_package),
        model_sha256=hashlib.sha256(content).hexdigest(),
        device="cpu",
        threads=1,
        memory_limit=None,
        layout=tiling.Layout(40, 50, tiling.Window(0, 0, 40, 50), 32, 8, 8, 8),
        radiometry=radiometry.Radiometry("match", "", (0.01,) * 3, (0.0,) * 3),
        sampling=Sampling("ddim", 2, 1, (0.0, 0.0), 0),
        journal=str(journal),
        run="abc",
        outputs=OutputSpec((Output("o.tif", tuple(range(8)), "mean"),)),
        software=run_spec.software(),
    )


def test_an_order_is_opened_and_its_units_are_made(work):
    opened = run_spec.open_run(work, load_cascade)
    (unit, *_) = next(opened.job.layout.pieces()).units
    (made,) = opened.maker.make(unit)
    assert made.shape == (8, unit.window.rows, unit.window.cols)
    assert (made != 65535).all() and opened.warnings == []


def test_a_folder_that_is_not_shared_is_told(work, tmp_path):
    with pytest.raises(StorageError, match="does not see the folder"):
        run_spec.open_run(replace(work, journal=str(tmp_path / "elsewhere")), load_cascade)


@pytest.mark.parametrize(("accident", "says"), [("gone", "not see"), ("other", "another file")])
def test_an_input_that_is_not_the_clients_is_told(work, tmp_path, accident, says):
    path = tmp_path / "a.tif"
    path.unlink() if accident == "gone" else path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(StorageError, match=says):
        run_spec.open_run(work, load_cascade)


def test_another_model_is_told(work):
    with pytest.raises(PackageError, match="another model"):
        run_spec.open_run(replace(work, model_sha256="0" * 64), load_cascade)


@pytest.mark.parametrize("name", ["version", "ONNX Runtime"])
def test_other_software_is_told(work, name):
    with pytest.raises(DeviceError, match=f"{name} .*, the client 0.0.7"):
        run_spec.open_run(replace(work, software={**work.software, name: "0.0.7"}), load_cascade)


def test_only_what_decides_a_pixel_is_a_runs_fact():
    from model_runtime.__main__ import build_parser
    from model_runtime.commands.upsample import options_of

    words = ["upsample", "a.tif", "o.tif", "--cluster", "local:2", "--threads", "3"]
    alone = deciding_options(options_of(build_parser().parse_args(words[:3])))
    assert deciding_options(options_of(build_parser().parse_args(words))) == alone
