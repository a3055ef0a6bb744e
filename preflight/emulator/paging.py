"""Lists as the service pages them, and its way of writing times (CONTRACT 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from starlette.datastructures import QueryParams

from preflight.emulator.wire import invalid, unknown

T = TypeVar("T")

_USUAL, _MOST = 10, 50
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for; both count from 1."""

    number: int
    limit: int

    @classmethod
    def of(cls, query: QueryParams) -> Page:
        """Raises Refusal (400)."""
        return cls(_whole(query, "page", 1, None), _whole(query, "page_limit", _USUAL, _MOST))

    def part_of(self, items: Sequence[T]) -> Sequence[T]:
        return items[(self.number - 1) * self.limit : self.number * self.limit]

    def info(self, count: int) -> dict[str, int]:
        """`page_info` of a list of so many items."""
        pages = -(-count // self.limit)
        return {"limit_per_page": self.limit, "page": self.number, "total_page": pages, "total_results": count}


def only(query: QueryParams, known: Sequence[str]) -> None:
    """Whether the service minds parameters that it does not know is not documented; of a body's keys it does."""
    strangers = [name for name in dict.fromkeys(query.keys()) if name not in known]
    if strangers:
        raise unknown(strangers)


def time_of(query: QueryParams, name: str) -> float | None:
    """Seconds since 1970 of a parameter in RFC 3339; None where it is not there. Raises Refusal (400)."""
    text = query.get(name)
    if text is None:
        return None
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).timestamp()
        except ValueError:  # the 31st of February
            pass
    raise invalid(name, 'It must be a time in RFC 3339, as "2026-11-23T05:00:00Z".')


def stamp(seconds: float) -> str:
    """RFC 3339 with whole seconds, as the SDK's docstrings show it: "2026-11-23T05:00:00Z"."""
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _whole(query: QueryParams, name: str, otherwise: int, most: int | None) -> int:
    text = query.get(name)
    if text is None:
        return otherwise
    number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
    if number < 1 or (most is not None and number > most):
        raise invalid(name, f"It must be an integer from 1{f' to {most}' if most is not None else ''}.")
    return number
