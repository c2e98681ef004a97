"""Wordings of one thing are recognised: a call's versions, near-equal sentences; and two things stay two."""

import random

import numpy as np

from earnings_themes.text.alike import (
    SKETCH_SIZE,
    likeness_to_each,
    near_equal,
    same_words,
    shared_runs,
    sketch,
)
from tests.conftest import SUBJECTS

SENTENCES = [sentence for subject in SUBJECTS.values() for sentence in subject]


def test_a_version_of_a_call_is_alike_and_another_call_is_not() -> None:
    half = len(SENTENCES) // 2
    one = SENTENCES[:half]
    edited = [s.replace(" the ", " that ", 1) if n % 4 == 0 else f"Uh, {s}" for n, s in enumerate(one)]
    assert shared_runs(sketch(one), sketch(edited)) > 0.65
    assert shared_runs(sketch(one), sketch(SENTENCES[half:])) < 0.2
    assert shared_runs(sketch(["Good morning."]), sketch(["Good morning."])) == 0, "a greeting proves nothing"


def test_numbers_alone_make_no_two_calls_alike() -> None:
    calls = [[f"{random.Random(n * 99 + m).random()} parts were sold." for m in range(99)] for n in range(2)]
    assert shared_runs(*map(sketch, calls)) == 0


def test_near_equal_sentences_are_wordings_of_the_first() -> None:
    texts = [
        "Ocean freight from the eastern ports took three weeks longer than planned.",
        "Uh, ocean freight from the eastern ports took 3 weeks longer than planned!",
        "Ocean freight from the western ports took three weeks longer than planned.",
        "Hiring nurses and technicians became easier during the spring.",
        "Yes.",
        "No.",
        "Yes!",
    ]
    assert near_equal(texts) == [0, 0, 0, 3, 4, 5, 4]
    assert near_equal(SENTENCES) == list(range(len(SENTENCES)))


def test_only_the_words_count() -> None:
    assert same_words("Um, we GREW 5%, we did…") == same_words("We grew, we did.") == "we grew we did"


def test_one_call_is_compared_to_many_as_to_each() -> None:
    chance = np.random.default_rng(3)
    of_all = chance.integers(0, 2**63, 260, np.uint64)
    sketches = [
        np.unique(chance.choice(of_all, size, replace=False))[:SKETCH_SIZE]
        for size in (30, 127, 128, 200, 250, 250, 250)
    ]
    for one in sketches:
        each = [shared_runs(frozenset(one.tolist()), frozenset(other.tolist())) for other in sketches]
        assert likeness_to_each(one, sketches).tolist() == each
