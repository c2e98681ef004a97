"""What is born: what a quarter says and the past did not, though it lies within an old theme."""

import numpy as np
import pytest

from earnings_themes.config import ThemeSettings
from earnings_themes.embedding.space import whole
from earnings_themes.registry.past import Past
from earnings_themes.themes.births import born
from earnings_themes.themes.settle import Centres, centres

DIMENSIONS, FIRMS = 64, 60
OLD = np.eye(DIMENSIONS)[0]
# A subject near the old theme: a sentence of it is as near to that theme as the theme's own are.
NEW = 0.7 * OLD + 0.7 * np.eye(DIMENSIONS)[1]


def sentences(middle: np.ndarray, firms: np.ndarray, spread: float, seed: int) -> Past:
    """Return a sentence of each firm around a middle. spread: the length of what is each sentence's own."""
    noise = np.random.default_rng(seed).normal(size=(len(firms), DIMENSIONS)) / DIMENSIONS**0.5
    rows = middle + spread * noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Past(whole(rows.astype(np.float32)), np.ones(len(firms), dtype=np.float32), firms)


def joined(*parts: Past) -> Past:
    return Past(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("rows", "content", "firms")))


def usual(n_firms: int, seed: int) -> Past:
    return sentences(OLD, np.repeat(np.arange(n_firms), 20), 1.3, seed)


def theme(said: Past) -> Centres:
    return centres(said.rows, np.zeros(len(said.rows), dtype=np.int64), 1)


@pytest.mark.parametrize("block", [1, 4])
def test_a_subject_is_born_that_an_old_theme_would_hold(block: int) -> None:
    past = usual(4 * FIRMS, 1)
    speak = np.repeat(np.arange(12), block)
    quarter = joined(usual(FIRMS, 2), sentences(NEW, speak, 0.6, 3))
    found, least = born(quarter, theme(past), past, ThemeSettings(), 1)
    # Beside it, chance bears one at most.
    of_it = found.unit @ NEW / np.linalg.norm(NEW) > 0.9
    assert of_it.sum() == 1 and len(least) <= 2
    assert (least >= ThemeSettings().floor).all()


def test_where_nothing_is_new_chance_bears_next_to_nothing() -> None:
    # Every fifth firm speaks of the subject, in the past as now.
    past = joined(usual(4 * FIRMS, 1), sentences(NEW, np.arange(0, 4 * FIRMS, 5), 0.6, 2))
    births = []
    for seed in range(6):
        quarter = joined(usual(FIRMS, 100 + seed), sentences(NEW, np.arange(0, FIRMS, 5), 0.6, 200 + seed))
        births += list(born(quarter, theme(past), past, ThemeSettings(), 1)[0].unit)
    assert len(births) <= 1
    assert not any(found @ NEW > 0.9 for found in births)


def test_what_few_firms_say_at_length_is_not_born() -> None:
    past = usual(4 * FIRMS, 1)
    quarter = joined(usual(FIRMS, 2), sentences(NEW, np.repeat(np.arange(3), 30), 0.6, 3))
    assert not len(born(quarter, theme(past), past, ThemeSettings(), 1)[0].whole)


def test_without_a_past_nothing_is_born() -> None:
    quarter = usual(FIRMS, 2)
    assert not len(born(quarter, theme(quarter), None, ThemeSettings(), 1)[0].whole)
