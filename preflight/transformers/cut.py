"""Audio or video cut between units, or put into a new container: every coded packet is copied, none decoded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Fidelity, Source, Span, VideoFacts
from preflight.planner import CutBetweenUnits
from preflight.probers.container import demux, open_media
from preflight.probers.mp4_units import Film, read_film
from preflight.probers.timed import pick_streams
from preflight.probers.units import opening_test, units_of
from preflight.probers.wav import layout_of
from preflight.transformers.audio import decode_fully
from preflight.transformers.flac import decode_frames, flac_file, whole_frames
from preflight.transformers.interface import Output, Watch, unwatched
from preflight.transformers.mp3_tag import skipped_samples, with_true_delay
from preflight.transformers.mp4_cut import clips_of
from preflight.transformers.muxing import mux
from preflight.transformers.packer import clips_at
from preflight.transformers.wav import copy_samples

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream


def cut(
    source: Source, facts: AudioFacts | VideoFacts, recipe: CutBetweenUnits, watch: Watch = unwatched
) -> Iterator[Output]:
    """One output a clip, in order; only the clip at hand is in memory. Raises BrokenMediaError."""
    if recipe.container == "wav" and (layout := layout_of(source, facts)) is not None:
        assert isinstance(facts, AudioFacts)
        yield from copy_samples(source, layout, facts, recipe)
        return
    if recipe.container == "wav" and facts.damaged_packets:
        # Only where the header tells what a sample is can one that is torn be left out.
        raise BrokenMediaError("its last sample is not whole")
    if recipe.container == "mp4" and isinstance(facts, VideoFacts) and (film := read_film(source, facts)) is not None:
        yield from _by_index(source, facts, film, recipe, watch)
        return
    if recipe.container == "mp3":
        # A frame that is damaged would fail in the service; decoding an hour of it takes some seconds.
        decode_fully(source)
    is_torn = recipe.container == "flac" and not decode_frames(source)
    with open_media(source) as container:
        video, audio = pick_streams(container)
        kept = [s for s in (video if facts.kind == "video" else None, audio) if s is not None]
        templates = {s.index: s for s in kept}
        steps = (*_steps(facts, recipe, len(kept)), *(("left out the last frame, which is cut off",) * is_torn))
        packets: Iterable[Packet[Stream]] = (p for p in demux(container, *kept) if not p.is_corrupt)
        units = units_of(
            _within(facts, whole_frames(packets) if recipe.container == "flac" else packets),
            video.index if video is not None and facts.kind == "video" else None,
            with_audio=audio is not None,
            start_s=facts.start_s,
            opens=opening_test(video),
        )
        start_s = 0.0
        cuts_s = [c + facts.start_s for c in recipe.cuts_s]
        for index, clip in enumerate(clips_at(units, cuts_s)):
            is_last = index == len(recipe.cuts_s)
            end_s = facts.duration_s if is_last else recipe.cuts_s[index]
            base_s = facts.start_s + start_s
            data = _file(recipe, templates, [p for unit in clip for p in unit.coded], base_s)
            yield Output(
                media=Source.of(data, name=source.name),
                span=Span(start_s, end_s) if end_s is not None else None,
                fidelity=Fidelity.LOSSLESS,
                steps=steps,
            )
            start_s = end_s if end_s is not None else start_s
            watch(start_s)


def _by_index(source: Source, facts: VideoFacts, film: Film, recipe: CutBetweenUnits, watch: Watch) -> Iterator[Output]:
    """No packet is taken in hand: of each clip there is a header, and where its samples lie in the source."""
    ends_s = (*recipe.cuts_s, facts.duration_s)
    steps = _steps(facts, recipe, 1 if film.audio is None else 2)
    start_s = 0.0
    for media, end_s in zip(clips_of(source, film, [c + facts.start_s for c in recipe.cuts_s]), ends_s, strict=True):
        assert end_s is not None
        yield Output(media=media, span=Span(start_s, end_s), fidelity=Fidelity.LOSSLESS, steps=steps)
        start_s = end_s
        watch(start_s)


def _file(
    recipe: CutBetweenUnits, templates: Mapping[int, Stream], packets: Sequence[Packet[Stream]], base_s: float
) -> bytes:
    if recipe.container == "flac":
        (sound,) = templates.values()
        return flac_file(sound.codec_context.extradata, [bytes(p) for p in packets])
    if recipe.container == "mp3":
        skipped = skipped_samples(packets[0])  # before muxing, which uses the packets up
        return with_true_delay(mux("mp3", templates, packets, base_s), skipped)
    return mux(recipe.container, templates, packets, base_s)


def _within(facts: AudioFacts | VideoFacts, packets: Iterable[Packet[Stream]]) -> Iterator[Packet[Stream]]:
    """No packet lasts far beyond the end: FFmpeg gives the last one all that a false header promises."""
    end_s = facts.start_s + facts.duration_s if facts.duration_s is not None else math.inf
    for packet in packets:
        if packet.pts is not None and packet.duration and packet.time_base:
            start_s = float(packet.pts * packet.time_base)
            if start_s + float(packet.duration * packet.time_base) > end_s + _ROUNDED_S:
                packet.duration = max(round((end_s - start_s) / packet.time_base), 0)
        yield packet


_ROUNDED_S = 1.0
"""What containers round, and sound that ends after its picture, stay below."""


def _steps(facts: AudioFacts | VideoFacts, recipe: CutBetweenUnits, kept: int) -> tuple[str, ...]:
    steps = [f"cut into {recipe.container}" if recipe.cuts_s else f"remuxed into {recipe.container}"]
    if facts.damaged_packets:
        steps.append(f"left out {facts.damaged_packets} packets that are cut off")
    if dropped := len(facts.streams) - kept:
        steps.append(f"left out {dropped} other stream{'s' if dropped > 1 else ''}")
    return tuple(steps)
