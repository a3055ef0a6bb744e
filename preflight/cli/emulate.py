"""`preflight emulate`: a local embed-v2 to try things against."""

from __future__ import annotations

from typing import Annotated

import typer

from preflight.cli import options
from preflight.cli.talk import give, say
from preflight.errors import ExitCode, UsageError

_LIST = "list"


def _completed(incomplete: str) -> list[str]:
    """The last item of a spec, as far as it is a name."""
    from preflight.emulator.faults import FAULTS

    before, comma, last = incomplete.rpartition(",")
    return [
        before + comma + name for name in (*FAULTS, "by_header", *(() if comma else (_LIST,))) if name.startswith(last)
    ]


def _plans(incomplete: str) -> list[str]:
    from preflight.limits.rates import names

    return [name for name in names() if name.startswith(incomplete)]


def emulate(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8765,
    profile: options.Profile = options.DEFAULT,
    faults: Annotated[
        str,
        typer.Option(
            metavar="SPEC",
            help="What goes wrong, and how often: rate_limited:retry_after=2%5 is 5 of 100 requests, html_502@3 the "
            "third, stalled@7- all from the seventh; several with commas between. `list` prints all faults.",
            autocompletion=_completed,
            show_default=False,
        ),
    ] = "",
    faults_seed: Annotated[int, typer.Option(metavar="N", help="Another N, other requests that go wrong.")] = 0,
    rate_plan: Annotated[
        str | None,
        typer.Option(
            metavar="PLAN",
            help="Answer 429 to more than this plan of the service may use: free, developer-1, ... or a .toml file of "
            "your own rates.",
            autocompletion=_plans,
            show_default=False,
        ),
    ] = None,
    latency: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long an answer takes, at the least.", min=0)
    ] = 0.0,
) -> int:
    """Run a local embed-v2 on loopback until Ctrl-C. It enforces the limits; its vectors are not Marengo's."""
    from preflight.emulator import Faults, LocalServer, Settings
    from preflight.limits import rates

    if faults == _LIST:
        from preflight.emulator.faults import listed

        give(listed())
        return ExitCode.OK
    planned = Faults.of(faults, seed=faults_seed)
    if faults_seed and not planned:
        raise UsageError("--faults-seed chooses among the requests of --faults. Give both, or neither.")
    settings = Settings(rates=rates.load(rate_plan) if rate_plan is not None else None)
    with LocalServer(profile=profile, port=port, settings=settings, faults=planned, latency_s=latency) as server:
        troubled = f", with faults ({faults})" if planned else ""
        say(f"emulating {profile} at {server.url} (any key is accepted){troubled}; Ctrl-C ends it")
        server.wait()
    return ExitCode.OK
