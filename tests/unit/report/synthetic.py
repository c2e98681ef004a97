"""Makes a finished run of any size without a model, so that the report and its figures can be tested.

Every firm has a call a quarter and the same topics, each of a subject of its own and of equal size. After them come
one outlier and one procedural sentence. The last topic reaches no theme; the last theme begins in the second quarter.
"""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.abstractions import (
    SCHEMA_VERSION,
    Call,
    FirmTopic,
    FirmTopics,
    RepresentativeSentence,
    SkippedFirm,
    Theme,
    Themes,
    ThemeTopic,
    TopicSentence,
    Turn,
    UnassignedTopic,
)
from earnings_themes.ingest.calls import call_row, write_calls
from earnings_themes.panel.build import build_panel
from earnings_themes.results import artifacts as results
from earnings_themes.results.firms import FirmRow, encode_firm, write_firms
from earnings_themes.results.tree import SENTENCES_SCHEMA

RUN = "made-up"
SUBJECTS = [
    ("supply chain", "supply chain shortage freight container port lead delay logistics sourcing"),
    ("price increases", "price inflation increase pass cost surcharge margin elasticity list contract"),
    ("cloud migration", "cloud workload migration platform subscription tenant software data compute usage"),
    ("clinical trials", "trial patient endpoint phase dosing enrolment safety efficacy readout cohort"),
    (
        "share repurchase",
        "repurchase buyback dividend capital allocation return shareholder cash stock float",
    ),
    ("labour", "labour wage hiring turnover shift overtime staffing union retention headcount"),
    ("guidance", "guidance outlook range midpoint quarter expectation raise lower assumption forecast"),
    ("weather", "weather storm drought flood hail claims hurricane rain season loss"),
]
DIM = 16


def write_run(
    directory: Path,
    n_firms: int = 6,
    n_topics: int = 5,
    per_topic: int = 4,
    n_themes: int | None = None,
    n_skipped: int = 1,
    label: str = "",
    text: str = "",
    run: str = RUN,
    start: dt.date = dt.date(2024, 1, 1),
    n_quarters: int = 1,
    n_sectors: int = 0,
) -> Path:
    """Write the files that the report reads, and return their folder.

    n_themes: how many of the topics form a theme, all but the last by default. n_skipped: how many firms more
    have too little text. label and text are put in front of every label and sentence. start: the first firm's call.
    n_sectors: so many values has the kept column `sector`, 0 for no such column.
    """
    rng = np.random.default_rng(7)
    run_dir = directory / run
    centres = _unit(rng.normal(size=(n_topics, DIM)))
    rows, firms = [], []
    listed: list[dict[str, Any]] = []
    run_dir.mkdir(parents=True)
    with pq.ParquetWriter(run_dir / "transcripts.parquet", results.TRANSCRIPT_SCHEMA) as writer:
        for number in range(n_firms + n_skipped):
            skipped = number >= n_firms
            n = 3 if skipped else n_topics * per_topic + 2
            sentences, calls = [], []
            for place in range(n):
                topic = place // per_topic
                call = place % per_topic * n_quarters // per_topic if topic < n_topics else 0
                calls.append(max(call, 1) if topic == n_topics - 2 and n_quarters > 1 else call)
                sentences.append(_sentence(number, place, calls[-1], topic, text, rng))
            table = _table(number, sentences, calls, start)
            writer.write_table(table)
            listed += _calls(table, n_sectors)
            rows.append(FirmRow(_firm_id(number), _firm_name(number), n_quarters, n, number, "0" * 8))
            if not skipped:
                noisy = _unit(centres + 0.1 * rng.normal(size=centres.shape))
                firms.append(_firm(run, number, sentences, n_topics, per_topic, noisy, label))
    write_firms(run_dir / "firms.tsv", rows)
    for firm in firms:
        name = encode_firm(firm.firm_id)
        results.write_firm_topics(run_dir / "topics" / f"{name}.json", firm)
    themes = _themes(
        run,
        firms,
        n_topics - 1 if n_themes is None else n_themes,
        n_topics,
        centres,
        tuple(SkippedFirm(row.firm_id, "too_few_sentences") for row in rows[n_firms:]),
    )
    results.write_themes(run_dir / "themes.json", themes)
    _write_sentences(run_dir, firms, themes)
    write_calls(run_dir / "source_calls.parquet", listed, ("sector",) if n_sectors else ())
    build_panel(str(run_dir), run_dir)
    results.write_json(
        run_dir / "ingest.json",
        {"skipped_rows": {"empty_text": 12, "duplicate": 3}, "timing": {"seconds": 0.5}},
    )
    return run_dir


def _write_sentences(run_dir: Path, firms: list[FirmTopics], themes: Themes) -> None:
    """Write sentences.parquet as the topics say: those of the last topic, which is in no theme, settle nowhere."""
    parents = {theme.theme_id: theme.parent for theme in themes.themes}
    theme_of = {
        (topic.firm_id, topic.topic_id): theme.theme_id for theme in themes.themes for topic in theme.topics
    }
    topic_of = {
        sentence.sentence_id: (firm.firm_id, topic.topic_id)
        for firm in firms
        for topic in firm.topics
        for sentence in topic.sentences
    }
    rows = []
    for line in pq.read_table(run_dir / "transcripts.parquet").to_pylist():
        key = topic_of.get(line["sentence_id"], ("", None))
        theme = theme_of.get(key)
        # The later a sentence of a topic was said, the less sure it is.
        strength = 0.9 - 0.1 * (line["position"] % 4)
        rows.append(
            line
            | {
                "kind": "procedure" if line["procedural"] else "subject",
                "content": None if line["procedural"] else 0.8,
                "topic_id": key[1],
                "theme_id": theme,
                "strength": strength if theme else None,
                "broad_id": parents.get(theme) if theme else None,
            }
        )
    pq.write_table(pa.Table.from_pylist(rows, SENTENCES_SCHEMA), run_dir / "sentences.parquet")


def _firm_id(number: int) -> str:
    return f"{number:06d}"


def _firm_name(number: int) -> str:
    return f"Firm {number} Inc"


def _subject(number: int) -> tuple[str, list[str]]:
    name, words = SUBJECTS[number % len(SUBJECTS)]
    turn = number // len(SUBJECTS)
    return (f"{name} {turn}", [f"{word}{turn}" for word in words.split()]) if turn else (name, words.split())


def _sentence(
    firm: int, place: int, call: int, subject: int, text: str, rng: np.random.Generator
) -> TopicSentence:
    name, words = _subject(subject)
    said = f"{text}We talk about {name}: {' '.join(rng.choice(words, 6, replace=False))} {firm}."
    return TopicSentence(f"{_firm_id(firm)}_{_transcript(firm, call)}_{place:04d}", said, "Executives", 0.5)


def _transcript(firm: int, call: int) -> str:
    return f"t{firm}q{call}" if call else f"t{firm}"


def _calls(table: pa.Table, n_sectors: int) -> list[dict[str, Any]]:
    found = {}
    for line in table.to_pylist():
        kept = {"sector": f"Sector {int(line['firm_id']) % n_sectors}"} if n_sectors else {}
        call = Call(line["transcript_id"], line["date"], (Turn(1, ""),), kept=kept)
        found[call.transcript_id] = call_row(line["firm_id"], line["firm_name"], call)
    return list(found.values())


def _table(firm: int, sentences: list[TopicSentence], calls: list[int], start: dt.date) -> pa.Table:
    # A column of the schema that is not named here is null. A call's sentences stand together.
    lines = [
        {
            "firm_id": _firm_id(firm),
            "firm_name": _firm_name(firm),
            "transcript_id": _transcript(firm, calls[place]),
            "date": start + dt.timedelta(days=firm % 90 + 91 * calls[place]),
            "sentence_id": sentence.sentence_id,
            "position": place,
            "speaker_type": "Analysts" if place % 4 == 3 else "Executives",
            "section": "Question and Answer" if place % 4 > 1 else "Presentation",
            "text": sentence.text,
            "model_text": sentence.text,
            "procedural": place == len(sentences) - 1,
            "speaker_name": "Cy Bank" if place % 4 == 3 else "Ann Chief",
        }
        for place, sentence in sorted(enumerate(sentences), key=lambda pair: (calls[pair[0]], pair[0]))
    ]
    return pa.Table.from_pylist(lines, results.TRANSCRIPT_SCHEMA)


def _firm(
    run: str,
    number: int,
    sentences: list[TopicSentence],
    n_topics: int,
    size: int,
    centroids: np.ndarray,
    label: str,
) -> FirmTopics:
    topics = tuple(
        FirmTopic(
            topic_id=topic,
            label=f"{label}{_subject(topic)[0]}",
            keywords=tuple((word, 1 - place / 10) for place, word in enumerate(_subject(topic)[1])),
            size=size,
            kind="subject",
            stability=0.8,
            sentences=tuple(sentences[topic * size : (topic + 1) * size]),
        )
        for topic in range(n_topics)
    )
    return FirmTopics(
        schema_version=SCHEMA_VERSION,
        run=run,
        firm_id=_firm_id(number),
        firm_name=_firm_name(number),
        status="ok",
        n_topics=n_topics,
        topics=topics,
        centroids=tuple(tuple(map(float, centroid)) for centroid in centroids),
        outliers=(sentences[n_topics * size],),
        metadata={
            "model": "bertopic",
            "params": {},
            "embedding_model": "packaged",
            "embedding_sha256": "0" * 64,
            "versions": {"python": "3.11"},
            "seed": 42,
            "n_sentences": len(sentences),
            "n_procedural": 1,
            "timing": {"seconds": {"fit": 1.5, "describe": 0.25}, "peak_memory_mb": 500.0},
        },
    )


def _themes(
    run: str,
    firms: list[FirmTopics],
    n_themes: int,
    n_topics: int,
    centres: np.ndarray,
    skipped: tuple[SkippedFirm, ...],
) -> Themes:
    themes = []
    for rank in range(n_themes if firms else 0):
        members = [(firm, firm.topics[rank]) for firm in firms]
        themes.append(
            Theme(
                theme_id=f"{run}-{rank + 1:03d}",
                kind="subject",
                label=members[0][1].label,
                keywords=members[0][1].keywords,
                n_firms=len(firms),
                n_topics=len(firms),
                n_sentences=sum(topic.size for _, topic in members),
                centroid=tuple(map(float, centres[rank])),
                cohesion=0.9,
                # The second theme is not to be trusted.
                stability=0.4 if rank == 1 else 0.7,
                firms=tuple(firm.firm_id for firm in firms),
                topics=tuple(
                    ThemeTopic(firm.firm_id, topic.topic_id, topic.label, topic.size, 0.9)
                    for firm, topic in members
                ),
                representative_sentences=tuple(
                    RepresentativeSentence(
                        firm.firm_id, topic.topic_id, topic.sentences[0].sentence_id, topic.sentences[0].text
                    )
                    for firm, topic in members[:3]
                ),
                parent=f"{run}-B{rank // 2 + 1:02d}",
                threshold=0.25,
            )
        )
    broad = [
        replace(first, theme_id=first.parent or "", level=2, parent=None, topics=(), stability=0.8,
                label=f"{first.label} and more", n_sentences=sum(theme.n_sentences for theme in members))
        for first, members in ((themes[place], themes[place : place + 2]) for place in range(0, len(themes), 2))
    ]  # fmt: skip
    return Themes(
        schema_version=SCHEMA_VERSION,
        run=run,
        n_themes=len(themes),
        themes=tuple(themes),
        unassigned_topics=tuple(
            UnassignedTopic(firm.firm_id, topic_id, "outlier")
            for firm in firms
            for topic_id in range(n_themes, n_topics)
        ),
        skipped_firms=skipped,
        metadata={"min_firms": 2, "floor": 0.25, "timing": {"seconds": {"cluster": 0.5}}},
        broad=tuple(broad),
    )


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
