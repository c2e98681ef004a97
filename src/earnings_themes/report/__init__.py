"""What people look at first: the figures and one HTML page of the run."""

from earnings_themes.report.run_report import build_report, fetch_run
