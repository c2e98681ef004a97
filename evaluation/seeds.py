"""Asks a run of the sample eight questions in three ways, and says how precise and how complete the answers are.

The sample's sentences say which subject they were planted for (data/sample_labels.csv). The texts below were written from the
subjects' names, not from their sentences.

    python -m evaluation.seeds results/sample
"""

import sys
from pathlib import Path

import pandas as pd

from earnings_themes.themes.seeds import Question, answer_questions

THRESHOLDS = (0.30, 0.37, 0.40, 0.45, 0.50, 0.55)
# subject → (a few words, words, three sentences); parts of one way stand apart by "; "
ASKED = {
    "wages_labour": (
        "hiring and shortage of workers",
        "wages; labour shortage; hiring; staff turnover; overtime",
        "We raised wages to keep our workers.; It is hard to hire enough people.; Labour shortages and overtime raised our costs.",
    ),
    "china_demand": (
        "demand in China",
        "China; Chinese consumers; Shanghai",
        "Demand in China was weak.; Our sales in China recovered after the lockdowns.; Chinese customers ordered less.",
    ),
    "foreign_exchange": (
        "currency effects",
        "currency; exchange rate; dollar; euro; hedging",
        "The strong dollar reduced reported sales.; We hedge most of our currency exposure.; Exchange rates cost us a point of growth.",
    ),
    "cybersecurity": (
        "cyber attacks",
        "cyber attack; ransomware; phishing; data breach",
        "Hackers attacked our systems.; We spend more on cyber security.; Ransomware stopped a plant for two days.",
    ),
    "share_repurchase": (
        "share buybacks",
        "buyback; repurchase; own shares",
        "We bought back shares in the quarter.; The board authorised a new repurchase programme.; Buybacks reduced our share count.",
    ),
    "supply_chain": (
        "supply chain disruption",
        "supply chain; shortage; lead times; port congestion; component",
        "Supply chains were disrupted.; Lead times for components are still long.; Ports were congested and parts were late.",
    ),
    "extreme_weather": (
        "storms and floods",
        "hurricane; flood; drought; storm",
        "The hurricane closed our stores.; Drought hurt the harvest.; Storm losses were above plan.",
    ),
    "decarbonisation": (
        "carbon emissions",
        "carbon; emissions; net zero; renewable",
        "We cut our carbon emissions.; Our net zero target is 2040.; We buy renewable power to lower emissions.",
    ),
}
WAYS = ("a few words", "words", "three sentences")


def measured(run: Path, labels: Path) -> pd.DataFrame:
    """Return precision and recall (means over the subjects) by way of asking and threshold."""
    planted = pd.read_csv(labels, dtype=str).set_index("sentence_id")["theme"]
    rows = []
    for subject, ways in ASKED.items():
        true = set(planted.index[planted == subject])
        texts = [tuple(text.split("; ")) for text in ways]
        questions = [Question(way, own, min(THRESHOLDS)) for way, own in zip(WAYS, texts, strict=True)]
        for answer in answer_questions(str(run), questions):
            near = answer.inside.to_pandas().set_index("sentence_id")["strength"]
            for threshold in THRESHOLDS:
                got = set(near.index[near >= threshold])
                right = len(got & true)
                rows.append((answer.question.name, threshold, right / max(len(got), 1), right / len(true)))
    table = pd.DataFrame(rows, columns=["way", "threshold", "precision", "recall"])
    return table.groupby(["threshold", "way"])[["precision", "recall"]].mean().unstack("way")


if __name__ == "__main__":
    labels = Path(__file__).parents[1] / "data" / "sample_labels.csv"
    print(measured(Path(sys.argv[1]), labels).round(2).to_string())
