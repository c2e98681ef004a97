"""The program `earnings-themes`: its options, its commands, and what it says when it fails."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

from earnings_themes.cli import render
from earnings_themes.cli.base import PROGRAM, FormatOption, StoreOption, VerboseOption, VersionOption, app
from earnings_themes.errors import ConfigError, EarningsThemesError

# Each adds its commands, which the help lists in this order.
from earnings_themes.cli import cost, browse, ruler, fit, panel, questions, package, jobs, wrds, registry  # isort: skip # noqa: F401


@app.callback()
def _options(
    store: StoreOption = None,
    format: FormatOption = None,
    verbose: VerboseOption = False,
    version: VersionOption = False,
) -> None:
    """Take options that may stand before the command too; those after it win."""


def main(arguments: Sequence[str] | None = None, command: str | None = None) -> None:
    """Run the command and exit: 0, 1 for what is not found or cannot be read, 2 for wrong usage.

    command: one of the commands, as a program of its own, for the container that is called like it.
    """
    program = command or PROGRAM
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # A terminal that cannot show a letter shows '?' instead of failing.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        run: Any = typer.main.get_command(app)
        if command:
            run = run.commands[command]
        code = run.main(
            args=arguments if arguments or command else ["--help"], prog_name=program, standalone_mode=False
        )
        sys.stdout.flush()
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else program
        message = _in_our_words(error).rstrip(" .")
        end = "" if message.endswith("?") else "."
        _fail(program, f"{message}{end} Try `{path} --help`.", error.exit_code)
    except ConfigError as error:
        _fail(program, str(error), 2)
    except EarningsThemesError as error:
        _fail(program, str(error), 1)
    except typer.Abort:
        _fail(program, "stopped.", 1)
    except BrokenPipeError:
        # `| head` has read enough. Python would complain while it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(code or 0)


def _in_our_words(error: typer.TyperException) -> str:
    """Return the message; where pydantic checked a value, without its way of saying so."""
    message = str(error.format_message())
    faults = getattr(error.__cause__, "errors", None)
    if faults is None:
        return message
    fault = faults()[0]
    option, _, _ = message.partition(": ")
    limit = next(iter(fault.get("ctx", {}).values()), "")
    said = {
        "int_parsing": f"{fault['input']!r} is no whole number",
        "float_parsing": f"{fault['input']!r} is no number",
        "greater_than_equal": f"{fault['input']!r} is too small; expected {limit} or more",
        "less_than_equal": f"{fault['input']!r} is too large; expected {limit} or less",
    }
    return f"{option}: {said.get(fault['type'], str(fault['msg']).removeprefix('Value error, '))}"


def _fail(program: str, message: str, code: int) -> None:
    print(f"{program}: {render.plain(message)}", file=sys.stderr)
    sys.exit(code)
