"""The command line: one file a command. Data on stdout, talk on stderr."""

from __future__ import annotations

import gc


def main() -> None:
    """The `preflight` program."""
    # What is loaded at the start stays; to look through it for what could go, every 700 objects, took 40 ms.
    gc.set_threshold(20_000)
    try:
        from preflight.cli.app import run
        from preflight.cli.signals import stop_cleanly

        stop_cleanly()

        code = run()
    except KeyboardInterrupt:  # before the program had even begun, or while it ended
        from preflight.cli.signals import is_terminated

        code = 143 if is_terminated() else 130
    gc.freeze()  # nor need it be looked through at the end, when all of it goes
    raise SystemExit(code)
