"""How good a run is, in figures that a referee can recompute: one small function a metric."""

from earnings_themes.quality.summary import EmbeddingReader, quality_report

__all__ = ["EmbeddingReader", "quality_report"]
