"""A worker's events and ends, with scripts in the worker's place."""

import dataclasses
import os
import select
import sys
from pathlib import Path

import pytest
from qgis.core import QgsProcessingException

from scdm_qgis.runtime.job import Job, run_events, run_json, run_plain
from scdm_qgis.runtime.locate import WorkerPython

DONE = "say(event='done', output='x', seconds=1.5)\n"


@pytest.fixture
def job(fake_worker, tmp_path):
    """Makes a job whose worker runs ``body``."""

    def make(body):
        return Job(WorkerPython(fake_worker(body), "test"), ("upsample",), (tmp_path / "o.tif",))

    return make


def test_events_become_facts_progress_and_warnings(job, log):
    body = (
        "say(event='started', seed=7, device='cpu')\n"
        "say(event='progress', done=1, total=4)\n"
        "say(event='warning', message='looks unlike the training')\n"
        "say(event='progress', done=4, total=4)\n"
    )
    facts = run_events(job(body + DONE), log)
    assert facts == {"seed": 7, "device": "cpu", "output": "x", "seconds": 1.5}
    assert log.percent == [25.0, 100.0]
    assert log.warnings == ["looks unlike the training"]


def test_lines_that_are_no_events_are_kept_apart(job, log):
    body = "print('loading…')\nprint('[1, 2]')\nprint('{\"event\": ')\nsay(event='progress')\n"
    facts = run_events(job(body + DONE), log)
    assert facts["seconds"] == 1.5
    assert log.debug == ["loading…", "[1, 2]", '{"event": ']
    assert log.percent == []


def test_a_flood_of_lines_on_both_streams_does_not_block(job, log):
    body = "for i in range(3000):\n    print('x' * 100)\n    print('y' * 100, file=sys.stderr)\n"
    assert run_events(job(body + DONE), log)["output"] == "x"


def test_the_workers_error_is_the_message(job, log):
    body = (
        "say(event='error', kind='input', message='band 9 is not there', remedy='choose 1 to 3')\n"
        "sys.exit(2)\n"
    )
    with pytest.raises(QgsProcessingException, match=r"^band 9 is not there: choose 1 to 3$"):
        run_events(job(body), log)


@pytest.mark.parametrize(
    "body, words",
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", ["SIGKILL", "memory", "smaller Tile"]),
        ("os.kill(os.getpid(), signal.SIGSEGV)", ["SIGSEGV", "crashed", "repair"]),
        ("print('no CUDA', file=sys.stderr); sys.exit(4)", ["exit code 4", "device", "no CUDA"]),
        ("raise RuntimeError('odd')", ["exit code 1", "RuntimeError: odd"]),
        ("sys.exit(137)", ["SIGKILL", "memory"]),
        ("pass", ["without a result", "repair"]),
    ],
)
def test_a_worker_that_dies_is_explained(job, log, body, words):
    with pytest.raises(QgsProcessingException) as caught:
        run_events(job(body + "\n"), log)
    for word in words:
        assert word in str(caught.value)


def test_done_is_not_believed_when_the_exit_code_says_otherwise(job, log):
    with pytest.raises(QgsProcessingException, match="exit code 5"):
        run_events(job(DONE + "sys.exit(5)\n"), log)


def test_cancel_ends_the_worker_and_its_children(job, log, tmp_path, monkeypatch):
    pids = tmp_path / "pids"
    body = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(tmp_path / 'o.tif.part')!r}, 'w').close()\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "say(event='started', seed=1, device='cpu')\n"
        "time.sleep(600)\n"
    )
    work = job(body)
    monkeypatch.setattr(log, "pushInfo", lambda text: log.cancel())  # at the started event
    with pytest.raises(QgsProcessingException, match="Cancelled"):
        run_events(work, log)
    assert all(ended(int(pid)) for pid in pids.read_text().split())
    assert not (tmp_path / "o.tif.part").exists()


def test_samples_half_written_go_with_a_worker_that_dies(job, log, tmp_path):
    draws = tmp_path / "draws"
    draws.mkdir()
    for name in ("sample_001.tif", "sample_002.tif.part", "mine.part"):
        (draws / name).touch()
    work = dataclasses.replace(job("os.kill(os.getpid(), signal.SIGKILL)\n"), outputs=(draws,))
    with pytest.raises(QgsProcessingException):
        run_events(work, log)
    assert {path.name for path in draws.iterdir()} == {"sample_001.tif", "mine.part"}


def ended(pid):
    """Whether process ``pid`` is dead, at once or in the next seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    return bool(select.select([handle], [], [], 5)[0])


def test_a_missing_interpreter_is_explained(log, tmp_path):
    work = Job(WorkerPython(tmp_path / "gone", "environment variable SCDM_PYTHON"), ())
    with pytest.raises(QgsProcessingException, match=r"gone .* cannot be started"):
        run_events(work, log)


def test_json_is_read_and_its_exit_code_held_against_what_is_accepted(job, log):
    body = "print(json.dumps({'overall': {'rmse': 0.5}}, indent=1)); sys.exit(3)\n"
    assert run_json(job(body), log, accepted=(0, 3)) == {"overall": {"rmse": 0.5}}
    with pytest.raises(QgsProcessingException, match="exit code 3"):
        run_json(job(body), log)


def test_a_plain_command_tells_its_warnings_and_its_refusal(job, log):
    run_plain(job("print('warning: half seen', file=sys.stderr)\n"), log)
    assert log.warnings == ["warning: half seen"]
    refusal = "print('error: no wavelengths: add them', file=sys.stderr); sys.exit(2)\n"
    with pytest.raises(QgsProcessingException, match=r"^no wavelengths: add them$"):
        run_plain(job(refusal), log)


def test_the_bundled_runtime_is_the_one_imported(log, tmp_path, plugin_folder, monkeypatch):
    """Even from a folder with a model_runtime of its own, and with QGIS's PYTHONPATH set."""
    (tmp_path / "model_runtime").mkdir()
    (tmp_path / "model_runtime" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    python = WorkerPython(Path(sys.executable), "test")
    run_plain(Job(python, ("--version",)), log)
    assert log.infos == [_version(plugin_folder)]


def _version(plugin_folder):
    text = (plugin_folder / "model_runtime" / "__init__.py").read_text()
    return text.split('__version__ = "')[1].split('"')[0]


def test_the_log_has_sentences_instead_of_fields(job, log):
    body = (
        "say(event='started', rows=10, columns=20, tiles=4, device='cpu', seed=7, "
        "providers=['CPUExecutionProvider'])\n"
        "say(event='done', output='x', seconds=1.23456789012345, radiometry='match', "
        "radiometry_why='8-bit picture without calibration', samples=4, warnings=[])\n"
    )
    run_events(job(body), log)
    assert log.infos == [
        "20 × 10 pixels, tiles: 4",
        "Device: cpu, seed: 7",
        "Radiometry: matched (8-bit picture without calibration).",
        "Samples per pixel: 4",
        "Finished in 1.2 s",
    ]


def test_what_the_worker_says_in_words_is_said_once(job, log):
    body = (
        "say(event='started', resumed='Going on: 3 of 9 tiles are there', bands='Red = band 3', "
        "radiometry_in_words='Radiometry: matched.')\n"
        "say(event='done', output='x', seconds=1, radiometry='match', radiometry_why='8 bits')\n"
    )
    run_events(job(body), log)
    said = ["Going on: 3 of 9 tiles are there.", "Red = band 3.", "Radiometry: matched."]
    assert log.infos == [*said, "Finished in 1.0 s"]


@pytest.mark.parametrize(
    "total, share",
    [(9, "3 of 9 tiles are kept in"), (12, "3 of 9 tiles are kept in"), (5, "Finished tiles are")],
)
def test_a_cancelled_run_says_what_is_kept_and_where(job, log, tmp_path, monkeypatch, total, share):
    blocks = tmp_path / "o.tif.blocks"
    body = (
        f"os.mkdir({str(blocks)!r})\n"
        f"open({str(blocks / '1.block')!r}, 'wb').write(bytes(147_000))\n"
        "say(event='started', rows=1, columns=1, tiles=9, device='cpu', seed=1)\n"
        f"say(event='progress', done=3, total={total})\n"
        "time.sleep(600)\n"
    )
    monkeypatch.setattr(log, "setProgress", lambda percent: log.cancel())
    with pytest.raises(QgsProcessingException) as caught:
        run_events(job(body), log)
    text = str(caught.value)
    assert text.startswith(f"Cancelled. {share}")
    assert f" kept in {blocks} (147 kB): run again" in text
    assert "delete that folder" in text


def test_a_cancelled_run_that_leaves_nothing_says_so(job, log, monkeypatch):
    body = "say(event='progress', done=3, total=9)\ntime.sleep(600)\n"
    monkeypatch.setattr(log, "setProgress", lambda percent: log.cancel())
    with pytest.raises(QgsProcessingException, match=r"^Cancelled: nothing was written\.$"):
        run_events(job(body), log)
