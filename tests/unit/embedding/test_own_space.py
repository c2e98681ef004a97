"""`earnings-themes fit`: a space of one's own is the same file each time, is used by embed, and never meets another."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from earnings_themes.cli import main
from earnings_themes.config import Source
from earnings_themes.embedding import own_space
from earnings_themes.embedding.shard import embed, read_vectors
from earnings_themes.embedding.space import SubjectSpace, load_space
from earnings_themes.errors import ModelError
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.results.firms import read_firms
from tests.conftest import SUBJECTS, MadeEncoder, call, made_vector, write_csv

PLACES = ("Norway", "Brazil", "Texas", "Japan")


def mean_cosine(rows: np.ndarray) -> float:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return float((unit @ unit.T).mean())


class OtherEncoder(MadeEncoder):
    """Another encoder than the packaged one: vectors by subject, wherever it is said."""

    name = "other"
    sha256 = "1" * 64

    def encode(self, texts, progress=None):  # type: ignore[no-untyped-def]
        self.asked += texts
        # Without the place: the sentence that its subject knows.
        told = [f"{text.rpartition(' in ')[0] or text[:-1]}." for text in texts]
        return np.stack([made_vector(text, 96) for text in told])


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Four calls of one firm on all subjects, a place a call, and talk without a subject."""
    rows = []
    for number, place in enumerate(PLACES):
        subjects = [*list(SUBJECTS)[number:], *list(SUBJECTS)[:number]]
        turns = call("0", "Firm", subjects, date=f"2023-0{number + 1}-02")
        for subject, turn in zip(subjects, turns[1:-1], strict=True):
            # Each call lacks other sentences: with the same ones they would be versions of one call.
            texts = [text for at, text in enumerate(SUBJECTS[subject]) if at % len(PLACES) != number]
            said = [f"{text[:-1]} in {place}." for text in texts]
            turn["componenttext"] = " ".join([*said, "Yes, that is right, so.", "I think so, yes, you know."])
        rows += [turn | {"transcriptid": f"9{number}"} for turn in turns]
    folder = tmp_path / "run"
    folder.mkdir()
    files = (folder / "transcripts.parquet", folder / "firms.tsv", folder / "ingest.json")
    ingest(Source(path=str(write_csv(tmp_path / "calls.csv", rows))), *files)
    return folder


def fitted(run: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(own_space, "Encoder", lambda settings, threads: OtherEncoder())
    with pytest.raises(SystemExit) as end:
        main(["fit", "--space", str(file), "--from", str(run), "--cache", str(file.parent / "cache")])
    assert not end.value.code
    return file


def test_a_space_of_ones_own_is_the_same_file_each_time_and_says_what_it_was_made_from(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = (fitted(run, tmp_path / name, monkeypatch) for name in ("a.npz", "b.npz"))
    assert one.read_bytes() == two.read_bytes()
    about = json.loads(one.with_suffix(".json").read_text())
    assert about["sha256"] == load_space(one).digest and about["encoder"]["sha256"] == OtherEncoder.sha256
    assert about["n_calls"] == 4 and list(about["runs"]) == [str(run)]
    said = capsys.readouterr().out
    assert "Fewer than 10,000 sentences: too few to tell" in said
    assert f"embedding: {{space: {one}}}" in said


def test_embed_takes_it_with_the_encoder_that_it_was_fitted_on_and_with_no_other(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = load_space(fitted(run, tmp_path / "mine.npz", monkeypatch))
    given = (run / "transcripts.parquet", read_firms(run / "firms.tsv"))
    embed(*given, tmp_path / "0000.parquet", OtherEncoder(), space, False)
    found = read_vectors(tmp_path / "0000.parquet", "0")
    assert found.vectors.shape[1] == 128 and found.about["space"] == space.digest
    with pytest.raises(ModelError, match="fitted on another encoder than made"):
        embed(*given, tmp_path / "0000.parquet", MadeEncoder(), space, False)


def test_the_gate_has_learned_what_the_packaged_one_answers(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = load_space(fitted(run, tmp_path / "mine.npz", monkeypatch))
    texts = pd.read_parquet(run / "transcripts.parquet")["model_text"].tolist()
    place = list(map(str, range(len(texts))))
    own, packaged = (s.vectors(texts, place, [0] * len(texts)).content >= 0.5 for s in (space, load_space()))
    assert (own == packaged).mean() > 0.9 and 0 < own.mean() < 1


def test_what_is_said_of_one_subject_lies_as_near_as_the_settings_expect(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All dimensions alike, half of the sentences of a run settled nowhere."""
    space = load_space(fitted(run, tmp_path / "mine.npz", monkeypatch))
    frame = pd.read_parquet(run / "transcripts.parquet")
    subject = frame["text"].map(
        {
            f"{said[:-1]} in {place}.": name
            for name, texts in SUBJECTS.items()
            for said in texts
            for place in PLACES
        }
    )

    def nearness(of: SubjectSpace) -> float:
        columns = (frame[name].tolist() for name in ("model_text", "transcript_id", "position"))
        rows = of.vectors(*columns).rows.astype(float)
        return float(np.mean([mean_cosine(rows[subject == name]) for name in SUBJECTS]))

    assert nearness(space) > nearness(replace(space, metrics={})) + 0.02


@pytest.mark.parametrize("what", ["no run", "static", "too little"])
def test_what_cannot_be_learned_from_is_said(
    what: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["fit", "--space", str(tmp_path / "x.npz"), "--from", str(run)]
    if what == "no run":
        command[-1] = str(tmp_path / "nowhere")
    elif what == "static":
        command += ["--model", "static"]
    else:
        frame = pd.read_parquet(run / "transcripts.parquet")
        frame.head(60).to_parquet(run / "transcripts.parquet")
    with pytest.raises(SystemExit) as end:
        main(command)
    assert end.value.code and not (tmp_path / "x.npz").exists()
    expected = {
        "no run": "--from takes the folder of a run",
        "static": "Set packaged, or name a model",
        "too little": "Give runs with more calls",
    }
    assert expected[what] in capsys.readouterr().err
