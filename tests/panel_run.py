"""A small run's folder made by hand, as far as the panel reads it: transcripts, calls, where sentences settled, themes."""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from earnings_themes.abstractions import SCHEMA_VERSION, Call, Turn
from earnings_themes.ingest.calls import call_row, write_calls
from earnings_themes.results.artifacts import TRANSCRIPT_SCHEMA, FirmsWriter
from earnings_themes.results.tree import SENTENCES_SCHEMA as SENTENCES

# A theme, its level, its broad theme, its kind and label.
THEMES = (
    ("made-001", 1, "made-B01", "subject", "freight | cost"),
    ("made-002", 1, "made-B01", "subject", "=wages"),
    ("made-003", 1, None, "reporting", "outlook"),
    ("made-B01", 2, None, "subject", "cost"),
)
# Section, speaker type, speaker name.
TURNS = (
    ("Presentation Operator Message", "Operator", "Operator"),
    ("Presenter Speech", "Executives", "Ann Chief, CEO"),
    ("Presenter Speech", "Executives", "Bo Money - Executive Vice President and Chief Financial Officer"),
    ("Question and Answer Operator Message", "Operator", "Operator"),
    ("Question", "Analysts", "Cy Bank"),
    ("Answer", "Executives", "Ann Chief, CEO"),
    ("Question", "Analysts", "Cy Bank"),
    ("Question", "Analysts", "Di Fund"),
    ("Answer", "Executives", "Bo Money - Executive Vice President and Chief Financial Officer"),
)
WORDS = ("freight", "costs", "fell", "gains", "loss", "Jürgens", "rose", "5%", "—", "risk")


def sentence(**changed: Any) -> dict[str, Any]:
    """Return a sentence with everything that both files say of it; what is not given is nothing."""
    bare = dict.fromkeys((*TRANSCRIPT_SCHEMA.names, *SENTENCES.names))
    texts = {
        "section": "",
        "speaker_type": "",
        "speaker_name": "",
        "firm_name": "",
        "text": "",
        "kind": "subject",
    }
    return {**bare, **texts, "procedural": False, "position": 0, **changed}


def random_sentences(n_firms: int = 4, n_calls: int = 3, n: int = 60, seed: int = 1) -> list[dict[str, Any]]:
    """Return sentences of firms with zeros before their ids, one call per quarter, spread over turns and themes."""
    draw = np.random.default_rng(seed)
    found = []
    for firm in range(n_firms):
        for call in range(n_calls):
            turns = np.sort(draw.integers(0, len(TURNS), n))
            for place in range(n):
                section, speaker, name = TURNS[turns[place]]
                modelled = speaker != "Operator" and draw.random() < 0.9
                theme = int(draw.integers(0, 5)) if modelled else 4
                found.append(
                    sentence(
                        firm_id=f"00{firm}", firm_name=f"Firm {firm}", transcript_id=f"t{call}",
                        date=dt.date(2023, 2, 3) + dt.timedelta(91 * call), sentence_id=f"00{firm}_t{call}_{place:04d}",
                        position=place, section=section, speaker_type=speaker, speaker_name=name,
                        text=" ".join(draw.choice(WORDS, int(draw.integers(1, 9)))),
                        content=float(np.float32(draw.random())) if modelled else None,
                        theme_id=THEMES[theme][0] if theme < 3 else None,
                        strength=float(np.float32(draw.random())) if theme < 4 else None,
                        # Sentence 3 holds only to the broad theme.
                        broad_id=THEMES[theme][2] if theme < 3 else "made-B01" if theme == 3 else None,
                    )
                )  # fmt: skip
    return found


def write_run(
    folder: Path,
    sentences: list[dict[str, Any]],
    silent: tuple[tuple[str, str], ...] = (),
    keep: tuple[str, ...] = (),
    themes: tuple[tuple[Any, ...], ...] = THEMES,
) -> Path:
    """Write the run's files; silent: firm and transcript ids of calls that were read and have no sentence."""
    folder.mkdir(parents=True, exist_ok=True)
    by_firm: dict[str, list[dict[str, Any]]] = {}
    for line in sentences:
        by_firm.setdefault(line["firm_id"], []).append(line)
    with FirmsWriter(folder / "transcripts.parquet", TRANSCRIPT_SCHEMA) as writer:
        for lines in by_firm.values():
            writer.add(pa.Table.from_pylist(lines, TRANSCRIPT_SCHEMA))
    # In row groups of their own: they need not end where those of the transcripts do.
    pq.write_table(
        pa.Table.from_pylist(sentences, SENTENCES), folder / "sentences.parquet", row_group_size=70
    )
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for line in sentences:
        key = (line["firm_id"], line["transcript_id"])
        if key not in seen:
            moment = dt.datetime.combine(line["date"], dt.time(21), dt.UTC)
            kept = {name: f"{name} of {key[0]}" for name in keep}
            call = Call(key[1], line["date"], (Turn(1, ""),), moment=moment, kept=kept)
            seen[key] = call_row(key[0], line["firm_name"], call)
    for firm_id, transcript_id in silent:
        call = Call(transcript_id, dt.date(2023, 12, 31), (Turn(1, ""),))
        seen[firm_id, transcript_id] = call_row(firm_id, f"Firm {firm_id}", call)
    write_calls(folder / "source_calls.parquet", list(seen.values()), keep)
    write_themes(folder, themes)
    return folder


def write_themes(folder: Path, themes: Sequence[tuple[Any, ...]]) -> None:
    """Write themes.json with themes as in THEMES; what the panel does not read of them is the least that is allowed."""
    names = ("theme_id", "level", "parent", "kind", "label")
    rest = {
        "keywords": [["x", 1.0]], "n_firms": 1, "n_topics": 1, "n_sentences": 1, "centroid": [1.0], "cohesion": 0.5, "stability": None,
        "firms": ["000"], "topics": [], "representative_sentences": [],
    }  # fmt: skip
    listed = [dict(zip(names, theme, strict=True)) | rest for theme in themes]
    whole = {"schema_version": SCHEMA_VERSION, "run": "made", "n_themes": len(listed), "themes": listed}
    whole |= {"unassigned_topics": [], "skipped_firms": [], "metadata": {"timing": {}}}
    (folder / "themes.json").write_text(json.dumps(whole))
