"""A broadcast cut out of the middle begins with the end of a frame of sound: FFmpeg hands it on as a packet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

_SYNC, _HEADER_BYTES = 0x7FF, 4
_MOST_PACKETS = 8
"""Where no frame begins in so many, nobody can tell where one does."""


def from_first_frame(packets: Iterable[Packet[Stream]], streams: Sequence[Stream]) -> Iterator[Packet[Stream]]:
    """Without what is stored of MPEG sound and AC-3 before their first frame begins."""
    waiting = {s.index: (_BEGINS[s.codec_context.name], _MOST_PACKETS) for s in streams if _is_marked(s)}
    for packet in packets:
        if waiting and packet.stream_index in waiting and packet.size:
            begins, left = waiting.pop(packet.stream_index)
            if left and not begins(bytes(packet)[:_HEADER_BYTES]):
                waiting[packet.stream_index] = begins, left - 1
                continue
        yield packet


def _is_marked(stream: Stream) -> bool:
    return stream.type == "audio" and stream.codec_context is not None and stream.codec_context.name in _BEGINS


def _is_mpeg(head: bytes) -> bool:
    """ISO/IEC 11172-3, 2.4.1.3: none of version, layer, bit rate and sample rate is one that nobody has."""
    word = int.from_bytes(head, "big")
    return (
        word >> 21 == _SYNC
        and word >> 19 & 3 != 1
        and word >> 17 & 3 != 0
        and word >> 12 & 15 not in (0, 15)
        and word >> 10 & 3 != 3  # noqa: PLR2004
    )


def _is_ac3(head: bytes) -> bool:
    return head.startswith(b"\x0b\x77")


_BEGINS: dict[str, Callable[[bytes], bool]] = {
    **dict.fromkeys(("mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float"), _is_mpeg),
    **dict.fromkeys(("ac3", "ac3_fixed", "eac3"), _is_ac3),
}
