"""What an unfinished run leaves, in words."""

import numpy as np
import pytest

from model_runtime.journal import leftovers
from model_runtime.journal.unit_store import UnitStore


def test_what_is_kept_and_what_to_do_about_it(tmp_path):
    folder = tmp_path / "c1.tif.blocks"
    folder.mkdir()
    for name in ("0_0", "0_512", "512_0"):
        UnitStore(folder, "run").write(name, (np.zeros((48, 512, 512), np.uint16),))
    UnitStore(folder, "other").write("0_0", (np.zeros((1, 2, 2), np.uint16),))
    message, remedy = leftovers.describe_kept(folder, "run", 9, 1)
    assert message == "Cancelled. 3 of 9 tiles are kept in c1.tif.blocks (75 MB)"
    assert remedy == "run again with the same settings to go on, or delete that folder"
    assert "8 of 8 tiles" in leftovers.describe_kept(folder, "run", 8, 4)[0]


def test_nothing_is_kept(tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "none"):
        assert leftovers.describe_kept(folder, "run", 9, 1) == (
            "Cancelled. Nothing was written",
            "",
        )


@pytest.mark.parametrize(
    ("count", "words"), [(0, "1 kB"), (800e3, "800 kB"), (147e6, "147 MB"), (1.23e9, "1.2 GB")]
)
def test_sizes(count, words):
    assert leftovers.size_in_words(count) == words
