"""A container's command, called as its entrypoint calls it."""

from collections.abc import Sequence

from earnings_themes.cli import main


def call(command: str, arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    try:
        main(arguments, command=command)
    except SystemExit as ended:
        return int(ended.code or 0)
    raise AssertionError("the command did not exit")
