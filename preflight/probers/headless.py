"""A recording that starts in the middle: what stands before its first keyframe nobody can decode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from preflight.probers.opening import is_keyframe
from preflight.probers.times import Coded

P = TypeVar("P", bound=Coded)


def from_first_keyframe(
    packets: Iterable[P],
    video_index: int | None,
    leave_out: Callable[[P], None] = lambda _: None,
    opens: Callable[[P], bool] = is_keyframe,
) -> Iterator[P]:
    """Without the pictures that are stored before any keyframe, and those that lead it where it is an open GOP's: what
    they hang on is not there for anybody.
    """
    keyframe: P | None = None
    leads = False
    is_headless = False
    for packet in packets:
        if video_index is not None and packet.size and packet.stream_index == video_index:
            if keyframe is None and not packet.is_keyframe:
                is_headless = True
                leave_out(packet)
                continue
            if packet.is_keyframe:
                leads = keyframe is None and is_headless and not opens(packet)
                keyframe = packet
            elif leads and keyframe is not None and _is_before(packet, keyframe):
                leave_out(packet)
                continue
        yield packet


def _is_before(packet: P, other: P) -> bool:
    return packet.pts is not None and other.pts is not None and packet.pts < other.pts
