"""The one mechanism that cuts anything timed: units that decode on their own → clips under the caps.

Units come of packets demuxed from the source or fresh from an encoder; nothing here decodes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from preflight.planner.cuts import Caps, choose_cuts
from preflight.probers.units import P, PacketUnit

# Two times closer than this are the same unit's: less than a sample at 48 kHz.
SAME_S = 1e-5


def clips_at(units: Iterable[PacketUnit[P]], cuts_s: Sequence[float]) -> Iterator[list[PacketUnit[P]]]:
    """Known sizes: a new clip at each of the planned cuts, which are starts of units on the packets' own clock."""
    clip: list[PacketUnit[P]] = []
    left = deque(cuts_s)
    for unit in units:
        if left and clip and unit.start_s >= left[0] - SAME_S:
            left.popleft()
            yield clip
            clip = []
        clip.append(unit)
    if clip:
        yield clip


def clips_under(units: Iterable[PacketUnit[P]], caps: Caps) -> Iterator[list[PacketUnit[P]]]:
    """Unknown sizes: close a clip at the last unit that still fits.

    A clip is held back until the one after it is long enough to stand alone; where that never comes, the two are
    evened out.
    """
    held: list[PacketUnit[P]] = []
    clip: list[PacketUnit[P]] = []
    length, size, packets = 0.0, 0, 0
    for unit in units:
        length, size, packets = length + unit.duration_s, size + unit.size_bytes, packets + unit.packets
        if clip and not caps.fits(length, size, packets):
            if held:
                yield held
            held, clip = clip, []
            length, size, packets = unit.duration_s, unit.size_bytes, unit.packets
        clip.append(unit)
        if held and length >= caps.min_tail_s:
            yield held
            held = []
    both = held + clip
    cuts = choose_cuts(both, caps) if held else ()
    if cuts is None:  # a unit that is over a cap by itself stands alone
        cuts = (len(held),)
    for start, end in zip((0, *cuts), (*cuts, len(both)), strict=True):
        if both[start:end]:
            yield both[start:end]
