"""Audio without its tags, pictures and junk: what is coded stays as it is, to the byte."""

from __future__ import annotations

import io
import struct

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Fidelity, Source, Span
from preflight.planner import CutBetweenUnits
from preflight.planner.audio import WHAT
from preflight.probers.flac import trailing_bytes
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
        data = _flac(source) if facts.container == "flac" else _mp3(joined(source.read(), facts.junk))
    stripped = Source.of(data, name=source.name)
    decode_fully(stripped)
    return Output(
        media=stripped,
        span=Span(0.0, facts.duration_s) if facts.duration_s is not None else None,
        fidelity=Fidelity.LOSSLESS,
        steps=(f"removed {WHAT[bool(facts.junk)]}, {facts.size_bytes - len(data):,} bytes",),
    )


def _flac(source: Source) -> bytes:
    """What is about the sound, and the frames. The last of the blocks says so of itself (RFC 9639, 8.1)."""
    (mark, *blocks, frames) = _parts(source.read(), "flac", trailing_bytes(source))
    last = len(blocks) - 1
    flagged = (bytes([block[0] & 0x7F | (index == last) << 7]) + block[1:] for index, block in enumerate(blocks))
    return b"".join((mark, *flagged, frames))


def _mp3(whole: bytes) -> bytes:
    """The frames. What another reader of tags still takes for one is neither left in nor cut out."""
    data = b"".join(_parts(whole, "mp3"))
    if _without_tags(data) != data:
        raise BrokenMediaError(_UNTOLD)
    return data


_UNTOLD = "its tags cannot be told from its sound"


def _parts(data: bytes, container: str, trailing: int = 0) -> list[bytes]:
    found = sound_range(io.BytesIO(data), len(data), container, trailing)
    if found is None:
        raise BrokenMediaError(_UNTOLD)
    return [data[start:end] for start, end in found]


def _without_tags(whole: bytes) -> bytes:
    """By mutagen. Whatever it throws at bytes that it does not understand becomes one of our errors, once, here."""
    from mutagen import MutagenError, apev2, id3

    file = io.BytesIO(whole)
    try:
        id3.delete(file)
        file.seek(0)
        apev2.delete(file)
    except (MutagenError, ArithmeticError, AttributeError, LookupError, ValueError, OSError, EOFError) as error:
        raise BrokenMediaError(f"its tags cannot be read: {error}"[:200]) from error
    except (struct.error, MemoryError, TypeError, AssertionError, NotImplementedError) as error:
        raise BrokenMediaError(f"its tags cannot be read: {error}"[:200]) from error
    return file.getvalue()
