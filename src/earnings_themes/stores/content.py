"""What all stores derive from the records: places of topics, checks, digests, shares of a firm."""

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from earnings_themes.abstractions import (
    FirmThemeShare,
    FirmTopics,
    RepresentativeSentence,
    Theme,
    Themes,
    ThemeTopic,
)
from earnings_themes.abstractions.records import Keywords, Kind
from earnings_themes.errors import NotFoundError, ResultError

TopicKey = tuple[str, int]

# What a row, an item and a record name alike; keywords have a form of their own in each.
THEME_FIELDS: Final = "theme_id kind label n_firms n_topics n_sentences cohesion stability".split()
TOPIC_FIELDS: Final = "topic_id label kind size stability".split()

# SQLite FTS5 tokenizers: 'porter' makes "tariffs" find "tariff", 'remove_diacritics 2' "cafe" find "café".
TOKENIZE = "porter unicode61 remove_diacritics 2"


@dataclass(frozen=True, slots=True)
class Place:
    """A topic's place in a theme: the theme, the topic's position in it and its similarity."""

    theme: Theme
    position: int
    similarity: float


class Content:
    """A run's themes, checked, and a tally of the firms that are published with them.

    Raises ResultError when the run's name may not be in a key, or the themes are of another run, or name one twice.
    """

    def __init__(self, run: str, themes: Themes) -> None:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", run):
            raise ResultError(f"The run's name {run!r} may hold letters, digits, '-', '_' and '.' only.")
        if themes.run != run:
            raise ResultError(f"The themes are of run {themes.run!r}, not {run!r}; publish each run's own.")
        self.run = run
        # They are listed by rank.
        self.themes = list(enumerate(themes.themes, 1))
        # A reader would look for another run's id there; a registry's id names no run.
        ids = [theme.theme_id for theme in themes.themes]
        if foreign := [name for name in ids if name.rpartition("-")[0] not in ("", run)]:
            raise ResultError(
                f"Theme id {foreign[0]!r} names another run than {run!r}; expected {run}-001, or r000001 of a registry."
            )
        self.places: dict[TopicKey, Place] = {}
        self.unassigned = {
            (topic.firm_id, topic.topic_id): topic.reason for topic in themes.unassigned_topics
        }
        self.counts = {"themes": len(self.themes), "firms": 0, "topics": 0, "sentences": 0}
        self._firms: dict[str, str] = {}
        if len(set(ids)) < len(ids):
            raise ResultError(f"themes.json of run {run!r} names a theme twice.")
        for theme in themes.themes:
            for position, topic in enumerate(theme.topics):
                key = (topic.firm_id, topic.topic_id)
                if key in self.places:
                    raise ResultError(
                        f"Topic {key[1]} of firm {key[0]!r} is twice in the themes of run {run!r}."
                    )
                self.places[key] = Place(theme, position, topic.similarity)
        self._missing = set(self.places)
        self.themes_digest = _digest(
            (theme_content(theme) for _, theme in self.themes), sorted(self.unassigned.items())
        )

    def add(self, firm: FirmTopics) -> str:
        """Check a firm, count it, and return its digest. Raises ResultError for another run's, or what comes twice."""
        where = f"Firm {firm.firm_id!r} of run {self.run!r}"
        if firm.run != self.run:
            raise ResultError(f"Firm {firm.firm_id!r} is of run {firm.run!r}, not {self.run!r}.")
        if firm.firm_id in self._firms:
            raise ResultError(f"{where} comes twice.")
        if len({topic.topic_id for topic in firm.topics}) < len(firm.topics):
            raise ResultError(f"{where} has two topics with one id.")
        for topic in firm.topics:
            if len({sentence.sentence_id for sentence in topic.sentences}) < len(topic.sentences):
                raise ResultError(f"{where} has a sentence twice in topic {topic.topic_id}.")
            self._missing.discard((firm.firm_id, topic.topic_id))
            self.counts["sentences"] += len(topic.sentences)
        self.counts["firms"] += 1
        self.counts["topics"] += len(firm.topics)
        digest = _digest(
            (firm.firm_id, firm.firm_name, firm.status, count_spoken(firm)),
            ((t.topic_id, t.label, t.kind, t.keywords, t.size, t.stability) for t in firm.topics),
            (
                (s.sentence_id, s.text, s.speaker_type, s.probability)
                for t in firm.topics
                for s in t.sentences
            ),
        )
        self._firms[firm.firm_id] = digest
        return digest

    def digest(self) -> str:
        """Return the digest of the run, in whatever order its firms came. Raises ResultError for topics of no firm."""
        if self._missing:
            firm_id, topic_id = min(self._missing)
            raise ResultError(
                f"The themes of run {self.run!r} name {len(self._missing)} topics that no firm has, first topic "
                f"{topic_id} of firm {firm_id!r}. The themes and the topic files are of two different runs: "
                "build the themes again, then publish."
            )
        return _digest([self.themes_digest], sorted(self._firms.items()))


def theme_content(theme: Theme) -> tuple[object, ...]:
    """Return the fields of a theme that are published: all but the centroid and what follows from others."""
    return (
        (theme.theme_id, theme.kind, theme.label, theme.keywords, theme.cohesion, theme.stability),
        (theme.n_firms, theme.n_topics, theme.n_sentences),
        tuple((topic.firm_id, topic.topic_id, topic.similarity) for topic in theme.topics),
        tuple((s.firm_id, s.topic_id, s.sentence_id, s.text) for s in theme.representative_sentences),
    )


def stored_theme(
    fields: Mapping[str, Any],
    keywords: Keywords,
    topics: tuple[ThemeTopic, ...],
    sentences: tuple[RepresentativeSentence, ...],
) -> Theme:
    """Return a theme as a store gives it, without the centroid. fields: at least THEME_FIELDS."""
    return Theme(
        **{name: fields[name] for name in THEME_FIELDS},
        keywords=keywords,
        centroid=(),
        firms=tuple(sorted({topic.firm_id for topic in topics})),
        topics=topics,
        representative_sentences=sentences,
    )


def count_spoken(firm: FirmTopics) -> int:
    """Return how many sentences the firm spoke: the denominator of its shares."""
    counted = firm.metadata.get("n_sentences")
    return int(counted) if counted is not None else sum(t.size for t in firm.topics) + len(firm.outliers)


def shares(
    topics: Iterable[tuple[str | None, str, Kind, int]], n_sentences: int
) -> tuple[FirmThemeShare, ...]:
    """Return a firm's themes, the largest share first.

    topics: of each topic its theme's id (None when it reached none), label and kind, and its size.
    """
    sums: dict[str, tuple[str, Kind, int]] = {}
    for theme_id, label, kind, size in topics:
        if theme_id is not None:
            sums[theme_id] = (label, kind, sums.get(theme_id, (label, kind, 0))[2] + size)
    found = [
        FirmThemeShare(theme_id, label, kind, size, size / n_sentences if n_sentences else 0.0)
        for theme_id, (label, kind, size) in sums.items()
    ]
    return tuple(sorted(found, key=lambda share: (-share.n_sentences, share.theme_id)))


def match_query(words: str) -> str:
    """Return the FTS5 query for all of the words, each quoted, so that nothing is read as syntax; "" for no word."""
    chunks = [chunk for chunk in words.split() if any(c.isalnum() for c in chunk)]
    return " ".join('"' + chunk.replace('"', '""') + '"' for chunk in chunks)


def matching(themes: Sequence[Theme], words: str) -> tuple[Theme, ...]:
    """Return the themes whose label or keywords hold every one of the words, in their order.

    They go through an index in memory, so that a word finds the same forms in every store, and as in the sentences.
    """
    query = match_query(words)
    if not query:
        return ()
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"CREATE VIRTUAL TABLE theme USING fts5 (text, tokenize = '{TOKENIZE}')")
        texts = (" ".join([theme.label, *(word for word, _ in theme.keywords)]) for theme in themes)
        db.executemany("INSERT INTO theme (rowid, text) VALUES (?, ?)", enumerate(texts))
        rows = db.execute("SELECT rowid FROM theme WHERE theme MATCH ? ORDER BY rowid", (query,))
        return tuple(themes[row[0]] for row in rows)


def no_topic(firm_id: str, topic_id: int, run: str, known: Sequence[int]) -> NotFoundError:
    """Return the error for a topic number that a firm does not have."""
    has = f"its topics are {min(known)} to {max(known)}" if known else "it has no topics"
    return NotFoundError(f"Firm {firm_id!r} has no topic {topic_id} in run {run!r}; {has}.")


def _digest(*parts: Iterable[object]) -> str:
    """Hash the repr of each value: exact for strings, numbers, None and tuples of them."""
    sha = hashlib.sha256()
    for part in parts:
        for value in part:
            sha.update(repr(value).encode("utf-8", "surrogatepass") + b"\n")
        sha.update(b"\f")
    return sha.hexdigest()
