"""Questions of the user's own, asked beside the themes that were found: which sentences are near to some examples.

The examples (sentences, or words and phrases) are encoded by the run's own encoder and projected into its subject space.
A sentence's strength is the gate's content times the cosine to the examples' mean direction. Not, as for a theme, the mean
cosine to each of them: that falls with every example that is unlike the others, and one threshold would then mean another
precision for five words than for one sentence. So measured, precision at one threshold is alike for all ways of asking
(evaluation/seeds.py; docs/panel.md). Questions and themes overlap: a sentence keeps its theme, and counts for every question
that it is near to.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from earnings_themes.config import Embedding, Seed
from earnings_themes.embedding.encoders import PACKAGED_NAME, Encoder
from earnings_themes.embedding.shard import STATIC, iter_vectors
from earnings_themes.embedding.space import Whole, load_space
from earnings_themes.errors import ConfigError, ModelError, ResultError
from earnings_themes.results.artifacts import open_parquet, readable, value_counts
from earnings_themes.system.files import replaced, write_atomically
from earnings_themes.system.folders import folder_at
from earnings_themes.themes.settle import Centres, centres, settle

FILE: Final = "seeds.json"
SENTENCES: Final = "seeds.parquet"
# Below this share of the threshold a sentence is not kept, not even as an example of what just missed.
_KEPT: Final = 0.5
# Examples on each side of the threshold.
N_EXAMPLES: Final = 5
_SCHEMA: Final = pa.schema(
    [("theme_id", pa.string()), ("sentence_id", pa.string()), ("strength", pa.float32())]
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question: what it is called, the texts that it is asked with, and the strength from which a sentence counts."""

    name: str
    texts: tuple[str, ...]
    threshold: float

    @property
    def theme_id(self) -> str:
        """What stands in the panel's column of that name; the same in every run."""
        return f"seed-{self.name}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is near to a question.

    near: firm_id, sentence_id, strength of the sentences of half the threshold or more, in the run's order. direction: (k,)
    the mean of its examples, of length 1.
    """

    question: Question
    near: pa.Table
    direction: NDArray[np.float64]

    @property
    def inside(self) -> pa.Table:
        """The sentences that count."""
        return self.near.filter(pc.greater_equal(self.near["strength"], np.float32(self.question.threshold)))

    def examples(self) -> tuple[pa.Table, pa.Table]:
        """Return the sentences just above the threshold, the nearest to it first, and those just below."""
        above = self.inside.sort_by([("strength", "ascending"), ("sentence_id", "ascending")])
        below = self.near.filter(pc.less(self.near["strength"], np.float32(self.question.threshold)))
        below = below.sort_by([("strength", "descending"), ("sentence_id", "ascending")])
        return above.slice(0, N_EXAMPLES), below.slice(0, N_EXAMPLES)


def question_of(seed: Seed) -> Question:
    """Return the question that a line of `themes.seeds` asks."""
    return Question(seed.name, (*seed.sentences, *seed.words), seed.threshold)


def encode(texts: Sequence[str], about: dict[str, Any], settings: Embedding | None = None) -> Whole:
    """Return the subject vectors (n, k) int8 of texts that stand alone, as the run's own sentences have them.

    about: embedding_model and space of the run (themes.json, metadata). settings: the run's section `embedding`; None for the
    packaged encoders, which a run names itself. Raises ConfigError where the run's encoder is none of these and no settings are
    given, ModelError where the encoder or space that is at hand is another than the run's.
    """
    name = str(about.get("embedding_model", ""))
    if settings is None:
        if name not in (STATIC, PACKAGED_NAME):
            raise ConfigError(
                f"the run was encoded with {name!r}, which does not come with the program. Give its config: --config FILE."
            )
        settings = Embedding(model=STATIC if name == STATIC else "packaged")
    space = load_space(settings.space)
    if space.digest != about.get("space"):
        raise ModelError(
            f"the run is of the subject space {str(about.get('space'))[:12]}, found {space.digest[:12]}. Give the run's "
            "own config, whose embedding.space names it: --config FILE."
        )
    # Each a call of its own, so that none is softened by another.
    calls, positions = [str(number) for number in range(len(texts))], [0] * len(texts)
    if name == STATIC:
        return space.rows(texts, calls, positions)
    encoder = Encoder(settings)
    if encoder.sha256 != about.get("embedding_sha256"):
        raise ModelError(
            f"the run was encoded with {name}, whose weights are {str(about.get('embedding_sha256'))[:12]}; found "
            f"{encoder.name}, {encoder.sha256[:12]}. Give the run's own config: --config FILE."
        )
    return space.rows(texts, calls, positions, encoder.encode(texts))


def answer_questions(
    where: str, questions: Sequence[Question], settings: Embedding | None = None
) -> list[Answer]:
    """Find the sentences of a run that are near to each question, some firms in memory at a time.

    where: the run's folder, on a disk or s3://. settings: as `encode` has them. Raises what `encode` raises, and
    ResultError where the run's files are missing or damaged.
    """
    about = metadata(where)
    asked = [encode(question.texts, about, settings) for question in questions]
    places = [
        Centres(centres(rows, np.zeros(len(rows), dtype=np.int64), 1).whole, np.ones(1)) for rows in asked
    ]
    found: list[list[pa.Table]] = [
        [_SCHEMA.empty_table().rename_columns(["firm_id", "sentence_id", "strength"])] for _ in asked
    ]
    for firm_ids, ids, rows, content in iter_vectors(where):
        table = pa.table({"firm_id": firm_ids, "sentence_id": ids})
        for number, (question, place) in enumerate(zip(questions, places, strict=True)):
            strength = settle(rows, content, place, 0.0).strength
            kept = np.flatnonzero(strength >= _KEPT * question.threshold)
            some = table.take(kept).append_column("strength", pa.array(strength[kept], pa.float32()))
            found[number].append(some)
    return [
        Answer(question, pa.concat_tables(parts), place.unit[0])
        for question, parts, place in zip(questions, found, places, strict=True)
    ]


def metadata(where: str) -> dict[str, Any]:
    """Return what a run's themes.json says of its making. Raises ResultError when it is missing or damaged."""
    try:
        found: dict[str, Any] = json.loads(folder_at(where).read("themes.json"))["metadata"]
    except FileNotFoundError as error:
        raise ResultError(
            f"{where}: no themes.json there. Expected the folder of a finished run, such as results/sample."
        ) from error
    except (OSError, ValueError, KeyError) as error:
        raise ResultError(
            f"{where}/themes.json cannot be read ({error}). Delete it and run again."
        ) from error
    return found


def asked_in(where: str) -> list[Question]:
    """Return the questions that a run was asked by its config; none where it was asked none.

    Raises ResultError when seeds.json is damaged.
    """
    try:
        listed = json.loads(folder_at(where).read(FILE))["seeds"]
        return [Question(seed["name"], tuple(seed["texts"]), float(seed["threshold"])) for seed in listed]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ResultError(
            f"{where}/{FILE} cannot be read ({type(error).__name__}: {error}). Expected the questions that the run was "
            "asked. Delete it and run again; panel makes it."
        ) from error


def overlap(where: str, answers: Sequence[Answer]) -> list[list[tuple[str, int]]]:
    """Return for each answer the found themes that its sentences settled in, and how many did, most first.

    Raises ResultError when sentences.parquet is missing or damaged.
    """
    path = f"{where}/sentences.parquet"
    with readable(path, "themes"):
        settled = open_parquet(path).read(columns=["sentence_id", "theme_id"])
    found = []
    for answer in answers:
        mine = settled.filter(
            pc.is_in(settled["sentence_id"], value_set=answer.inside["sentence_id"].combine_chunks())
        )
        found.append(value_counts(mine["theme_id"]))
    return found


def write_answers(out: Path, where: str, answers: Sequence[Answer]) -> None:
    """Write seeds.json and seeds.parquet of a run; neither where nothing is asked.

    seeds.json: each question with its texts, threshold, sentences, firms, overlap with found themes, and the ids of the
    sentences just above and just below. seeds.parquet: one row per question and sentence that counts.
    """
    if not answers:
        for name in (FILE, SENTENCES):
            (out / name).unlink(missing_ok=True)
        return
    about = metadata(where)
    listed = []
    for answer, shared in zip(answers, overlap(where, answers), strict=True):
        inside = answer.inside
        above, below = answer.examples()
        listed.append(
            {
                "theme_id": answer.question.theme_id,
                "name": answer.question.name,
                "texts": list(answer.question.texts),
                "threshold": answer.question.threshold,
                "n_sentences": inside.num_rows,
                "n_firms": len(pc.unique(inside["firm_id"])),
                "overlap": [{"theme_id": theme, "n": n} for theme, n in shared],
                "just_above": above["sentence_id"].to_pylist(),
                "just_below": below["sentence_id"].to_pylist(),
            }
        )
    made = {name: about.get(name) for name in ("embedding_model", "embedding_sha256", "space")}
    write_atomically(out / FILE, json.dumps({**made, "seeds": listed}, indent=1, ensure_ascii=False) + "\n")
    tables = [
        pa.table(
            [pa.array([a.question.theme_id] * a.inside.num_rows, pa.string()), *a.inside.columns[1:]],
            schema=_SCHEMA,
        )
        for a in answers
    ]
    with replaced(out / SENTENCES) as part:
        pq.write_table(pa.concat_tables(tables), part, compression="zstd")
