"""Matroska whose first pictures lie before zero, as careless cuts leave them: FFmpeg gives those no time at all.

Nobody is shown them, but what is shown hangs on them. Their order is known, and that they end where the first begins
that has a time: so they are counted back from there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

# Of all streams, that are held back until a keyframe with a time comes: what lies before zero is short.
_MOST_HELD = 4_000


def counted_back(packets: Iterable[Packet[Stream]], pictures: Collection[int]) -> Iterator[Packet[Stream]]:
    """The same packets, those of video before zero with a time below it, in the order that they are decoded.

    `pictures` are the indices of the streams of video.
    """
    held: list[Packet[Stream]] = []
    is_open = False
    """Whether pictures without a time were met, and none is known to come no more."""
    is_settled = False
    for packet in packets:
        if is_settled:
            yield packet
            continue
        if packet.size and packet.stream_index in pictures:
            is_open = is_open or packet.pts is None
            is_settled = not is_open or (packet.is_keyframe and packet.pts is not None)
        held.append(packet)
        if is_settled or len(held) >= _MOST_HELD:
            is_settled = True
            _count_back([p for p in held if p.size and p.stream_index in pictures])
            yield from held
            held = []
    _count_back([p for p in held if p.size and p.stream_index in pictures])
    yield from held


def _count_back(pictures: Sequence[Packet[Stream]]) -> None:
    untimed = [p for p in pictures if p.pts is None]
    first = min((p.pts for p in pictures if p.pts is not None), default=None)
    if first is None or not untimed or not untimed[0].duration:
        return
    step = untimed[0].duration
    end = first if first < step else 0
    for number, packet in enumerate(untimed):
        packet.pts = end - (len(untimed) - number) * step
