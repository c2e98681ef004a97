"""Fills the package's README from the run's files.

Its sections are those of the template shared by data editors of social-science journals
(social-science-data-editors.github.io/template_README). What only the authors know stays as TO FILL.
"""

import json
from pathlib import Path
from typing import Any, Final

import jinja2
import pyarrow.compute as pc
import pyarrow.parquet as pq

from earnings_themes.report.timing import benchmark_times

TO_FILL: Final = "TO FILL"


def write_readme(stage: Path, config: dict[str, Any], promised_rows: int, added: list[str]) -> None:
    """Write README.md into a package whose other files are there.

    config: the run's. promised_rows: of the panel of the pseudo-calls. added: names in analysis/.
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
        **_facts(stage),
        config=config,
        promised_rows=promised_rows,
        added=added,
        to_fill=TO_FILL,
        own=own_files(config),
    )
    (stage / "README.md").write_text(text, encoding="utf-8")


def own_files(config: dict[str, Any]) -> list[str]:
    """Return what a run's settings name and a package does not hold where they name it: the user's lists, classes, space."""
    panel = config.get("panel") or {}
    named = [*(panel.get("words") or {}).values(), panel.get("score"), config["embedding"].get("space")]
    classes = (config["topics"]["model"], config["source"]["kind"])
    return [str(name) for name in (*named, *(each for each in classes if ":" in each)) if name]


def _facts(stage: Path) -> dict[str, Any]:
    output = stage / "output"
    themes = json.loads((output / "themes.json").read_text(encoding="utf-8"))
    ingest = json.loads((output / "ingest.json").read_text(encoding="utf-8"))
    dates = pc.min_max(pq.read_table(output / "calls.parquet", columns=["date"])["date"]).as_py()
    panel = pq.ParquetFile(output / "panel.parquet")
    steps = benchmark_times(stage / "benchmarks")
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
        "jobs": sum(step.n for step in steps),
        "seconds": sum(step.seconds for step in steps),
        "peak_mb": max((step.memory_mb for step in steps), default=0),
        "has_registry": (stage / "registry").is_dir(),
    }
