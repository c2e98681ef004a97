"""The records that cross the interfaces: plain frozen dataclasses, no behaviour.

FirmTopics and Themes are `topics/{firm}.json` and `themes.json`, field by field, in the files' order. They are the
only place that says what these files hold: results/records.py reads, checks and describes the files by these types,
so a new field is one line here, and `make docs`.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

if TYPE_CHECKING:
    # The process that builds the DAG knows the interfaces, and has no use for numpy.
    import numpy as np
    from numpy.typing import NDArray

# Raised when a field of a result file changes its meaning; a reader refuses any other version.
SCHEMA_VERSION = 2

Kind = Literal["subject", "reporting", "procedure", "filler"]
FirmStatus = Literal["ok", "too_few_sentences", "no_transcript"]
Keywords = tuple[tuple[str, float], ...]

# What a field of a file may hold beyond its type; msgspec checks it while it reads.
Count = Annotated[int, Meta(ge=0)]
AtLeastOne = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Named = Annotated[str, Meta(min_length=1)]
Vector = Annotated[tuple[float, ...], Meta(min_length=1)]
Stability = Annotated[
    Share | None,
    Meta(description="How far it comes back when 10 % are left out, 0 to 1; null when not measured."),
]


# --- what a source gives ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's turn. Optional columns that a source lacks are empty strings."""

    order: int
    text: str
    speaker_type: str = ""
    section: str = ""
    speaker_name: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One earnings call; turns in the order spoken.

    date: the day in the exchange's time zone. moment: its start in UTC, None if unknown. event_id,
    collection, created: the event, kind and making time of this version of the call. kept: the columns of
    `source.keep`.
    """

    transcript_id: str
    date: dt.date
    turns: tuple[Turn, ...]
    headline: str = ""
    moment: dt.datetime | None = None
    event_id: str = ""
    collection: str = ""
    created: str = ""
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TranscriptData:
    """All calls of a firm, by date then transcript id; `skipped` counts rows left out, by reason."""

    firm_id: str
    firm_name: str
    calls: tuple[Call, ...]
    skipped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a source's rows.

    skipped: rows left out, by reason, of firms that are not listed. notes: sentences for the user.
    """

    rows: int | None = None
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


# --- what a topic model gives ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as a model sees it. keywords: (word, weight), heaviest first. size: documents.

    stability: agreement of repeated fits on parts of the documents, 0 to 1; None if not measured.
    """

    topic_id: int
    label: str
    keywords: Keywords
    size: int
    stability: float | None = None


@dataclass(frozen=True, slots=True)
class TopicModelResult:
    """The topic of each document.

    assignments: (n_documents,) int64, a topic_id or -1 for an outlier. probabilities: (n_documents,) float32
    in [0, 1], fit of a document to its topic; 0 for an outlier.
    """

    topics: tuple[Topic, ...]
    assignments: "NDArray[np.int64]"
    probabilities: "NDArray[np.float32]"


# --- topics/{firm}.json ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TopicSentence:
    """A sentence as it was said; probability is None for an outlier.

    In topics/{firm}.json text and speaker are left out: transcripts.parquet has them.
    """

    sentence_id: Named
    text: str = ""
    speaker_type: str = ""
    probability: Share | None = None


@dataclass(frozen=True, slots=True)
class FirmTopic:
    """A topic of one firm, with every sentence that belongs to it, the best fitting first."""

    topic_id: Count
    label: str
    keywords: Keywords
    size: AtLeastOne
    kind: Kind
    stability: Stability
    sentences: Annotated[tuple[TopicSentence, ...], Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class TopicsMetadata:
    """What `metadata` of a firm's topics has at least."""

    model: str
    params: Mapping[str, Any]
    embedding_model: str
    embedding_sha256: str
    versions: Mapping[str, Any]
    seed: int
    n_sentences: Count
    n_procedural: Count
    timing: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FirmTopics:
    """One firm's topics. A firm with too little text has a status and no topics: a result, not a failure."""

    schema_version: int
    run: Named
    firm_id: Named
    firm_name: str
    status: FirmStatus
    n_topics: Count
    topics: tuple[FirmTopic, ...]
    centroids: Annotated[
        tuple[Vector, ...],
        Meta(
            description="One a topic, in the topics' order: the mean of its sentences' embeddings, L2 norm 1."
        ),
    ]
    outliers: tuple[TopicSentence, ...]
    metadata: Mapping[str, Any]


# --- themes.json -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ThemeTopic:
    """A topic's place in a theme; similarity is the cosine of its centroid to the theme's."""

    firm_id: str
    topic_id: Count
    label: str
    size: AtLeastOne
    similarity: float


@dataclass(frozen=True, slots=True)
class RepresentativeSentence:
    """A sentence near the theme's centroid; each of another firm as far as there are firms."""

    firm_id: str
    topic_id: Count
    sentence_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme: what several firms say about one subject.

    cohesion: mean cosine of pairs of sentences of different firms, independent of size. threshold: least
    strength of a settled sentence. level: 1, or 2 for a broad theme, which is the parent of themes. born: the
    run that found it. theme_id: {run}-001 or {run}-B01, by rank; in a registry r000001 or b0001, permanent.
    """

    theme_id: Annotated[str, Meta(pattern="(-B?[0-9]{2,}|^[rb][0-9]{4,})$")]
    kind: Kind
    label: str
    keywords: Keywords
    n_firms: AtLeastOne
    n_topics: AtLeastOne
    n_sentences: AtLeastOne
    centroid: Vector
    cohesion: Annotated[
        float, Meta(description="Mean cosine of the theme's pairs of sentences of different firms.")
    ]
    stability: Stability
    firms: Annotated[tuple[str, ...], Meta(min_length=1)]
    topics: tuple[ThemeTopic, ...]
    representative_sentences: tuple[RepresentativeSentence, ...]
    level: Literal[1, 2] = 1
    parent: str | None = None
    threshold: float = 0.0
    born: str | None = None


@dataclass(frozen=True, slots=True)
class UnassignedTopic:
    """A topic in no theme: what one firm alone speaks of. reason: no_theme."""

    firm_id: str
    topic_id: Count
    reason: str
    label: str = ""
    size: Count = 0


@dataclass(frozen=True, slots=True)
class SkippedFirm:
    """A firm that gave no topics to the themes, and why."""

    firm_id: str
    reason: str
    firm_name: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """How many themes a level has, and their mean stability, weighted by sentences."""

    level: Literal[1, 2]
    n_themes: Count
    stability: Stability


@dataclass(frozen=True, slots=True)
class ThemesMetadata:
    """What `metadata` of the themes has at least."""

    timing: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Themes:
    """A run's themes, ranked by kind (subject first), then firms, then sentences. Zero themes are a valid result."""

    schema_version: int
    run: Named
    n_themes: Count
    themes: tuple[Theme, ...]
    unassigned_topics: tuple[UnassignedTopic, ...]
    skipped_firms: tuple[SkippedFirm, ...]
    metadata: Mapping[str, Any]
    levels: tuple[Level, ...] = ()
    # In the file they stand in `themes` too; here apart, because nearly all that reads themes means level 1.
    broad: tuple[Theme, ...] = ()


# --- what a store gives ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of a publish: where it went, which version readers now see, and how much was written.

    counts: rows or items by kind. capacity: units consumed by kind, None where a store does not meter.
    digest: SHA-256 of everything published; the same content has the same digest in every store.
    """

    store: str
    run: str
    version: str
    counts: Mapping[str, int]
    seconds: float
    capacity: Mapping[str, float] | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A published run; published_at is UTC, ISO 8601. n_sentences counts the sentences of its topics."""

    run: str
    version: str
    published_at: str
    n_firms: int
    n_themes: int
    n_topics: int
    n_sentences: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class FirmEntry:
    """A firm in a run's list of firms."""

    firm_id: str
    firm_name: str
    status: FirmStatus


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic with its sentences; theme_id is None if it is in no theme, and unassigned_reason says why."""

    run: str
    firm_id: str
    firm_name: str
    topic_id: int
    label: str
    kind: Kind
    keywords: Keywords
    size: int
    theme_id: str | None
    sentences: tuple[TopicSentence, ...]
    stability: float | None = None
    unassigned_reason: str | None = None


@dataclass(frozen=True, slots=True)
class FirmThemeShare:
    """How much of a firm's speech belongs to a theme: share is n_sentences over all its sentences."""

    theme_id: str
    label: str
    kind: Kind
    n_sentences: int
    share: float


@dataclass(frozen=True, slots=True)
class FirmView:
    """A firm in one run: its themes by share, and its topics (without their sentences)."""

    run: str
    firm_id: str
    firm_name: str
    status: FirmStatus
    n_sentences: int
    themes: tuple[FirmThemeShare, ...]
    topics: tuple[TopicView, ...]


@dataclass(frozen=True, slots=True)
class SentenceHit:
    """A sentence that holds the words searched for, and where it is in the hierarchy."""

    firm_id: str
    firm_name: str
    topic_id: int
    theme_id: str | None
    sentence_id: str
    text: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found: themes by rank, and the best matching sentences.

    n_sentences: how many sentences hold the words, None where the store does not search sentences.
    """

    run: str
    themes: tuple[Theme, ...]
    sentences: tuple[SentenceHit, ...] = ()
    n_sentences: int | None = None
