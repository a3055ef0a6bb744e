"""AAC's first packet hangs on the one before it: half of what it plays is the end of that, faded into the next.

A clip of a transport stream begins with that packet, stored and decoded but not heard, so that its first 20 ms sound as
in the source. Where a container stores the packets just as the source did, each is kept in exactly one clip instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from preflight.transformers.muxing import copy_of

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

LED_IN = "the packet of sound before it stands at its start, too, decoded and not heard"
"""What is said of such a clip."""
# ADTS, as transport streams have it: twelve bits of ones, and a layer of zero, before every packet.
_SYNC, _MASK = 0xFFF0, 0xFFF6
# A packet further away than so many of its lengths is not the one before.
_MOST_APART = 1.5


def last_of(packets: Sequence[Packet[Stream]], sound: Stream | None) -> Packet[Stream] | None:
    """A copy of the last packet of sound, where it is one that the next hangs on and must be written anew anyway."""
    if sound is None or sound.codec_context.name != "aac":
        return None
    last = next((p for p in reversed(packets) if p.stream_index == sound.index), None)
    if last is None or last.pts is None or int.from_bytes(bytes(last)[:2], "big") & _MASK != _SYNC:
        return None
    return copy_of(last)


def led_in(packets: Sequence[Packet[Stream]], lead: Packet[Stream] | None) -> list[Packet[Stream]] | None:
    """The packets with `lead` before them, at the time when sound starts: what is heard comes later by as much as it
    lasts, until the edit list takes that back. None where it does not belong before them.
    """
    sound = [p for p in packets if lead is not None and p.stream_index == lead.stream_index]
    if lead is None or not sound or sound[0].pts is None or lead.pts is None or not lead.duration:
        return None
    apart = sound[0].pts - lead.pts
    if not 0 < apart <= _MOST_APART * lead.duration:
        return None
    for packet in (lead, *sound):
        packet.pts = packet.pts + apart if packet.pts is not None else None
        packet.dts = packet.dts + apart if packet.dts is not None else None
    return [lead, *packets]
