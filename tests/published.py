"""A small run made by hand, for everything that publishes and reads one."""

from collections.abc import Iterator
from typing import Any

from earnings_themes.abstractions import (
    FirmTopic,
    FirmTopics,
    RepresentativeSentence,
    Theme,
    Themes,
    ThemeStore,
    ThemeTopic,
    TopicSentence,
    UnassignedTopic,
)

# Ids that break a careless key, path or query: separators, leading zeros, letters beyond ASCII, case.
ODD_FIRM_IDS = ("0012", "12", "a#b", "a/b", "a%23b", "x y", "Ünïcode-東京", "FIRM", "firm", "100%", "'; --")

SUBJECTS = (
    ("supply chain, freight", "subject", ("supply", "chain", "freight")),
    ("tariffs, pricing", "subject", ("tariffs", "pricing", "café")),
    ("revenue growth", "reporting", ("revenue", "growth", "quarter")),
)


def make_topic(firm_id: str, topic_id: int, n_sentences: int = 3, tag: str = "") -> FirmTopic:
    """Return a topic about one of SUBJECTS; `tag` goes into every sentence."""
    label, kind, words = SUBJECTS[topic_id % len(SUBJECTS)]
    return FirmTopic(
        topic_id=topic_id,
        label=label,
        keywords=tuple((word, round(1.0 / (rank + 1), 6)) for rank, word in enumerate(words)),
        size=n_sentences,
        kind=kind,  # type: ignore[arg-type]
        stability=0.875,
        sentences=tuple(
            TopicSentence(
                sentence_id=f"{firm_id}_T1_{topic_id * 1000 + n:04d}",
                text=f"Our {words[0]} and {words[1]} improved{tag}, sentence {n}.",
                speaker_type="Executives",
                probability=round(0.99 - n / 10000, 6),
            )
            for n in range(n_sentences)
        ),
    )


def make_firm(run: str, firm_id: str, topics: tuple[FirmTopic, ...], **changes: Any) -> FirmTopics:
    """Return a firm with these topics and two outlier sentences."""
    fields: dict[str, Any] = {
        "schema_version": 1,
        "run": run,
        "firm_id": firm_id,
        "firm_name": f"Firm {firm_id} Inc.",
        "status": "ok",
        "n_topics": len(topics),
        "topics": topics,
        "centroids": ((1.0, 0.0),) * len(topics),
        "outliers": tuple(TopicSentence(f"{firm_id}_T1_900{n}", "Thank you.", "Operator") for n in range(2)),
        "metadata": {"n_sentences": sum(topic.size for topic in topics) + 2},
    }
    return FirmTopics(**(fields | changes))


def make_themes(run: str, firms: list[FirmTopics], n_themes: int = 2) -> Themes:
    """Return themes that hold the topics with topic_id below n_themes; the others are left unassigned."""
    themes = []
    for number in range(n_themes):
        label, kind, words = SUBJECTS[number % len(SUBJECTS)]
        members = [(firm, topic) for firm in firms for topic in firm.topics if topic.topic_id == number]
        themes.append(
            Theme(
                theme_id=f"{run}-{number + 1:03d}",
                kind=kind,  # type: ignore[arg-type]
                label=label,
                keywords=tuple((word, 0.5) for word in words),
                n_firms=len(members),
                n_topics=len(members),
                n_sentences=sum(topic.size for _, topic in members),
                centroid=(0.6, 0.8),
                cohesion=0.71,
                stability=None,
                firms=tuple(sorted({firm.firm_id for firm, _ in members})),
                topics=tuple(
                    ThemeTopic(
                        firm.firm_id, topic.topic_id, topic.label, topic.size, round(0.9 - n / 1000, 6)
                    )
                    for n, (firm, topic) in enumerate(members)
                ),
                representative_sentences=tuple(
                    RepresentativeSentence(
                        firm.firm_id, topic.topic_id, topic.sentences[0].sentence_id, topic.sentences[0].text
                    )
                    for firm, topic in members[:2]
                ),
            )
        )
    return Themes(
        schema_version=1,
        run=run,
        n_themes=n_themes,
        themes=tuple(themes),
        unassigned_topics=tuple(
            UnassignedTopic(firm.firm_id, topic.topic_id, "too_few_firms")
            for firm in firms
            for topic in firm.topics
            if topic.topic_id >= n_themes
        ),
        skipped_firms=(),
        metadata={},
    )


def make_run(
    run: str = "sample", firm_ids: tuple[str, ...] = ("A", "B", "C"), tag: str = "", n_topics: int = 3
) -> tuple[list[FirmTopics], Themes]:
    """Return the firms and themes of a run: two themes, and a third topic of each firm in none."""
    firms = [
        make_firm(run, firm_id, tuple(make_topic(firm_id, topic_id, 3, tag) for topic_id in range(n_topics)))
        for firm_id in firm_ids
    ]
    return firms, make_themes(run, firms)


def large_run(run: str, n_firms: int, n_topics: int = 28, n_sentences: int = 15) -> Iterator[FirmTopics]:
    """Yield the firms of a large run one by one, to publish with `large_themes`."""
    for number in range(n_firms):
        firm_id = f"{number:05d}"
        topics = tuple(make_topic(firm_id, topic_id, n_sentences) for topic_id in range(n_topics))
        yield make_firm(run, firm_id, topics)


def large_themes(run: str, n_firms: int, n_topics: int = 28, n_sentences: int = 15) -> Themes:
    """Return a theme for each topic number of `large_run`, without holding the firms."""
    themes = tuple(
        Theme(
            theme_id=f"{run}-{topic_id + 1:03d}",
            kind="subject",
            label=SUBJECTS[topic_id % 3][0],
            keywords=tuple((word, 0.5) for word in SUBJECTS[topic_id % 3][2]),
            n_firms=n_firms,
            n_topics=n_firms,
            n_sentences=n_firms * n_sentences,
            centroid=(),
            cohesion=0.7,
            stability=0.9,
            firms=tuple(f"{number:05d}" for number in range(n_firms)),
            topics=tuple(
                ThemeTopic(f"{number:05d}", topic_id, SUBJECTS[topic_id % 3][0], n_sentences, 0.8)
                for number in range(n_firms)
            ),
            representative_sentences=(),
        )
        for topic_id in range(n_topics)
    )
    return Themes(1, run, len(themes), themes, (), (), {})


def everything(store: ThemeStore, run: str) -> list[object]:
    """Return all that a reader can see of a run."""
    firms = store.firms(run)
    views = [store.firm(firm.firm_id, run) for firm in firms]
    return [
        [info for info in store.runs() if info.run == run],
        store.themes(run),
        [store.theme(theme.theme_id) for theme in store.themes(run)],
        firms,
        views,
        [store.topic(view.firm_id, topic.topic_id, run) for view in views for topic in view.topics],
    ]
