"""The whole of production on one file of calls, in a folder of its own: what a user's run would give."""

from pathlib import Path
from typing import Any

from earnings_themes.abstractions import Theme
from earnings_themes.config import Source, ThemeSettings, TopicSettings
from earnings_themes.embedding import SentenceEncoder, embed
from earnings_themes.ingest.transcripts import ingest
from earnings_themes.quality.summary import quality_report
from earnings_themes.results.firms import encode_firm, read_firms
from earnings_themes.results.topics_reader import TopicsReader
from earnings_themes.system.folders import LocalFolder
from earnings_themes.themes.aggregate import aggregate_files
from earnings_themes.topics.firm import process_firm_files

_SEED = 42
# From quality.json, in the order of the page.
_FIGURES = {
    "firms": "firms",
    "topics": "topics",
    "themes": "themes",
    "broad": "broad themes",
    "coverage_content": "in a theme, of sentences with content",
    "firms_with_theme": "firms with a theme",
    "themes_effective": "themes, effective number",
    "themes_cohesion": "cohesion of themes",
    "themes_stability": "stability of themes",
    "broad_stability": "stability of broad themes",
    "themes_ami_assigned": "theme AMI, settled sentences",
    "themes_ami_all": "theme AMI, all sentences",
    "broad_ami_assigned": "broad theme AMI, settled sentences",
    "broad_ami_all": "broad theme AMI, all sentences",
}


def run(
    calls: Path,
    folder: Path,
    encoder: SentenceEncoder,
    topics: TopicSettings,
    themes: ThemeSettings,
    labels: Path | None = None,
    cache: Path | None = None,
) -> tuple[dict[str, str], list[str]]:
    """Run production's steps into `folder`; return its figures and the ten themes listed first, a line each.

    Raises what the steps raise: InputError, ModelError, ResultError.
    """
    transcripts, firms, vectors = (
        folder / "transcripts.parquet",
        folder / "firms.tsv",
        folder / "embeddings" / "0000.parquet",
    )
    ingest(Source("local_csv", str(calls)), transcripts, firms, folder / "ingest.json")
    rows = read_firms(firms)
    embed(transcripts, rows, vectors, encoder, topics.keep_procedural, cache)
    name = folder.name
    for row in rows:
        output = folder / "topics" / f"{encode_firm(row.firm_id)}.json"
        process_firm_files(name, row.firm_id, firms, transcripts, vectors, output, topics, _SEED)
    reader = TopicsReader(LocalFolder(folder / "topics"), [row.firm_id for row in rows], name)
    found = aggregate_files(name, reader, folder / "themes.json", themes, 1.0, _SEED)
    metrics = quality_report(folder, labels)["metrics"]
    figures = {title: _shown(metrics[key]) for key, title in _FIGURES.items() if key in metrics}
    return figures, [_line(theme) for theme in found.themes[:10]]


def _line(theme: Theme) -> str:
    words = ", ".join(word for word, _ in theme.keywords[:6])
    return f"{theme.label} ({theme.kind}; {theme.n_firms} firms, {theme.n_topics} topics): {words}"


def _shown(metric: dict[str, Any]) -> str:
    value = metric["value"]
    if value is None:
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
