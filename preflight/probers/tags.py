"""What an audio file holds besides its sound: titles, pictures, notes of programs. Only headers are read."""

from __future__ import annotations

from itertools import chain
from typing import BinaryIO

from preflight.media import AudioFacts, Source
from preflight.probers.flac_pictures import senseless_pictures
from preflight.probers.mp3_junk import ByteRange, bytes_within, with_what_is_in_front
from preflight.probers.tag_places import before_tags, behind_tags, behind_what_is_no_frame, tags_between

_STREAMINFO, _SEEKTABLE = 0, 3
"""Blocks of FLAC that are about the sound; the others are padding, tags, pictures and what programs put there."""
_WAV_OF_SOUND = (b"fmt ", b"data", b"fact", b"ds64")
# Real files have a dozen; a hostile one of nothing else costs some milliseconds.
_MOST_PARTS = 4_096


def tag_bytes(source: Source, facts: AudioFacts) -> int | None:
    """Bytes of an MP3, FLAC or WAV that are no sound and not about it; None where nobody can say. Of `facts`, as yet
    only those behind the last frame of a FLAC are counted. Raises UnreadableError.
    """
    size = source.size_bytes()
    with source.open() as file:
        if facts.container == "wav":
            return _in_wav(file, size)
        found = sound_range(file, size, facts.container, facts.tag_bytes or 0)
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
        start = behind_tags(file, 0, size)
        if start is None:
            return facts.junk
        if facts.container == "flac":
            return senseless_pictures(file, start, size)
        return with_what_is_in_front(file, start, facts.junk)


def sound_range(file: BinaryIO, size: int, container: str, trailing: int = 0) -> tuple[ByteRange, ...] | None:
    """(start, end) of what is sound in an MP3 or FLAC, or about it: all but the tags, in order. None where nobody can
    say. `trailing`: bytes behind the last frame of a FLAC, which only its packets tell.
    """
    if container not in ("mp3", "flac"):
        return None
    start = behind_tags(file, 0, size)
    end = None if start is None else before_tags(file, start, size)
    if start is None or end is None:
        return None
    if container == "flac":
        return _in_flac(file, start, min(end, size - trailing))
    start = behind_what_is_no_frame(file, start, end)
    edges = [start, *chain.from_iterable(tags_between(file, start, end)), end]
    return tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b or len(edges) == 2)  # noqa: PLR2004


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
    at, kept = 12, 12
    for _ in range(_MOST_PARTS):
        head = _at(file, at, 8)
        if len(head) < 8:  # noqa: PLR2004 (a chunk's own header)
            break
        length = 8 + int.from_bytes(head[4:], "little")
        length = min(length + length % 2, size - at)
        kept += length if head[:4] in _WAV_OF_SOUND else 0
        at += length
    return size - kept  # with what hangs behind the last chunk


def _at(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
