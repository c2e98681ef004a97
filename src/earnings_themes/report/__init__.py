"""What people look at first: the exposures panel, the figures, and one HTML page of the run."""

from earnings_themes.report.run_report import build

__all__ = ["build"]
