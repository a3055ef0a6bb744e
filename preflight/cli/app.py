"""The program: its commands, and what becomes of every way that one can end."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from preflight.cli import cases, check, doctor, embed, emulate, explain, limits, plan, prepare
from preflight.cli.signals import is_terminated
from preflight.cli.talk import say, tell
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
    cases.cases,
):
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        from preflight import __version__

        tell(f"preflight {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Never a traceback for what a user can mend."""
    try:
        code = app(args=arguments, prog_name="preflight", standalone_mode=False)
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
