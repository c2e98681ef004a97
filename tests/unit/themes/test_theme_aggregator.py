"""The reduce: themes cross firms, every sentence settles or not by its strength, and nothing depends on any order."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from earnings_themes.abstractions import Themes
from earnings_themes.config import Config, Reduce, ThemeSettings
from earnings_themes.errors import CoverageError, ResultError
from earnings_themes.results.artifacts import read_themes
from earnings_themes.results.firms import read_firms
from earnings_themes.results.topics_reader import TopicsReader
from earnings_themes.results.tree import TreeReader
from earnings_themes.system.folders import LocalFolder
from earnings_themes.themes import registered
from earnings_themes.themes.aggregate import aggregate_files
from tests.small_run import RUN, SPACE, Said, list_firms, text_of, write_run
from tests.unit.system.test_processes import threads

SETTINGS = ThemeSettings(stability_runs=2)
Spoken = Mapping[str, Sequence[Said]]


def reduce(
    folder: Path, settings: ThemeSettings = SETTINGS, coverage: float = 1.0, workers: int = 1
) -> Themes:
    firms = [firm.firm_id for firm in read_firms(folder / "firms.tsv")]
    reader = TopicsReader(LocalFolder(folder / "topics"), firms, RUN)
    config = Config(run=RUN, themes=settings, reduce=Reduce(min_firm_coverage=coverage))
    return aggregate_files(config, LocalFolder(folder), reader, folder / "themes.json", workers)


def reduced(folder: Path, said: Spoken, settings: ThemeSettings = SETTINGS) -> tuple[Themes, pd.DataFrame]:
    themes = reduce(write_run(folder, said), settings)
    return themes, pd.read_parquet(folder / "sentences.parquet")


def plain(folder: Path) -> str:
    """themes.json without what tells time."""
    themes = json.loads((folder / "themes.json").read_text(encoding="utf-8"))
    del themes["metadata"]["timing"]
    return json.dumps(themes)


# A quarter in which little is plain: twelve firms, each on some of nine subjects, the vectors far from their directions, some
# without content.
MIXED: Spoken = {
    f"{n:02d}": [
        Said(
            (n * step) % 9,
            4 + (n + step) % 5,
            0.6 + 0.06 * (n % 6) if step < 5 else 0.3,
            step < 4,
            spread=0.06,
        )
        for step in (1, 2, 3, 4, 5)
    ]
    for n in range(12)
}


def test_what_several_firms_speak_of_becomes_a_theme_with_its_words_and_voices(tmp_path: Path) -> None:
    said = {str(n): [Said(0), Said(1)] for n in range(6)} | {str(n): [Said(2)] for n in range(6, 9)}
    themes, _ = reduced(tmp_path, said)
    assert [(theme.theme_id, theme.n_firms, theme.n_sentences) for theme in themes.themes] == [
        (f"{RUN}-001", 6, 30), (f"{RUN}-002", 6, 30), (f"{RUN}-003", 3, 15),
    ]  # fmt: skip
    for theme, words in zip(
        themes.themes, ({"freight", "wages"}, {"freight", "wages"}, {"carbon"}), strict=True
    ):
        assert any(word in theme.representative_sentences[0].text for word in words)
        assert len({said.firm_id for said in theme.representative_sentences}) == min(5, theme.n_firms)
        assert theme.cohesion > SETTINGS.granularity
        assert theme.kind == "subject" and theme.born == RUN and theme.threshold == SETTINGS.floor
        assert np.linalg.norm(theme.centroid) == pytest.approx(1, abs=1e-5)
    assert len({theme.label for theme in themes.themes}) == 3
    assert read_themes(tmp_path / "themes.json").themes[2].firms == ("6", "7", "8")


def test_a_firm_that_says_the_surest_sentences_leaves_room_for_those_of_four_others(tmp_path: Path) -> None:
    """Their text is there too, however many of the first come before them."""
    said = {"talkative": [Said(0, 45, content=0.99), Said(1)]}
    said |= {str(n): [Said(0, 8, content=0.7), Said(1), Said(2)] for n in range(8)}
    theme = max(reduced(tmp_path, said)[0].themes, key=lambda theme: theme.n_sentences)
    shown = theme.representative_sentences
    assert len({each.firm_id for each in shown}) == 5 and shown[0].firm_id == "talkative"
    assert all("freight" in each.text for each in shown)


@pytest.mark.parametrize("n_firms", [2, 3, 4])
def test_firms_that_share_no_subject_get_no_theme(tmp_path: Path, n_firms: int) -> None:
    said = {str(firm): [Said(9 * firm + n, 8) for n in range(9)] for firm in range(n_firms)}
    themes, sentences = reduced(tmp_path, said)
    assert themes.n_themes == 0
    assert sentences["theme_id"].isna().all() and sentences["broad_id"].isna().all()
    # What each alone speaks of is still there, as topics of its own.
    assert len(themes.unassigned_topics) == 9 * n_firms


@pytest.mark.parametrize("n_firms", [2, 3, 4])
def test_firms_that_share_nine_subjects_get_nine_themes(tmp_path: Path, n_firms: int) -> None:
    themes, _ = reduced(tmp_path, {str(firm): [Said(n, 8) for n in range(9)] for firm in range(n_firms)})
    assert [theme.n_firms for theme in themes.themes] == [n_firms] * 9
    assert [theme.n_sentences for theme in themes.themes] == [8 * n_firms] * 9
    assert themes.unassigned_topics == ()


def test_subjects_that_a_few_of_the_firms_share_stay_apart(tmp_path: Path) -> None:
    said = {
        str(firm): [Said(n, 8, spread=0.08) for n in range(9) if (n * 5 + firm * 7) % 9 < 4]
        for firm in range(6)
    }
    themes, _ = reduced(tmp_path, said)
    assert [theme.n_firms for theme in themes.themes] == [4, 3, 3, 3, 3, 2, 2, 2, 2]


def test_a_loose_theme_that_its_words_are_far_from_is_called_a_mixture_and_a_tight_one_is_not(
    tmp_path: Path,
) -> None:
    said = {str(firm): [Said(8, 9, spread=0.12), Said(9, 9)] for firm in range(6)}
    themes, _ = reduced(tmp_path, said)
    labels = {theme.cohesion > 0.5: theme.label for theme in themes.themes}
    assert labels[False].startswith("mixed: housing") and labels[True].startswith("copper")


def test_one_firm_alone_makes_no_theme_and_keeps_its_topics(tmp_path: Path) -> None:
    themes, sentences = reduced(tmp_path, {"1": [Said(0), Said(3, 6)], "2": [Said(0)]})
    assert [theme.firms for theme in themes.themes] == [("1", "2")]
    assert [(alone.firm_id, alone.reason, alone.size) for alone in themes.unassigned_topics] == [
        ("1", "no_theme", 6)
    ]
    own = sentences[sentences["theme_id"].isna()]
    assert set(own["topic_id"]) == {themes.unassigned_topics[0].topic_id}


def test_a_theme_that_one_firm_dominates_is_none(tmp_path: Path) -> None:
    said = {"1": [Said(0, 60)], "2": [Said(0, 3), Said(1, 8)], "3": [Said(0, 3), Said(1, 8)]}
    themes, sentences = reduced(tmp_path / "one", said)
    assert [theme.firms for theme in themes.themes] == [("2", "3")]
    assert sentences.groupby("theme_id").size().tolist() == [16]
    themes, _ = reduced(tmp_path / "any", said, ThemeSettings(stability_runs=0, max_firm_share=1.0))
    assert [theme.firms for theme in themes.themes] == [("1", "2", "3"), ("2", "3")]


def test_a_theme_needs_as_many_firms_as_is_asked(tmp_path: Path) -> None:
    said = {str(n): [Said(0)] + [Said(1)] * (n < 3) for n in range(4)}
    for least, expected in ((2, [4, 3]), (4, [4]), (5, [])):
        themes, _ = reduced(tmp_path / str(least), said, ThemeSettings(stability_runs=0, min_firms=least))
        assert [theme.n_firms for theme in themes.themes] == expected


def test_every_sentence_has_a_row_and_settles_by_its_strength_alone(tmp_path: Path) -> None:
    said = {firm: [*some, Said(0, 2, procedural=True)] for firm, some in MIXED.items()}
    themes, sentences = reduced(tmp_path, said)
    assert 0 < themes.metadata["n_settled"] < themes.metadata["n_modelled"] < themes.metadata["n_sentences"]
    everything = [f"{firm}_1_{n:04d}" for firm, some in said.items() for n in range(sum(s.n for s in some))]
    assert sentences["sentence_id"].tolist() == everything, "a row each, in the order they were said"
    settled = sentences["theme_id"].notna()
    assert settled.sum() == themes.metadata["n_settled"]
    assert (sentences.loc[settled, "strength"] >= SETTINGS.floor).all()
    assert sentences.loc[~settled, "strength"].isna().all()
    procedural = sentences["kind"] == "procedure"
    assert procedural.sum() == 24
    assert sentences.loc[procedural, ["theme_id", "topic_id", "content"]].isna().all(axis=None)


@pytest.mark.parametrize("floor", [0.0, 0.3, 0.6])
def test_a_higher_floor_settles_fewer_and_the_same_ones(tmp_path: Path, floor: float) -> None:
    # One subject; the less content a sentence has, the less sure it is.
    said = {str(n): [Said(0), Said(0, 3, content=0.55), Said(0, 3, content=0.2)] for n in range(4)}
    _, sentences = reduced(tmp_path, said, ThemeSettings(stability_runs=0, floor=floor))
    held = sentences[sentences["theme_id"].notna()]
    assert {round(float(value), 2) for value in held["content"]} == {
        0.0: {0.2, 0.55, 0.95}, 0.3: {0.55, 0.95}, 0.6: {0.95},
    }[floor]  # fmt: skip


def test_an_outlier_of_the_firms_model_settles_where_it_belongs(tmp_path: Path) -> None:
    said = {str(n): [Said(0), Said(1)] for n in range(4)} | {"9": [Said(1, 2, in_topic=False)]}
    themes, sentences = reduced(tmp_path, said)
    theirs = sentences[sentences["firm_id"] == "9"]
    wages = set(sentences.loc[sentences["sentence_id"].isin(["0_1_0005", "1_1_0006"]), "theme_id"])
    assert set(theirs["theme_id"]) == wages and len(wages) == 1
    assert theirs["topic_id"].tolist() == [0, 0]
    assert "9" in next(theme for theme in themes.themes if theme.theme_id in wages).firms


def test_a_topic_of_the_tree_is_what_a_firm_says_on_a_theme_and_the_sizes_add_up(tmp_path: Path) -> None:
    themes, sentences = reduced(tmp_path, MIXED)
    assert themes.n_themes >= 5
    listed = [(topic, theme.theme_id) for theme in themes.themes for topic in theme.topics]
    listed += [(topic, None) for topic in themes.unassigned_topics]
    numbers = [(topic.firm_id, topic.topic_id) for topic, _ in listed]
    assert len(set(numbers)) == len(numbers) == themes.metadata["n_topics"]
    rows = sentences.dropna(subset="topic_id").groupby(["firm_id", "topic_id"])
    assert dict(rows.size()) == {(topic.firm_id, topic.topic_id): topic.size for topic, _ in listed}
    for (firm, number), group in rows:
        expected = next(theme for topic, theme in listed if (topic.firm_id, topic.topic_id) == (firm, number))
        assert {value if isinstance(value, str) else None for value in group["theme_id"]} == {expected}
    for theme in themes.themes:
        assert theme.n_sentences == sum(topic.size for topic in theme.topics)
        assert theme.n_topics == theme.n_firms == len(theme.firms)


def test_a_broad_theme_is_the_parent_of_its_themes_and_holds_what_they_hold(tmp_path: Path) -> None:
    themes, sentences = reduced(tmp_path, MIXED)
    parent = {theme.theme_id: theme.parent for theme in themes.themes}
    settled = sentences.dropna(subset="theme_id")
    assert (settled["broad_id"] == settled["theme_id"].map(parent)).all()
    assert set(sentences["broad_id"].dropna()) <= set(parent.values())
    assert [theme.theme_id for theme in themes.broad] == sorted(set(parent.values()), key=str)
    for broad in themes.broad:
        below = [theme for theme in themes.themes if theme.parent == broad.theme_id]
        assert broad.n_sentences == (sentences["broad_id"] == broad.theme_id).sum()
        assert set(broad.firms) >= {firm for theme in below for firm in theme.firms}
        inside = sentences[sentences["broad_id"] == broad.theme_id]
        assert set(broad.firms) == set(inside["firm_id"]) and broad.n_firms == len(broad.firms)
    assert [(level.level, level.n_themes) for level in themes.levels] == [
        (1, len(themes.themes)), (2, len(themes.broad)),
    ]  # fmt: skip
    assert read_themes(tmp_path / "themes.json").broad == read_themes(tmp_path / "themes.json").broad != ()


def test_manners_of_speech_are_no_subject_and_stand_under_one_broad_theme(tmp_path: Path) -> None:
    # Of what lies nearest to the second and third, most has no content.
    speech = [Said(subject, 8, content=0.1, in_topic=False) for subject in (1, 2)]
    themes, _ = reduced(tmp_path, {str(n): [Said(0), Said(1), Said(2), *speech] for n in range(6)})
    assert [theme.kind for theme in themes.themes] == ["subject", "filler", "filler"]
    assert all(theme.label.startswith("general remarks") for theme in themes.themes[1:])
    assert [(theme.label, theme.kind) for theme in themes.broad] == [
        (themes.themes[0].label, "subject"),
        ("general remarks", "filler"),
    ]
    assert {theme.parent for theme in themes.themes[1:]} == {themes.broad[1].theme_id}


def test_the_tree_is_read_with_the_texts_of_its_sentences(tmp_path: Path) -> None:
    said = {"a/b": [Said(0), Said(1, 4)], "é": [Said(0, 6)], "quiet": []}
    themes = reduce(write_run(tmp_path, said, {"quiet": "no_transcript"}))
    tree = list(TreeReader(LocalFolder(tmp_path), read_firms(tmp_path / "firms.tsv"), themes))
    assert [(firm.firm_id, firm.status, firm.n_topics) for firm in tree] == [
        ("a/b", "ok", 2), ("é", "ok", 1), ("quiet", "no_transcript", 0),
    ]  # fmt: skip
    assert {sentence.text for sentence in tree[1].topics[0].sentences} == {
        text_of("é", Said(0), number) for number in range(6)
    }
    strengths = [sentence.probability for sentence in tree[1].topics[0].sentences]
    assert strengths == sorted(strengths, reverse=True) and min(strengths) >= SETTINGS.floor
    alone = next(topic for topic in tree[0].topics if topic.size == 4)
    assert {sentence.text for sentence in alone.sentences} == {text_of("a/b", Said(1), n) for n in range(4)}


def test_the_order_of_the_firms_changes_no_byte_of_the_themes(tmp_path: Path) -> None:
    turned = dict(list(MIXED.items())[::-1])
    _, one = reduced(tmp_path / "one", MIXED)
    _, other = reduced(tmp_path / "other", turned)
    assert plain(tmp_path / "one") == plain(tmp_path / "other")
    pd.testing.assert_frame_equal(
        one.sort_values("sentence_id", ignore_index=True), other.sort_values("sentence_id", ignore_index=True)
    )


def test_the_order_of_the_vectors_and_their_files_changes_no_byte(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    reduce(write_run(one, MIXED))
    reduce(write_run(other, MIXED, shards=(SPACE,) * 3, shuffled=True))
    assert plain(one) == plain(other)
    assert (one / "sentences.parquet").read_bytes() == (other / "sentences.parquet").read_bytes()


def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    found = []
    write_run(tmp_path, MIXED)
    (tmp_path / "topics/03.json").unlink()
    for workers in (1, 3):
        themes = reduce(tmp_path, coverage=0.5, workers=workers)
        found.append(plain(tmp_path))
    assert found[0] == found[1]
    assert themes.n_themes and themes.themes[0].stability is not None


def test_themes_are_found_on_one_thread_so_that_cores_change_no_digit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[int]] = []
    find = registered.find_themes
    monkeypatch.setattr(registered, "find_themes", lambda *given: (seen.append(threads()), find(*given))[1])
    with threadpool_limits(2):
        reduced(tmp_path, {str(n): [Said(0)] for n in range(3)})
    assert seen == [{1}]


def test_vectors_of_two_spaces_are_refused_by_the_files_name(tmp_path: Path) -> None:
    write_run(tmp_path, {str(n): [Said(0)] for n in range(4)}, shards=("one space", "another"))
    with pytest.raises(ResultError, match=r"embeddings/0001\.parquet.*subject space.*Delete embeddings/"):
        reduce(tmp_path)


def test_vectors_of_another_ingest_are_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "old", {"1": [Said(0, 9)], "2": [Said(0)]})
    write_run(tmp_path / "new", {"1": [Said(0)], "2": [Said(0)]})
    (tmp_path / "old/embeddings/0000.parquet").replace(tmp_path / "new/embeddings/0000.parquet")
    with pytest.raises(ResultError, match=r"1_1_0005.*made from another ingest"):
        reduce(tmp_path / "new")


@pytest.mark.parametrize("name", ["transcripts.parquet", "embeddings/0000.parquet"])
def test_a_file_that_is_cut_short_is_an_error_that_names_the_run(tmp_path: Path, name: str) -> None:
    path = write_run(tmp_path, {"1": [Said(0)], "2": [Said(0)]}) / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ResultError, match="cannot be read"):
        reduce(tmp_path)
    assert not (tmp_path / "themes.json").exists()


def test_firms_that_cannot_be_read_are_skipped_by_name_and_reason_down_to_the_coverage(
    tmp_path: Path,
) -> None:
    write_run(tmp_path, {str(n): [Said(0)] for n in range(8)})
    topics = tmp_path / "topics"
    (topics / "1.json").write_text("{")
    (topics / "2.json").unlink()
    old = (topics / "3.json").read_text().replace('"schema_version":2', '"schema_version":7')
    (topics / "3.json").write_text(old)
    (topics / "4.json").write_text((topics / "5.json").read_text())
    themes = reduce(tmp_path, coverage=0.5)
    assert [theme.firms for theme in themes.themes] == [("0", "5", "6", "7")]
    said = {firm.firm_id: firm.reason for firm in themes.skipped_firms}
    assert list(said) == ["1", "2", "3", "4"]
    assert "not complete JSON" in said["1"]
    assert "missing" in said["2"]
    assert "schema_version is 7" in said["3"]
    assert "holds firm '5', expected '4'" in said["4"]
    # Their sentences are rows of the run all the same, and settle in no theme.
    rows = pd.read_parquet(tmp_path / "sentences.parquet")
    assert set(rows["firm_id"]) == {str(n) for n in range(8)}
    assert set(rows.dropna(subset="theme_id")["firm_id"]) <= {"0", "5", "6", "7"}
    tree = TreeReader(LocalFolder(tmp_path), read_firms(tmp_path / "firms.tsv"), themes)
    assert [firm.firm_id for firm in tree] == ["0", "5", "6", "7"]
    with pytest.raises(CoverageError, match=r"4 of 8 firms can be read \(50\.0%\); .* asks for 60\.0%"):
        reduce(tmp_path, coverage=0.6)


def test_no_firm_and_no_topic_are_valid(tmp_path: Path) -> None:
    said: Spoken = {"1": [], "2": [Said(0, 3, in_topic=False)]}
    themes = reduce(write_run(tmp_path, said, {"1": "no_transcript", "2": "too_few_sentences"}))
    assert themes.n_themes == 0 and themes.themes == themes.broad == ()
    assert [(firm.firm_id, firm.reason) for firm in themes.skipped_firms] == [
        ("1", "no_transcript"), ("2", "too_few_sentences"),
    ]  # fmt: skip
    assert len(pd.read_parquet(tmp_path / "sentences.parquet")) == 3
    list_firms(tmp_path, [])
    assert reduce(tmp_path).n_themes == 0


def test_talk_without_a_subject_is_no_exemplar_and_comes_after_the_subjects(tmp_path: Path) -> None:
    mostly = [Said(0, 4, content=0.6), Said(0, 9, content=0.4)]
    said = {str(n): mostly for n in range(6)} | {str(n): [Said(1)] for n in range(6, 9)}
    themes, sentences = reduced(tmp_path / "some", said)
    assert [theme.kind for theme in themes.themes] == ["subject", "filler"], "what most of its sentences are"
    assert (sentences["kind"] == "filler").sum() == 6 * 9
    none = {str(n): [Said(0, 9, content=0.1), Said(1)] for n in range(4)}
    themes, sentences = reduced(tmp_path / "none", none)
    assert [theme.n_sentences for theme in themes.themes] == [20]
    assert (sentences.loc[sentences["theme_id"].isna(), "kind"] == "filler").all()


def test_a_theme_that_comes_back_without_some_firms_is_stable(tmp_path: Path) -> None:
    settings = ThemeSettings(stability_runs=4)
    themes, _ = reduced(tmp_path / "plain", {str(n): [Said(0), Said(1)] for n in range(12)}, settings)
    assert [theme.stability for theme in themes.themes] == [1.0, 1.0]
    themes, _ = reduced(tmp_path / "none", MIXED, ThemeSettings(stability_runs=0))
    assert {theme.stability for theme in (*themes.themes, *themes.broad)} == {None}
