"""A real QGIS with the assembled plugin, in a profile of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
def qgis_process(tmp_path_factory, plugins_folder):
    """A function that runs qgis_process with the plugin in a profile of its own."""
    if PROGRAM is None:
        pytest.skip("needs qgis_process (Debian: package qgis)")
    folder = tmp_path_factory.mktemp("qgis")
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_PLUGINPATH": str(plugins_folder),
        "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile"),
        "SCDM_PYTHON": sys.executable,
    }

    def run(*words, cwd=folder, **variables):
        return subprocess.run(
            [PROGRAM, *map(str, words)],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={**environment, **variables},
            timeout=300,
        )

    enabled = run("plugins", "enable", "scdm_qgis")
    assert enabled.returncode == 0, enabled.stderr
    return run
