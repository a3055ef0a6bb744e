"""What a run over many inputs takes, and how far it is: for people, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from preflight.limits.rates import Prices, Rates
from preflight.media import InputType
from preflight.reports.records import Json, plain
from preflight.reports.text import shown
from preflight.runs.estimate import RunEstimate
from preflight.submitter.estimate import Estimate, Use, estimate
from preflight.submitter.journal import RunStatus

Plan = tuple[str, Rates]
"""The name of a plan of the service, and what it lets one use."""


def of_estimate(found: RunEstimate, reckoned: Estimate, plan: Plan, prices: Prices) -> dict[str, Json]:
    """The line of `embed --estimate --format ndjson`."""
    return {
        "inputs": found.inputs,
        "done": found.done,
        "refused": len(found.refused),
        "requests": reckoned.requests,
        "media_minutes": round(reckoned.media_s / 60, 3),
        "untimed": found.untimed,
        "least_s": reckoned.least_s,
        "work_s": round(found.work_s, 2),
        "usd": round(reckoned.usd, 6),
        "by_input_type": _of_uses(found.uses),
        "by_route": {str(route): count for route, count in found.by_route.items()},
        **_of_sources(plan, prices),
    }


def estimate_text(found: RunEstimate, reckoned: Estimate, plan: Plan, prices: Prices) -> str:
    counts = [(found.done, "need nothing more"), (len(found.refused), "refused")]
    told = "".join(f", {count} of them {what}" for count, what in counts if count)
    lines = [
        f"{_count(found.inputs, 'input')}{told}: {_used(reckoned.requests, reckoned.media_s)}",
        *_uses_lines(found.uses),
    ]
    if found.by_route.keys() - {"sync"}:
        routes = ", ".join(f"{route} {count}" for route, count in found.by_route.items())
        lines.append(f"    by route: {routes}")
    if found.untimed:
        lines.append(f"    and {_count(found.untimed, 'recording')} of unknown length, counted as one request each")
    lines += [
        f"time: about {clock(found.work_s)} of work here; {_under(reckoned.least_s, plan)}",
        f"cost: {_usd(reckoned.usd)} by prices read {prices.read_on} ({shown(prices.source)})",
    ]
    return "\n".join(lines)


def of_status(path: str, status: RunStatus, plan: Plan, prices: Prices) -> dict[str, Json]:
    """The line of `status --format ndjson`."""
    billed, left = estimate(status.billed, plan[1], prices), estimate(left_of(status), plan[1], prices)
    inputs, requests = plain(asdict(status.inputs)), plain(asdict(status.requests))
    return {
        "journal": path,
        "began_at": _when(status.began_at),
        "ended_at": _when(status.ended_at) if status.ended_at is not None else None,
        "profile": status.profile,
        "route": status.route,
        "inputs": inputs,
        "requests": requests,
        "failures": dict(status.failures),
        "billed": {
            "requests": billed.requests,
            "media_minutes": round(billed.media_s / 60, 3),
            "usd": round(billed.usd, 6),
            "by_input_type": _of_uses(status.billed),
        },
        "left": {
            "requests": left.requests,
            "media_minutes": round(left.media_s / 60, 3),
            "usd": round(left.usd, 6),
            "least_s": left.least_s,
            "is_guessed": bool(status.unprepared),
        },
        **_of_sources(plan, prices),
    }


def status_text(path: str, status: RunStatus, plan: Plan, prices: Prices) -> str:
    inputs, requests = status.inputs, status.requests
    billed, left = estimate(status.billed, plan[1], prices), estimate(left_of(status), plan[1], prices)
    ended = f"ended {_when(status.ended_at)}" if status.ended_at is not None else "not ended: it runs, or was killed"
    lines = [
        f"{shown(path)}: begun {_when(status.began_at)}, {ended}; {shown(status.profile)} at {shown(status.route)}",
        _states("inputs", asdict(inputs)),
        _states("requests", {k: v for k, v in asdict(requests).items() if k != "lost"}),
    ]
    if requests.lost:
        lines.append(f"    {_count(requests.lost, 'time')} one was on its way when a run was killed: billed, perhaps")
    if status.failures:
        failures = ", ".join(f"{shown(code)} {count}" for code, count in status.failures.items())
        lines.append(f"failures: {failures}")
    lines.append(
        f"spent: {_usd(billed.usd)} for {_used(billed.requests, billed.media_s)}, prices read {prices.read_on}"
    )
    lines += _uses_lines(status.billed)
    about = "about " if status.unprepared else ""
    lines.append(f"left: {about}{_used(left.requests, left.media_s)}, {_usd(left.usd)}; {_under(left.least_s, plan)}")
    if status.unprepared:
        lines.append(f"    guessed of {_count(status.unprepared, 'input')} by those that were prepared")
    return "\n".join(lines)


def left_of(status: RunStatus) -> dict[InputType, Use]:
    """What is known to be missing, and for inputs that were not prepared as much as the others take on average."""
    share = status.unprepared / status.prepared_inputs if status.prepared_inputs else 0.0
    left = dict(status.left)
    for input_type, use in status.prepared.items():
        guessed = Use(requests=round(use.requests * share), media_s=use.media_s * share)
        left[input_type] = left.get(input_type, Use()) + guessed
    return left


def clock(seconds: float) -> str:
    """As precise as such a reckoning is."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}{'s' if length > 60 else ''}"  # noqa: PLR2004 (`min` has no plural)
    return f"{seconds:.0f} s"


def _under(least_s: float, plan: Plan) -> str:
    least = f"at least {clock(least_s)}" if least_s else "no waiting"
    return f"{least} under the limits of plan {shown(plan[0])}, read {plan[1].read_on}"


def _used(requests: int, media_s: float) -> str:
    return _count(requests, "request") + (f", {media_s / 60:.1f} minutes of media" if media_s else "")


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _uses_lines(uses: Mapping[InputType, Use]) -> list[str]:
    return [f"    {input_type}: {_used(use.requests, use.media_s)}" for input_type, use in uses.items()]


def _of_uses(uses: Mapping[InputType, Use]) -> dict[str, Json]:
    return {
        input_type: {"requests": use.requests, "media_minutes": round(use.media_s / 60, 3)}
        for input_type, use in uses.items()
    }


def _of_sources(plan: Plan, prices: Prices) -> dict[str, Json]:
    name, rates = plan
    return {
        "rate_plan": name,
        "rates_read_on": rates.read_on.isoformat(),
        "prices_read_on": prices.read_on.isoformat(),
        "prices_source": prices.source,
    }


def _states(what: str, counts: Mapping[str, int | None]) -> str:
    told = [f"{count} {state.replace('_', ' ')}" for state, count in counts.items() if count]
    return f"{what}: {', '.join(told) or 'none'}"


def _usd(usd: float) -> str:
    return f"{usd:.2f} USD" if usd >= 1 or not usd else f"{usd:.4f} USD"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
