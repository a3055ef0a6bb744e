"""Audio without its tags, pictures and junk: what is coded stays as it is, to the byte."""

from __future__ import annotations

import io
import struct

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Fidelity, Source, Span
from preflight.planner import CutBetweenUnits
from preflight.planner.audio import WHAT
from preflight.probers.mp3_junk import joined
from preflight.probers.tags import sound_range
from preflight.probers.wav import layout_of
from preflight.transformers.interface import Output
from preflight.transformers.sound import decode_fully
from preflight.transformers.wav import copy_samples


def strip_tags(source: Source, facts: AudioFacts) -> Output:
    """The whole source in one output, from a copy in memory. Raises BrokenMediaError where it does not decode, or
    where its tags are such that nobody can say where the sound begins.
    """
    if facts.container == "wav":
        layout = layout_of(source, facts)
        if layout is None:
            raise BrokenMediaError("it does not say where its samples are")
        (copied,) = copy_samples(source, layout, facts, CutBetweenUnits(container="wav", cuts_s=()))
        data = copied.media.read()
    else:
        whole = source.read() if facts.container == "flac" else joined(source.read(), facts.junk)
        data = _without_tags(whole, facts.container)
        if _sound(data, facts.container) != _sound(whole, facts.container):
            raise BrokenMediaError("its tags cannot be told from its sound")
    stripped = Source.of(data, name=source.name)
    decode_fully(stripped)
    return Output(
        media=stripped,
        span=Span(0.0, facts.duration_s) if facts.duration_s is not None else None,
        fidelity=Fidelity.LOSSLESS,
        steps=(f"removed {WHAT[bool(facts.junk)]}, {facts.size_bytes - len(data):,} bytes",),
    )


def _without_tags(whole: bytes, container: str) -> bytes:
    """Whatever mutagen throws at bytes that it does not understand becomes one of our errors, once, here."""
    from mutagen import MutagenError

    try:
        return _bare(whole) if container == "mp3" else _flac(whole)
    except (MutagenError, ArithmeticError, AttributeError, LookupError, ValueError, OSError, EOFError) as error:
        raise BrokenMediaError(f"its tags cannot be read: {error}"[:200]) from error
    except (struct.error, MemoryError, TypeError, AssertionError, NotImplementedError) as error:
        raise BrokenMediaError(f"its tags cannot be read: {error}"[:200]) from error


def _bare(whole: bytes) -> bytes:
    """Whatever it is, without the tags in front of it and behind it."""
    from mutagen import apev2, id3

    file = io.BytesIO(whole)
    before = len(whole) + 1
    while before > (before := file.getbuffer().nbytes):  # some programs put a second one beside the first
        id3.delete(file)
        file.seek(0)
        apev2.delete(file)
        file.seek(0)
    return file.getvalue()


def _flac(whole: bytes) -> bytes:
    """What is about the sound, and the frames. The last of the blocks says so of itself (RFC 9639, 8.1)."""
    (mark, *blocks, frames) = (whole[start:end] for start, end in _ranges(whole, "flac"))
    last = len(blocks) - 1
    flagged = (bytes([block[0] & 0x7F | (index == last) << 7]) + block[1:] for index, block in enumerate(blocks))
    return b"".join((mark, *flagged, frames))


def _ranges(data: bytes, container: str) -> tuple[tuple[int, int], ...]:
    found = sound_range(io.BytesIO(data), len(data), container)
    if found is None:
        raise BrokenMediaError("its tags cannot be told from its sound")
    return found


def _sound(data: bytes, container: str) -> bytes:
    start, end = _ranges(data, container)[-1]
    return data[start:end]
