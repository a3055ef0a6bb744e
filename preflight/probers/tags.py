"""What an audio file holds besides its sound: titles, pictures, notes of programs. Only headers are read."""

from __future__ import annotations

import struct
from typing import BinaryIO

from preflight.media import AudioFacts, Source
from preflight.probers.flac_pictures import senseless_pictures
from preflight.probers.mp3_junk import ByteRange, bytes_within, with_what_is_in_front

_ID3V2, _ID3V1, _APE = b"ID3", b"TAG", b"APETAGEX"
_ID3V2_BYTES, _ID3V1_BYTES, _APE_BYTES = 10, 128, 32
_HAS_FOOTER = 0x10
_APE_HAS_HEADER = 1 << 31
_STREAMINFO, _SEEKTABLE = 0, 3
"""Blocks of FLAC that are about the sound; the others are padding, tags, pictures and what programs put there."""
_WAV_OF_SOUND = (b"fmt ", b"data", b"fact", b"ds64")
# Real files have a dozen; a hostile one of nothing else costs some milliseconds.
_MOST_PARTS = 4_096


def tag_bytes(source: Source, facts: AudioFacts) -> int | None:
    """Bytes of an MP3, FLAC or WAV that are no sound and not about it; None where nobody can say. Raises
    UnreadableError.
    """
    size = source.size_bytes()
    with source.open() as file:
        if facts.container == "wav":
            return _in_wav(file, size)
        found = sound_range(file, size, facts.container)
    if found is None:
        return None
    return size - sum(end - start - bytes_within(facts.junk, start, end) for start, end in found)


def all_junk(source: Source, facts: AudioFacts) -> tuple[ByteRange, ...]:
    """Of an MP3, what turned up among its packets and what FFmpeg passes over in front of them; of a FLAC, pictures
    that make no sense. Raises UnreadableError.
    """
    if facts.container not in ("mp3", "flac"):
        return ()
    size = source.size_bytes()
    with source.open() as file:
        start = _behind_id3(file, size)
        if start is None:
            return facts.junk
        if facts.container == "flac":
            return senseless_pictures(file, start, size)
        return with_what_is_in_front(file, start, facts.junk)


def sound_range(file: BinaryIO, size: int, container: str) -> tuple[tuple[int, int], ...] | None:
    """(start, end) of what is sound in an MP3 or FLAC, or about it: all but the tags."""
    if container not in ("mp3", "flac"):
        return None
    start = _behind_id3(file, size)
    if start is None:
        return None
    end = size
    for _ in range(_MOST_PARTS):  # in any order
        before = end
        found = _before_ape(file, start, _before_id3v1(file, start, end))
        if found is None:
            return None
        end = found
        if end == before:
            break
    if container == "mp3":
        return ((start, end),)
    return _in_flac(file, start, end)


def _behind_id3(file: BinaryIO, size: int) -> int | None:
    at = 0
    for _ in range(_MOST_PARTS):
        head = _at(file, at, _ID3V2_BYTES)
        if not head.startswith(_ID3V2):
            return at
        if len(head) < _ID3V2_BYTES or head[5] & _HAS_FOOTER or max(head[6:]) > 0x7F:  # noqa: PLR2004 (seven bits each)
            return None
        at += _ID3V2_BYTES + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
        if at >= size:
            return None
    return None


def _before_id3v1(file: BinaryIO, start: int, end: int) -> int:
    is_there = end - start > _ID3V1_BYTES and _at(file, end - _ID3V1_BYTES, 3) == _ID3V1
    return end - _ID3V1_BYTES if is_there else end


def _before_ape(file: BinaryIO, start: int, end: int) -> int | None:
    footer = _at(file, max(end - _APE_BYTES, 0), _APE_BYTES)
    if not footer.startswith(_APE) or len(footer) < _APE_BYTES:
        return end
    size, _, flags = struct.unpack("<LLL", footer[12:24])
    before = end - size - _APE_BYTES * bool(flags & _APE_HAS_HEADER)
    return before if start < before <= end - _APE_BYTES else None


def _in_flac(file: BinaryIO, start: int, end: int) -> tuple[tuple[int, int], ...] | None:
    if _at(file, start, 4) != b"fLaC":
        return None
    kept, at = [(start, start + 4)], start + 4
    for _ in range(_MOST_PARTS):
        head = _at(file, at, 4)
        if len(head) < 4:  # noqa: PLR2004 (a block's own header)
            return None
        behind = at + 4 + int.from_bytes(head[1:])
        if behind > end:
            return None
        if head[0] & 0x7F in (_STREAMINFO, _SEEKTABLE):
            kept.append((at, behind))
        at = behind
        if head[0] >> 7:
            return (*kept, (at, end))
    return None


def _in_wav(file: BinaryIO, size: int) -> int | None:
    head = _at(file, 0, 12)
    if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
        return None
    at, found = 12, 0
    for _ in range(_MOST_PARTS):
        head = _at(file, at, 8)
        if len(head) < 8:  # noqa: PLR2004 (a chunk's own header)
            break
        length = 8 + int.from_bytes(head[4:], "little")
        length = min(length + length % 2, size - at)
        found += 0 if head[:4] in _WAV_OF_SOUND else length
        at += length
    return found


def _at(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
