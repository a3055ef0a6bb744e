"""Where tags stand around the frames of an MP3 or FLAC, and between them, where files were joined. Only headers are
read, and of each tag how long it is.
"""

from __future__ import annotations

import struct
from itertools import chain
from typing import BinaryIO

from preflight.probers.mp3_header import HEADER_BYTES, frame_bytes
from preflight.probers.mp3_junk import ByteRange, first_frame, is_frame, places_of, reaches_end

_ID3V2, _ID3V2_FOOTER, _ID3V1, _ID3V1_LONG, _APE = b"ID3", b"3DI", b"TAG", b"TAG+", b"APETAGEX"
_ID3V2_BYTES, _ID3V1_BYTES, _ID3V1_LONG_BYTES, _APE_BYTES = 10, 128, 227, 32
_HAS_FOOTER = 0x10
_APE_HAS_HEADER, _APE_IS_HEADER = 1 << 31, 1 << 29
# Real files have a dozen; a hostile one of nothing else costs some milliseconds.
_MOST_TAGS = 4_096
_FAR_BYTES = 1 << 17
_BLOCK_BYTES = 1 << 20
_FRAMES_BEFORE_BYTES = 2 * 1_441
"""Two of the largest."""
_MOST_CHANCES = 500
"""Places where three letters are part of the sound: one in 17 MB, as a rule."""


def behind_tags(file: BinaryIO, at: int, end: int) -> int | None:
    """Where those end that begin at `at`, in any order: ID3v2, APEv2, ID3v1; `at` where there are none.

    None where nobody can say: a tag does not end before `end`, or says nothing that can be true of its length.
    """
    for _ in range(_MOST_TAGS):
        head = _at(file, at, _APE_BYTES)
        if head.startswith(_ID3V2):
            size = _id3v2_bytes(file, at, head)
        elif head.startswith(_APE):
            size = _ape_bytes(head)
        elif head.startswith(_ID3V1_LONG) and _at(file, at + _ID3V1_LONG_BYTES, 3) == _ID3V1:
            size = _ID3V1_LONG_BYTES
        elif head.startswith(_ID3V1):
            size = _ID3V1_BYTES
        else:
            return at
        if size is None or at + size >= end:
            return None
        at += size
    return None


def _id3v2_bytes(file: BinaryIO, at: int, head: bytes) -> int | None:
    """With its header and, in version 2.4, its footer (ID3v2.4 structure, 3.1 and 3.4)."""
    size = _seven_bits_each(head[6:_ID3V2_BYTES])
    if size is None or len(head) < _ID3V2_BYTES:
        return None
    if head[5] & _HAS_FOOTER:
        footer = _at(file, at + _ID3V2_BYTES + size, _ID3V2_BYTES)
        return size + 2 * _ID3V2_BYTES if footer == _ID3V2_FOOTER + head[3:_ID3V2_BYTES] else None
    return size + _ID3V2_BYTES


def _seven_bits_each(number: bytes) -> int | None:
    if max(number, default=0) > 0x7F:  # noqa: PLR2004 (the uppermost bit is none of it)
        return None
    return sum(byte << 7 * place for place, byte in enumerate(reversed(number)))


def _ape_bytes(head: bytes) -> int | None:
    """Of one that begins with a header (APEv2 alone has one); a footer in front of its tag can only be a mistake."""
    if len(head) < _APE_BYTES:
        return None
    size, _, flags = struct.unpack("<LLL", head[12:24])
    return size + _APE_BYTES if flags & _APE_IS_HEADER else None


def before_tags(file: BinaryIO, start: int, end: int) -> int | None:
    """Where those begin that end at `end`, in any order: ID3v1 and what some put before it, APE, ID3v2 with a footer.

    None where one would begin before `start`.
    """
    for _ in range(_MOST_TAGS):
        before = _before_ape(file, start, _before_id3v2(file, start, _before_id3v1(file, start, end)))
        if before is None or before == end:
            return before
        end = before
    return end


def _before_id3v1(file: BinaryIO, start: int, end: int) -> int:
    if end - start <= _ID3V1_BYTES or _at(file, end - _ID3V1_BYTES, 3) != _ID3V1:
        return end
    end -= _ID3V1_BYTES
    is_long = end - start > _ID3V1_LONG_BYTES and _at(file, end - _ID3V1_LONG_BYTES, 4) == _ID3V1_LONG
    return end - _ID3V1_LONG_BYTES if is_long else end


def _before_id3v2(file: BinaryIO, start: int, end: int) -> int:
    footer = _at(file, max(end - _ID3V2_BYTES, 0), _ID3V2_BYTES)
    size = _seven_bits_each(footer[6:])
    if not footer.startswith(_ID3V2_FOOTER) or size is None:
        return end
    before = end - size - 2 * _ID3V2_BYTES
    is_there = before > start and _at(file, before, _ID3V2_BYTES) == _ID3V2 + footer[3:]
    return before if is_there else end


def _before_ape(file: BinaryIO, start: int, end: int) -> int | None:
    footer = _at(file, max(end - _APE_BYTES, 0), _APE_BYTES)
    if not footer.startswith(_APE) or len(footer) < _APE_BYTES:
        return end
    size, _, flags = struct.unpack("<LLL", footer[12:24])
    before = end - size - _APE_BYTES * bool(flags & _APE_HAS_HEADER)
    return before if start < before <= end - _APE_BYTES else None


def behind_what_is_no_frame(file: BinaryIO, start: int, end: int) -> int:
    """Of an MP3 whose tags in front end at `start`: where its first frame is. Zeros, which say nothing, may stay."""
    data = _at(file, start, min(_FAR_BYTES, end - start))
    begins = 0 if is_frame(data) else first_frame(data) or 0
    return start + begins if data[:begins].strip(b"\0") else start


def tags_between(file: BinaryIO, start: int, end: int) -> tuple[ByteRange, ...]:
    """Those that begin with an ID3v1 where a frame of layer III ends. FFmpeg passes over them without a word, with all
    that follows up to the next frame; other tags it hands on, see `mp3_junk`.
    """
    found: list[ByteRange] = []
    chances = 0
    at = _find(file, _ID3V1, start, end)
    while at >= 0 and len(found) < _MOST_TAGS and chances < _MOST_CHANCES:
        if _is_behind_frames(file, start, at):
            found.append((at, _next_frame(file, at, end)))
            at = found[-1][1]
        else:
            chances += 1
            at += 1
        at = _find(file, _ID3V1, at, end)
    return tuple(found)


def _find(file: BinaryIO, mark: bytes, start: int, end: int) -> int:
    for at in range(start, end, _BLOCK_BYTES):
        found = _at(file, at, min(_BLOCK_BYTES + len(mark) - 1, end - at)).find(mark)
        if found >= 0:
            return at + found
    return -1


def _is_behind_frames(file: BinaryIO, start: int, at: int) -> bool:
    """Two at least, each of which begins where the one before ends: by chance, three letters are found in any sound."""
    first = max(start, at - _FRAMES_BEFORE_BYTES)
    window = _at(file, first, at - first)
    return any(
        reaches_end(window, place) and frame_bytes(window[place : place + HEADER_BYTES]) != len(window) - place
        for place in places_of(b"\xff", window)
    )


def _next_frame(file: BinaryIO, at: int, end: int) -> int:
    """Behind the tags at `at` and whatever else is there."""
    tagged = behind_tags(file, at, end)
    if tagged is None:
        return min(at + _ID3V1_BYTES, end)
    data = _at(file, tagged, min(_FAR_BYTES, end - tagged))
    if is_frame(data):
        return tagged
    begins = first_frame(data)
    if begins is None and len(data) == end - tagged:
        begins = next(chain((p for p in places_of(b"\xff", data) if reaches_end(data, p)), [len(data)]))
    return tagged + (begins or 0)


def _at(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
