"""Does a run find classes that are known? Labelled texts are dealt to invented firms, or planted in real calls.

FILE is a CSV with the columns label and text, one text per row: articles, or single sentences. Dealt, each class is in many
firms and every sentence has a class. With --into, blocks of four sentences of five classes become turns of real calls. Both
are run as the workflow runs them, once in the packaged subject space and, with --fit, once in one that is learned
from the run itself. A line of JSON is a draw of classes and dealings, because chance moves AMI by up to .2.

    python -m evaluation.labelled news.csv --classes 10 --draws 3 --fit
    python -m evaluation.labelled news.csv --into calls.csv --classes 5
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from earnings_themes.config import Config, parse_config
from earnings_themes.embedding.own_space import fit_from_runs
from earnings_themes.embedding.shard import embed_shard
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.quality.agreement import FORMS, ami, best_matches
from earnings_themes.results.firms import encode_firm, read_firms
from earnings_themes.system.folders import LocalFolder
from earnings_themes.text import split_sentences
from earnings_themes.themes.run import reduce_run
from earnings_themes.topics.firm import process_firm_files

# Sentences of a class that are planted in calls at once: about as many as a speaker gives to a subject.
BLOCK: Final = 4
# A class counts as found where a theme matches it with this F1.
FOUND: Final = 0.6
_COLUMNS: Final = ("companyid", "companyname", "transcriptid", "mostimportantdateutc", "componentorder", "componenttypename",
                   "speakertypename", "transcriptpersonname", "componenttext")  # fmt: skip
_SPEAKER: Final = "transcriptpersonname"


def deal(documents: pd.DataFrame, firms: int, sentences: int, draw: np.random.Generator) -> pd.DataFrame:
    """Return one call per firm, one turn per document; who speaks is the document's number.

    Parameters
    ----------
    documents : label, text
    firms, sentences : of the invented firms, and of each, roughly
    draw : orders the documents. Those of a class go to the firms in turn, until the class has its share of the sentences
    """
    share = firms * sentences / documents["label"].nunique()
    turns: list[tuple[int, int]] = []
    for _, of_class in documents.groupby("label", sort=True):
        order, said = draw.permutation(firms), 0
        for place, number in enumerate(draw.permutation(of_class.index)):
            if said >= share:
                break
            turns.append((int(order[place % firms]), int(number)))
            said += len(split_sentences(str(documents.at[number, "text"])))
    turns = [turns[place] for place in draw.permutation(len(turns))]
    rows = [
        (1000 + firm, f"Firm {firm}", 5000 + firm, "2021-05-03", place, "Presenter Speech", "Executives", f"d{number}",
         documents.at[number, "text"])
        for place, (firm, number) in enumerate(turns)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(str)


def plant(
    documents: pd.DataFrame, calls: pd.DataFrame, sentences: int, draw: np.random.Generator
) -> pd.DataFrame:
    """Return the calls with some `sentences` of each class as turns of BLOCK sentences, at random places of random calls.

    documents: label, text. calls: in the columns of a source, turns in their order.
    """
    by_call = {name: turns.to_dict("records") for name, turns in calls.groupby("transcriptid", sort=False)}
    names = list(by_call)
    for _, of_class in documents.groupby("label", sort=True):
        said = 0
        for number in draw.permutation(of_class.index):
            split = split_sentences(str(documents.at[number, "text"]))
            for first in range(0, len(split), BLOCK):
                if said >= sentences:
                    break
                turns = by_call[names[int(draw.integers(len(names)))]]
                place = int(draw.integers(1, len(turns) + 1))
                block = split[first : first + BLOCK]
                turns.insert(
                    place, turns[place - 1] | {_SPEAKER: f"d{number}", "componenttext": " ".join(block)}
                )
                said += len(block)
    rows = [
        turn | {"componentorder": place} for turns in by_call.values() for place, turn in enumerate(turns)
    ]
    return pd.DataFrame(rows).astype(str)


def run_calls(calls: pd.DataFrame, folder: Path, config: Config) -> None:
    """Ingest calls, find topics, themes and where each sentence settles, as the workflow's rules do."""
    folder.mkdir(parents=True, exist_ok=True)
    calls.to_csv(folder / "calls.csv", index=False)
    transcripts, firms = folder / "transcripts.parquet", folder / "firms.tsv"
    ingest(replace(config.source, path=str(folder / "calls.csv")), transcripts, firms, folder / "ingest.json")
    find_themes_of(folder, config)


def find_themes_of(folder: Path, config: Config) -> None:
    """Encode what is ingested and do what follows; again, where config names another space."""
    transcripts, firms, vectors = (
        folder / name for name in ("transcripts.parquet", "firms.tsv", "embeddings/0000.parquet")
    )
    for made in ("embeddings", "topics"):
        (folder / made).mkdir(exist_ok=True)
    embed_shard(str(transcripts), firms, vectors, 0, config.embedding, keep_procedural=False, threads=2)
    for firm in read_firms(firms):
        output = folder / "topics" / f"{encode_firm(firm.firm_id)}.json"
        process_firm_files(
            config.run, firm.firm_id, firms, str(transcripts), str(vectors), output, config.topics, config.seed
        )  # fmt: skip
    reduce_run(config, LocalFolder(folder), folder / "themes.json", folder / "reduce.json")


def measured(folder: Path, documents: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of a run: for each level its themes, coverage, AMI in both forms, and the classes found.

    AMI is over the modelled sentences with a class; a theme's F1 counts all modelled sentences of the run.
    """
    columns = ["sentence_id", "speaker_name"]
    spoken = pd.read_parquet(folder / "transcripts.parquet", columns=columns).set_index("sentence_id")
    frame = pd.read_parquet(folder / "sentences.parquet").query("content.notna()")
    label_of = {f"d{number}": str(label) for number, label in documents["label"].items()}
    label = frame["sentence_id"].map(spoken["speaker_name"]).map(label_of).fillna("")
    has = (label != "").to_numpy()
    found: dict[str, Any] = {"sentences": int(has.sum()), "empty": _rounded((frame["content"] < 0.5)[has])}
    for level, column in (("themes", "theme_id"), ("broad", "broad_id")):
        ids = [name if isinstance(name, str) else None for name in frame[column]]
        held = [name for name, is_class in zip(ids, has, strict=True) if is_class]
        matches = [match for match in best_matches(label.tolist(), ids) if match.label]
        found[level] = {
            "n": len(set(ids) - {None}),
            "coverage": _rounded([name is not None for name in held]),
            **{f"ami_{form}": round(ami(label[has].tolist(), held, form).value or 0.0, 2) for form in FORMS},
            "classes": len(matches),
            "found": sum(match.f1 >= FOUND for match in matches),
            "f1": _rounded([match.f1 for match in matches]),
        }
    return found


def _rounded(values: Any) -> float:
    return round(float(np.mean(values)), 2)


def trials(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Give the figures of each draw, in the packaged space and, where asked for, in one of its own."""
    texts = pd.read_csv(given.file, dtype=str, usecols=["label", "text"]).dropna()
    calls = pd.read_csv(given.into, dtype=str, keep_default_na=False) if given.into else None
    sizes = texts["label"].value_counts()
    enough = sorted(sizes.index[sizes >= given.least])
    for number in range(given.draws):
        draw = np.random.default_rng((given.seed, number))
        classes = sorted(draw.permutation(enough)[: given.classes or len(enough)])
        some = texts[texts["label"].isin(classes)]
        made = (
            deal(some, given.firms, given.sentences, draw)
            if calls is None
            else plant(some, calls, given.sentences, draw)
        )
        folder = given.out / f"{given.file.name.partition('.')[0]}-{number}"
        embedding = {"model": given.model, "cache": str(given.out / ".cache")}
        config = parse_config({"run": folder.name, "embedding": embedding, "themes": {"stability_runs": 0}})
        run_calls(made, folder, config)
        yield {"draw": number, "classes": classes, "space": "packaged", **measured(folder, some)}
        if given.fit:
            space = folder / "space.npz"
            encoder = replace(config.embedding, model="packaged")
            fit_from_runs(space, [folder], encoder, threads=2)
            own = replace(config, embedding=replace(config.embedding, space=str(space)))
            find_themes_of(folder, own)
            yield {"draw": number, "classes": classes, "space": "own", **measured(folder, some)}


def main() -> None:
    """Run the trials and print a line of JSON for each."""
    parser = argparse.ArgumentParser(description="Known classes against themes")
    parser.add_argument("file", type=Path, help="a CSV with the columns label and text")
    parser.add_argument("--into", type=Path, help="a CSV of real calls that the texts are planted in")
    parser.add_argument("--classes", type=int, default=0, help="classes of a draw; 0: all")
    parser.add_argument("--least", type=int, default=25, help="texts that a class has at least")
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--firms", type=int, default=30, help="invented firms")
    parser.add_argument(
        "--sentences", type=int, default=150, help="of each firm, or of each class that is planted"
    )
    parser.add_argument("--model", default="packaged", help="embedding.model")
    parser.add_argument(
        "--fit", action="store_true", help="learn a space from each run, and run it again with it"
    )
    parser.add_argument("--out", type=Path, default=Path("results/labelled"))
    parser.add_argument("--seed", type=int, default=42)
    for line in trials(parser.parse_args()):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
