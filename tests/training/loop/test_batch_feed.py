"""Batches by worker processes: in order, pictures among them, and no process left behind."""

import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from model_runtime.errors import DeviceError
from training.loop.batch_feed import BatchFeed, Share

ROOT = Path(__file__).parents[3]
SECONDS = 60  # a worker looks for its parent every five


@dataclass
class Numbers:
    """Patches that say what they were asked for; every third step is of pictures."""

    dies_at: int = -1

    def batch(self, step, count, rank, ranks):
        if step == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return [np.full(2, value, np.float32) for value in (step, count, 7 * rank + ranks)]

    def pictures(self, step, count, rank, ranks):
        return [-part for part in self.batch(step, count, rank, ranks)]

    def is_of_pictures(self, step):
        return step % 3 == 2


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_batches_come_in_the_order_of_the_steps(workers):
    feed = BatchFeed(Numbers(), Share(8, 1, 2, pictures=True), workers)
    taken = [[float(part[0]) for part in feed.take(step, 7)] for step in range(4, 9)]
    feed.close()
    assert taken == [[4, 8, 9], [-5, -8, -9], [6, 8, 9], [7, 8, 9], [-8, -8, -9]]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stage_without_pictures_has_none(workers):
    feed = BatchFeed(Numbers(), Share(8, 0, 1, pictures=False), workers)
    assert [float(feed.take(step, 9)[0][0]) for step in (1, 2, 7)] == [1, 2, 7]
    feed.close()


def test_a_worker_that_dies_ends_the_run_with_a_word():
    feed = BatchFeed(Numbers(dies_at=1), Share(8, 0, 1, pictures=False), 1)
    with pytest.raises(DeviceError, match="worker process that makes batches has ended") as ended:
        for step in range(5):
            feed.take(step, 9)
    assert "--resume" in ended.value.remedy


STARTED = """
import sys
sys.path[:0] = [{root!r}, {here!r}]
from multiprocessing import active_children
from test_batch_feed import BatchFeed, Numbers, Share
feed = BatchFeed(Numbers(), Share(8, 0, 1, pictures=False), 2)
feed.take(0, 10**6)
print(*(child.pid for child in active_children()), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for processes as Linux can")
def test_no_worker_outlives_a_killed_run():
    program = STARTED.format(root=str(ROOT), here=str(Path(__file__).parent))
    run = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    workers = [os.pidfd_open(int(pid)) for pid in run.stdout.readline().split()]
    assert len(workers) == 2
    run.kill()
    run.communicate()
    for worker in workers:
        ended, _, _ = select.select([worker], [], [], SECONDS)
        os.close(worker)
        assert ended
