"""What masking names before encoding would change: AUC of the static encoder's cosine on rated pairs, names in place and taken out.

    python -m evaluation.masking --calls FOLDER     # holds rev_large.csv.gz and maec_quarters.csv.gz

Three kinds of names, one at a time: people (words of a call's speakers' names), the firm (words of its own name), products
(words that stand in capitals within a sentence of one firm alone, three times or more). A word that is also said in small
letters, anywhere, is a word and no name. docs/validation.md has the figures. The space has learned from these ratings, so the AUC
is too good; what masking changes is the question.
"""

import argparse
import re
from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from earnings_themes.embedding.space import SCALE, load_space
from evaluation.learn_space import CALLS, ingested, read_ratings, text_key

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
# A capital that does not begin the sentence.
_WITHIN: Final = re.compile(r"(?<=[\w,;:] )[A-Z][^\W_]{2,}")
_LEAST: Final = 3


def names_in(frame: pd.DataFrame) -> dict[str, dict[str, set[str]]]:
    """Return kind → firm → its names, lower case. frame: firm_id, firm_name, speaker_name, model_text."""
    text = frame["model_text"]
    # The first word of a sentence has its capital from its place.
    words = {word for said in text for word in _WORD.findall(said) if word.islower()}
    firms = frame.groupby("firm_id")

    def of(column: str) -> dict[str, set[str]]:
        return {
            str(firm): {word.lower() for name in names.unique() for word in _WORD.findall(str(name))} - words
            for firm, names in firms[column]
        }

    capitals = {
        str(firm): Counter(word.lower() for said in texts for word in _WITHIN.findall(said))
        for firm, texts in firms["model_text"]
    }
    n_firms = Counter(word for counted in capitals.values() for word in counted)
    products = {
        firm: {word for word, n in counted.items() if n >= _LEAST and n_firms[word] == 1} - words
        for firm, counted in capitals.items()
    }
    return {"people": of("speaker_name"), "the firm's name": of("firm_name"), "products": products}


def masked(frame: pd.DataFrame, names: dict[str, set[str]]) -> list[str]:
    """Return the sentences without their firm's names."""
    return [
        _without(text, names[firm]) for text, firm in zip(frame["model_text"], frame["firm_id"], strict=True)
    ]


def _without(text: str, names: set[str]) -> str:
    return _WORD.sub(lambda word: "" if word[0].lower() in names else word[0], text)


def auc(frame: pd.DataFrame, texts: list[str], pairs: pd.DataFrame) -> float:
    """Return how well the cosine in the packaged space tells pairs scored at least 1 from the others."""
    found = load_space().vectors(texts, frame["transcript_id"].tolist(), frame["position"].tolist())
    rows = found.rows.astype(np.float32) / SCALE
    cosine = np.einsum("ij,ij->i", rows[pairs["a"]], rows[pairs["b"]])
    return float(roc_auc_score(pairs["score"] >= 1, cosine))


def rated_pairs(frame: pd.DataFrame, ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the rated pairs, each once: the rows a and b of its sentences, and its mean score."""
    ids = pd.MultiIndex.from_arrays([frame["sentence_id"], frame["text"].map(text_key)])
    a, b = (
        ids.get_indexer(pd.MultiIndex.from_frame(ratings[[f"sentence_id_{side}", f"digest_{side}"]]))
        for side in "ab"
    )
    pairs = pd.DataFrame(
        {"a": np.minimum(a, b), "b": np.maximum(a, b), "score": ratings["score"].astype(float)}
    )
    return pairs[pairs["a"] >= 0].groupby(["a", "b"])["score"].mean().reset_index()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=Path, required=True)
    folder = parser.parse_args().calls
    ratings = read_ratings()
    for calls in CALLS:
        frame = ingested(folder / f"{calls}.csv.gz").reset_index(drop=True)
        pairs = rated_pairs(frame, ratings[ratings["calls"] == calls])
        plain = auc(frame, frame["model_text"].tolist(), pairs)
        print(f"{calls}: {len(pairs):,} pairs, AUC {plain:.3f}")
        for kind, names in names_in(frame).items():
            texts = masked(frame, names)
            changed = np.mean([a != b for a, b in zip(texts, frame["model_text"], strict=True)])
            print(
                f"  without {kind}: {auc(frame, texts, pairs) - plain:+.3f}, {changed:.1%} of the sentences changed"
            )


if __name__ == "__main__":
    main()
