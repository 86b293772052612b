"""Percent for the bar, time left for the log."""

import pytest

from scdm_qgis.runtime.progress import Progress, duration


def test_time_left_is_told_now_and_then(log):
    now = iter([0.0, 1.0, 31.0, 32.0, 60.0])
    progress = Progress(log, clock=lambda: next(now))
    for done in (1, 3, 4, 12):
        progress.update(done, 12)
    assert log.percent == pytest.approx([100 / 12, 25, 100 / 3, 100])
    assert log.texts == ["25 %, about 2 min left"]


def test_nothing_to_do_is_no_division(log):
    Progress(log).update(0, 0)
    assert log.percent == []


@pytest.mark.parametrize(
    "seconds, words",
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (5340, "89 min"), (11100, "3 h 05 min")],
)
def test_duration_in_words(seconds, words):
    assert duration(seconds) == words


def test_what_comes_after_the_last_tile_is_said_once(log):
    progress = Progress(log, lambda: 0.0)
    for done, doing in ((16, ""), (17, "overviews"), (18, "overviews"), (19, "report"), (21, "")):
        progress.update(done, 21, doing)
    assert log.texts == ["Making overviews", "Making the report"]
    assert log.percent[0] < 100 and log.percent[-1] == 100
