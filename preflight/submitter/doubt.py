"""Was a request done whose answer is missing? Pure decisions for requests that must not be done twice.

The service documents no idempotency key (CONTRACT 2), so a request that makes something is not simply sent again: what
was made is looked for first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from preflight.submitter.outcome import Answered, Outcome, Unreachable

_TOO_MANY, _TIMEOUT, _SERVER = 429, 408, 500
DURATION_TOLERANCE_S = 0.05
"""By how much the service may measure a file's length differently: about two packets of sound."""


def leaves_open(outcome: Outcome) -> bool:
    """Whether the service may have done what it was asked for.

    Of 429 it is documented that nothing was processed (CONTRACT 5.1), and other refusals do nothing.
    """
    match outcome:
        case Unreachable(passing=passing):
            return passing
        case Answered(status=status):
            return status == _TIMEOUT or status >= _SERVER


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A task as the list has it; what it leaves out is None."""

    task_id: str
    model_name: str | None = None
    kind: str | None = None
    """audio, video, ..."""
    created_at: datetime | None = None
    filename: str | None = None
    duration_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """A task that was asked for."""

    kind: str
    earliest: datetime
    """When it was first asked for, by the service's clock."""
    filename: str | None
    """Of its asset, where it has one and no other asset has that name."""
    duration_s: float | None


def recognised(listed: Iterable[Listed], sought: Sought, *, known: frozenset[str], is_sole: bool) -> str | None:
    """The id of the sought task among those of the list; None where it is not there, or may be another.

    A task holds nothing of its medium but a length and, where it came from an asset, a name. A name that nobody else
    uses is proof. A length is none: clips of one recording are often equally long, and the vectors of a stranger's
    clip would be worse than a second bill. So it counts only for `is_sole`: nobody else makes tasks in this account
    meanwhile; and only where one single task fits. `known` are those that are accounted for.
    """
    possible = [
        task
        for task in listed
        if task.task_id not in known
        and task.kind == sought.kind
        and (task.created_at is None or task.created_at >= sought.earliest)
    ]
    if sought.filename is not None:
        named = [task for task in possible if task.filename == sought.filename]
        if named:
            return named[0].task_id
    if not is_sole or sought.duration_s is None:
        return None
    alike = [
        task
        for task in possible
        if task.filename is None
        and task.duration_s is not None
        and abs(task.duration_s - sought.duration_s) <= DURATION_TOLERANCE_S
    ]
    return alike[0].task_id if len(alike) == 1 else None
