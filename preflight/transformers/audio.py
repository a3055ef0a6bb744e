"""Sound decoded once and written as PCM (WAV) or FLAC, a new file wherever a cap asks for one."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Fidelity, Source, Span
from preflight.planner import EncodeAudio
from preflight.planner.cuts import Caps
from preflight.probers.container import demux, media_errors, open_media
from preflight.probers.decoded import sample_bytes
from preflight.probers.timed import pick_streams
from preflight.transformers.interface import Output, Watch, unwatched

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream

_BYTES_PER_SAMPLE = 2
# What a FLAC frame adds to samples that cannot be compressed: header, subframe headers, checksum.
_FRAME_OVERHEAD_BYTES = 64


def encode_audio(
    source: Source,
    facts: AudioFacts,
    recipe: EncodeAudio,
    caps: Caps,
    watch: Watch = unwatched,
    *,
    predicted_clips: int,
) -> Iterator[Output]:
    """One output a clip, in order; a clip waits until the next is long enough to stand alone.

    Clips aim at an even length, `predicted_clips` of them, and are closed before a cap could be broken whatever
    comes. Raises BrokenMediaError where nothing can be decoded.
    """
    total_s = facts.duration_s or caps.max_s * predicted_clips
    even_s = min(caps.max_s, total_s / predicted_clips + _EVEN_SLACK_S)
    sound = _Sound(source, recipe)
    clip = _Clip(recipe, caps, start_sample=0)
    held: _Clip | None = None
    for frame in sound.frames():
        if clip.samples and not clip.takes(frame, even_s):
            if held is not None:
                yield held.output(source, sound)
            held, clip = clip, _Clip(recipe, caps, start_sample=clip.end_sample)
        clip.write(frame)
        watch(clip.end_sample / recipe.sample_rate)
        if held is not None and clip.duration_s >= caps.min_tail_s:
            yield held.output(source, sound)
            held = None
    if not clip.samples:
        raise BrokenMediaError("not one sample could be decoded")
    if held is not None:
        held, clip = _evened(held, clip, recipe, caps)
        yield held.output(source, sound)
    yield clip.output(source, sound)


# So that rounding does not leave a runt after the last of the even clips.
_EVEN_SLACK_S = 0.05


class _Clip:
    """One file in the making. It keeps its samples, in case its end must go to the next."""

    def __init__(self, recipe: EncodeAudio, caps: Caps, *, start_sample: int) -> None:
        import av

        self._recipe, self._caps = recipe, caps
        self.start_sample, self.samples = start_sample, 0
        self._coded_bytes = 0
        self.frames: list[AudioFrame] = []
        self._buffer = io.BytesIO()
        self._out: OutputContainer = av.open(self._buffer, "w", format=recipe.container)
        codec: Literal["pcm_s16le", "flac"] = "pcm_s16le" if recipe.container == "wav" else "flac"
        self._stream: AudioStream = self._out.add_stream(codec, rate=recipe.sample_rate)
        self._stream.codec_context.layout = _layout(recipe.channels)
        self._stream.codec_context.format = "s16"

    @property
    def end_sample(self) -> int:
        return self.start_sample + self.samples

    @property
    def duration_s(self) -> float:
        return self.samples / self._recipe.sample_rate

    def takes(self, frame: AudioFrame, even_s: float) -> bool:
        """Whether the frame fits for certain: what the encoder still holds is counted at its largest."""
        samples = self.samples + frame.samples
        if samples / self._recipe.sample_rate > even_s:
            return False
        return self._at_most_bytes(frame.samples) <= self._caps.max_bytes

    def _at_most_bytes(self, more: int) -> int:
        # FLAC: the frame that is being filled, and the one that is being encoded.
        at_once = self._stream.codec_context.frame_size or more
        pending = more + (2 * at_once if self._recipe.container == "flac" else 0)
        frames = math.ceil(pending / at_once) + 1
        raw = pending * self._recipe.channels * _BYTES_PER_SAMPLE + frames * _FRAME_OVERHEAD_BYTES
        return self._coded_bytes + raw + self._caps.fixed_bytes

    def write(self, frame: AudioFrame) -> None:
        self.frames.append(frame)
        frame.pts = self.samples
        self.samples += frame.samples
        self._mux(frame)

    def _mux(self, frame: AudioFrame | None) -> None:
        for packet in self._stream.encode(frame):
            self._coded_bytes += packet.size
            self._out.mux(packet)

    def output(self, source: Source, sound: _Sound) -> Output:
        self._mux(None)
        self._out.close()
        rate = self._recipe.sample_rate
        return Output(
            media=Source.of(self._buffer.getvalue(), name=source.name),
            span=Span(self.start_sample / rate, self.end_sample / rate),
            fidelity=Fidelity.TRANSCODED,
            steps=(f"encoded 16 bit, {rate} Hz, in {self._recipe.container}", *sound.damage()),
        )


def _evened(held: _Clip, clip: _Clip, recipe: EncodeAudio, caps: Caps) -> tuple[_Clip, _Clip]:
    """The same two clips with the runt made long enough. The only samples that are written twice.

    It gets no more than it needs, which fits for certain: of half of what there is, FLAC could make too much.
    """
    frames = held.frames + clip.frames
    total = held.samples + clip.samples
    wanted = max(total // 2, total - math.ceil(caps.min_tail_s * recipe.sample_rate))
    first = _Clip(recipe, caps, start_sample=held.start_sample)
    index = 0
    while index == 0 or first.samples + frames[index].samples <= wanted:
        first.write(frames[index])
        index += 1
    second = _Clip(recipe, caps, start_sample=first.end_sample)
    for frame in frames[index:]:
        second.write(frame)
    return first, second


class _Sound:
    """Decodes a source at the recipe's rate and channels, 16 bit."""

    def __init__(self, source: Source, recipe: EncodeAudio) -> None:
        self._source, self._recipe = source, recipe
        self._damaged = 0

    def damage(self) -> tuple[str, ...]:
        """What was left out until now, as a step."""
        return (f"left out {self._damaged} packets that could not be decoded",) if self._damaged else ()

    def frames(self) -> Iterator[AudioFrame]:
        with open_media(self._source, decode=True) as container:
            _, audio = pick_streams(container)
            if audio is None:
                raise BrokenMediaError("it holds no sound any more")
            resampler, shape = self._resampler(), None
            for packet in demux(container, audio):
                for frame in self._decoded(packet):
                    if shape not in (None, _shape(frame)):  # a stream may change its format half-way
                        yield from resampler.resample(None)
                        resampler = self._resampler()
                    shape = _shape(frame)
                    frame.pts = None  # spans are counted in samples; a jump in the timestamps is no sound
                    yield from resampler.resample(frame)
            yield from resampler.resample(None)

    def _decoded(self, packet: Packet[Stream]) -> list[AudioFrame]:
        from av.audio.frame import AudioFrame

        try:
            with media_errors(self._source.name):
                return [frame for frame in packet.decode() if isinstance(frame, AudioFrame)]
        except BrokenMediaError:
            self._damaged += 1
            return []

    def _resampler(self) -> AudioResampler:
        from av.audio.resampler import AudioResampler

        return AudioResampler(format="s16", layout=_layout(self._recipe.channels), rate=self._recipe.sample_rate)


def _shape(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def decode_fully(source: Source) -> None:
    """Decode all of the sound. Raises BrokenMediaError at the first packet that cannot be."""
    with open_media(source, decode=True) as container:
        _, audio = pick_streams(container)
        if audio is None:
            raise BrokenMediaError("it holds no sound any more")
        whole = sample_bytes(audio)
        for packet in demux(container, audio):
            packet.decode()
            if packet.size % whole:  # FFmpeg 8 passes over what is left, FFmpeg 5 complains
                raise BrokenMediaError("its last sample is not whole")


def _layout(channels: int) -> str:
    return "mono" if channels == 1 else "stereo"
