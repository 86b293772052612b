"""A real QGIS with the assembled plugin, in a profile of its own."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from upsampling import masked_values

from model_runtime import tiling
from model_runtime.diffusion.cascade import Cascade

ROOT = Path(__file__).resolve().parents[2]
# Debian bookworm's qgis_process is a wrapper that fails.
PROGRAM = shutil.which("qgis_process.bin") or shutil.which("qgis_process")


@pytest.fixture(scope="session")
def plugins_folder(tmp_path_factory):
    """The folder with the assembled plugin in it, as QGIS_PLUGINPATH wants it."""
    folder = tmp_path_factory.mktemp("assembled")
    assemble = [sys.executable, str(ROOT / "scripts" / "assemble_plugin.py")]
    places = [f"--plugins={folder / 'plugins'}", f"--dist={folder / 'dist'}"]
    subprocess.run([*assemble, *places], check=True, capture_output=True)
    return folder / "plugins"


@pytest.fixture
def picture(write_raster):
    """A raster of reflectance with a masked corner, 41 x 53 pixels."""
    return write_raster("a.tif", masked_values(800), scale=1e-4, nodata=0)


@pytest.fixture
def cut_off(monkeypatch):
    """From now on the tenth tile finds no memory, once; the list of the tiles that were begun.

    Four tiles make a block of the file.
    """
    calls, estimate = [], Cascade.estimate

    def dying(self, *args):
        calls.append(args)
        if len(calls) == 10:
            raise MemoryError
        return estimate(self, *args)

    monkeypatch.setattr(Cascade, "estimate", dying)
    monkeypatch.setattr(tiling, "BLOCK_SIDE", 16)
    monkeypatch.setattr(tiling.Layout, "smaller", lambda self: None)
    return calls


@pytest.fixture
def qgis_script():
    """A function that runs a Python script in a QGIS without a window: (text, folder)."""

    def run(text, folder):
        return subprocess.run(
            [sys.executable, "-c", text],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "SCDM_PYTHON": sys.executable},
            timeout=300,
        )

    return run


@pytest.fixture(scope="session")
def qgis_profile(tmp_path_factory, plugins_folder):
    """The environment of a QGIS with the plugin, in a profile of its own."""
    if PROGRAM is None:
        pytest.skip("needs qgis_process (Debian: package qgis)")
    return {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_PLUGINPATH": str(plugins_folder),
        "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path_factory.mktemp("qgis") / "profile"),
        "SCDM_PYTHON": sys.executable,
    }


@pytest.fixture(scope="session")
def qgis_process(tmp_path_factory, qgis_profile):
    """A function that runs qgis_process with the plugin enabled."""
    folder = tmp_path_factory.mktemp("runs")

    def run(*words, cwd=folder, **variables):
        return subprocess.run(
            [PROGRAM, *map(str, words)],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={**qgis_profile, **variables},
            timeout=300,
        )

    enabled = run("plugins", "enable", "scdm_qgis")
    assert enabled.returncode == 0, enabled.stderr
    return run


@pytest.fixture
def started(qgis_process, qgis_profile):
    """A function that starts qgis_process (words, folder) in a terminal of its own.

    It returns the process and what it says, line by line; to a pipe qgis_process writes late.
    """
    pty = pytest.importorskip("pty", reason="terminals of this kind are of POSIX systems")
    with contextlib.ExitStack() as stack:

        def start(words, cwd):
            try:
                ours, its = pty.openpty()
            except OSError as error:
                pytest.skip(f"no terminal can be had here ({error})")
            process = subprocess.Popen(
                [PROGRAM, *map(str, words)], stdout=its, stderr=its, cwd=cwd, env=qgis_profile
            )
            os.close(its)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process, _lines(stack.enter_context(os.fdopen(ours, errors="replace")))

        yield start


def _lines(terminal):
    with contextlib.suppress(OSError):  # so a terminal ends on Linux
        yield from terminal
