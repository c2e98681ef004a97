"""How good a run is, in figures that a referee can recompute: one small function a metric."""

from earnings_themes.quality.summary import quality_report
from earnings_themes.quality.tally import EmbeddingReader

__all__ = ["EmbeddingReader", "quality_report"]
