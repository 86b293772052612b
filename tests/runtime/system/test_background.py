"""Work behind: in order, one at a time, and what fails there is heard here."""

import threading

import pytest

from model_runtime.system.background import BackgroundWriter


def test_actions_are_done_in_their_order_in_another_thread():
    seen = []
    with BackgroundWriter() as behind:
        for number in range(20):
            behind.submit(lambda n=number: seen.append((n, threading.current_thread())))
    assert [n for n, _ in seen] == list(range(20))
    assert {thread for _, thread in seen} - {threading.current_thread()}


def test_an_action_begins_while_the_caller_goes_on():
    reached, may_end = threading.Event(), threading.Event()
    with BackgroundWriter() as behind:
        behind.submit(lambda: (reached.set(), may_end.wait(60)))
        assert reached.wait(60)  # were it done here, nobody would set the other
        may_end.set()


@pytest.mark.parametrize(
    "then", [lambda behind: behind.submit(print), lambda behind: behind.wait()]
)
def test_what_an_action_raises_is_raised_at_the_next_call(then):
    with BackgroundWriter() as behind:
        behind.submit(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            then(behind)


def test_what_the_last_action_raises_is_raised_at_the_end():
    with pytest.raises(ZeroDivisionError), BackgroundWriter() as behind:
        behind.submit(lambda: 1 / 0)


def test_an_error_of_the_caller_comes_first_and_waits_for_the_action():
    done, may_end = [], threading.Event()
    with pytest.raises(KeyError), BackgroundWriter() as behind:
        behind.submit(lambda: (may_end.wait(60), done.append(1), 1 / 0))
        may_end.set()
        raise KeyError
    assert done == [1]
