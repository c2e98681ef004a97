"""Puts a run's replication package together: the panel, the code, its environment, and calls that may be published.

Journals ask for everything that makes a paper's figures, and licences forbid the transcripts. The package therefore holds
what was made of them without their text, and pseudo-calls of the same shape (data/make_sample.py writes them), on which
the whole workflow runs anywhere. It is run on them here first, with the packaged code, and the panel that it gave is what
the package promises. A package in which any text of the transcripts is found is not written.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

import earnings_themes
from earnings_themes.errors import ConfigError, ResultError
from earnings_themes.replication.readme import write_readme
from earnings_themes.replication.scan import Scan, scan
from earnings_themes.system.files import replaced, sha256_of

# Of the project: what the workflow needs to run, and what makes the pseudo-calls. Not all of config/ and data/, where
# users keep files of their own.
_CODE: Final = (
    *("Snakefile", "pyproject.toml", "README.md", "LICENSE", "NOTICE", "CITATION.cff"),
    *("rules", "scripts", "src", "envs", "config/config.yaml", "config/profiles", "config/schemas"),
    *("data/README.md", "data/bank", "data/bank_reader.py", "data/call_writer.py", "data/make_sample.py"),
)
# Of the run: nothing that holds a sentence. themes.json is written anew, without its representative ones.
_OUTPUT: Final = ("panel.parquet", "calls.parquet", "codebook.md", "sentences.parquet", "ingest.json")
_OUTPUT_IF_THERE: Final = ("panel.csv", "exchanges.parquet", "quality.json", "firms.tsv")
_OWN: Final = ("code/", "pseudo/sample_")
# ZIP knows no earlier time; with one time for all files the same run gives the same bytes.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Packed:
    """A package that was written: its path, the scan that found no text, and the rows of the promised panel."""

    path: Path
    scan: Scan
    files: int
    promised_rows: int
    seconds: float


def write_package(run: Path, out: Path, cores: int, added: Sequence[Path] = ()) -> Packed:
    """Write the replication package of a finished run as a .zip that is not there yet.

    cores: for the run on the pseudo-calls. added: the user's own files and folders, for the package's analysis/. Raises
    ConfigError where `out` cannot be written or something is not there, ResultError where the workflow fails on the pseudo-calls
    or text of the transcripts is found.
    """
    started = time.monotonic()
    root = _project()
    _check(run, out, added)
    with tempfile.TemporaryDirectory(prefix="earnings-themes-") as scratch:
        stage = Path(scratch) / out.stem
        for name in _CODE:
            _copy(root / name, stage / "code" / name)
        for name in ("LICENSE", "NOTICE", "CITATION.cff"):
            _copy(root / name, stage / name)
        for name in ("run.sh", "check.py"):
            _copy(_HERE / name, stage / name)
        _write_recipe(root, stage)
        config = _copy_run(run, stage)
        for path in added:
            _copy(path, stage / "analysis" / path.name)
        # Before the minutes on the pseudo-calls: what is refused is refused at once.
        _prove(stage, run)
        promised = _run_pseudo(stage, config, cores)
        write_readme(stage, config, promised, [path.name for path in added])
        found = _prove(stage, run)
        _write_manifest(stage)
        _zip(stage, out)
        n_files = len(_files(stage))
    return Packed(out, found, n_files, promised, time.monotonic() - started)


def _project() -> Path:
    """Return the folder that this program was installed from. Raises ConfigError where it is no clone of the project."""
    root = Path(earnings_themes.__file__).parents[2]
    lacking = [name for name in _CODE if not (root / name).exists()]
    if lacking:
        raise ConfigError(
            f"{root} lacks {', '.join(lacking)}. A package holds the workflow's code and the writer of the pseudo-calls: "
            "call this in an installation from a clone of the project (`make run` makes one)."
        )
    return root


def _check(run: Path, out: Path, added: Sequence[Path]) -> None:
    if out.suffix != ".zip":
        raise ConfigError(f"--out is {out}. Expected a file that ends in .zip.")
    if out.exists():
        raise ConfigError(f"{out} is there already. Remove it, or give --out another name.")
    for path in added:
        if not path.exists():
            raise ConfigError(f"--add names {path}, which is not there.")
    if not (run / "themes.json").is_file():
        raise ResultError(
            f"{run} holds no finished run: no themes.json. Of a run in S3: aws s3 cp --recursive s3://… {run}"
        )
    if lacking := [
        name for name in (*_OUTPUT, "config.yaml", "transcripts.parquet") if not (run / name).is_file()
    ]:
        raise ResultError(
            f"{run} lacks {', '.join(lacking)}. Call snakemake once more with the settings that made the run; what is "
            "there is not made again."
        )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", ".*"))
    else:
        shutil.copyfile(source, target)


def _write_recipe(root: Path, stage: Path) -> None:
    """Write the package's Dockerfile on the base that the project's own images have, digest and all."""
    recipe = (root / "containers/firm-topic-processor/Dockerfile").read_text(encoding="utf-8")
    base = next(line for line in recipe.splitlines() if line.startswith("ARG BASE="))
    text = (_HERE / "Dockerfile.txt").read_text(encoding="utf-8").replace("ARG BASE", base, 1)
    (stage / "Dockerfile").write_text(text, encoding="utf-8")


def _copy_run(run: Path, stage: Path) -> dict[str, Any]:
    """Copy what of the run may be published, and return its configuration. Raises ResultError."""
    for name in (*_OUTPUT, *(name for name in _OUTPUT_IF_THERE if (run / name).is_file())):
        _copy(run / name, stage / "output" / name)
    themes = json.loads((run / "themes.json").read_text(encoding="utf-8"))
    for theme in themes["themes"]:
        for sentence in theme["representative_sentences"]:
            del sentence["text"]
    (stage / "output" / "themes.json").write_text(
        json.dumps(themes, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    for name in ("logs", "benchmarks"):
        if (run / name).is_dir():
            _copy(run / name, stage / name)
    _copy(run / "config.yaml", stage / "config.yaml")
    config: dict[str, Any] = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    registry = (config.get("registry") or {}).get("path")
    if registry and not Path(registry).is_dir():
        raise ResultError(
            f"registry.path in {run}/config.yaml is {registry}, which is no folder here. Expected the registry that the run "
            "extended: call this where it lies, or copy it there."
        )
    if registry:
        _copy(Path(registry), stage / "registry")
    return config


def _run_pseudo(stage: Path, config: dict[str, Any], cores: int) -> int:
    """Run the packaged workflow on pseudo-calls, keep its panel as the promise, and return its rows.

    The run's topic model, granularity, floor and seed; the static encoder, so that nothing has to be downloaded and a
    laptop takes minutes. A class of the user's own is not in the package, so the default stands for it.
    """
    pseudo = stage / "pseudo"
    pseudo.mkdir()
    maker = [sys.executable, "-B", str(stage / "code/data/make_sample.py"), "--out", str(pseudo)]
    subprocess.run(maker, check=True)
    settings = {
        "run": "pseudo",
        "source": {"path": "pseudo/sample_calls.csv"},
        "embedding": {"model": "static"},
        "themes": {key: config["themes"][key] for key in ("granularity", "floor")},
        "report": {"labels": "pseudo/sample_labels.csv"},
        "seed": config["seed"],
    }
    if ":" not in config["topics"]["model"]:
        settings["topics"] = config["topics"]
    (pseudo / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    foreign = ("EARNINGS_THEMES_", "SNAKEMAKE_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    environment |= {"PYTHONPATH": str(stage / "code/src"), "PYTHONDONTWRITEBYTECODE": "1"}
    call = [sys.executable, "-m", "snakemake", "--snakefile", "code/Snakefile", "--cores", str(cores)]
    call += ["--configfile", "pseudo/config.yaml"]
    done = subprocess.run(call, cwd=stage, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ResultError(f"The workflow fails on the pseudo-calls:\n{(done.stdout + done.stderr)[-3000:]}")
    (stage / "results/pseudo/panel.parquet").rename(pseudo / "expected_panel.parquet")
    for name in ("results", ".snakemake"):
        shutil.rmtree(stage / name)
    import pyarrow.parquet as pq

    return int(pq.read_metadata(pseudo / "expected_panel.parquet").num_rows)


def _prove(stage: Path, run: Path) -> Scan:
    """Scan the package, write scan.json into it, and return what was found. Raises ResultError for licensed text.

    A call may say what the project's own files say too ("Good morning, and welcome to …"): those files were there before
    the run, and are named in scan.json.
    """
    found = scan(stage, run / "transcripts.parquet")
    own = {name: n for name, n in found.hits.items() if name.startswith(_OWN)}
    if foreign := [name for name in found.hits if name not in own]:
        named = ", ".join(f"{name} ({found.hits[name]}, such as {found.examples[name]})" for name in foreign)
        raise ResultError(
            f"Sentences of the transcripts are in files that the package would hold: {named}. Nothing was written. Remove "
            "them from the run's logs or from what you add; in a file that the program wrote it is a bug: report it."
        )
    record = {
        "files_searched": found.files,
        "sentences_looked_for": found.sentences,
        "files_of_the_run_with_text": 0,
        "files_of_the_project_that_say_the_same": own,
    }
    (stage / "scan.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return found


def _write_manifest(stage: Path) -> None:
    lines = [f"{sha256_of(path)}  {path.relative_to(stage).as_posix()}\n" for path in _files(stage)]
    (stage / "MANIFEST.sha256").write_text("".join(lines), encoding="utf-8")


def _zip(stage: Path, out: Path) -> None:
    with replaced(out) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in _files(stage):
            entry = zipfile.ZipInfo(f"{stage.name}/{path.relative_to(stage).as_posix()}", _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if path.suffix == ".sh" else 0o644) << 16
            packed.writestr(entry, path.read_bytes())


def _files(stage: Path) -> list[Path]:
    return sorted(path for path in stage.rglob("*") if path.is_file())
