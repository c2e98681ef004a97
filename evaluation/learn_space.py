"""Learns the subject space that ships with the package, from open calls and from ratings of their sentences.

    make student DATA=folder        # holds rev_large.csv.gz and maec_quarters.csv.gz

Three steps: the space and the static student from the calls alone (embedding/fit.py); then, from rated pairs, a metric on
it; then, from content flags, the gate. The ratings are in evaluation/ratings/, as sentence ids, digests and scores. On one
machine and one thread the same input gives the same file; its digest and what it was made from go to space.json beside it.
"""

import argparse
import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from earnings_themes.config import Embedding, Source
from earnings_themes.embedding.context import in_context
from earnings_themes.embedding.encoders import Encoder
from earnings_themes.embedding.fit import fit_gate, fit_projection, fit_student
from earnings_themes.embedding.own_space import encoded_texts
from earnings_themes.embedding.shard import modelled
from earnings_themes.embedding.space import PACKAGED, SubjectSpace, whole
from earnings_themes.embedding.student import Floats, unit
from earnings_themes.ingest.transcripts import ingest

CALLS: Final = ("rev_large", "maec_quarters")
RATINGS: Final = Path(__file__).parent / "ratings"
# Pairs that were drawn to learn from; the others compared groupings on Rev, and quarters on MAEC.
TEACH: Final = ("learned", "groupings", "quarters")
# Penalty on the metric's distance from identity: of 100 to 10,000, 100 is best from either provider to the other.
_PENALTY: Final = 100.0


def read_ratings() -> pd.DataFrame:
    """Return every rating of pairs of Rev and MAEC, as text: what may be learned from."""
    read = pd.concat(
        [pd.read_csv(RATINGS / f"{name}.csv.gz", dtype=str) for name in TEACH], ignore_index=True
    )
    return read[read["calls"].isin(CALLS)]


def text_key(text: str) -> str:
    """Return what a rated sentence is found again by: of the SHA-1 of its letters and digits the first 16 hex digits."""
    return hashlib.sha1(re.sub(r"[^a-z0-9]", "", text.lower()).encode(), usedforsecurity=False).hexdigest()[
        :16
    ]


@dataclass(frozen=True)
class Calls:
    """The modelled sentences of all calls.

    Attributes
    ----------
    texts, calls, positions : n each
    encoded : (n, 384) float32, MiniLM's vectors
    rows : (sentence id, digest of its letters) → row
    """

    texts: list[str]
    calls: list[str]
    positions: NDArray[np.int64]
    encoded: Floats
    rows: dict[tuple[str, str], int]


def ingested(file: Path) -> pd.DataFrame:
    """Return the modelled sentences of a file of calls, with the columns of transcripts.parquet."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        source = Source(path=str(file), max_lost=1.0)
        ingest(source, out / "t.parquet", out / "firms.tsv", out / "ingest.json")
        frame = pd.read_parquet(out / "t.parquet")
    return frame[modelled(frame, keep_procedural=False)]


def read_calls(files: Sequence[Path], cache: str | None) -> Calls:
    """Ingest the files and encode their modelled sentences with MiniLM; cache: where vectors are kept."""
    read = {file: ingested(file) for file in files}
    calls = (frame.assign(call=file.name + ":" + frame["transcript_id"]) for file, frame in read.items())
    frame = pd.concat(calls, ignore_index=True)
    encoder = Encoder(Embedding(device="cpu"))
    keys = zip(frame["sentence_id"], map(text_key, frame["text"]), strict=True)
    return Calls(
        frame["model_text"].tolist(),
        frame["call"].tolist(),
        frame["position"].to_numpy(dtype=np.int64),
        encoded_texts(frame["model_text"].tolist(), encoder, cache),
        {key: row for row, key in enumerate(keys)},
    )


def learn_space(calls: Calls, ratings: pd.DataFrame) -> SubjectSpace:
    """Fit the space and the student on the calls, the metrics and the gates on the ratings."""
    encoder = fit_projection(calls.encoded, calls.calls, calls.positions)
    student = fit_student(calls.texts, calls.encoded, calls.calls, calls.positions)
    own = student.encode(calls.texts)
    both = np.hstack([encoder(calls.encoded), own]) * np.float32(0.5**0.5)
    pairs, flags = rated(calls, ratings)
    gates, metrics = {}, {}
    for name, views in (("both", both), ("static", own)):
        rows = in_context(views, calls.calls, calls.positions)
        metrics[name] = fit_metric(rows[pairs[:, 0].astype(int)], rows[pairs[:, 1].astype(int)], pairs[:, 2])
        seen = whole(unit(rows @ metrics[name]))[flags[:, 0].astype(int)]
        some = [calls.texts[row] for row in flags[:, 0].astype(int)]
        view: Any = calls.encoded[flags[:, 0].astype(int)] if name == "both" else student.bag(some)
        gates[name] = fit_gate(view, seen, flags[:, 1], name == "static")
    return SubjectSpace(encoder, student, gates, metrics, Encoder(Embedding()).sha256, "")


def rated(calls: Calls, ratings: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return pairs (row, row, mean score) and flags (row, share of raters who saw content), each pair and row once."""
    scores: dict[tuple[int, int], list[float]] = {}
    content: dict[int, list[float]] = {}
    for given in ratings.itertuples():
        a = calls.rows.get((str(given.sentence_id_a), str(given.digest_a)))
        b = calls.rows.get((str(given.sentence_id_b), str(given.digest_b)))
        for row, flag in ((a, given.content_a), (b, given.content_b)):
            if row is not None:
                content.setdefault(row, []).append(float(flag == "c"))
        if a is not None and b is not None:
            scores.setdefault((min(a, b), max(a, b)), []).append(float(str(given.score)))
    pairs = np.array([(*pair, np.mean(said)) for pair, said in sorted(scores.items())])
    return pairs, np.array([(row, np.mean(said)) for row, said in sorted(content.items())])


def fit_metric(a: Floats, b: Floats, scores: NDArray[np.float64], penalty: float = _PENALTY) -> Floats:
    """Return (k, k) float32 M: cosines of rows @ M tell rated pairs apart.

    Two logistic thresholds on the cosine, for scores ≥ 1 and = 2, and the squared distance of M from identity as penalty,
    minimised by L-BFGS.

    Parameters
    ----------
    a, b : (n, k) the pairs' vectors
    scores : (n,) 0 to 2
    """
    import torch

    first, second, said = (torch.tensor(part, dtype=torch.float64) for part in (a, b, scores))
    targets = (torch.clamp(said, 0, 1), torch.clamp(said - 1, 0, 1))
    k = a.shape[1]
    away = torch.zeros(k, k, dtype=torch.float64, requires_grad=True)
    line = torch.tensor([np.log(8.0), 0.4, 0.7], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([away, line], max_iter=60, line_search_fn="strong_wolfe", history_size=20)

    def step() -> Any:
        optimiser.zero_grad()
        metric = torch.eye(k, dtype=torch.float64) + away
        u, v = first @ metric, second @ metric
        cosine = (u * v).sum(1) / (u.norm(dim=1) * v.norm(dim=1) + 1e-9)
        loss = penalty * (away**2).sum() / len(said)
        for target, threshold in zip(targets, line[1:], strict=True):
            logits = torch.exp(line[0]) * (cosine - threshold)
            loss = loss + torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
        loss.backward()
        return loss

    optimiser.step(step)
    found: Floats = (np.eye(k) + away.detach().numpy()).astype(np.float32)
    return found


def main() -> None:
    """Read the calls, learn, write the file and where it comes from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=Path, required=True, help="folder of the calls' CSV files")
    parser.add_argument("--out", type=Path, default=Path("src/earnings_themes/embedding") / PACKAGED)
    parser.add_argument("--cache", default="results/.cache", help="where MiniLM's vectors are kept")
    given = parser.parse_args()
    files = [given.calls / f"{name}.csv.gz" for name in CALLS]
    ratings = read_ratings()
    data = learn_space(read_calls(files, given.cache), ratings).to_bytes()
    given.out.write_bytes(data)
    about = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "calls": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
        "licence": "CC BY-SA 4.0, see NOTICE",
        "ratings": {
            name: hashlib.sha256((RATINGS / f"{name}.csv.gz").read_bytes()).hexdigest() for name in TEACH
        },
        "n_ratings": len(ratings),
    }
    given.out.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n")
    print(f"{given.out}: {len(data):,} bytes, sha256 {about['sha256']}")


if __name__ == "__main__":
    main()
