"""Audio or video cut between units, or put into a new container: every coded packet is copied, none decoded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Fidelity, Source, Span, VideoFacts
from preflight.planner import CutBetweenUnits
from preflight.probers.container import open_media
from preflight.probers.headless import from_first_keyframe
from preflight.probers.mending import mended
from preflight.probers.mp3 import frames_lost, reservoir
from preflight.probers.mp4_units import Film, read_film
from preflight.probers.opening import opening_test
from preflight.probers.timed import pick_streams
from preflight.probers.units import PacketUnit, gops_of
from preflight.probers.wav import layout_of
from preflight.transformers.edit_list import hide_first_sound, hide_picture_after
from preflight.transformers.flac import decode_frames, flac_file, whole_frames
from preflight.transformers.interface import Output, Watch, broken_sound, closed_jumps, unwatched
from preflight.transformers.lead_in import LED_IN, last_of, led_in
from preflight.transformers.mp3_tag import skipped_samples, with_true_delay
from preflight.transformers.mp4_cut import clips_of
from preflight.transformers.muxing import copy_of, mux
from preflight.transformers.packer import SAME_S, clips_at
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
    film = None
    if recipe.container == "mp4" and isinstance(facts, VideoFacts) and not (recipe.open_starts_s or recipe.begins_s):
        film = read_film(source, facts)  # what stands in two clips is copied packet by packet
    if film is not None:
        assert isinstance(facts, VideoFacts)
        yield from _by_index(source, facts, film, recipe, watch)
        return
    if recipe.container == "mp3":
        from preflight.transformers.sound import decode_fully  # which brings numpy: others are cut without

        # A frame that is damaged would fail in the service; decoding an hour of it takes some seconds.
        decode_fully(source)
    is_torn = recipe.container == "flac" and not decode_frames(source)
    with open_media(source) as container:
        video, audio = pick_streams(container)
        kept: list[Stream] = [s for s in (video if facts.kind == "video" else None, audio) if s is not None]
        templates = {s.index: s for s in kept}
        index = video.index if video is not None and facts.kind == "video" else None
        mending = mended(container, kept, facts.clock_jumps, facts.start_s)
        packets: Iterable[Packet[Stream]] = (p for p in mending if not p.is_corrupt)
        unheaded: list[int] = []
        units = _Remembered(
            gops_of(
                from_first_keyframe(
                    _within(facts, whole_frames(packets) if recipe.container == "flac" else packets),
                    index,
                    lambda packet: unheaded.append(packet.size),
                    opening_test(video),
                ),
                index,
                with_audio=audio is not None,
                start_s=facts.start_s,
                opens=opening_test(video),
            ),
            lambda unit: watch(unit.start_s - facts.start_s),
        )
        start_s = 0.0
        cuts_s = [c + facts.start_s for c in recipe.cuts_s]
        begins_s = [b + facts.start_s for b in recipe.begins_s]
        lead: Packet[Stream] | None = None
        for number, clip in enumerate(clips_at(units, cuts_s, begins_s, copy_of)):
            is_last = number == len(recipe.cuts_s)
            end_s = facts.duration_s if is_last else recipe.cuts_s[number]
            unheard = _unheard(clip) if recipe.container == "mp3" and number else ()
            coded = _coded(clip)
            last = last_of(coded, audio) if recipe.container == "mp4" else None
            led, lead = led_in(coded, lead), last
            seam = [] if is_last else units.last.seam
            shown_s = None
            if recipe.container == "mp4":
                shown_s = _shown_s([p for p in coded if p.stream_index == index], seam, facts.start_s + start_s)
            data = _file(recipe, templates, [*(led or coded), *map(copy_of, seam)], facts.start_s + start_s)
            if led is not None:
                data = hide_first_sound(data)
            if shown_s is not None:
                data = hide_picture_after(data, shown_s)
            yield Output(
                media=Source.of(data, name=source.name),
                span=Span(start_s, end_s) if end_s is not None else None,
                fidelity=Fidelity.LOSSLESS,
                steps=(
                    *_steps(facts, recipe, len(kept), unheaded=len(unheaded), is_torn=is_torn),
                    *unheard,
                    *((LED_IN,) if led is not None else ()),
                ),
            )
            watch(end_s if end_s is not None else start_s)
            if not is_last:
                start_s = recipe.begins_s[number] if recipe.begins_s else recipe.cuts_s[number]


class _Remembered:
    """Passes units on, and knows the last: when a clip is whole, that is the one which starts the next."""

    def __init__(
        self, units: Iterable[PacketUnit[Packet[Stream]]], see: Callable[[PacketUnit[Packet[Stream]]], None]
    ) -> None:
        """`see` is shown each unit that passes."""
        self._units, self._see = units, see
        self.last: PacketUnit[Packet[Stream]] = PacketUnit(0.0)

    def __iter__(self) -> Iterator[PacketUnit[Packet[Stream]]]:
        for unit in self._units:
            self.last = unit
            self._see(unit)
            yield unit


def _coded(clip: Sequence[PacketUnit[Packet[Stream]]]) -> list[Packet[Stream]]:
    """The packets of a clip; pictures that lead its first keyframe are the end of the clip before."""
    first = clip[0]
    elsewhere = {id(p) for p in first.leading}
    if first.keyframe is not None and first.leading and first.leading[-1].dts is not None:
        first.keyframe.dts = first.leading[-1].dts  # or what follows would wait for those that are not there
    return [p for unit in clip for p in unit.coded if id(p) not in elsewhere]


def _by_index(source: Source, facts: VideoFacts, film: Film, recipe: CutBetweenUnits, watch: Watch) -> Iterator[Output]:
    """No packet is taken in hand: of each clip there is a header, and where its samples lie in the source."""
    ends_s = (*recipe.cuts_s, facts.duration_s)
    steps = _steps(facts, recipe, 1 if film.audio is None else 2, unheaded=0, is_torn=False)
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
        skipped = skipped_samples(packets)  # before muxing, which uses the packets up
        return with_true_delay(mux("mp3", templates, packets, base_s), *skipped)
    return mux(recipe.container, templates, packets, base_s)


def _shown_s(packets: Sequence[Packet[Stream]], seam: Sequence[Packet[Stream]], start_s: float) -> Fraction | None:
    """From the first picture to where no more is to be shown: at the keyframe of the next clip, or where the source
    hides the rest itself; None where all of it is shown.
    """
    shown = [p for p in packets if p.pts is not None and not p.is_discard and p.pts * p.time_base > start_s - SAME_S]
    if not shown or (seam and seam[0].pts is None):
        raise BrokenMediaError("its packets do not say when they are shown")
    first, last = min(p.pts or 0 for p in shown), max(p.pts or 0 for p in shown)
    behind = [p.pts for p in (*seam[:1], *packets) if p.pts is not None and p.pts > last]
    return (min(behind) - first) * shown[0].time_base if behind else None


def _unheard(clip: Sequence[PacketUnit[Packet[Stream]]]) -> tuple[str, ...]:
    """MP3: where no frame stands alone for long, a clip begins with one that borrows from those before it."""
    lost = frames_lost(reservoir(bytes(p)) for unit in clip for p in unit.coded)
    what = (
        "frame, which borrows from those before it, is"
        if lost == 1
        else f"{lost} frames, which borrow from those before them, are"
    )
    return (f"its first {what} not heard (bit reservoir of MP3)",) if lost else ()


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


def _steps(
    facts: AudioFacts | VideoFacts, recipe: CutBetweenUnits, kept: int, *, unheaded: int, is_torn: bool
) -> tuple[str, ...]:
    steps = [f"cut into {recipe.container}" if recipe.cuts_s else f"remuxed into {recipe.container}"]
    steps += [
        f"open_gop: the keyframe at {cut_s:.3f} s stands in both clips, hidden at the end of the first"
        for cut_s in recipe.shared_cuts_s
    ]
    if recipe.begins_s:
        steps.append("repeated the end of each clip in the next")
    if unheaded:
        steps.append(f"left out {unheaded} pictures before the first keyframe, which nothing can decode")
    steps += (*closed_jumps(facts), *broken_sound(facts))
    if facts.damaged_packets:
        steps.append(f"left out {facts.damaged_packets} packets that are cut off")
    if dropped := sum(not stream.broken for stream in facts.streams) - kept:
        steps.append(f"left out {dropped} other stream{'s' if dropped > 1 else ''}")
    if is_torn:
        steps.append("left out the last frame, which is cut off")
    return tuple(steps)
