"""Two runs at once do not make one file."""

import subprocess
import sys

import pytest

from model_runtime.errors import StorageError
from model_runtime.system.target_locks import hold_locks


def test_a_second_holder_is_refused_and_nothing_is_left(tmp_path):
    spread, folder = tmp_path / "spread.tif", tmp_path / "draws"
    with hold_locks([str(spread), str(folder)]):
        for target in (spread, folder):
            wanted = [str(tmp_path / "other.tif"), str(target)]
            message = f"another run is making '{target}'"
            with pytest.raises(StorageError, match=message), hold_locks(wanted):
                pass
        assert [path.name for path in sorted(tmp_path.iterdir())] == [
            ".draws.lock",
            ".spread.tif.lock",
        ]
    assert list(tmp_path.iterdir()) == []
    with hold_locks([str(spread)]):
        pass


def test_a_killed_holder_is_in_nobodys_way(tmp_path):
    script = (
        "import os, sys\n"
        "from model_runtime.system.target_locks import hold_locks\n"
        "with hold_locks([sys.argv[1]]):\n"
        "    os._exit(9)\n"
    )
    target = str(tmp_path / "spread.tif")
    assert subprocess.run([sys.executable, "-c", script, target], check=False).returncode == 9
    assert [path.name for path in tmp_path.iterdir()] == [".spread.tif.lock"]
    with hold_locks([target]):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_told(tmp_path):
    with (
        pytest.raises(StorageError, match="nowhere"),
        hold_locks([str(tmp_path / "nowhere/s.tif")]),
    ):
        pass
