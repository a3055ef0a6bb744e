"""The program: its commands, and what becomes of every way that one can end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click
import typer

from preflight.cli import check, doctor, embed, emulate, explain, limits, plan, prepare
from preflight.cli.talk import say
from preflight.errors import ExitCode, PreflightError

app = typer.Typer(
    name="preflight",
    help="Makes any text, image, audio or video acceptable to a multimodal embedding API before a byte is uploaded.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    check.check,
    plan.plan,
    prepare.prepare,
    embed.embed,
    emulate.emulate,
    limits.limits,
    explain.explain,
    doctor.doctor,
):
    app.command()(command)


def _version(wanted: bool) -> None:  # noqa: FBT001 (typer's callback)
    if wanted:
        from preflight import __version__

        typer.echo(f"preflight {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Never a traceback for what a user can mend."""
    try:
        code = app(args=arguments, standalone_mode=False)
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough; Python would complain once more while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.OK
    except PreflightError as error:
        say(f"preflight: {error}")
        code = ExitCode.USAGE
    return int(code) if isinstance(code, int) else ExitCode.OK
