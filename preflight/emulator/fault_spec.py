"""Which requests go wrong, and how: a line of text, for a command line and for tests.

    rate_limited:retry_after=0.05%5,html_502@3,stalled@7-9,error_500%2

Items are separated by commas. Each is the name of a fault, then its options (`:name=value`, as many as there are), then
when it happens:

- `%5`: to 5 of 100 requests. Several shares add up, to 100 at most: no request suffers two.
- `@3`: to request number 3, counted from 1; `@3-5`: to 3, 4 and 5; `@3-`: to 3 and all after it.
- neither: to every request.

A number counts before a share, and what is written first before what follows. The word `by_header` as an item lets
a request choose for itself, with the header `X-Emulator-Fault: html_502` (a fault and its options, without `%` or `@`);
without that word the header is not looked at.

Which requests a share falls on depends on the seed and the request's number only: the same seed, the same numbers.
"""

from __future__ import annotations

import difflib
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from preflight.emulator.faults import FAULTS, Fault
from preflight.emulator.reply import Reply
from preflight.errors import UsageError

BY_HEADER = "by_header"

_ITEM = re.compile(r"(?P<what>[^%@]*)(?:%(?P<percent>[^%@]*)|@(?P<numbers>[^%@]*))?")
_NUMBERS = re.compile(r"([1-9][0-9]{0,11})(-([1-9][0-9]{0,11})?)?")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A fault and its options."""

    fault: Fault
    options: Mapping[str, str | float] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Self:
        """From `html_502`, or `rate_limited:headers=none:retry_after=2`. Raises UsageError."""
        name, *rest = [part.strip() for part in text.split(":")]
        fault = FAULTS.get(name)
        if fault is None:
            near = difflib.get_close_matches(name, FAULTS, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Choose of: {', '.join(FAULTS)}."
            raise UsageError(f"there is no fault {name!r}. {hint}")
        options: dict[str, str | float] = {}
        for part in rest:
            key, equals, value = (piece.strip() for piece in part.partition("="))
            known = fault.options.get(key)
            if known is None or not equals:
                takes = ", ".join(f"{option}=..." for option in fault.options) or "nothing"
                raise UsageError(f"the fault {name} has no option {part!r}; it takes {takes}.")
            try:
                options[key] = known.read(value)
            except UsageError as error:
                raise UsageError(f"{key}={value} of the fault {name} is wrong: {error}") from None
        return cls(fault, options)

    def reply(self, *, now: float) -> Reply:
        return self.fault.reply(self.options, now=now)


@dataclass(frozen=True, slots=True)
class _Planned:
    """When a fault happens: to a share of all requests, or to those from `first` to `last`."""

    chosen: Chosen
    percent: float = 0.0
    first: int = 0
    """From 1; 0 for none."""
    last: float = 0.0
    """Included; may be infinite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """What is to go wrong; nothing by default."""

    planned: tuple[_Planned, ...] = ()
    by_header: bool = False
    seed: int = 0

    @classmethod
    def of(cls, spec: str, *, seed: int = 0) -> Self:
        """Raises UsageError for what this module's description does not allow; an empty text is no faults."""
        items = [item.strip() for item in spec.split(",")] if spec.strip() else []
        planned = tuple(_planned(item) for item in items if item != BY_HEADER)
        percent = sum(one.percent for one in planned)
        if percent > 100:  # noqa: PLR2004 (percent)
            raise UsageError(f"the shares of the faults add up to {percent:g} %. Keep them to 100 in all.")
        return cls(planned=planned, by_header=BY_HEADER in items, seed=seed)

    def __bool__(self) -> bool:
        return bool(self.planned) or self.by_header

    def reply(self, number: int, asked: str | None, *, now: float) -> Reply | None:
        """For request `number`, counted from 1, which came with `asked` in its header; None where all goes well.

        Raises UsageError for a header that is wrong.
        """
        if self.by_header and asked:
            return Chosen.of(asked).reply(now=now)
        chosen = self._chosen(number)
        return chosen.reply(now=now) if chosen is not None else None

    def _chosen(self, number: int) -> Chosen | None:
        for one in self.planned:
            if one.first <= number <= one.last:
                return one.chosen
        # Of a number of its own: the same whatever order requests are worked on in. The generator of `random` is
        # documented to stay the same.
        drawn = 100 * random.Random(f"{self.seed} {number}").random()  # noqa: S311 (a die, and no secret)
        for one in self.planned:
            drawn -= one.percent
            if drawn < 0:
                return one.chosen
        return None


def _planned(item: str) -> _Planned:
    match = _ITEM.fullmatch(item)
    if match is None or not match["what"]:
        raise UsageError(f"{item!r} is no fault. Write NAME, NAME%5 or NAME@3, with options as in NAME:option=value@3.")
    chosen = Chosen.of(match["what"])
    if match["percent"] is not None:
        return _Planned(chosen, percent=_percent(match["percent"], item))
    if match["numbers"] is None:
        return _Planned(chosen, first=1, last=float("inf"))
    numbers = _NUMBERS.fullmatch(match["numbers"].strip())
    if numbers is None:
        raise UsageError(f"{item!r} does not say to which request: @3, @3-5 or @3-, counted from 1.")
    first = int(numbers[1])
    last = float(numbers[3] or "inf") if numbers[2] else first
    if last < first:
        raise UsageError(f"{item!r} ends before it begins. Write the smaller number first.")
    return _Planned(chosen, first=first, last=last)


def _percent(text: str, item: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = -1
    if not 0 < percent <= 100:  # noqa: PLR2004 (percent)
        raise UsageError(f"{item!r} does not say how often: a number above 0 and up to 100 follows the %.")
    return percent
