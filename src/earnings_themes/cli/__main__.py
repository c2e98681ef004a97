"""Runs the command as `python -m earnings_themes.cli`."""

from earnings_themes.cli.app import main

main()
