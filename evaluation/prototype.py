"""The prototype's method on a run's sentences, to judge it beside the run in one sheet: `make compare RUN=results/sample`.

BERTopic as its authors ship it: MiniLM's vectors of all modelled sentences at once, UMAP, HDBSCAN, every setting at its
default. Only UMAP's seed is set, so that the table can be made again.

    python -m evaluation.prototype results/sample prototype.csv
    earnings-themes sheet results/sample prototype=prototype.csv --out rating
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.config import Embedding
from earnings_themes.embedding.encoders import Encoder
from earnings_themes.embedding.own_space import encoded_texts
from earnings_themes.embedding.shard import modelled
from earnings_themes.errors import require
from earnings_themes.results.artifacts import open_parquet
from earnings_themes.system.files import write_atomically

# UMAP's defaults need more rows than it has neighbours, HDBSCAN's at least two themes' worth.
_LEAST: Final = 20


def write_themes(run: Path, output: Path, encoder: Encoder, cache: str | None = None) -> int:
    """Write sentence_id,theme of a run's modelled sentences, -1 for an outlier; return how many themes there are.

    run: a folder with transcripts.parquet. cache: of the encoder's vectors, as `embedding.cache`.
    """
    columns = ["sentence_id", "model_text", "procedural"]
    table = open_parquet(run / "transcripts.parquet").read(columns=columns).to_pandas()
    table = table[modelled(table, keep_procedural=False)]
    texts = table["model_text"].tolist()
    themes = _bertopic(texts, encoded_texts(texts, encoder, cache))
    rows = zip(table["sentence_id"], themes.tolist(), strict=True)
    write_atomically(
        output, "sentence_id,theme\n" + "".join(f"{_quoted(row)},{theme}\n" for row, theme in rows)
    )
    return len(set(themes.tolist()) - {-1})


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _bertopic(texts: list[str], vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    if len(texts) < _LEAST:
        return np.full(len(texts), -1, dtype=np.int64)
    require("umap", "The prototype's method", "make compare")
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from umap import UMAP

    # BERTopic's own UMAP, with a seed.
    umap = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=42)
    model = BERTopic(umap_model=umap, embedding_model=BaseEmbedder())
    return np.asarray(model.fit_transform(texts, vectors)[0], dtype=np.int64)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="BERTopic's defaults on a run's sentences")
    parser.add_argument("run", type=Path, help="a run's folder, such as results/sample")
    parser.add_argument("output", type=Path, help="the table to write: sentence_id,theme")
    given = parser.parse_args()
    settings = Embedding()
    n = write_themes(given.run, given.output, Encoder(settings, threads=2), settings.cache)
    print(f"{given.output}: {n} themes")
