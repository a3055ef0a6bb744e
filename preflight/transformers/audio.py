"""Sound decoded once and written as PCM (WAV), FLAC or MP3, a new file wherever a cap asks for one."""

from __future__ import annotations

import io
import math
import sys
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Fidelity, Source, Span
from preflight.planner import EncodeAudio
from preflight.planner.audio import MP3_FRAME_SAMPLES, coding_of
from preflight.planner.cuts import Caps
from preflight.transformers.interface import Output, Watch, unwatched
from preflight.transformers.sound import Sound

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

_BYTES_PER_SAMPLE = 2
# What a FLAC frame adds to samples that cannot be compressed: header, subframe headers, checksum.
_FRAME_OVERHEAD_BYTES = 64
_BLOCKS_PER_S = 4
# So that rounding does not leave a runt after the last of the even clips.
_EVEN_SLACK_S = 0.05

_Codec = Literal["pcm_s16le", "flac", "libmp3lame"]
_ENCODERS: dict[str, tuple[_Codec, str]] = {
    "wav": ("pcm_s16le", "s16"),
    "flac": ("flac", "s16"),
    "mp3": ("libmp3lame", "fltp"),
}
"""Encoder, and the samples that it takes."""


def encode_audio(
    source: Source,
    facts: AudioFacts,
    recipe: EncodeAudio,
    caps: Caps,
    watch: Watch = unwatched,
    *,
    predicted_clips: int,
) -> Iterator[Output]:
    """One output a clip, in order, each as soon as it is full; no sample is written twice.

    Clips aim at an even length, `predicted_clips` of them, and are closed before a cap could be broken whatever
    comes. As many seconds as a clip must last are held back undecided, so that what follows a full clip is never
    too short to stand alone. Raises BrokenMediaError where nothing can be decoded.
    """
    from av.audio.fifo import AudioFifo

    rate = recipe.sample_rate
    total_s = facts.duration_s or caps.max_s * predicted_clips
    repeated_s = recipe.overlap_s * (predicted_clips - 1)
    even_s = min(caps.max_s, (total_s + repeated_s) / predicted_clips + _EVEN_SLACK_S)
    wishes = deque(round(cut_s * rate) for cut_s in recipe.cuts_s)
    # Where a clip of so high a rate cannot even hold that much, it is not waited for.
    sample_bytes = recipe.bit_rate / 8 / rate if recipe.bit_rate else recipe.channels * _BYTES_PER_SAMPLE
    held_back = min(math.ceil(caps.min_tail_s * rate), int(caps.max_bytes / sample_bytes))
    block = max(rate // _BLOCKS_PER_S, 1)
    sound = Sound(
        source,
        start_s=facts.start_s,
        duration_s=facts.duration_s if facts.duration_source == "packets" else None,
        jumps=facts.clock_jumps,
        sample_rate=rate,
        channels=recipe.channels,
        sample_format=_ENCODERS[recipe.container][1],
    )
    waiting = AudioFifo()
    clip = _Clip(recipe, caps, start_sample=0)
    made = 0
    for frame in sound.frames():
        waiting.write(frame)
        while waiting.samples >= held_back + block:
            # The last clip that was predicted takes what there is: a little more than was claimed makes no clip.
            most = int((even_s if made + 1 < predicted_clips and not recipe.cuts_s else caps.max_s) * rate)
            most = min(most, _wished(wishes, clip, held_back))
            if clip.samples and not clip.room(block, most):
                yield clip.output(source, sound)
                made, clip = made + 1, clip.next(block)
                continue
            clip.write(waiting.read(clip.room(block, most) or block))
            watch(clip.end_sample / rate)
    most = int(caps.max_s * rate)
    if clip.samples and clip.room(waiting.samples, most) < waiting.samples:
        # What is over the time that a clip must last goes to the one at hand, as far as it will.
        if spare := clip.room(waiting.samples - held_back, most):
            clip.write(waiting.read(spare))
        yield clip.output(source, sound)
        clip = clip.next(waiting.samples)
    if waiting.samples:
        clip.write(waiting.read(waiting.samples))
    if not clip.samples:
        raise BrokenMediaError("not one sample could be decoded")
    watch(clip.end_sample / rate)
    yield clip.output(source, sound)


def _wished(wishes: deque[int], clip: _Clip, least: int) -> int:
    """How many samples the clip may have before it meets the next wished cut that would not make it too short."""
    while wishes and wishes[0] < clip.core_sample + least:
        wishes.popleft()
    return wishes[0] - clip.start_sample if wishes else sys.maxsize


class _Clip:
    """One file in the making."""

    def __init__(self, recipe: EncodeAudio, caps: Caps, *, start_sample: int) -> None:
        import av

        self._recipe, self._caps = recipe, caps
        self.start_sample, self.samples = start_sample, 0
        self.core_sample = start_sample
        """The first that the clip before does not hold."""
        self._recent: deque[AudioFrame] = deque()
        """What the next clip may have to repeat."""
        self._recent_samples = 0
        self._coded_bytes = 0
        self._buffer = io.BytesIO()
        self._out: OutputContainer = av.open(self._buffer, "w", format=recipe.container)
        codec, sample_format = _ENCODERS[recipe.container]
        self._stream: AudioStream = self._out.add_stream(codec, rate=recipe.sample_rate)
        self._stream.codec_context.layout = "mono" if recipe.channels == 1 else "stereo"
        self._stream.codec_context.format = sample_format
        if recipe.bit_rate:
            self._stream.codec_context.bit_rate = recipe.bit_rate

    @property
    def end_sample(self) -> int:
        return self.start_sample + self.samples

    def room(self, samples: int, most: int) -> int:
        """How many of so many more samples fit for certain, where the clip may have `most` in all."""
        more = max(min(samples, most - self.samples), 0)
        return more if self._at_most_bytes(more) <= self._caps.max_bytes else 0

    def _at_most_bytes(self, more: int) -> int:
        """What the encoder still holds is counted at its largest."""
        if self._recipe.bit_rate:  # the same for each frame; one each for the delay, for the end and for the tag
            frames = math.ceil((self.samples + more) / MP3_FRAME_SAMPLES) + 3
            each = self._recipe.bit_rate * MP3_FRAME_SAMPLES // 8 // self._recipe.sample_rate + 1
            return frames * each + self._caps.fixed_bytes
        # FLAC: the frame that is being filled, and the one that is being encoded.
        at_once = self._stream.codec_context.frame_size or max(more, 1)
        pending = more + (2 * at_once if self._recipe.container == "flac" else 0)
        frames = math.ceil(pending / at_once) + 1
        raw = pending * self._recipe.channels * _BYTES_PER_SAMPLE + frames * _FRAME_OVERHEAD_BYTES
        return self._coded_bytes + raw + self._caps.fixed_bytes

    def write(self, frame: AudioFrame | None) -> None:
        assert frame is not None  # as many samples as are asked for are waiting
        frame.pts = self.samples
        self.samples += frame.samples
        self._remember(frame)
        self._mux(frame)

    def _remember(self, frame: AudioFrame) -> None:
        wanted = math.ceil(self._recipe.overlap_s * self._recipe.sample_rate)
        if not wanted:
            return
        self._recent.append(frame)
        self._recent_samples += frame.samples
        while self._recent_samples - self._recent[0].samples >= wanted:
            self._recent_samples -= self._recent.popleft().samples

    def next(self, room: int) -> _Clip:
        """The clip after this one: what it repeats is half of this one at most, and leaves room for so many samples."""
        most = self.samples // 2
        while True:
            while self._recent_samples > most:
                self._recent_samples -= self._recent.popleft().samples
            clip = _Clip(self._recipe, self._caps, start_sample=self.end_sample - self._recent_samples)
            for frame in self._recent:
                clip.write(frame)
            clip.core_sample = self.end_sample
            if not clip.samples or clip.room(room, int(self._caps.max_s * self._recipe.sample_rate)) == room:
                return clip
            most = self._recent_samples // 2

    def _mux(self, frame: AudioFrame | None) -> None:
        for packet in self._stream.encode(frame):
            self._coded_bytes += packet.size
            self._out.mux(packet)

    def output(self, source: Source, sound: Sound) -> Output:
        self._mux(None)
        self._out.close()
        rate = self._recipe.sample_rate
        return Output(
            media=Source.of(self._buffer.getvalue(), name=source.name),
            span=Span(self.start_sample / rate, self.end_sample / rate),
            fidelity=Fidelity.TRANSCODED,
            steps=(f"encoded {coding_of(self._recipe)}", *sound.damage()),
        )
