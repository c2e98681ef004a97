"""Fills the package's README from the run's files.

Its sections are those of the template shared by data editors of social-science journals
(social-science-data-editors.github.io/template_README). What only the authors know stays as TO FILL.
"""

import csv
import json
from pathlib import Path
from typing import Any, Final

import jinja2
import pyarrow.compute as pc
import pyarrow.parquet as pq

TO_FILL: Final = "TO FILL"


def write_readme(stage: Path, config: dict[str, Any], promised_rows: int, added: list[str]) -> None:
    """Write README.md into a package whose other files are there.

    Parameters
    ----------
    stage : the package's folder
    config : the run's whole configuration
    promised_rows : rows of the panel of the pseudo-calls
    added : names in analysis/
    """
    template = jinja2.Template(
        (Path(__file__).parent / "README.md.txt").read_text(encoding="utf-8"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # Markdown, of files that are the user's own
        keep_trailing_newline=True,
    )
    text = template.render(
        **_facts(stage), config=config, promised_rows=promised_rows, added=added, to_fill=TO_FILL
    )
    (stage / "README.md").write_text(text, encoding="utf-8")


def _facts(stage: Path) -> dict[str, Any]:
    output = stage / "output"
    themes = json.loads((output / "themes.json").read_text(encoding="utf-8"))
    ingest = json.loads((output / "ingest.json").read_text(encoding="utf-8"))
    dates = pc.min_max(pq.read_table(output / "calls.parquet", columns=["date"])["date"]).as_py()
    panel = pq.ParquetFile(output / "panel.parquet")
    jobs = [row for path in sorted((stage / "benchmarks").rglob("*.tsv")) for row in _rows(path)]
    files = [
        (path.relative_to(stage).as_posix(), path.stat().st_size)
        for path in sorted((*output.iterdir(), *(stage / "pseudo").iterdir()))
    ]
    return {
        "run": themes["run"],
        "about": themes["metadata"],
        "levels": themes["levels"],
        "skipped": len(themes["skipped_firms"]),
        "ingest": ingest,
        "first": dates["min"],
        "last": dates["max"],
        "panel_rows": panel.metadata.num_rows,
        "panel_columns": len(panel.schema_arrow.names),
        "files": files,
        "jobs": len(jobs),
        "seconds": sum(_number(row["s"]) for row in jobs),
        "peak_mb": max((_number(row["max_rss"]) for row in jobs), default=0),
        "has_registry": (stage / "registry").is_dir(),
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _number(text: str) -> float:
    """Return a figure of Snakemake's benchmarks; of a job that was too short to be measured it says NA or -."""
    try:
        return float(text)
    except ValueError:
        return 0.0
