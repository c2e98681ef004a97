"""Says how much of a run's content settles in the reference registry, by sector of the firms.

    python -m evaluation.reference.coverage results/q305_reference

The calls of the 305 firms name no industry. sectors.csv has each firm's GICS sector of 2021 by companyid, as a language model
gave it for the firm's name; asked again, without the first answer, it gave all 305 the same.
"""

import argparse
from pathlib import Path

import pandas as pd

from earnings_themes.quality.settled import has_subject

SECTORS = Path(__file__).with_name("sectors.csv")


def by_sector(sentences: pd.DataFrame, sectors: pd.Series) -> pd.DataFrame:
    """Return firms, content sentences, and the share of them that settled, one row per sector and one for all.

    `sentences` is a run's sentences.parquet, `sectors` a sector for each firm_id; a firm without one is in `(none)`.
    """
    content = sentences[has_subject(sentences)]
    content = content.assign(
        sector=content["firm_id"].map(sectors).fillna("(none)"), settled=content["theme_id"].notna()
    )
    columns = {
        "firms": ("firm_id", "nunique"),
        "content": ("settled", "size"),
        "settled": ("settled", "mean"),
    }
    sorts = content.groupby("sector").agg(**columns).sort_values("settled", ascending=False)
    return pd.concat([sorts, content.assign(sector="all").groupby("sector").agg(**columns)])


def main() -> None:
    """Print the table of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a run with `registry: reference`, frozen")
    given = parser.parse_args()
    columns = ["firm_id", "content", "theme_id"]
    sentences = pd.read_parquet(given.run / "sentences.parquet", columns=columns)
    sectors = pd.read_csv(SECTORS, dtype=str).set_index("companyid")["sector"]
    print(by_sector(sentences, sectors).round(3).to_string())


if __name__ == "__main__":
    main()
