"""`preflight emulate`: a local embed-v2 to try things against."""

from __future__ import annotations

from typing import Annotated

import typer

from preflight.cli import options
from preflight.cli.talk import say
from preflight.errors import ExitCode


def emulate(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8765,
    profile: options.Profile = options.DEFAULT,
) -> int:
    """Run a local embed-v2 on loopback until Ctrl-C. It enforces the limits; its vectors are not Marengo's."""
    from preflight.emulator import LocalServer

    with LocalServer(profile=profile, port=port) as server:
        say(f"emulating {profile} at {server.url} (any key is accepted); Ctrl-C ends it")
        server.wait()
    return ExitCode.OK
