"""The GPU's tests, run by pytest in a process of its own, as rows: how many passed, what failed."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import List

from gpu_settings import Rows, Settings
from speed_clock import ROOT

TESTS = ROOT / "tests" / "gpu"
DEVICE_VARIABLE = "SCDM_TEST_DEVICE"
MOST_FAILURES_SHOWN = 10


def tests(settings: Settings, rows: Rows) -> None:
    """Passed, failed and skipped; a row for each failure and for each reason to skip."""
    rows.measure("tests", lambda: _run(settings, rows))


def _run(settings: Settings, rows: Rows) -> None:
    report = rows.path.with_name("gpu_tests.xml")
    words = ["-m", "pytest", "-p", "no:pytest_qgis", "-p", "no:cacheprovider", str(TESTS)]
    subprocess.run(
        [sys.executable, *words, f"--junitxml={report}"],
        cwd=ROOT,
        env={**os.environ, DEVICE_VARIABLE: settings.provider},
        stdout=subprocess.DEVNULL,
        timeout=max(settings.left(), 1),
    )
    add_rows(report, rows)


def add_rows(report: Path, rows: Rows) -> None:
    """What pytest's ``report`` (JUnit's XML) says."""
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = [case for case in cases if _says(case, "failure") or _says(case, "error")]
    skipped = [case for case in cases if _says(case, "skipped")]
    for what, number in (
        ("tests passed", len(cases) - len(failed) - len(skipped)),
        ("tests failed", len(failed)),
        ("tests skipped", len(skipped)),
    ):
        rows.add(what, number, "")
    for case in failed[:MOST_FAILURES_SHOWN]:
        said = _says(case, "failure") or _says(case, "error")
        rows.add(f"failed: {case.get('name')}", 0, "", _short(said))
    for reason in sorted({_short(_says(case, "skipped")) for case in skipped}):
        rows.add("skipped because", 0, "", reason)


def _says(case: ElementTree.Element, kind: str) -> List[str]:
    return [child.get("message") or kind for child in case if child.tag == kind]


def _short(said: List[str]) -> str:
    return " ".join(" ".join(said).split())[:160]
