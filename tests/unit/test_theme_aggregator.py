"""The reduce: themes cross firms, no firm dominates one, and every topic and firm left out has its reason."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from earnings_themes.abstractions import SCHEMA_VERSION, FirmTopic, FirmTopics, Themes, TopicSentence
from earnings_themes.abstractions.records import FirmStatus, Kind
from earnings_themes.config import ThemeSettings
from earnings_themes.errors import CoverageError, ResultError
from earnings_themes.results.artifacts import read_themes, write_firm_topics
from earnings_themes.results.topics_reader import TopicsReader
from earnings_themes.system.folders import LocalFolder
from earnings_themes.themes.aggregate import aggregate_files, theme_stability
from earnings_themes.themes.methods import theme_clusterer
from tests.unit.test_processes import threads

SETTINGS = ThemeSettings(min_firms=2, max_firm_share=0.4, stability_runs=4)
DIM = 24


def near(direction: int, firm: int) -> tuple[float, ...]:
    """Return a centroid near one axis, a little different for each firm."""
    vector = np.eye(DIM)[direction] + np.random.default_rng(100 * direction + firm).normal(
        scale=0.03, size=DIM
    )
    return tuple((vector / np.linalg.norm(vector)).tolist())


def topic(number: int, firm: str, word: str, size: int = 5, kind: Kind = "subject") -> FirmTopic:
    sentences = tuple(
        TopicSentence(
            f"{firm}_1_{10 * number + i:04d}",
            f"In {word} the firm {firm} saw change of every kind {i}.",
            "",
            0.9,
        )
        for i in range(size)
    )
    return FirmTopic(number, word, ((word, 0.5), (f"{word} market", 0.4)), size, kind, None, sentences)


def write(
    folder: Path,
    firm: str,
    topics: list[tuple[int, str]],
    status: FirmStatus = "ok",
    kind: Kind = "subject",
    dim: int = DIM,
) -> tuple[str, Path]:
    path = folder / f"{firm}.json"
    about = {
        "model": "m", "params": {}, "embedding_model": "e", "embedding_sha256": "0", "versions": {}, "seed": 1,
        "n_sentences": 9, "n_procedural": 0, "timing": {},
    }  # fmt: skip
    write_firm_topics(
        path,
        FirmTopics(
            SCHEMA_VERSION, "r", firm, f"Firm {firm}", status, len(topics),
            tuple(topic(n, firm, word, kind=kind) for n, (_, word) in enumerate(topics)),
            tuple(near(direction, int(firm) + 1000 * n)[:dim] for n, (direction, _) in enumerate(topics)),
            (), about,
        ),
    )  # fmt: skip
    return firm, path


def reduce(folder: Path, firms: list[tuple[str, Path]], coverage: float = 1.0) -> Themes:
    topics = TopicsReader(LocalFolder(folder), [firm for firm, _ in firms], "r")
    themes = aggregate_files("r", topics, folder / "themes.json", SETTINGS, coverage, seed=42)
    assert read_themes(folder / "themes.json").themes[:1] == themes.themes[:1] or themes.n_themes
    return themes


def reasons(themes: Themes) -> dict[tuple[str, int], str]:
    return {(topic.firm_id, topic.topic_id): topic.reason for topic in themes.unassigned_topics}


def test_topics_about_one_thing_become_a_theme_with_its_words_and_voices(tmp_path: Path) -> None:
    firms = [write(tmp_path, str(n), [(0, "freight"), (1, "wages")]) for n in range(6)]
    firms += [write(tmp_path, str(n), [(2, "carbon")]) for n in range(6, 9)]
    themes = reduce(tmp_path, firms)
    assert [(theme.theme_id, theme.n_firms) for theme in themes.themes] == [
        ("r-001", 6),
        ("r-002", 6),
        ("r-003", 3),
    ]
    labels = [theme.label for theme in themes.themes]
    assert {label.split(",")[0].split()[0].lower() for label in labels} == {"freight", "wages", "carbon"}
    for theme in themes.themes:
        assert len({sentence.firm_id for sentence in theme.representative_sentences}) == 3
        assert [topic.similarity for topic in theme.topics] == sorted(
            (topic.similarity for topic in theme.topics), reverse=True
        )
        assert theme.coherence == pytest.approx(
            np.mean([topic.similarity for topic in theme.topics]), rel=1e-4
        )
        assert np.linalg.norm(theme.centroid) == pytest.approx(1, abs=1e-5)


def test_themes_are_found_on_one_thread_so_that_cores_change_no_digit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[int]] = []

    def noted(*given: Any) -> Any:
        cluster = theme_clusterer(*given)

        def one(rows: Any) -> Any:
            seen.append(threads())
            return cluster(rows)

        return one

    monkeypatch.setattr("earnings_themes.themes.aggregate.theme_clusterer", noted)
    with threadpool_limits(2):
        reduce(tmp_path, [write(tmp_path, str(n), [(0, "freight")]) for n in range(3)])
    assert seen and all(found == {1} for found in seen)


def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    firms = [write(tmp_path, str(n), [(0, "freight"), (1 + n % 3, "wages")]) for n in range(9)]
    firms.append(("gone", tmp_path / "gone.json"))
    found = []
    for workers in (1, 3):
        topics = TopicsReader(LocalFolder(tmp_path), [firm for firm, _ in firms], "r")
        themes = aggregate_files("r", topics, tmp_path / "themes.json", SETTINGS, 0.5, 42, workers)
        found.append(replace(themes, metadata={**themes.metadata, "timing": None}))
    assert found[0] == found[1]
    assert found[0].n_themes and found[0].themes[0].stability is not None


def test_two_firms_with_a_topic_each_make_a_theme(tmp_path: Path) -> None:
    firms = [write(tmp_path, "1", [(0, "freight")]), write(tmp_path, "2", [(0, "freight")])]
    assert [theme.firms for theme in reduce(tmp_path, firms).themes] == [("1", "2")]


def test_a_firm_alone_makes_none(tmp_path: Path) -> None:
    firms = [write(tmp_path, "1", [(0, "freight"), (3, "mines")]), write(tmp_path, "2", [(0, "freight")])]
    themes = reduce(tmp_path, firms)
    assert themes.n_themes == 1
    assert reasons(themes) == {("1", 1): "outlier"}


def test_a_dominating_firm_keeps_its_nearest_topics_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from earnings_themes.themes import methods as theme_methods

    # Whatever the clusterer makes of it, the rule has to hold: here it puts everything together.
    monkeypatch.setattr(
        theme_methods, "cluster_centroids", lambda c, f, **k: np.zeros(len(f), dtype=np.int64)
    )
    firms = [write(tmp_path, "1", [(0, "freight")] * 6)]
    firms += [write(tmp_path, str(n), [(0, "freight")]) for n in (2, 3, 4)]
    themes = reduce(tmp_path, firms)
    by_firm = [topic.firm_id for topic in themes.themes[0].topics]
    assert by_firm.count("1") == 2
    assert list(reasons(themes).values()) == ["one_firm_dominates"] * 4


def test_too_few_firms_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from earnings_themes.themes import methods as theme_methods

    monkeypatch.setattr(
        theme_methods, "cluster_centroids", lambda c, f, **k: np.zeros(len(f), dtype=np.int64)
    )
    themes = reduce(tmp_path, [write(tmp_path, "1", [(0, "freight"), (0, "freight")])])
    assert themes.n_themes == 0
    assert set(reasons(themes).values()) == {"too_few_firms"}


def test_procedure_is_no_theme(tmp_path: Path) -> None:
    firms = [write(tmp_path, str(n), [(0, "welcome")], kind="procedure") for n in range(3)]
    themes = reduce(tmp_path, firms)
    assert themes.n_themes == 0
    assert set(reasons(themes).values()) == {"procedural"}


def test_subject_matter_comes_before_larger_themes_of_another_kind(tmp_path: Path) -> None:
    firms = [write(tmp_path, str(n), [(0, "revenue")], kind="reporting") for n in range(5)]
    firms += [write(tmp_path, str(n), [(1, "wages")]) for n in range(5, 8)]
    assert [theme.kind for theme in reduce(tmp_path, firms).themes] == ["subject", "reporting"]


def test_no_firm_and_no_topic_are_valid(tmp_path: Path) -> None:
    assert reduce(tmp_path, []).n_themes == 0
    quiet = [write(tmp_path, "1", [], "no_transcript"), write(tmp_path, "2", [], "too_few_sentences")]
    themes = reduce(tmp_path, quiet)
    assert themes.n_themes == 0
    assert [(firm.firm_id, firm.reason) for firm in themes.skipped_firms] == [
        ("1", "no_transcript"), ("2", "too_few_sentences"),
    ]  # fmt: skip


def test_unreadable_firms_are_skipped_by_name_and_reason_down_to_the_coverage(tmp_path: Path) -> None:
    firms = [write(tmp_path, str(n), [(0, "freight")]) for n in range(8)]
    firms[1][1].write_text("{")
    firms[2][1].unlink()
    firms[3][1].write_text(firms[3][1].read_text().replace('"schema_version":1', '"schema_version":7'))
    firms[4][1].write_text(firms[5][1].read_text())
    themes = reduce(tmp_path, firms, coverage=0.5)
    assert themes.themes[0].firms == ("0", "5", "6", "7")
    said = {firm.firm_id: firm.reason for firm in themes.skipped_firms}
    assert set(said) == {"1", "2", "3", "4"}
    assert "not complete JSON" in said["1"]
    assert "missing" in said["2"]
    assert "schema_version is 7" in said["3"]
    assert "holds firm '5', expected '4'" in said["4"]
    with pytest.raises(CoverageError, match=r"4 of 8 firms can be read \(50\.0%\); .* asks for 60\.0%"):
        reduce(tmp_path, firms, coverage=0.6)


def test_firms_of_two_embedding_models_do_not_mix(tmp_path: Path) -> None:
    firms = [write(tmp_path, "1", [(0, "freight")]), write(tmp_path, "2", [(0, "freight")], dim=DIM - 1)]
    with pytest.raises(ResultError, match="different embedding models"):
        reduce(tmp_path, firms)


def test_the_order_of_the_files_changes_nothing(tmp_path: Path) -> None:
    firms = [write(tmp_path, str(n), [(0, "freight"), (1, "wages"), (n, "own")]) for n in range(2, 12)]
    one, other = reduce(tmp_path, firms), reduce(tmp_path, firms[::-1])
    assert one.themes == other.themes
    assert one.unassigned_topics == other.unassigned_topics


def test_stability_tells_a_theme_that_comes_back_from_one_put_together_by_chance(tmp_path: Path) -> None:
    firms = [write(tmp_path, str(n), [(0, "freight"), (1, "wages")]) for n in range(12)]
    themes = reduce(tmp_path, firms)
    assert [theme.stability for theme in themes.themes] == [1.0, 1.0]
    centroids = np.asarray([near(row // 12, row) for row in range(24)], dtype=np.float32)
    cluster = theme_clusterer({}, [str(row % 12) for row in range(24)], [""] * 24, centroids, seed=1)
    mixed = [list(range(6, 18))]
    assert theme_stability(mixed, np.arange(24), 24, cluster, stability_runs=4, seed=1)[0] < 0.6
    assert theme_stability(mixed, np.arange(24), 24, cluster, stability_runs=0, seed=1) == [None]
