"""Events: exact JSON forms, one per line; a bar only on a terminal."""

import io
import json

import pytest

from model_runtime.errors import InputError
from model_runtime.events import JsonEvents, TerminalEvents, bar_text, remaining_text


class Terminal(io.StringIO):
    def isatty(self):
        return True


def say_everything(events):
    events.started(rows=3, columns=5, tiles=2, device="cpu", providers=["P"], seed=7)
    events.progress(1, 2)
    events.warning("Straße\nzwei")
    events.done("o.tif", 1.23456, device="cpu")
    events.error(InputError("bad", "do this"))


def test_json_events_have_the_agreed_forms():
    stream = io.StringIO()
    say_everything(JsonEvents(stream))
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {
            "event": "started",
            "rows": 3,
            "columns": 5,
            "tiles": 2,
            "device": "cpu",
            "providers": ["P"],
            "seed": 7,
        },
        {"event": "progress", "done": 1, "total": 2},
        {"event": "warning", "message": "Straße\nzwei"},
        {"event": "done", "output": "o.tif", "seconds": 1.235, "device": "cpu"},
        {"event": "error", "kind": "input", "message": "bad", "remedy": "do this"},
    ]
    assert stream.getvalue().isascii()


def test_each_event_is_flushed_when_it_is_said():
    flushed = []

    class Stream(io.StringIO):
        def flush(self):
            flushed.append(self.getvalue())

    JsonEvents(Stream()).progress(1, 2)
    assert flushed == ['{"event": "progress", "done": 1, "total": 2}\n']


def test_no_bar_without_a_terminal():
    stream = io.StringIO()
    say_everything(TerminalEvents(stream))
    assert "\r" not in stream.getvalue()
    assert "#" not in stream.getvalue()
    assert stream.getvalue().endswith("error: bad: do this\n")


def test_words_begin_on_a_line_of_their_own_after_the_bar():
    stream = Terminal()
    say_everything(TerminalEvents(stream))
    assert "1/2" in stream.getvalue()
    assert "\nwarning: " in stream.getvalue()


@pytest.mark.parametrize(
    ("done", "total", "seconds", "text"),
    [
        (0, 4, 10, ""),
        (4, 4, 10, ""),
        (1, 4, 10, "30 s left"),
        (1, 4, 100, "5 min left"),
        (1, 4, 1201, "1 h 3 s left"),
        (1, 3, 0.1, "0 s left"),
    ],
)
def test_time_left(done, total, seconds, text):
    assert remaining_text(done, total, seconds) == text


def test_bar_of_nothing_is_no_division_by_zero():
    assert bar_text(0, 0).endswith("0/0")
