"""What a journal says of its newest run: counts by state, failures by code, what was billed, what is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from preflight.media import InputType
from preflight.submitter.estimate import Use
from preflight.submitter.journal.file import reading


@dataclass(frozen=True, kw_only=True, slots=True)
class InputCounts:
    """Of the newest run, each place in its order counted once; together they are all that it was given."""

    pending: int
    """Begun, or about to be."""
    in_flight: int
    """With a request that was sent and not answered."""
    done: int
    failed: int
    """For good."""
    failed_for_now: int
    """Tried again by the next run."""
    not_reached: int | None
    """None where nobody knows how many there are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestCounts:
    """Of all runs of the journal."""

    pending: int
    in_flight: int
    done: int
    failed: int
    failed_for_now: int
    lost: int
    """How often one was in flight when its run was killed: it may have been billed without an answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStatus:
    """A journal at one moment. Times are seconds since 1970."""

    began_at: float
    ended_at: float | None
    """None while it runs, and of one that was killed."""
    profile: str
    route: str
    inputs: InputCounts
    requests: RequestCounts
    failures: Mapping[str, int]
    """Inputs of the newest run by code, the most frequent first."""
    billed: Mapping[InputType, Use]
    """All that was answered with vectors, in all runs."""
    left: Mapping[InputType, Use]
    """What is known to be missing of the newest run's inputs. Of those that were not prepared yet nothing is known."""
    unprepared: int
    """So many of the newest run's inputs are to be done of which it is not known what they take."""
    prepared: Mapping[InputType, Use]
    """All that the newest run's inputs take as far as they were prepared: by it, the rest can be guessed."""
    prepared_inputs: int
    """Of which it is known what they take."""


def read_status(path: Path | str) -> RunStatus:
    """Also while a run goes on. Raises JournalError where it is no journal, or no run has begun."""
    path = Path(path)
    with reading(path) as connection:
        run = connection.execute(
            "SELECT began_at, ended_at, inputs, profile, route FROM run ORDER BY id DESC LIMIT 1"
        ).fetchone()
        began_at, ended_at, total, profile, route = run if run is not None else (0.0, None, 0, "", "")
        inputs, unprepared, prepared_inputs = _inputs(connection, total)
        return RunStatus(
            began_at=began_at,
            ended_at=ended_at,
            profile=profile,
            route=route,
            inputs=inputs,
            requests=_requests(connection),
            failures=dict(connection.execute(_FAILURES).fetchall()),
            billed=_work(connection, "SELECT input_type, count(*), total(media_s) FROM request WHERE state = 'done'"),
            left=_work(connection, f"{_OF_THIS_RUN} AND state NOT IN ('done', 'failed')"),
            unprepared=unprepared,
            prepared=_work(connection, _OF_THIS_RUN),
            prepared_inputs=prepared_inputs,
        )


_FLYING = (
    "EXISTS (SELECT 1 FROM output JOIN request ON request.id = output.request "
    "WHERE output.input = input.id AND request.state = 'in flight')"
)
_INPUTS = f"""
    SELECT CASE WHEN input.id IS NULL THEN 'failed for now' WHEN input.state = 'pending' AND {_FLYING} THEN 'in flight'
        ELSE input.state END AS state,
        count(*), sum(input.state IN ('pending', 'failed for now') AND input.requests IS NULL),
        sum(input.requests IS NOT NULL)
    FROM position LEFT JOIN input ON input.id = position.input GROUP BY 1
"""  # noqa: S608 (of constants)
_FAILURES = """
    SELECT coalesce(position.code, input.code) AS code, count(*) AS inputs
    FROM position LEFT JOIN input ON input.id = position.input
    WHERE coalesce(position.code, input.code) IS NOT NULL GROUP BY 1 ORDER BY inputs DESC, 1
"""
# A request counts once, however many inputs need it. Those of an input that was not prepared to its end do not: it is
# guessed as a whole.
_OF_THIS_RUN = """
    SELECT input_type, count(*), total(media_s) FROM request WHERE EXISTS (
        SELECT 1 FROM output JOIN position ON position.input = output.input JOIN input ON input.id = output.input
        WHERE output.request = request.id AND input.requests IS NOT NULL)
"""


def _inputs(connection: sqlite3.Connection, total: int | None) -> tuple[InputCounts, int, int]:
    """Besides: how many of those that are to be done were not prepared, and how many of all were."""
    counts: dict[str, int] = {}
    unprepared = reached = prepared = 0
    for state, count, unknown, known in connection.execute(_INPUTS):
        counts[state] = count
        reached += count
        unprepared += unknown or 0
        prepared += known or 0
    not_reached = max(0, total - reached) if total is not None else None
    found = InputCounts(
        pending=counts.get("pending", 0),
        in_flight=counts.get("in flight", 0),
        done=counts.get("done", 0),
        failed=counts.get("failed", 0),
        failed_for_now=counts.get("failed for now", 0),
        not_reached=not_reached,
    )
    return found, unprepared + (not_reached or 0), prepared


def _requests(connection: sqlite3.Connection) -> RequestCounts:
    counts: dict[str, int] = dict(connection.execute("SELECT state, count(*) FROM request GROUP BY state").fetchall())
    (lost,) = connection.execute("SELECT coalesce(sum(lost), 0) FROM request").fetchone()
    return RequestCounts(
        pending=counts.get("pending", 0),
        in_flight=counts.get("in flight", 0),
        done=counts.get("done", 0),
        failed=counts.get("failed", 0),
        failed_for_now=counts.get("failed for now", 0),
        lost=lost,
    )


def _work(connection: sqlite3.Connection, query: str) -> dict[InputType, Use]:
    found = connection.execute(f"{query} GROUP BY input_type ORDER BY input_type").fetchall()
    return {input_type: Use(requests=requests, media_s=media_s) for input_type, requests, media_s in found}
