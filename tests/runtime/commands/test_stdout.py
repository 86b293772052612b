"""Answers of commands: text, JSON, or events with nothing else on stdout."""

import json
import time
from types import SimpleNamespace

import pytest

from model_runtime.commands import stdout
from model_runtime.events import JsonEvents

FACTS = {"bands": 48, "psnr": None}


def given(capsys, **args):
    import sys

    options = {"events": False, "json": False, **args}
    since = time.monotonic()
    stdout.print_result(
        SimpleNamespace(**options), JsonEvents(sys.stdout), FACTS, "48 bands", since
    )
    return capsys.readouterr().out


def test_text_is_for_people(capsys):
    assert given(capsys) == "48 bands\n"


def test_json_is_one_object(capsys):
    assert json.loads(given(capsys, json=True)) == FACTS


@pytest.mark.parametrize("as_json", [False, True])
def test_events_are_alone_on_stdout(capsys, as_json):
    (line,) = given(capsys, events=True, json=as_json, report="r.html").splitlines()
    said = json.loads(line)
    assert said.pop("seconds") >= 0
    assert said == {"event": "done", "output": "r.html", **FACTS}
