"""What a transformer hands on: verified media of one request."""

from __future__ import annotations

from dataclasses import dataclass

from preflight.media import AudioFacts, Fidelity, Media, MediaFacts, Source, Span, VideoFacts, Watch, unwatched

__all__ = ["Output", "Verified", "Watch", "unwatched"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """The media of one request, not yet verified: the pipeline probes and checks it before it goes on."""

    media: Source
    """Its bytes: for text, UTF-8."""
    span: Span | None
    """Seconds of the source's timeline; None for images; for texts see `offset`."""
    fidelity: Fidelity
    steps: tuple[str, ...]
    offset: int | None = None
    """Texts: index of the first character in the source."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """An output that passed the rules, with the facts that it passed them by."""

    output: Output
    facts: MediaFacts
    media: Media


def closed_jumps(facts: AudioFacts | VideoFacts) -> tuple[str, ...]:
    """Steps: what was done to the clock."""
    return tuple(
        f"closed a jump of {jump.duration_s:.0f} s in its clock, at {jump.start_s:.1f} s" for jump in facts.clock_jumps
    )


def broken_sound(facts: AudioFacts | VideoFacts) -> tuple[str, ...]:
    """Steps: what nobody can decode is in no output."""
    return ("left out sound that cannot be decoded",) if any(stream.broken for stream in facts.streams) else ()
