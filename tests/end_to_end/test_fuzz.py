"""Garbage ends in a refusal: fuzzing.py in small; SCDM_FUZZ=10000 for more."""

import os
import random

import fuzzing
import pytest

COUNT = int(os.environ.get("SCDM_FUZZ", "60"))


@pytest.mark.parametrize("what", sorted(fuzzing.FUZZED))
def test_garbage_is_refused(what, tiny_package):
    ends = fuzzing.FUZZED[what](COUNT, tiny_package, random.Random(7))
    assert sum(ends.values()) == COUNT
    assert set(ends) <= fuzzing.KNOWN_ENDS
