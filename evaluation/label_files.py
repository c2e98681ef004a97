"""Reads the calls that labels are of, with what the detectors say of each sentence."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from earnings_themes.speech.procedure import flag_procedural
from earnings_themes.speech.sentence_kinds import sentence_kind
from earnings_themes.text.cleaning import clean
from earnings_themes.text.sentences import split_sentences


class Sentence(NamedTuple):
    """A sentence of a call with what the detectors say of it."""

    sentence_id: str
    sha256_16: str
    text: str
    kind: str


def short_digest(sentence: str) -> str:
    """The first 16 hex digits of the SHA-256 of a sentence as it was split, before cleaning."""
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_calls(path: Path) -> Iterator[list[dict[str, str]]]:
    """The turns of each call of a transcript CSV, in their order.

    Raises:
        FileNotFoundError: there is no such file.
        KeyError: a needed column is missing.
    """
    calls: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            calls[row["companyid"], row["transcriptid"]].append(row)
    for turns in calls.values():
        yield sorted(turns, key=lambda turn: float(turn["componentorder"]))


def detect(turns: list[dict[str, str]]) -> list[Sentence]:
    """All sentences of one call, with the kind that the detectors give them."""
    texts: list[str] = []
    speakers: list[str | None] = []
    sections: list[str | None] = []
    for turn in turns:
        found = split_sentences(turn["componenttext"])
        texts += found
        speakers += [turn.get("speakertypename")] * len(found)
        sections += [turn.get("componenttypename")] * len(found)
    model_texts = [clean(text).model_text for text in texts]
    flags = flag_procedural(model_texts, speakers, sections)
    call_id = f"{turns[0]['companyid']}_{turns[0]['transcriptid']}"
    return [
        Sentence(f"{call_id}_{i:04d}", short_digest(text), text, sentence_kind(model_text, flag))
        for i, (text, model_text, flag) in enumerate(zip(texts, model_texts, flags, strict=True))
    ]
