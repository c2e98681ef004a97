"""The subject space: whole numbers that multiply exactly, context of the own call alone, and files that are what they say."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earnings_themes.embedding.context import in_context
from earnings_themes.embedding.fit import fit_projection, fit_student
from earnings_themes.embedding.space import Gate, SubjectSpace, load_space, whole
from earnings_themes.embedding.student import tokens, unit
from earnings_themes.errors import ModelError
from tests.conftest import SUBJECTS, made_vector

TEXTS = [text for said in SUBJECTS.values() for text in said]
CALLS = [str(place // 12) for place in range(48)]
PLACES = [place % 12 for place in range(48)]


def vectors(dim: int = 32) -> np.ndarray:
    return np.stack([made_vector(text, dim) for text in TEXTS])


@given(st.integers(0, 2**32 - 1), st.sampled_from([64, 128]))
def test_products_of_whole_vectors_are_exact_in_single_precision_in_any_order(seed: int, dim: int) -> None:
    draw = np.random.default_rng(seed)
    rows = whole(unit(draw.normal(size=(20, dim))))
    rows[:2] = [[127], [-127]]  # the longest rows there can be
    exact = rows.astype(np.int64) @ rows.astype(np.int64).T
    single = rows.astype(np.float32)
    order = draw.permutation(dim)
    assert np.array_equal(single @ single.T, exact)
    assert np.array_equal(single[:, order] @ single[:, order].T, exact)
    one_by_one = np.zeros((20, 20), dtype=np.float32)
    for column in order:
        one_by_one += np.outer(single[:, column], single[:, column])
    assert np.array_equal(one_by_one, exact)


def test_whole_vectors_keep_the_cosines() -> None:
    rows = unit(np.random.default_rng(0).normal(size=(50, 128)))
    found = whole(rows).astype(np.float64)
    assert np.abs(unit(found) @ unit(found).T - rows @ rows.T).max() < 0.01


def test_context_moves_a_sentence_toward_its_neighbours_that_speak_of_the_same() -> None:
    same, other = np.eye(3)[0], np.eye(3)[1]
    near = unit(np.array([[1, 0, 0.5]]))[0]
    mixed = in_context(unit(np.stack([same, near, other])), ["a"] * 3, [0, 1, 2])
    assert mixed[0] @ near > same @ near
    assert np.allclose(mixed[2], other), "what has nothing in common lends nothing"


def test_context_fades_with_distance_and_ends_after_four_sentences() -> None:
    rows = unit(np.array([[1, 0, 0], [1, 0.5, 0]]))
    moved = [in_context(rows, ["a", "a"], [0, distance])[0] @ rows[1] for distance in range(1, 7)]
    assert moved[:4] == sorted(moved[:4], reverse=True) and len(set(moved[:4])) == 4
    assert moved[4] == moved[5] == pytest.approx(rows[0] @ rows[1])


def test_context_depends_on_the_own_call_alone_to_the_last_bit() -> None:
    rows = vectors()
    alone = np.concatenate(
        [in_context(rows[place : place + 12], ["x"] * 12, range(12)) for place in range(0, 48, 12)]
    )
    assert in_context(rows, CALLS, PLACES).tobytes() == alone.tobytes()
    order = np.random.default_rng(1).permutation(48)
    shuffled = in_context(rows[order], [CALLS[i] for i in order], [PLACES[i] for i in order])
    assert shuffled.tobytes() == alone[order].tobytes()
    assert in_context(np.empty((0, 8), dtype=np.float32), [], []).shape == (0, 8)


def test_a_batch_changes_no_byte_of_a_static_vector() -> None:
    space = load_space()
    together = space.vectors(TEXTS, CALLS, PLACES)
    assert together.rows.shape == (48, 64) and together.rows.dtype == np.int8
    for call in range(4):
        part = slice(12 * call, 12 * call + 12)
        alone = space.vectors(TEXTS[part], CALLS[part], PLACES[part])
        assert alone.rows.tobytes() == together.rows[part].tobytes()
        assert alone.content.tobytes() == together.content[part].tobytes()


def test_the_static_student_tells_subjects_apart_by_their_words() -> None:
    rows = load_space().student.encode(TEXTS)
    cosines = rows @ rows.T
    same = np.equal.outer(CALLS, CALLS)
    assert cosines[same & ~np.eye(48, dtype=bool)].mean() > cosines[~same].mean() + 0.1
    said = load_space().student.encode(["Freight rates rose.", "rose rates FREIGHT"])
    assert np.array_equal(said[0], said[1])


def test_a_word_never_seen_is_guessed_from_its_parts() -> None:
    student = load_space().student
    known, unseen = student.encode(["hydrogen"]), student.encode(["hydrogenification"])
    assert "hydrogenification" not in student.words
    assert known[0] @ unseen[0] > known[0] @ student.encode(["dividends"])[0]


@pytest.mark.parametrize("text", ["Zzxqj wvvkp qqpz.", "Xylotrix blorfen quandoo.", "Thank you.", "Okay."])
def test_a_sentence_of_unknown_words_or_of_none_that_matter_has_no_content(text: str) -> None:
    assert load_space().vectors([text], ["1"], [0]).content[0] < 0.5


def test_a_sentence_about_something_has_content() -> None:
    content = load_space().vectors(TEXTS, [str(n) for n in range(48)], [0] * 48).content
    assert (content >= 0.5).mean() > 0.9
    assert ((content >= 0) & (content <= 1)).all()


def test_figures_are_words_by_their_number_of_digits() -> None:
    assert tokens("In 2021, revenue rose 37% to $12,345.") == tokens("in 1999 revenue rose 42% to $98,765")
    assert tokens("GLP-1 and the 401k") == ["glp-0", "and", "the", "000k"]


def small_space() -> SubjectSpace:
    rows = vectors()
    student = fit_student(TEXTS, rows, CALLS, PLACES, min_sentences=1, dim=4, n_pieces=100)
    gate = Gate(np.ones(32, np.float32), np.ones(8, np.float32), 0.5)
    static = Gate(np.ones(len(student.words), np.float32), np.ones(4, np.float32), 0.5)
    encoder = fit_projection(rows, CALLS, PLACES, dim=4)
    return SubjectSpace(encoder, student, {"both": gate, "static": static}, {}, "0" * 64, "")


def test_a_space_is_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "space.npz"
    path.write_bytes(small_space().to_bytes())
    read = load_space(path)
    assert read.to_bytes() == small_space().to_bytes(), "one input, one file"
    again = load_space(path)
    one, other = read.vectors(TEXTS, CALLS, PLACES, vectors()), again.vectors(TEXTS, CALLS, PLACES, vectors())
    assert one.rows.shape == (48, 8) and one.rows.tobytes() == other.rows.tobytes()
    assert len(read.digest) == 64 and read.digest == again.digest != load_space().digest


def test_a_fitted_space_brings_together_what_a_call_stays_with() -> None:
    # The subject stays from sentence to sentence; what is added to every second one does not.
    rows = vectors()
    manner = np.where(np.arange(48)[:, None] % 2, 2.0, -2.0) * np.eye(32)[20]
    projected = fit_projection(rows + manner, CALLS, PLACES, dim=4)(rows + manner)
    same = np.equal.outer(CALLS, CALLS)
    assert (projected @ projected.T)[same].min() > 0.5
    assert abs((unit(rows + manner) @ unit(rows + manner).T)[same].min()) > 0.5, (
        "before, manner told them apart"
    )


@pytest.mark.parametrize("data", [b"", b"not an archive", b"PK\x03\x04 and nothing"])
def test_a_file_that_is_no_space_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"mine\.npz: is no subject space .*`earnings-themes fit` makes one"):
        load_space(path)
    with pytest.raises(ModelError, match=r"other\.npz cannot be read"):
        load_space(tmp_path / "other.npz")
    np.savez(path, mean=np.zeros(3))
    with pytest.raises(ModelError, match="is no subject space"):
        load_space(path)


def test_a_space_with_objects_that_could_run_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "space.npz"
    np.savez(path, words=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ModelError, match="is no subject space"):
        load_space(path)


def test_words_without_a_vector_are_counted() -> None:
    assert load_space().student.unknown(["Freight rates fell.", "Zzxqj rates wvvkp."]) == (2, 6)
