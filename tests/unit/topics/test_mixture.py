"""The parts of LDA and the neural model that can be checked by hand."""

import numpy as np
import pytest

from earnings_themes.topics.mixture import bags_of_words, count_words, relevance


def test_words_of_one_document_and_stop_words_are_left_out() -> None:
    texts = ["The freight and the ports", "Ports and freight", "A canal"]
    assert bags_of_words(texts, min_df=2) == [["freight", "ports"], ["ports", "freight"], []]


def test_words_are_counted_by_document() -> None:
    counts = count_words([["b", "a", "b"], [], ["a"]], ["a", "b"])
    np.testing.assert_array_equal(counts.toarray(), [[1, 2], [0, 0], [1, 0]])


def test_relevance_puts_a_common_word_behind_one_of_its_own() -> None:
    counts = count_words([["all", "port"], ["all", "wage"]], ["all", "port", "wage"])
    weights = relevance(np.eye(2, dtype=np.float32), counts)
    # φ of topic 0 is about (½, ½, 0), p is (½, ¼, ¼): φ^.6 · (φ/p)^.4
    assert weights[0] == pytest.approx([0.5**0.6, 0.5**0.6 * 2**0.4, 0.0], abs=0.06)
