"""A firm's topics as a job, run in the warm process or in its own.

Arguments are plain values because they pass through a socket; the result is an exit status because the
waiting job needs no more.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from earnings_themes.config import TopicSettings, parse_config
from earnings_themes.embedding.shard import FirmVectors
from earnings_themes.embedding.space import whole
from earnings_themes.results.firms import decode_firm
from earnings_themes.system.job import code_version, job
from earnings_themes.topics.firm import process_firm, process_firm_files

_NOUNS: Final = ("freight", "wages", "steel", "housing")
_VERBS: Final = ("We paid more for", "They sold the", "Nobody wanted", "Costs grew with", "It was about")


def run(settings: str, firm: str, files: Mapping[str, str], output: str, log: str) -> int:
    """Find one firm's topics and write its file; return 0, or 1 after the error was logged.

    settings: of run, topics and seed, in JSON. firm: the id as in its file name. files: where firms, transcripts and
    embeddings are, on this disk or in S3.
    """
    try:
        with job(log, files.values(), [output]):
            config = parse_config(json.loads(settings))
            process_firm_files(
                run=config.run,
                firm_id=decode_firm(firm),
                firms=files["firms"],
                transcripts=files["transcripts"],
                embeddings=files["embeddings"],
                output=Path(output),
                settings=config.topics,
                seed=config.seed,
            )
    except SystemExit as end:
        return int(end.code or 0)
    except Exception:  # a bug, which job() has logged with its traceback
        return 1
    return 0


def preload() -> None:
    """Do what a process does once, for one that forks its children after this.

    Imports come late, patterns and word lists are read when they are first used, and linear algebra is looked for: a
    made-up firm's topics bring all of that in. A child then takes a sixth less CPU time.
    """
    code_version()
    said = [f"{verb} {noun} last year." for verb in _VERBS for noun in _NOUNS]
    sentences = pd.DataFrame(
        {"sentence_id": [str(number) for number in range(len(said))], "model_text": said, "procedural": False}
    ).convert_dtypes(dtype_backend="pyarrow")
    # One direction a noun, and a little of another for each verb.
    vectors = np.tile(np.eye(len(_NOUNS), 16), (len(_VERBS), 1)) + np.repeat(
        0.1 * np.eye(len(_VERBS), 16, k=8), len(_NOUNS), axis=0
    )
    settings = TopicSettings("bertopic", min_sentences=2, keep_procedural=True)
    found = FirmVectors(
        sentences["sentence_id"].tolist(), whole(vectors), np.ones(len(said), dtype=np.float32), {}
    )
    process_firm("", "", "", sentences, found, settings, seed=0)
