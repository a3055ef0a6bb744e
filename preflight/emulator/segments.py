"""Which stretches of audio or video get a vector: the service's segmentation, as far as it is documented.

Fixed segments are the contract's (1.3). How dynamic ones are chosen is not documented, but for their least
length; these start where the picture changes. All functions are pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from preflight.emulator.schema import Dynamic, Fixed
from preflight.media import Span

_SLIVER_S = 0.05
"""A remainder shorter than this is container rounding (12 s of MP3 are 12.03): no segment of its own."""
_LONGEST = 2
"""Of dynamic segments, in least lengths: without a change of picture, one ends here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One vector to be answered."""

    option: str
    """An `embedding_option`, or "fused"."""
    scope: str
    span: Span


def cut(window: Span, how: Fixed | Dynamic, changes_s: Sequence[float] = ()) -> tuple[Span, ...]:
    """The segments of a stretch of the timeline, without a gap; `changes_s` is where the picture changes."""
    starts = (
        _fixed_starts(window, how.duration_s)
        if isinstance(how, Fixed)
        else _dynamic_starts(window, how.min_duration_s, changes_s)
    )
    return tuple(map(Span, starts, [*starts[1:], window.end_s]))


def _fixed_starts(window: Span, length_s: int) -> list[float]:
    """The last segment may be shorter: 12 s in fives are [0, 5], [5, 10], [10, 12]."""
    starts = [window.start_s]
    while window.end_s - (following := window.start_s + len(starts) * length_s) >= _SLIVER_S:
        starts.append(following)
    return starts


def _dynamic_starts(window: Span, least_s: int, changes_s: Sequence[float]) -> list[float]:
    """At the first change that leaves the least length on both sides; where none comes in time, without one."""
    starts = [window.start_s]
    while (left_s := window.end_s - starts[-1]) >= 2 * least_s:
        earliest, longest = starts[-1] + least_s, starts[-1] + _LONGEST * least_s
        latest = min(longest, window.end_s - least_s)
        change = next((t for t in changes_s if earliest <= t <= latest), None)
        if change is None and left_s <= _LONGEST * least_s:
            break
        # What cannot give a longest segment and a least one is shared evenly.
        otherwise = longest if longest == latest else starts[-1] + left_s / 2
        starts.append(otherwise if change is None else change)
    return starts


def items(
    clips: Sequence[Span], window: Span, *, options: Sequence[str], scopes: Sequence[str], types: Sequence[str]
) -> Iterator[Item]:
    """Clips in order of time and then of option, after them the whole (`asset`)."""
    wanted = list(options) if "separate_embedding" in types else []
    if "fused_embedding" in types:
        wanted.append("fused")
    spans = [("clip", clip) for clip in clips if "clip" in scopes]
    spans += [("asset", window)] if "asset" in scopes else []
    for scope, span in spans:
        for option in wanted:
            yield Item(option=option, scope=scope, span=span)
