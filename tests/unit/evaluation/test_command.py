"""The command from CSV files to a page, with an encoder that needs no model."""

import csv
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from evaluation import __main__ as command

SUBJECTS = {
    "energy": ["electricity", "gas", "tariff", "megawatt", "grid", "fuel", "boiler", "turbine"],
    "wages": ["wage", "union", "overtime", "hiring", "salary", "workers", "turnover", "pension"],
    "chips": ["wafer", "foundry", "substrate", "silicon", "fab", "packaging", "lithography", "node"],
}


class WordEncoder:
    """Vectors of the words of a text, hashed: texts that share words are near each other."""

    name = "words"
    sha256 = "0" * 64
    key = "words"

    def __init__(self, *_: object, **__: object) -> None: ...

    def encode(self, texts: Sequence[str], progress: Callable[[int], object] | None = None) -> np.ndarray:
        rows = np.zeros((len(texts), 384), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().rstrip(".").split():
                row[zlib.crc32(word.encode()) % 384] += len(word)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def sentences(subject: str, n: int, draw: np.random.Generator) -> list[str]:
    return [f"Our {' '.join(draw.choice(SUBJECTS[subject], 5, replace=False))} rose again." for _ in range(n)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    with (tmp_path / "banking77_labelled.csv").open("w", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(["label", "text"])
        for label in range(40):
            words = [f"w{label}x{number}" for number in range(8)]
            rows.writerows(
                [f"label {label:02d}", " ".join(draw.permutation(words)[:6]) + f" {n}"] for n in range(45)
            )
    for name in ("rev_small.csv", "rev_medium.csv", "sample_calls.csv"):
        with (tmp_path / name).open("w", newline="") as handle:
            rows = csv.writer(handle)
            rows.writerow(
                [
                    "companyid",
                    "companyname",
                    "transcriptid",
                    "mostimportantdateutc",
                    "componentorder",
                    "componenttext",
                ]
            )
            for firm in range(3):
                for turn, subject in enumerate(SUBJECTS):
                    text = " ".join(sentences(subject, 12, draw))
                    rows.writerow([f"F{firm}", f"Firm {firm}", f"T{firm}", "2023-05-01", turn, text])
    with (tmp_path / "sample_labels.csv").open("w", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(["sentence_id", "kind", "theme"])
        for firm in range(3):
            rows.writerows(
                [f"F{firm}_T{firm}_{place:04d}", "subject", list(SUBJECTS)[place // 12]]
                for place in range(36)
            )
    return tmp_path


def test_the_page_has_what_was_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "TorchEncoder", WordEncoder)
    out = folder / "docs" / "validation.md"
    arguments = [
        "--data",
        folder,
        "--sample",
        folder,
        "--out",
        out,
        "--cache",
        folder / "cache",
        "--date",
        "2024-02-03",
    ]
    status = command.main([*map(str, arguments), "--only", "Context", "Themes of real calls", "End to end"])
    text = out.read_text(encoding="utf-8")
    assert status == 0
    assert "Made on 2024-02-03" in text
    assert "## Context" in text
    assert "| share 0.5 | " in text
    assert "## Themes of real calls" in text
    assert "| firms | 3 | 3 | 3 |" in text
    assert "1. " in text.split("## End to end")[1]
    aims = text.split("## Aims")[1]
    assert "| firms with a theme | ≥ .95 | 1.00 | 1.00 | 1.00 |" in aims
    assert "| banking77, 20 intents | ≥ .74 | " in aims
    assert "## Stability" not in text
