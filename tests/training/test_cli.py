"""A training command ends in one line, whatever ended it."""

import pytest

from model_runtime.errors import InputError, StorageError
from training import cli, export, prepare


def test_a_command_that_is_done_says_nothing(capsys):
    assert cli.run(lambda: None) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("error, code", [(InputError("a", "b"), 2), (StorageError("a", "b"), 5)])
def test_an_error_is_one_line_and_its_code(error, code, capsys):
    def work():
        raise error

    assert cli.run(work) == code
    assert capsys.readouterr().err == "error: a: b\n"


@pytest.mark.parametrize("command, words", [(export, ["run", "model"]), (prepare, ["a", "b"])])
def test_an_interrupted_command_shows_no_traceback(command, words, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, command.__name__.rpartition(".")[2], interrupted)
    monkeypatch.setattr(prepare, "_cut", lambda _: None)
    assert command.main(words) == 130
    assert capsys.readouterr().err == f"{cli.STOPPED}\n"
