"""What lies beside the frames of an MP3 and is none: a tag of a program long gone, half a frame, anything at all.

FFmpeg hands it on as packets at which its own decoder complains; players pass over it. What lies between two frames is
another matter: unless it is a tag, as where files were joined, it is a frame that is damaged, and stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from preflight.probers.mp3_header import (
    HEADER_BYTES,
    MOST_LEAST_BYTES,
    SECOND_BYTES,
    THIRD_BYTES,
    frame_bytes,
    is_cut_off,
    least_bytes,
)

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

ByteRange = tuple[int, int]
"""Where it starts in the file, and where it ends."""

_TAGS = (b"ID3", b"APETAGEX", b"LYRICSBEGIN", b"3DI")
"""That stand between two files that were joined. `TAG` (ID3v1) is missing: decoders know it."""
_MOST_HELD = 64
"""Packets that may yet turn out to be the last; where more are in a row, they are taken for damage."""
_MOST_RANGES = 64
"""Where more lies among the frames, it is no junk: the file is damaged."""

# In front, so much is passed over by all readers. FFmpeg 5 takes a file with more of it for one of another kind.
_PASSED_OVER_BYTES = 4_096
_FAR_BYTES = 1 << 17
"""Twice as far as FFmpeg goes."""
_IN_A_ROW = 4
"""Frames, each where the one before ends: by chance, a header is found every few kilobytes."""


def is_frame(packet: bytes | memoryview) -> bool:
    """Whether a decoder takes this for a frame, or for something that it knows. What is cut off before the sound of a
    frame begins is none.
    """
    size = len(packet)
    if size >= HEADER_BYTES and packet[0] == 0xFF and packet[1] in SECOND_BYTES:  # noqa: PLR2004 (eleven set bits)
        return packet[2] in THIRD_BYTES and (size >= MOST_LEAST_BYTES or size >= least_bytes(packet))
    data = bytes(packet)
    if data.startswith(b"TAG"):
        return True
    return size > 0 and data[0] == 0 and is_frame(data.lstrip(b"\0"))


class Junk:
    """What turned up in one pass over the packets of an MP3."""

    def __init__(self) -> None:
        self._left_out: list[ByteRange] = []
        self.damaged_packets = 0

    def leave_out(self, packet: Packet[Stream], size: int | None = None) -> None:
        """It is no sound, or its first `size` bytes are none."""
        start, size = packet.pos, packet.size if size is None else size
        if start is None or len(self._left_out) == _MOST_RANGES:
            self.damaged_packets += 1
        elif self._left_out and self._left_out[-1][1] == start:
            self._left_out[-1] = self._left_out[-1][0], start + size
        else:
            self._left_out.append((start, start + size))

    @property
    def ranges(self) -> tuple[ByteRange, ...]:
        return tuple(self._left_out)


def frames_of(packets: Iterable[Packet[Stream]], junk: Junk | None = None) -> Iterator[Packet[Stream]]:
    """Without what is before the first frame and behind the last, and without tags between: `junk` is told of all that
    is no frame.
    """
    junk = junk or Junk()
    frame: Packet[Stream] | None = None
    """The last; whether it is whole matters only of the last of all."""
    held: list[Packet[Stream]] = []
    tag: Packet[Stream] | None = None
    """Or whatever is in front; only what follows says whether a frame is at its end."""
    has_begun = False
    for packet in packets:
        is_sound = packet.size > 0 and is_frame(memoryview(packet))
        if tag is not None:
            if is_sound:
                frame = _behind_junk(tag, junk, is_first=not has_begun)
            else:
                junk.leave_out(tag)
            tag = None
        if not packet.size:
            if frame is not None and not is_cut_off(bytes(frame)):
                yield frame
            elif frame is not None:
                junk.leave_out(frame)
            for last in held:
                junk.leave_out(last)
            frame, held = None, []
            yield packet
            continue
        if not is_sound and (not has_begun or (not held and bytes(packet).startswith(_TAGS))):
            if frame is not None:
                yield frame
            frame, tag = None, packet
            continue
        if not is_sound:
            held.append(packet)
            if len(held) < _MOST_HELD:
                continue
        has_begun = True
        if frame is not None:
            yield frame
        junk.damaged_packets += len(held)
        yield from held
        frame, held = packet if is_sound else None, []


def _behind_junk(packet: Packet[Stream], junk: Junk, *, is_first: bool) -> Packet[Stream] | None:
    """FFmpeg believes a frame only when others follow, and hands it on as the end of the junk."""
    data = bytes(packet)[-_SWALLOWED_BYTES:]
    begins = next((at for at in places_of(b"\xff", data) if reaches_end(data, at)), len(data))
    sound = data[begins:]
    table = frame_bytes(sound[:HEADER_BYTES]) if _says_how_long(sound) else 0
    # In front, the table of a variable bit rate is left to whoever reads it; further on it would be heard as silence.
    junk.leave_out(packet, packet.size - len(sound) + (0 if is_first else table or 0))
    return _end_of(packet, sound[table or 0 :]) if len(sound) > (table or 0) else None


_SWALLOWED_BYTES = 8_192
"""Four frames, as large as they may be."""


def places_of(mark: bytes, data: bytes) -> Iterator[int]:
    """Of each, in order."""
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


def reaches_end(data: bytes, at: int) -> bool:
    """Whether frames from `at` on, each where the one before ends, end with the data."""
    while size := frame_bytes(data[at : at + HEADER_BYTES]):
        at += size
    return at == len(data)


def _says_how_long(frame: bytes) -> bool:
    """Xing's table, or LAME's."""
    return len(frame) > HEADER_BYTES and frame[least_bytes(frame) :][:4] in (b"Xing", b"Info")


def _end_of(packet: Packet[Stream], data: bytes) -> Packet[Stream]:
    from av.packet import Packet

    end: Packet[Stream] = Packet(data)
    end.stream, end.time_base = packet.stream, packet.time_base
    end.pts, end.dts, end.duration, end.is_keyframe = packet.pts, packet.dts, packet.duration, packet.is_keyframe
    return end


def with_what_is_in_front(file: BinaryIO, start: int, ranges: tuple[ByteRange, ...]) -> tuple[ByteRange, ...]:
    """`ranges` of junk, and what FFmpeg itself passes over before the first frame, where other readers do not.

    `start`: where the tags in front end.
    """
    file.seek(start)
    head = file.read(_PASSED_OVER_BYTES)
    if is_frame(head) or not head.strip(b"\0") or (ranges and ranges[0][0] <= start):
        return ranges
    file.seek(start)
    begins = first_frame(file.read(_FAR_BYTES))
    if begins is None or begins <= _PASSED_OVER_BYTES:
        return ranges
    return (start, start + begins), *(r for r in ranges if r[0] >= start + begins)


def first_frame(data: bytes) -> int | None:
    """Where the first of several frames in a row begins."""
    return next((at for at in places_of(b"\xff", data) if _is_row(data, at)), None)


def _is_row(data: bytes, at: int) -> bool:
    for _ in range(_IN_A_ROW):
        size = frame_bytes(data[at : at + HEADER_BYTES])
        if size is None:
            return False
        at += size
    return True


def joined(data: bytes, ranges: Iterable[ByteRange]) -> bytes:
    """What lies between the ranges."""
    parts, at = [], 0
    for start, end in ranges:
        parts.append(data[at:start])
        at = end
    return b"".join((*parts, data[at:]))


def bytes_within(ranges: Iterable[ByteRange], start: int, end: int) -> int:
    """How many of the ranges' bytes lie between `start` and `end`."""
    return sum(max(min(b, end) - max(a, start), 0) for a, b in ranges)
