"""Finds the themes of a run anew with something changed, and says what became of each: firms, granularity, encoder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.abstractions import Themes
from earnings_themes.config import Embedding, ThemeSettings
from earnings_themes.embedding.encoders import Encoder
from earnings_themes.embedding.shard import STATIC, embed
from earnings_themes.embedding.space import load_space
from earnings_themes.quality.settled import read_settled
from earnings_themes.results.artifacts import read_themes
from earnings_themes.results.firms import read_firms
from earnings_themes.results.topics_reader import TopicsReader
from earnings_themes.system.folders import LocalFolder
from earnings_themes.system.processes import one_thread
from earnings_themes.themes.aggregate import make_pool
from earnings_themes.themes.corpus import Corpus, read_corpus
from earnings_themes.themes.find import find_themes
from earnings_themes.themes.settle import settle_all
from earnings_themes.themes.stability import jaccard

Labels = NDArray[np.int64]
Topics = Sequence[tuple[str, list[list[str]]]]
TENTHS: Final = 10
# Less and more than the run's granularity; how many themes each gives stands in the table.
STEPS: Final = (-0.04, -0.02, 0.02, 0.04)


@dataclass(frozen=True)
class Known:
    """A run, as far as its themes are found from it."""

    run: Path
    themes: Themes
    settings: ThemeSettings
    corpus: Corpus  # its sentences with their vectors
    topics: Topics  # its firms' topics as sentence ids
    firm_ids: list[str]  # the firms with modelled sentences
    firms: Labels  # (m,) the firm of each modelled sentence, as a number
    labels: Labels  # (m,) where each settled in the run, -1 for none

    @property
    def ids(self) -> list[str]:
        """The themes' ids, by their numbers in labels."""
        return [theme.theme_id for theme in self.themes.themes]


def read_known(run: Path) -> Known:
    """Read a run. Raises ResultError where its files are missing or damaged."""
    themes = read_themes(run / "themes.json")
    about = themes.metadata
    names = ("granularity", "floor", "min_firms", "max_firm_share")
    settings = ThemeSettings(**{name: about[name] for name in names})
    firm_ids = [firm.firm_id for firm in read_firms(run / "firms.tsv")]
    reader = TopicsReader(LocalFolder(run / "topics"), firm_ids, themes.run)
    topics = sorted(
        (firm.firm_id, [[s.sentence_id for s in topic.sentences] for topic in firm.topics]) for firm in reader
    )
    corpus = read_corpus(LocalFolder(run), [firm for firm, _ in topics])
    number = {theme.theme_id: place for place, theme in enumerate(themes.themes)}
    theme_of = read_settled(run, ("sentence_id", "theme_id")).dropna().set_index("sentence_id")["theme_id"]
    of_all = theme_of.astype(str).map(number).reindex(corpus.ids(np.arange(len(corpus.rows))))
    labels = np.asarray(of_all.fillna(-1), dtype=np.int64)
    return Known(run, themes, settings, corpus, topics, *_firms(corpus), labels)


def _firms(corpus: Corpus) -> tuple[list[str], Labels]:
    """Return the firms of the modelled sentences, and (m,) the number of each one's firm."""
    of = corpus.table["firm_id"].take(corpus.modelled).to_numpy(zero_copy_only=False)
    ids, numbers = np.unique(of.astype(str), return_inverse=True)
    return ids.tolist(), numbers.astype(np.int64)


@one_thread
def found_again(corpus: Corpus, topics: Topics, settings: ThemeSettings, seed: int) -> Labels:
    """Return (m,) where each modelled sentence settles when the themes are found of this corpus, -1 for none."""
    _, firms = _firms(corpus)
    exemplars, _ = make_pool(corpus, topics)
    rows = corpus.rows[exemplars]
    found = find_themes(rows, firms[exemplars], settings.granularity, settings.min_firms, seed)
    return settle_all(corpus.rows, corpus.content, firms, exemplars, found, settings)[1].labels


def holdout(known: Known) -> pd.DataFrame:
    """Find the themes without each tenth of the firms.

    Returns theme_id, label, mean, least, without_1 … without_10: the best Jaccard index of a theme's sentences of the firms
    that are left with a theme of the repeat; null where it has no sentence of those firms.
    """
    seed = int(known.themes.metadata["seed"])
    n_firms = len(known.firm_ids)
    tenth = np.random.default_rng(seed).permutation(n_firms) * TENTHS // max(n_firms, 1)
    columns = {}
    for number in range(TENTHS):
        left = tenth[known.firms] != number
        gone = {firm for firm, other in zip(known.firm_ids, tenth, strict=True) if other == number}
        topics = [(firm, of) for firm, of in known.topics if firm not in gone]
        part = {name: getattr(known.corpus, name)[left] for name in ("modelled", "rows", "content")}
        other = found_again(replace(known.corpus, **part), topics, known.settings, seed)
        columns[f"without_{number + 1}"] = matches(known.labels[left], other, len(known.ids))[0]
    without = pd.DataFrame(columns)
    about = {"theme_id": known.ids, "label": [theme.label for theme in known.themes.themes]}
    return pd.DataFrame({**about, "mean": without.mean(axis=1), "least": without.min(axis=1)}).join(without)


def matches(labels: Labels, other: Labels, k: int) -> tuple[NDArray[np.float64], Labels]:
    """Return (k,) each theme's best Jaccard index with a theme of the repeat, and which (-1 for none); NaN without sentences."""
    sizes = np.bincount(labels[labels >= 0], minlength=k)
    index = jaccard(labels, other, k)
    if not index.shape[1]:
        return np.where(sizes > 0, 0.0, np.nan), np.full(k, -1, dtype=np.int64)
    best = index.argmax(axis=1)
    value = np.where(sizes > 0, index[np.arange(k), best], np.nan)
    return value, np.where(value > 0, best, -1)


def sensitivity(known: Known, encoder: str | None) -> pd.DataFrame:
    """Find the themes with other granularities, and of another encoder's vectors. encoder: static, packaged, or None.

    Returns changed (granularity, encoder), to, n_themes and coverage (of the modelled sentences) of the repeat, theme_id,
    label, jaccard (with its best match), rho (Spearman, of the firms' exposures to both; null where one does not vary).
    """
    seed = int(known.themes.metadata["seed"])
    tables = []
    for step in STEPS:
        other = replace(known.settings, granularity=round(known.settings.granularity + step, 4))
        again = found_again(known.corpus, known.topics, other, seed)
        tables.append(_compared(known, again, "granularity", f"{other.granularity:g}"))
    if encoder:
        procedural = known.corpus.table["procedural"].take(known.corpus.modelled).to_pylist()
        corpus = encoded_again(known.run, [firm for firm, _ in known.topics], encoder, any(procedural))
        again = found_again(corpus, known.topics, known.settings, seed)
        tables.append(_compared(known, again, "encoder", encoder))
    return pd.concat(tables, ignore_index=True)


def _compared(known: Known, other: Labels, changed: str, to: str) -> pd.DataFrame:
    from scipy.stats import spearmanr

    n_themes, n_other = len(known.ids), int(other.max(initial=-1)) + 1
    index, best = matches(known.labels, other, n_themes)
    ours, theirs = _exposures(known.firms, known.labels, n_themes), _exposures(known.firms, other, n_other)
    rho = np.full(n_themes, np.nan)
    for k, m in enumerate(best):
        # Of exposures that do not vary there is no rank correlation.
        if m >= 0 and np.ptp(ours[:, k]) > 0 and np.ptp(theirs[:, m]) > 0:
            rho[k] = spearmanr(ours[:, k], theirs[:, m]).statistic
    return pd.DataFrame(
        {
            "changed": changed, "to": to, "n_themes": n_other, "coverage": float((other >= 0).mean()),
            "theme_id": known.ids, "label": [theme.label for theme in known.themes.themes], "jaccard": index, "rho": rho,
        }
    )  # fmt: skip


def _exposures(firms: Labels, labels: Labels, k: int) -> NDArray[np.float64]:
    n_firms = int(firms.max(initial=-1)) + 1
    counts = np.zeros((n_firms, k))
    np.add.at(counts, (firms[labels >= 0], labels[labels >= 0]), 1)
    found: NDArray[np.float64] = counts / np.maximum(np.bincount(firms, minlength=n_firms), 1)[:, None]
    return found


def encoded_again(run: Path, firm_ids: Sequence[str], model: str, keep_procedural: bool = False) -> Corpus:
    """Return these firms' sentences of a run with another encoder's vectors. model: static, or packaged."""
    firms = read_firms(run / "firms.tsv")
    encoder = None if model == STATIC else Encoder(Embedding(model=model))
    transcripts = (run / "transcripts.parquet").resolve()
    with TemporaryDirectory() as scratch:
        there = Path(scratch)
        (there / "embeddings").mkdir()
        (there / transcripts.name).symlink_to(transcripts)
        spoken = [firm for firm in firms if firm.n_sentences]
        embed(transcripts, spoken, there / "embeddings/0000.parquet", encoder, load_space(), keep_procedural)
        return read_corpus(LocalFolder(there), firm_ids)
