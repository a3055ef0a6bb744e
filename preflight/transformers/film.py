"""One source's pictures and sound, decoded and encoded by several threads, as one stream of coded packets."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from heapq import merge
from itertools import chain
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError
from preflight.media import Source, VideoFacts
from preflight.planner import EncodeVideo
from preflight.probers.container import open_media
from preflight.probers.timed import pick_streams
from preflight.probers.times import Times
from preflight.transformers.course import Stretch, mended_and_closed, read_course
from preflight.transformers.crew import Crew, Lane
from preflight.transformers.h264 import H264, H264Settings, add_h264
from preflight.transformers.interface import broken_sound, closed_jumps
from preflight.transformers.pacing import KEYFRAME_EVERY_S, KEYFRAME_TICKS, Exhibition, Pacer, Slots, from_zero, ticks
from preflight.transformers.reading import Reader, decoded
from preflight.transformers.shaping import CLOCK, Colours, Shaper, black
from preflight.transformers.soundtrack import Resampler, add_aac

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

# A rate that no camera has is a header's fancy (90,000 is seen), which x264 would take as a promise.
_MOST_FRAMES_PER_SECOND = 240
# Each stretch costs its encoder's start, a keyframe, and what the encoder cannot see beyond it; but while the last one
# is encoded the other workers stand idle. However many workers there are, they are the same: so is what comes out.
_STRETCHES = 16
_SHORTEST_S, _LONGEST_S = 4.0, 16.0
# How many stretches may be ready before the oldest is taken, besides those that are being worked on.
_AHEAD = 2
# Bytes that may wait on one lane.
_MOST_WAITING = 16_000_000
# From a picture to the next: where it is longer, pictures are encoded in the order that they are shown.
_LONGEST_REORDERED_S = 0.2
# What the frame rate must be over that which is kept, to leave any out.
_RATE_SLACK = 1.01


class Film:
    """Of one source, to be encoded once. Raises BrokenMediaError where it holds no picture."""

    def __init__(
        self,
        container: InputContainer,
        source: Source,
        facts: VideoFacts,
        recipe: EncodeVideo,
        *,
        max_bytes: int,
        workers: int | None,
    ) -> None:
        """`container` is the source's, opened for decoding; it is read to its end. `workers`: None is one a core."""
        import av

        picture, sound = pick_streams(container)
        if picture is None:
            raise BrokenMediaError("it holds no picture any more")
        self._source, self._facts, self._recipe = source, facts, recipe
        self._cores = workers or _cores()
        stretch_s = _stretch_s(facts)
        self.course = read_course(
            container, picture, sound, start_s=facts.start_s, stretch_s=stretch_s, jumps=facts.clock_jumps
        )
        self._rate = self._nominal_rate()
        self.cuts_s = tuple(self.course.encoded_s(cut_s) for cut_s in recipe.cuts_s)
        """Where clips are wished to start, on the clock of what is encoded."""
        self._slots = self._slots_of()
        self._settings = H264Settings(
            recipe=recipe,
            colours=Colours(picture.codec_context, recipe),
            rate=self._slots.rate if self._slots is not None else self._rate,
            max_bytes=max_bytes,
            reorders=self.course.longest_step_s <= _LONGEST_REORDERED_S and not self._waits(),
        )
        # Never written: it only holds the encoders' streams, which the clips are made after.
        self._holder: OutputContainer = av.open(io.BytesIO(), "w", format="mp4")
        self.video: VideoStream = add_h264(self._holder, self._settings)
        self.audio: AudioStream | None = add_aac(self._holder, sound) if sound is not None else None
        self._holder.start_encoding()
        self.templates: dict[int, Stream] = {s.index: s for s in (self.video, self.audio) if s is not None}
        self._damaged = 0
        self._begun = self._taken = 0
        """Stretches."""

    @property
    def steps(self) -> tuple[str, ...]:
        """What was done so far."""
        geometry = self._recipe.geometry
        made = [f"encoded H.264 {geometry.width}x{geometry.height}" + (" and AAC" if self.audio is not None else "")]
        if self._recipe.tone_map is not None:
            made.append(f"tone-mapped {self._recipe.tone_map.upper()} to BT.709")
        if self._recipe.deinterlace == "all":
            made.append("deinterlaced")
        if self._slots is not None:
            made.append(f"kept {float(self._slots.rate):.4g} frames a second")
        made += [
            f"closed a hole of {end - start:.0f} s in its clock, at {start:.1f} s" for start, end in self.course.holes
        ]
        made += (*closed_jumps(self._facts), *broken_sound(self._facts))
        if (lead_s := self._lead_s()) > KEYFRAME_EVERY_S:
            made.append(f"showed black for the {lead_s:.0f} s before its first picture")
        if (tail_s := self._tail_s()) > KEYFRAME_EVERY_S:
            made.append(f"showed its last picture for the {tail_s:.0f} s of sound after it")
        if self._damaged:
            made.append(f"left out {self._damaged} packets that could not be decoded")
        return tuple(made)

    def packets(self, crew: Crew) -> Iterator[Packet[Stream]]:
        """Coded packets of both streams in the order that they are to be stored, on a clock that starts with the
        source's. Raises what goes wrong in any of the threads.
        """
        stretches = self.course.stretches
        lanes: list[Lane[Packet[Stream]]] = [Lane(crew, _MOST_WAITING) for _ in stretches]
        workers = min(self._cores, len(stretches))
        threads = self._cores // workers
        for number in range(workers):
            crew.start(lambda: self._encode_pictures(crew, lanes, threads), f"preflight-picture-{number}")
        sources: list[Iterator[Packet[Stream]]] = [chain.from_iterable(self._in_turn(crew, lanes))]
        if self.audio is not None:
            heard: Lane[Packet[Stream]] = Lane(crew, _MOST_WAITING // 16)
            crew.start(lambda: self._encode_sound(crew, heard), "preflight-sound")
            sources.append(iter(heard))
        return merge(*sources, key=Times().decoded_s)

    def _in_turn(self, crew: Crew, lanes: list[Lane[Packet[Stream]]]) -> Iterator[Lane[Packet[Stream]]]:
        for lane in lanes:
            yield lane
            crew.take(lambda: True, self._take)

    def _take(self) -> None:
        self._taken += 1

    def _next(self, crew: Crew) -> int:
        """The stretch that is to be worked on next; waits until the one who takes them is near."""
        return crew.act(lambda: self._begun < self._taken + self._cores + _AHEAD, self._begin)

    def _begin(self) -> int:
        self._begun += 1
        return self._begun - 1

    def _encode_pictures(self, crew: Crew, lanes: list[Lane[Packet[Stream]]], threads: int) -> None:
        with self._reader(crew, threads) as reader:
            while (number := self._next(crew)) < len(lanes):
                stretch, lane = self.course.stretches[number], lanes[number]
                for packet in self._encoded(reader, stretch, threads):
                    lane.put(packet, packet.size)
                lane.close()
                self._miss(crew, reader.damaged)
                reader.damaged = 0

    def _miss(self, crew: Crew, packets: int) -> None:
        """Counts what a thread could not decode."""

        def add() -> None:
            self._damaged += packets

        crew.act(lambda: True, add)

    @contextmanager
    def _reader(self, crew: Crew, threads: int) -> Iterator[Reader]:
        with open_media(self._source, decode=True) as container:
            picture, sound = pick_streams(container)
            if picture is None:
                raise BrokenMediaError("it holds no picture any more")
            streams: list[Stream] = [s for s in (picture, sound) if s is not None]
            picture.codec_context.thread_type = "AUTO"
            picture.codec_context.thread_count = threads
            packets = mended_and_closed(container, streams, self._facts, self.course.holes)
            yield Reader(crew.watched(packets), picture)

    def _encoded(self, reader: Reader, stretch: Stretch, threads: int) -> Iterator[Packet[Stream]]:
        """Of one stretch."""
        h264 = H264(self._settings, self.video, threads=threads)
        shaper = Shaper(self._recipe, self._settings.colours, threads=threads)
        step = max(1, round(1 / (CLOCK * self._rate)))
        before = self._ticks(stretch.before, reader.time_base)
        pacer, exhibition = Pacer(step=step, slots=self._slots, before=before), self._exhibition()
        waits = stretch.start is None and self._waits()
        timed = ((self._ticks(frame.pts, reader.time_base), frame) for frame in reader.frames(stretch))
        for wanted, frame in from_zero(timed):
            own = ticks(float(frame.duration * reader.time_base)) if self._slots is None else 0
            pts = pacer.due(wanted)
            if pts is None:
                continue
            frame.pts, frame.time_base, frame.duration = pts, CLOCK, own
            if waits and pts > KEYFRAME_TICKS:
                # It cannot be cut where there is no picture; what would be seen of another time is not shown here.
                geometry = self._recipe.geometry
                exhibition.open(black(geometry.width, geometry.height))
            waits = False
            for shaped in shaper(frame):
                for shown in exhibition.show(shaped, shaped.pts or 0, shaped.duration):
                    yield from h264(shown)
        for shaped in shaper.flush():
            for shown in exhibition.show(shaped, shaped.pts or 0, shaped.duration):
                yield from h264(shown)
        end = self._ticks(stretch.end, reader.time_base)
        rest = (
            exhibition.closed(end)
            if end is not None
            else exhibition.end(self._end(), round(1 / (CLOCK * self._settings.rate)))
        )
        for shown in rest:
            yield from h264(shown)
        yield from h264.flush()

    def _exhibition(self) -> Exhibition:
        return Exhibition([ticks(cut_s) for cut_s in self.cuts_s])

    def _waits(self) -> bool:
        """Whether sound goes before the first picture for so long that it would have to be cut without any."""
        return self._lead_s() > KEYFRAME_EVERY_S

    def _lead_s(self) -> float:
        """How long before the first picture the source starts."""
        if self.course.first_s is None or not self._facts.has_timestamps:
            return 0.0
        return self.course.first_s - self._facts.start_s

    def _tail_s(self) -> float:
        """For how long the last picture is shown."""
        end = self._end()
        if self.course.last_s is None or end is None or not self._facts.has_timestamps:
            return 0.0
        return float(end * CLOCK) - (self.course.last_s - self._facts.start_s)

    def _ticks(self, pts: int | None, time_base: Fraction) -> int | None:
        """A time of the source on the encoder's clock."""
        if pts is None or not self._facts.has_timestamps:
            return None
        return ticks(float(pts * time_base) - self._facts.start_s)

    def _end(self) -> int | None:
        if self._facts.duration_s is None:
            return None
        return ticks(self._facts.duration_s - sum(end - start for start, end in self.course.holes))

    def _nominal_rate(self) -> Fraction:
        rate = self._facts.frame_rate or Fraction(25)
        if rate > _MOST_FRAMES_PER_SECOND:
            rate = min(self.course.frame_rate or rate, Fraction(_MOST_FRAMES_PER_SECOND))
        return rate

    def _slots_of(self) -> Slots | None:
        kept, real = self._recipe.frame_rate, self.course.frame_rate or self._facts.frame_rate
        if kept is None or real is None or real <= kept * Fraction(_RATE_SLACK):
            return None
        first = ticks(self.course.first_s - self._facts.start_s) if self.course.first_s is not None else 0
        return Slots(first if self._facts.has_timestamps else 0, kept, real)

    def _encode_sound(self, crew: Crew, lane: Lane[Packet[Stream]]) -> None:
        assert self.audio is not None
        with open_media(self._source, decode=True) as container:
            picture, sound = pick_streams(container)
            if sound is None:
                raise BrokenMediaError("it holds no sound any more")
            streams: list[Stream] = [s for s in (picture, sound) if s is not None]
            resample = Resampler(self.audio, self._facts.start_s)
            damaged = 0
            for packet in crew.watched(mended_and_closed(container, streams, self._facts, self.course.holes)):
                if packet.stream.index != sound.index:  # of a flush, only `stream` is set
                    continue
                frames = decoded(packet)
                damaged += frames is None
                for frame in frames or ():
                    for block in resample(frame):  # type: ignore[arg-type]  # by its stream
                        for coded in self.audio.encode(block):
                            lane.put(coded, coded.size)
            for block in resample(None):
                for coded in self.audio.encode(block):
                    lane.put(coded, coded.size)
            for coded in self.audio.encode(None):
                lane.put(coded, coded.size)
        self._miss(crew, damaged)
        lane.close()


def _stretch_s(facts: VideoFacts) -> float | None:
    if not facts.has_timestamps or facts.damaged_packets or not facts.duration_s:
        return None
    return min(max(facts.duration_s / _STRETCHES, _SHORTEST_S), _LONGEST_S)


def _cores() -> int:
    """That this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
