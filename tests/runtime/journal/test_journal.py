"""The journal: what a later run may go on from, and what it must not."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from doubles import RecordedEvents

from model_runtime.errors import StorageError
from model_runtime.journal import journal
from model_runtime.journal.journal import Journal, folder_of, was_ending

FACTS = {"--steps": "5", "input a.tif": "7 bytes"}
BLOCK = (np.zeros((1, 2, 2), np.uint16),)


@pytest.fixture
def told():
    return RecordedEvents()


@pytest.fixture
def output(tmp_path):
    return str(tmp_path / "o.tif")


def cut_short(output, facts, told):
    """A run that finished one block."""
    with Journal(output) as kept:
        kept.begin(facts, True, told)
        kept.store.write("0_0", BLOCK)
        kept.keep()


def test_the_same_facts_go_on(output, told):
    cut_short(output, FACTS, told)
    with Journal(output) as again:
        assert again.begin(FACTS, True, told) == 1
        assert again.store.read("0_0") is not None
    assert told.warnings == []
    assert not folder_of(output).exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"--steps": "6"}, "had other settings (steps): its tiles are discarded (1 kB)"),
        ({"input a.tif": "8 bytes"}, "other settings (the input file)"),
        ({"--new-thing": "1", "SCDM_X": "2"}, "other settings (new thing)"),
        ({"SCDM_MODEL": "2", "tiles": "3"}, "other settings (model, tiles)"),
        ({f"--{letter}": "1" for letter in "abcde"}, "other settings (a, b, c, d, …)"),
    ],
)
def test_other_facts_start_anew_and_say_why(output, told, change, says):
    cut_short(output, FACTS, told)
    with Journal(output) as again:
        assert again.begin({**FACTS, **change}, True, told) == 0
        assert again.store.names() == set()
    assert len(told.warnings) == 1 and says in told.warnings[0]


def test_a_run_with_other_settings_may_be_kept_until_they_come_again(output, told):
    cut_short(output, FACTS, told)
    other = {**FACTS, "--steps": "6"}
    with Journal(output) as second:
        assert second.begin(other, True, told, journal.KEEP) == 0
        second.store.write("0_0", BLOCK)
        second.store.write("0_1", BLOCK)
        second.keep()
    assert "(steps): its tiles are kept for when they come again" in told.warnings[0]
    for facts, blocks in ((FACTS, 1), (other, 2), (FACTS, 1)):
        with Journal(output) as again:
            assert again.holds(facts)
            assert again.begin(facts, True, told, journal.KEEP) == blocks
            again.keep()
    with Journal(output) as whole:  # it ends well: the other one stays
        assert whole.begin(FACTS, True, told, journal.KEEP) == 1
    with Journal(output) as whole:
        assert whole.begin(other, True, told) == 2
    assert not folder_of(output).exists()


def test_kept_runs_go_with_one_that_discards(output, told):
    cut_short(output, FACTS, told)
    with Journal(output) as second:
        second.begin({**FACTS, "--steps": "6"}, True, told, journal.KEEP)
        second.store.write("0_0", BLOCK)
        second.keep()
    with Journal(output) as third:
        third.begin({**FACTS, "--steps": "7"}, True, told)
        assert not third.holds(FACTS)
    assert not folder_of(output).exists()


def test_no_resume_starts_anew_without_a_word(output, told):
    cut_short(output, FACTS, told)
    with Journal(output) as again:
        assert again.begin(FACTS, False, told) == 0
    assert told.warnings == []


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_facts_that_cannot_be_read_start_anew(output, told, content):
    cut_short(output, FACTS, told)
    (folder_of(output) / journal.FACTS_NAME).write_bytes(content)
    with Journal(output) as again:
        assert again.begin(FACTS, True, told) == 0


def test_a_kept_journal_without_a_block_goes(output, told):
    with Journal(output) as kept:
        kept.begin(FACTS, True, told)
        kept.keep()
    assert not folder_of(output).exists()


def test_what_is_not_the_journals_stays(output, told):
    cut_short(output, FACTS, told)
    (folder_of(output) / "mine.txt").write_text("x")
    with Journal(output) as again:
        again.begin(FACTS, False, told)
    assert [path.name for path in folder_of(output).iterdir()] == ["mine.txt"]


def test_two_runs_of_one_output_are_kept_apart(output, told):
    with Journal(output), pytest.raises(StorageError, match="another run"), Journal(output):
        pass
    with Journal(output) as free:
        free.begin(FACTS, True, told)


def test_the_lock_of_a_killed_run_is_free(output, told):
    code = (
        "import os, sys; from model_runtime.journal.journal import Journal\n"
        "Journal(sys.argv[1]).__enter__(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, output], check=False)
    assert (folder_of(output) / journal.LOCK_NAME).exists()
    with Journal(output) as free:
        free.begin(FACTS, True, told)


def test_the_end_is_marked(output, told):
    with Journal(output) as kept:
        kept.begin(FACTS, True, told)
        assert not was_ending(output)
        kept.store.write("0_0", BLOCK)
        kept.mark_ending()
        kept.keep()
    assert was_ending(output)
    assert json.loads((folder_of(output) / journal.FACTS_NAME).read_bytes()) == FACTS


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path):
    (tmp_path / "o.tif.blocks").write_text("a file is in the way")
    with pytest.raises(StorageError, match="cannot be written"), Journal(str(tmp_path / "o.tif")):
        pass


def test_the_mark_of_the_end_is_of_one_run(output, told):
    with Journal(output) as kept:
        kept.begin(FACTS, True, told)
        kept.mark_ending()
        assert kept.was_ending(FACTS) and not kept.was_over()
        assert not kept.was_ending({**FACTS, "--steps": "6"})


def test_the_mark_of_the_end_goes_last(output, told, monkeypatch):
    """Whoever finds it alone knows that the outputs have their names."""
    kept = Journal(output).__enter__()
    kept.begin(FACTS, True, told)
    kept.mark_ending()
    mark, unlink = folder_of(output) / journal.ENDING_NAME, Path.unlink

    def break_off(path, **how):
        if path == mark:
            raise OSError("the power is gone")
        unlink(path, **how)

    monkeypatch.setattr(Path, "unlink", break_off)
    kept.leave()
    with Journal(output) as again:
        assert again.was_ending(FACTS) and again.was_over()
