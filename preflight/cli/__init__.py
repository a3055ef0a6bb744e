"""The command line: one file a command. Data on stdout, talk on stderr."""

from __future__ import annotations


def main() -> None:
    """The `preflight` program."""
    from preflight.cli.app import run

    raise SystemExit(run())
