"""`preflight plan`: what would be done, and why, without doing it."""

from __future__ import annotations

from preflight.cli import options
from preflight.cli.inputs import collect
from preflight.cli.talk import say, tell
from preflight.errors import ExitCode, RejectedError, UnreadableError
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.reports import text


def plan(
    paths: options.Paths,
    profile: options.Profile = options.DEFAULT,
    kind: options.As = None,
    prefer: options.Prefer = options.POLICY.prefer,
    fit: options.Fit = options.POLICY.fit,
    audio: options.Audio = options.POLICY.audio,
    decode: options.Decode = False,
) -> int:
    """Say what `prepare` would make of each input, and why, without making it."""
    preflight = Preflight(
        limits=profile, policy=Policy(prefer=prefer, fit=fit, audio=audio, verify=options.verified_by(decode))
    )
    code = ExitCode.OK
    for source in collect(paths, kind):
        try:
            tell(text.of_plan(preflight.plan(source, kind=kind)))
        except RejectedError as error:
            tell(text.of_rejection(error))
            code = ExitCode.REFUSED
        except UnreadableError as error:
            say(str(error))
            code = ExitCode.REFUSED
    return code
