"""The program: its commands, and what becomes of every way that one can end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import typer
from typer.main import get_command

from preflight.cli.command import Command, Commands
from preflight.cli.signals import is_terminated
from preflight.cli.talk import say, tell
from preflight.errors import ExitCode, PreflightError

COMMANDS = ("check", "plan", "prepare", "embed", "emulate", "limits", "explain", "doctor", "cases")
"""Each a function in a file of its own, both of its name."""


_WHAT = "Makes any text, image, audio or video acceptable to a multimodal embedding API before a byte is uploaded."


def app_of(arguments: Sequence[str]) -> typer.Typer:
    """The program with the command that is asked for, and with all of them where none is: for help, and to complete
    what is typed. To load the others would take longer than to check a picture.
    """
    app = typer.Typer(
        name="preflight",
        cls=Commands,
        help=_WHAT,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    asked = arguments[:1] if arguments and arguments[0] in COMMANDS else COMMANDS
    for name in asked:
        app.command(cls=Command)(getattr(import_module(f"preflight.cli.{name}"), name))
    return app


def _version(wanted: bool) -> None:
    if wanted:
        from preflight import __version__

        tell(f"preflight {__version__}")
        raise typer.Exit


def _root(
    _: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Never a traceback for what a user can mend."""
    try:
        given = sys.argv[1:] if arguments is None else arguments
        # Not by calling the application, which would take over `sys.excepthook`.
        code = get_command(app_of(given)).main(args=given, prog_name="preflight", standalone_mode=False)
    except typer.TyperException as error:
        if message := error.format_message():  # nothing where the help was printed instead
            say(f"preflight: {message.rstrip('.')}. `preflight --help` lists the commands, `-h` after one its options.")
        code = ExitCode.USAGE
    except (typer.Abort, KeyboardInterrupt):
        code = ExitCode.INTERRUPTED
    except PreflightError as error:
        say(f"preflight: {error}")
        code = ExitCode.USAGE
    if code == ExitCode.INTERRUPTED:
        code = ExitCode.TERMINATED if is_terminated() else code
        say("terminated" if is_terminated() else "interrupted")
    return int(code) if isinstance(code, int) else ExitCode.OK
