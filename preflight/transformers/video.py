"""Video decoded, put upright, into shape, and encoded once: H.264 and AAC in MP4, clips closed at the caps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError
from preflight.media import Fidelity, Source, Span, VideoFacts
from preflight.planner import EncodeVideo
from preflight.planner.cuts import Caps
from preflight.probers.container import open_media
from preflight.probers.times import Times
from preflight.probers.units import units_of
from preflight.transformers.course import Course
from preflight.transformers.crew import Crew
from preflight.transformers.film import Film
from preflight.transformers.interface import Output, Watch, unwatched
from preflight.transformers.muxing import copy_of, mux
from preflight.transformers.packer import clips_under

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream


def encode_video(
    source: Source,
    facts: VideoFacts,
    recipe: EncodeVideo,
    caps: Caps,
    watch: Watch = unwatched,
    *,
    workers: int | None = None,
) -> Iterator[Output]:
    """One output a clip, in order; the first is ready long before the last. Raises BrokenMediaError.

    What a damaged source cannot give any more is skipped; that nothing could be decoded at all is an error. `workers`
    threads share the work, None is one a core; they are at most some stretches ahead of whoever asks for clips, and
    are gone when the iterator is closed.
    """
    with open_media(source, decode=True) as container, Crew() as crew:
        film = Film(container, source, facts, recipe, max_bytes=caps.max_bytes, workers=workers)
        packets = _watched(film.packets(crew), film.course, watch)
        units = units_of(packets, film.video.index, with_audio=film.audio is not None, start_s=0.0)
        is_empty = True
        clips = clips_under(units, caps, overlap_s=recipe.overlap_s, cuts_s=film.cuts_s, copy=copy_of)
        for clip in clips:
            start_s = clip[0].start_s
            length_s = sum(unit.duration_s for unit in clip)
            data = mux("mp4", film.templates, [p for unit in clip for p in unit.coded], start_s)
            span = Span(film.course.source_s(start_s), film.course.source_s(start_s + length_s))
            yield Output(
                media=Source.of(data, name=source.name), span=span, fidelity=Fidelity.TRANSCODED, steps=film.steps
            )
            is_empty = False
        if is_empty:
            raise BrokenMediaError("not one frame could be decoded")


def _watched(packets: Iterable[Packet[Stream]], course: Course, watch: Watch) -> Iterator[Packet[Stream]]:
    """A clip takes long, and nobody should have to wait for it to know that something happens."""
    times = Times()
    for packet in packets:
        watch(course.source_s(times.decoded_s(packet)))
        yield packet
