"""The one mechanism that cuts anything timed: units that decode on their own → clips under the caps.

Units come of packets demuxed from the source or fresh from an encoder; nothing here decodes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from preflight.planner.cuts import Caps, Packing, choose_cuts
from preflight.probers.units import P, PacketUnit

# Two times closer than this are the same unit's: less than a sample at 48 kHz.
SAME_S = 1e-5


def as_it_is(packet: P) -> P:
    """For packets that can be written twice."""
    return packet


def clips_at(
    units: Iterable[PacketUnit[P]],
    cuts_s: Sequence[float],
    begins_s: Sequence[float] = (),
    copy: Callable[[P], P] = as_it_is,
) -> Iterator[list[PacketUnit[P]]]:
    """Known sizes: a new clip at each of the planned cuts, which are starts of units on the packets' own clock.

    `begins_s` are where each of these clips begins to repeat what is before its cut: those units are in both clips,
    in the first of them with packets made by `copy`, as a packet can be written only once.
    """
    clip: list[PacketUnit[P]] = []
    left = deque(zip(cuts_s, begins_s or cuts_s, strict=True))
    for unit in units:
        if left and clip and unit.start_s >= left[0][0] - SAME_S:
            _, begin_s = left.popleft()
            first = next((i for i, u in enumerate(clip) if u.start_s >= begin_s - SAME_S), len(clip))
            yield _with_copies(clip, first, copy)
            clip = clip[first:]
        clip.append(unit)
    if clip:
        yield clip


def clips_under(
    units: Iterable[PacketUnit[P]],
    caps: Caps,
    *,
    overlap_s: float = 0.0,
    cuts_s: Sequence[float] = (),
    copy: Callable[[P], P] = as_it_is,
) -> Iterator[list[PacketUnit[P]]]:
    """Unknown sizes: close a clip at the last unit that still fits, or at the first at or after a wished cut.

    A clip is held back until the one after it is long enough to stand alone; where that never comes, the two are
    evened out. Each clip repeats the last units of the one before, as few as last `overlap_s`, or half of it where
    that is less; in the first of the two their packets are made by `copy`.
    """
    held: list[PacketUnit[P]] = []
    clip: list[PacketUnit[P]] = []
    repeated = 0
    """Units at the start of `clip` that are in `held`, too."""
    wishes = deque(cuts_s)
    for unit in units:
        is_due = bool(clip) and _is_due(unit.start_s, wishes, clip, repeated, caps)
        if len(clip) > repeated and (is_due or not _fit([*clip, unit], caps)):
            if held:
                yield _with_copies(held, len(held) - repeated, copy)
            held, repeated = clip, _to_repeat(clip, overlap_s)
            clip = held[len(held) - repeated :]
        while repeated and not _fit([*clip, unit], caps) and len(clip) == repeated:
            del clip[0]  # the cap comes first
            repeated -= 1
        clip.append(unit)
        if held and _length_s(clip) >= caps.min_tail_s and _length_s(clip[repeated:]) > 0:
            yield _with_copies(held, len(held) - repeated, copy)
            held = []
    if not held:
        if clip:
            yield clip
        return
    both = held + clip[repeated:]
    cuts = choose_cuts(both, caps, overlap_s)
    if cuts is None:  # a unit that is over a cap by itself stands alone
        yield _with_copies(held, len(held) - repeated, copy)
        yield clip
        return
    packing = Packing(both, caps, overlap_s)
    edges = list(zip((0, *cuts), (*cuts, len(both)), strict=True))
    for number, (start, end) in enumerate(edges):
        begin = packing.begin(start)
        following = packing.begin(edges[number + 1][0]) if number + 1 < len(edges) else end
        yield _with_copies(both[begin:end], min(following, end) - begin, copy)


def _is_due(start_s: float, wishes: deque[float], clip: Sequence[PacketUnit[P]], repeated: int, caps: Caps) -> bool:
    """Whether a clip was wished for from here on. One that would come too soon after the last is forgotten."""
    is_due = False
    while wishes and start_s >= wishes[0] - SAME_S:
        wishes.popleft()
        is_due = _length_s(clip[repeated:]) >= caps.min_tail_s
    return is_due


def _to_repeat(clip: Sequence[PacketUnit[P]], overlap_s: float) -> int:
    """How many of the last units of a clip the next one repeats."""
    if not overlap_s:
        return 0
    count, length_s, most_s = 0, 0.0, _length_s(clip) / 2
    while length_s < overlap_s - SAME_S and length_s + clip[-count - 1].duration_s <= most_s:
        length_s += clip[-count - 1].duration_s
        count += 1
    return count


def _with_copies(clip: list[PacketUnit[P]], first: int, copy: Callable[[P], P]) -> list[PacketUnit[P]]:
    """The clip, with packets of its own in the units from `first` on."""
    if first >= len(clip) or copy is as_it_is:
        return clip
    return [*clip[:first], *(_copied(unit, copy) for unit in clip[first:])]


def _copied(unit: PacketUnit[P], copy: Callable[[P], P]) -> PacketUnit[P]:
    made = {id(p): copy(p) for p in unit.coded}
    keyframe = made.get(id(unit.keyframe)) if unit.keyframe is not None else None
    return replace(unit, coded=list(made.values()), keyframe=keyframe, leading=[made[id(p)] for p in unit.leading])


def _length_s(units: Sequence[PacketUnit[P]]) -> float:
    return sum(u.duration_s for u in units)


def _fit(units: Sequence[PacketUnit[P]], caps: Caps) -> bool:
    return caps.fits(_length_s(units), sum(u.size_bytes for u in units), sum(u.packets for u in units))
