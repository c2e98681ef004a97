"""The tree that users see: theme → topic → sentence, with the firm on each.

A *topic* here is what one firm says on one theme; where no theme holds it, it is what that firm alone speaks of, which the
model found (`model_topic` in topics/{firm}.json). Every sentence of the run is a row of sentences.parquet, settled or not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from earnings_themes.abstractions import Theme
from earnings_themes.results.tree import SENTENCES_SCHEMA
from earnings_themes.speech import CONTENT, kinds_of
from earnings_themes.system.files import replaced
from earnings_themes.themes.corpus import Corpus
from earnings_themes.themes.settle import Settled, held_broadly

# Sentences that make what one firm alone speaks of a topic.
_LEAST: Final = 3


@dataclass(frozen=True)
class Tree:
    """The topics of the tree.

    Attributes
    ----------
    topics : one row per topic: firm (number), topic_id, theme (number, -1 for none), model_topic, size, similarity
    topic_id : (m,) int, the topic of each modelled sentence, -1 for none
    """

    topics: pd.DataFrame
    topic_id: NDArray[np.int64]


def make_tree(
    firms: NDArray[np.int64], settled: Settled, content: NDArray[np.float32], model_topic: NDArray[np.int64]
) -> Tree:
    """Group the m modelled sentences of each firm by theme, and what is left by the model's topic.

    firms: (m,) the firm of each, as a number. model_topic: (m,), -1 for the model's outliers.
    """
    frame = pd.DataFrame({"firm": firms, "theme": settled.labels, "cosine": settled.cosine})
    left = (settled.labels < 0) & (content >= CONTENT) & (model_topic >= 0)
    frame["model_topic"] = np.where(left, model_topic, -1)
    frame = frame[(frame["theme"] >= 0) | left]
    grouped = frame.groupby(["firm", "theme", "model_topic"], sort=True)
    topics = grouped.agg(size=("cosine", "size"), similarity=("cosine", "mean")).reset_index()
    # The groups stand in the order of their numbers.
    topics["group"] = np.arange(len(topics))
    topics = topics[(topics["theme"] >= 0) | (topics["size"] >= _LEAST)]
    # A firm's topics on themes first, larger ones first; then what it alone speaks of.
    topics["alone"] = topics["theme"] < 0
    topics = topics.sort_values(
        ["firm", "alone", "size", "theme", "model_topic"], ascending=[True, True, False, True, True]
    )
    topics["topic_id"] = topics.groupby("firm").cumcount()
    of_group = np.full(grouped.ngroups, -1, dtype=np.int64)
    of_group[topics["group"]] = topics["topic_id"]
    found = np.full(len(firms), -1, dtype=np.int64)
    found[frame.index] = of_group[grouped.ngroup()]
    return Tree(topics.drop(columns=["alone", "group"]).reset_index(drop=True), found)


def sentence_kinds(corpus: Corpus) -> NDArray[np.object_]:
    """Return (m,) the kind of each modelled sentence."""
    procedural = corpus.table["procedural"].to_numpy()[corpus.modelled]
    return kinds_of(
        corpus.rows, corpus.content >= CONTENT, procedural.astype(bool), corpus.about.get("space", "")
    )


def write_sentences(
    path: Path,
    corpus: Corpus,
    kinds: NDArray[np.object_],
    settled: Settled,
    tree: Tree,
    themes: Sequence[Theme],
) -> None:
    """Write sentences.parquet, one row per sentence of the run.

    kinds: (m,) of the modelled sentences; what is not modelled is procedure or, without a word, filler. themes: by number.
    """

    def of_all(values: NDArray[Any], otherwise: float) -> NDArray[Any]:
        """Return (n,) the values (m,) of the modelled sentences, and one for the others."""
        found = np.full(len(corpus.table), otherwise, dtype=values.dtype)
        found[corpus.modelled] = values
        return found

    is_settled = settled.labels >= 0
    floors = np.array([theme.threshold for theme in themes])
    held = np.where(is_settled, settled.labels, held_broadly(settled, floors))
    # The label -1 finds the last, which is none.
    names = np.array([*(theme.theme_id for theme in themes), None], dtype=object)
    broad = np.array([*(theme.parent for theme in themes), None], dtype=object)
    topic = of_all(tree.topic_id, -1)
    kind = np.where(corpus.table["procedural"].to_numpy(), "procedure", "filler").astype(object)
    kind[corpus.modelled] = kinds
    strength = np.where(is_settled, settled.strength, np.nan)
    columns = {
        "kind": pa.array(kind, pa.string()),
        "content": pa.array(of_all(corpus.content, np.nan), from_pandas=True),
        "topic_id": pa.array(topic.astype(np.int32), pa.int32(), mask=topic < 0),
        "theme_id": pa.array(names[of_all(settled.labels, -1)], pa.string()),
        "strength": pa.array(of_all(strength, np.nan), from_pandas=True),
        "broad_id": pa.array(broad[of_all(held, -1)], pa.string()),
    }
    table = pa.table(
        {name: columns[name] if name in columns else corpus.table[name] for name in SENTENCES_SCHEMA.names}
    )
    with replaced(path) as part:
        pq.write_table(table.cast(SENTENCES_SCHEMA), part, compression="zstd", write_page_checksum=True)
