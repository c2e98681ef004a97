"""Makes the registry that ships with the package, from the run that founds it and the decisions about its themes.

    make reference DATA=folder        # holds rev_large.csv.gz and maec_quarters.csv.gz

The founding run finds the themes with the default encoder. decisions.yaml, written after reading ten sentences of each theme,
is applied by the registry's own curation. Then the centroids of the same sentences are taken from word vectors too, so that
ids and names are the same with embedding.model: static. No text is kept but names and keywords. The same calls give the
same files.
"""

import argparse
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.embedding.shard import STATIC
from earnings_themes.quality.dossier.again import encoded_again
from earnings_themes.registry import Ground, Registry, RegistryTheme, Version
from earnings_themes.registry.past import encode_past, said
from earnings_themes.registry.records import REFERENCE_RUN, digest_of
from earnings_themes.results.firms import read_firms
from earnings_themes.system.folders import LocalFolder
from earnings_themes.themes.corpus import Corpus, read_corpus
from earnings_themes.themes.curate import curated, read_decisions
from earnings_themes.themes.settle import centres

OUT: Final = Path("src/earnings_themes/registry/reference")
DECISIONS: Final = Path(__file__).with_name("decisions.yaml")
SEED: Final = 42
# Of so many firms one is kept in what a later run's births are compared with: the package stays below 3 MB.
_FIRMS: Final = 8


def main() -> None:
    """Read the founding run, curate, write a registry for each encoder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--run", type=Path, default=Path("results/reference"), help="folder of the founding run"
    )
    parser.add_argument(
        "--founding", default="results/reference_founding", help="the registry that it founded"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    named = Registry(given.founding).current()
    if named is None:
        parser.error(f"{given.founding}: no registry is there. `make reference DATA=folder` founds it.")
    founded = renamed(named.version)
    version = curated(
        founded, read_decisions(DECISIONS.read_text(encoding="utf-8"), str(DECISIONS)), str(DECISIONS)
    )
    both, firm_ids = corpus_of(given.run)
    firms = both.firms(firm_ids)
    some = firms % _FIRMS == 0
    # The same sentences in the same order, with word vectors alone.
    static = encoded_again(given.run, firm_ids, STATIC)
    assert np.array_equal(static.modelled, both.modelled)
    theme_of = pd.read_parquet(given.run / "sentences.parquet", columns=["sentence_id", "theme_id"])
    theme_of = theme_of.set_index("sentence_id")["theme_id"].dropna()
    labels = theme_of.reindex(both.ids(np.arange(len(both.rows)))).to_numpy(dtype=object, na_value="")
    moved = {
        "packaged": version,
        "static": replace(
            version,
            encoder=static.about["embedding_sha256"],
            themes=tuple(in_space(theme, founded, static.rows, labels) for theme in version.themes),
        ),
    }
    for name, corpus in (("packaged", both), ("static", static)):
        past = encode_past(said(corpus.rows[some], corpus.content[some], firms[some], SEED))
        runs = tuple(replace(ran, past=digest_of(past)) for ran in version.runs)
        shutil.rmtree(given.out / name, ignore_errors=True)
        registry = Registry(LocalFolder(given.out / name))
        made = registry.commit(replace(moved[name], runs=runs), Ground(None, births=False), past)
        size = sum(path.stat().st_size for path in (given.out / name).rglob("*") if path.is_file())
        print(f"{registry}: {len(made.version.fine)} themes, {size:,} bytes, sha256 {made.sha256}")


def renamed(version: Version) -> Version:
    """Return the founded registry with the name of run that no user's run can have."""
    (ran,) = version.runs
    themes = [
        replace(
            theme,
            born=REFERENCE_RUN,
            history=tuple(replace(seen, run=REFERENCE_RUN) for seen in theme.history),
        )
        for theme in version.themes
    ]
    return replace(version, runs=(replace(ran, run=REFERENCE_RUN),), themes=tuple(themes))


def corpus_of(run: Path) -> tuple[Corpus, list[str]]:
    """Return the founding run's sentences with their vectors, and its firms."""
    firm_ids = [firm.firm_id for firm in read_firms(run / "firms.tsv")]
    return read_corpus(LocalFolder(run), firm_ids), firm_ids


def in_space(
    theme: RegistryTheme, founded: Version, rows: NDArray[np.int8], labels: NDArray[np.object_]
) -> RegistryTheme:
    """Return a theme with the centroid of its sentences in another encoder's space; a broad theme's are its themes'.

    rows: (m, d). labels: (m,) the theme of each sentence, before any merge.
    """
    below = {each.theme_id for each in founded.fine if theme.theme_id in (each.theme_id, each.parent)}
    inside = np.isin(labels, list(below))
    where = centres(rows, np.where(inside, 0, -1), 1)
    return replace(
        theme,
        centroid=tuple(int(number) for number in where.whole[0].tolist()),
        tightness=round(float(where.tightness[0]), 6),
    )


if __name__ == "__main__":
    main()
