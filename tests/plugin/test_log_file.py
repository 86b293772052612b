"""The log file for bug reports."""

import pytest
from qgis.core import QgsProcessingException

from scdm_qgis.runtime import log_file


@pytest.fixture
def path(tmp_path, monkeypatch):
    """The log, in a folder of its own."""
    log_file.close_log()
    monkeypatch.setattr(log_file, "log_path", lambda: tmp_path / "log" / "scdm.log")
    yield tmp_path / "log" / "scdm.log"
    log_file.close_log()


def test_a_failed_run_is_in_it(registered, path, fake_worker, log, rgb_path, tmp_path):
    import processing

    fake_worker(
        "say(event='warning', message='odd colours')\n"
        "say(event='progress', done=1, total=9)\n"
        "sys.stderr.write('Traceback: the reason')\nsys.exit(4)"
    )
    with pytest.raises(QgsProcessingException):
        words = {"INPUT": str(rgb_path), "OUTPUT": str(tmp_path / "o.tif")}
        processing.run("scdm:upsample", words, feedback=log)
    text = path.read_text(encoding="utf-8")
    assert text.index("model_runtime upsample") < text.index("odd colours")
    assert "QGIS 3" in text and "exit code 4 Traceback: the reason" in text
    assert "progress" not in text


def test_it_does_not_grow_for_ever(path, monkeypatch):
    monkeypatch.setattr(log_file, "LARGEST_BYTES", 500)
    for number in range(100):
        log_file.write_log(f"line {number}")
    assert path.stat().st_size <= 500 and "line 99" in path.read_text()
    assert sorted(p.name for p in path.parent.iterdir()) == ["scdm.log", "scdm.log.1"]


def test_a_log_that_cannot_be_written_stops_nothing(path):
    path.parent.write_text("a file where the folder should be")
    log_file.write_log("nobody hears")
    assert path.parent.is_file()
