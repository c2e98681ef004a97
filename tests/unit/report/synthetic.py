"""Makes a finished run of any size without a model, so that the report and its figures can be tested.

Every firm has the same number of topics. Topic t of a firm is about subject `t` of the vocabulary, the last
one is only the firm's own and reaches no theme; one sentence a topic is an outlier of the firm.
"""

import datetime as dt
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes import results
from earnings_themes.abstractions import (
    SCHEMA_VERSION,
    FirmTopic,
    FirmTopics,
    RepresentativeSentence,
    SkippedFirm,
    Theme,
    Themes,
    ThemeTopic,
    TopicSentence,
    UnassignedTopic,
)

SUBJECTS = [
    ("supply chain", "supply chain shortage freight container port lead delay logistics sourcing"),
    ("price increases", "price inflation increase pass cost surcharge margin elasticity list contract"),
    ("cloud migration", "cloud workload migration platform subscription tenant software data compute usage"),
    ("clinical trials", "trial patient endpoint phase dosing enrolment safety efficacy readout cohort"),
    (
        "share repurchase",
        "repurchase buyback dividend capital allocation authorisation return shareholder cash stock",
    ),
    ("labour", "labour wage hiring turnover shift overtime staffing union retention headcount"),
    ("guidance", "guidance outlook range midpoint quarter expectation raise lower assumption forecast"),
    ("good morning", "morning welcome question thank operator call line turn congratulations afternoon"),
]
DIM = 16


def write_run(
    directory: Path,
    n_firms: int = 6,
    n_topics: int = 5,
    per_topic: int = 4,
    n_themes: int | None = None,
    label: str = "",
    text: str = "",
    n_skipped: int = 1,
    timing: bool = True,
) -> Path:
    """Write results/{run} as the workflow leaves it before its report, and return its folder.

    n_themes: how many of the firms' topics form themes, all but the firm's own by default. label and text are
    put in front of every label and sentence. n_skipped firms have too little text.
    """
    run_dir = directory / "made-up"
    run = "made-up"
    n_themes = n_topics - 1 if n_themes is None else n_themes
    rng = np.random.default_rng(7)
    centres = _unit(rng.normal(size=(n_topics, DIM)))
    rows, firms, groups = [], [], []
    for number in range(n_firms + n_skipped):
        firm_id, name = f"{number:06d}", f"Firm {number} Inc"
        skipped = number >= n_firms
        sentences: list[TopicSentence] = []
        n = 3 if skipped else n_topics * per_topic + 2
        for place in range(n):
            subject, words = _subject(place // per_topic)
            picked = rng.choice(words.split(), 6, replace=False)
            words = f"{text}We talk about {subject}: {' '.join(picked)} {number}."
            sentences.append(TopicSentence(f"{firm_id}_t{number}_{place:04d}", words, "Executives", 0.5))
        procedural = [place == n - 1 for place in range(n)]
        said = _rows(firm_id, name, number, sentences, procedural)
        groups.append(pa.Table.from_pylist(said, results.TRANSCRIPT_SCHEMA))
        rows.append(results.FirmRow(firm_id, name, 1, n, number, "0" * 8))
        if skipped:
            continue
        topics = [
            FirmTopic(
                topic_id=t,
                label=f"{label}{_subject(t)[0]}",
                keywords=tuple((word, 1 - i / 10) for i, word in enumerate(_subject(t)[1].split())),
                size=per_topic,
                kind="procedure" if _subject(t)[0] == "good morning" else "subject",
                stability=0.8,
                sentences=tuple(sentences[t * per_topic : (t + 1) * per_topic]),
            )
            for t in range(n_topics)
        ]
        noisy = _unit(centres + 0.1 * rng.normal(size=centres.shape))
        metadata = {
            "model": "bertopic", "params": {}, "embedding_model": "packaged", "embedding_sha256": "0" * 64,
            "versions": {"python": "3.11", "earnings_themes": "0.1.0"}, "seed": 42, "n_sentences": n, "n_procedural": 1,
            "timing": {"seconds": {"fit": 1.5, "words": 0.25}, "peak_memory_mb": 500.0} if timing else {},
        }  # fmt: skip
        firms.append(
            FirmTopics(
                SCHEMA_VERSION,
                run,
                firm_id,
                name,
                "ok",
                n_topics,
                tuple(topics),
                tuple(tuple(map(float, row)) for row in noisy),
                (sentences[n_topics * per_topic],),
                metadata,
            )
        )
    run_dir.mkdir(parents=True)
    with pq.ParquetWriter(run_dir / "transcripts.parquet", results.TRANSCRIPT_SCHEMA) as writer:
        for group in groups:
            writer.write_table(group)
    results.write_firms(run_dir / "firms.tsv", rows)
    (run_dir / "topics").mkdir()
    for firm in firms:
        results.write_firm_topics(run_dir / "topics" / f"{results.encode_firm(firm.firm_id)}.json", firm)
    skipped_firms = [SkippedFirm(row.firm_id, "too_few_sentences") for row in rows[n_firms:]]
    results.write_themes(
        run_dir / "themes.json", _themes(run, firms, n_themes, n_topics, centres, skipped_firms, label)
    )
    return run_dir


def _subject(number: int) -> tuple[str, str]:
    name, words = SUBJECTS[number % len(SUBJECTS)]
    turn = number // len(SUBJECTS)
    if not turn:
        return name, words
    return f"{name} {turn}", " ".join(f"{word}{turn}" for word in words.split())


def _rows(
    firm_id: str, name: str, number: int, sentences: list[TopicSentence], procedural: list[bool]
) -> list[dict[str, object]]:
    # A column that the schema has and this lacks is null.
    return [
        {
            "firm_id": firm_id,
            "firm_name": name,
            "transcript_id": f"t{number}",
            "date": dt.date(2024, 1, 1) + dt.timedelta(days=number % 90),
            "sentence_id": sentence.sentence_id,
            "position": place,
            "speaker_type": sentence.speaker_type,
            "section": "Presentation",
            "text": sentence.text,
            "model_text": sentence.text,
            "procedural": flag,
        }
        for place, (sentence, flag) in enumerate(zip(sentences, procedural, strict=True))
    ]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _themes(
    run: str, firms: list[FirmTopics], n_themes: int, n_topics: int, centres: np.ndarray,
    skipped: list[SkippedFirm], label: str,
) -> Themes:  # fmt: skip
    themes = []
    for rank in range(n_themes if firms else 0):
        members = [firm.topics[rank] for firm in firms]
        topics = [
            ThemeTopic(firm.firm_id, topic.topic_id, topic.label, topic.size, 0.9)
            for firm, topic in zip(firms, members, strict=True)
        ]
        shown = [
            RepresentativeSentence(
                firm.firm_id, topic.topic_id, topic.sentences[0].sentence_id, topic.sentences[0].text
            )
            for firm, topic in list(zip(firms, members, strict=True))[:3]
        ]
        themes.append(
            Theme(
                theme_id=f"{run}-{rank + 1:03d}",
                kind=members[0].kind,
                label=f"{label}{_subject(rank)[0]}",
                keywords=members[0].keywords,
                n_firms=len(firms),
                n_topics=len(topics),
                n_sentences=sum(topic.size for topic in topics),
                centroid=tuple(map(float, centres[rank])),
                coherence=0.9,
                stability=0.7,
                firms=tuple(firm.firm_id for firm in firms),
                topics=tuple(topics),
                representative_sentences=tuple(shown),
            )
        )
    unassigned = [
        UnassignedTopic(firm.firm_id, topic_id, "outlier")
        for firm in firms
        for topic_id in range(n_themes, n_topics)
    ]
    sizes = Counter(theme.kind for theme in themes)
    metadata = {"timing": {"seconds": {"cluster": 0.5}}, "n_by_kind": dict(sizes)}
    return Themes(
        SCHEMA_VERSION, run, len(themes), tuple(themes), tuple(unassigned), tuple(skipped), metadata
    )
