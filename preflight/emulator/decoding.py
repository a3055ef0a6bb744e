"""Media bytes → what the vectors look at and listen to: small upright pictures, mono sound at 16 kHz.

Everything here raises BrokenMediaError for media that cannot be decoded, and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from av import AudioFrame, AudioResampler, FFmpegError, VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from preflight.emulator.picture import SIDE
from preflight.emulator.sound import SAMPLE_RATE, Listener, Loudness
from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, ImageFacts, Source, VideoFacts
from preflight.probers.container import demux, open_media
from preflight.probers.jpeg_check import coded_picture, is_cut_short
from preflight.probers.pillow import Unopened, open_image, said
from preflight.probers.quiet import quiet
from preflight.probers.timed import pick_streams
from preflight.transformers.image import UPRIGHT

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

_STEP_S = 1.0
"""A picture is looked at about this often, and at keyframes: encoders put one where the scene changes."""
_LEAST_STEP_S = 0.25
_ALL_FRAMES_BELOW_PIXELS = 4_500_000_000
"""Ten minutes of 640x360 at 30 frames a second, 3 s of work on two cores; of larger videos only keyframes."""
_USUAL_FRAME_RATE = 30
_LATE_S = 2.0
"""How far packets may be stored after others that are shown later."""
_LOUDEST = 8.0
"""Full scale is 1; floats may go beyond, within reason."""
_TOLERATED_PACKETS, _TOLERATED_SHARE = 2, 0.1
"""Undecodable packets that players shrug off: tags amid MP3 frames, a torn last packet."""


def decode_picture(source: Source, facts: ImageFacts) -> NDArray[np.uint8]:
    """Shape (64, 64, 3), RGB, upright, on white where it was transparent."""
    with source.open() as file:
        image = open_image(file, source.name)
        if isinstance(image, Unopened):
            raise BrokenMediaError(image.reason)
        try:
            with quiet(), image:
                image.draft("RGB", (2 * SIDE, 2 * SIDE))  # JPEG decodes to about this size at once
                small = _squeezed(image)
                is_jpeg = isinstance(image, JpegImageFile)
        except Exception as error:  # damaged files make Pillow raise nearly every built-in exception
            raise BrokenMediaError(f"its picture cannot be decoded ({said(error)})") from error
        # Of a damaged JPEG, Pillow sees some picture. What the service does with it is not documented; `check --decode`
        # and `prepare` refuse it, and so does this, by the same judge.
        if is_jpeg and is_cut_short(coded_picture(file)):
            raise BrokenMediaError("its coded data have a fault or end too early")
    if facts.orientation in UPRIGHT:
        small = small.transpose(UPRIGHT[facts.orientation])
    return np.asarray(small)


def _squeezed(image: Image.Image) -> Image.Image:
    image.load()
    if image.mode in ("1", "P", "PA"):  # their numbers are no brightness and cannot be averaged
        image = image.convert("RGBA" if image.mode == "PA" or "transparency" in image.info else "RGB")
    small = image.resize((SIDE, SIDE), Image.Resampling.BOX)
    if small.mode.startswith("I"):  # 16 bits a pixel
        return Image.fromarray((np.asarray(small) >> 8).astype(np.uint8)).convert("RGB")
    if not small.has_transparency_data:
        return small.convert("RGB")
    white = Image.new("RGBA", small.size, "white")
    white.alpha_composite(small.convert("RGBA"))
    return white.convert("RGB")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """Decoded audio or video. Times are seconds on the source's timeline."""

    times_s: Sequence[float]
    """When each of `pictures` is shown, in order; both are empty for audio."""
    pictures: Sequence[NDArray[np.uint8]]
    """Each of shape (64, 64, 3), upright."""
    samples: NDArray[np.float32] | None = None
    """Shape (n,), from the source's start; None where there is no sound, or where only its loudness is wanted."""
    loudness: Loudness | None = None
    """Where it is wanted; None where there is no sound."""


Hears = Literal["samples", "loudness"]


def decode_timed(
    source: Source, facts: AudioFacts | VideoFacts, end_s: float, *, hears: Hears = "samples"
) -> Recording:
    """Everything up to `end_s`. Of hours of sound, samples take a gigabyte, and loudness a fifth of that."""
    eye, ear = _perceived(source, facts, end_s, hears)
    if eye is not None and not eye.frames:
        # There are videos without one keyframe that says so.
        eye, ear = _perceived(source, facts, end_s, hears, every_frame=True)
    for sense in (eye, ear):
        if sense is not None:
            sense.raise_if_broken()
    return Recording(
        times_s=eye.times_s if eye is not None else (),
        pictures=eye.pictures if eye is not None else (),
        samples=ear.samples() if ear is not None and hears == "samples" else None,
        loudness=ear.loudness() if ear is not None and hears == "loudness" else None,
    )


def _perceived(
    source: Source, facts: AudioFacts | VideoFacts, end_s: float, hears: Hears, *, every_frame: bool = False
) -> tuple[_Eye | None, _Ear | None]:
    with open_media(source, decode=True) as container:
        video, audio = pick_streams(container)
        eye = ear = None
        if video is not None and isinstance(facts, VideoFacts):
            eye = _Eye(video, facts, "DEFAULT" if every_frame else _skipped(facts))
        if audio is not None:
            ear = _Ear(audio, facts.start_s, end_s, Listener() if hears == "loudness" else None)
        senses: dict[int, _Sense] = {sense.index: sense for sense in (eye, ear) if sense is not None}
        last_s = facts.start_s + end_s + _LATE_S
        for packet in demux(container, *(container.streams[index] for index in senses)):
            if packet.dts is not None and float(packet.dts * packet.time_base) > last_s:
                break
            # Not `packet.stream_index`, which is 0 in the empty packets that flush each decoder.
            senses[packet.stream.index].take(packet)
    return eye, ear


def _skipped(facts: VideoFacts) -> Literal["NONREF", "NONKEY"]:
    """Which frames the decoder may leave out: those that no other needs, or of a large video all but keyframes."""
    frames = (facts.duration_s or 0) * float(facts.frame_rate or _USUAL_FRAME_RATE)
    is_large = frames * facts.width * facts.height > _ALL_FRAMES_BELOW_PIXELS
    return "NONKEY" if is_large else "NONREF"


class _Sense(ABC):
    """Takes one stream's packets, and counts those that cannot be decoded."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.frames = 0
        self._damaged = 0

    def take(self, packet: Packet[Stream]) -> None:
        try:
            frames = packet.decode()
        except FFmpegError:
            self._damaged += 1
            return
        for frame in frames:
            self.frames += 1
            self.perceive(frame)

    @abstractmethod
    def perceive(self, frame: object) -> None: ...

    def raise_if_broken(self) -> None:
        tolerated = max(_TOLERATED_PACKETS, _TOLERATED_SHARE * (self.frames + self._damaged))
        if not self.frames or self._damaged > tolerated:
            raise BrokenMediaError(
                f"of stream {self.index}, {self.frames} frames could be decoded and {self._damaged} packets could not"
            )


class _Eye(_Sense):
    """Looks at a picture now and then."""

    def __init__(self, stream: VideoStream, facts: VideoFacts, skipped: Literal["DEFAULT", "NONREF", "NONKEY"]) -> None:
        super().__init__(stream.index)
        self.times_s: list[float] = []
        self.pictures: list[NDArray[np.uint8]] = []
        self._start_s = facts.start_s
        self._quarter_turns = facts.rotation // 90
        self._scaler = VideoReformatter()
        stream.thread_type = "AUTO"
        stream.codec_context.skip_frame = skipped
        # A fifth of the time, for edges that are not seen at 64 x 64.
        stream.codec_context.options = {"skip_loop_filter": "all"}

    def perceive(self, frame: object) -> None:
        assert isinstance(frame, VideoFrame)
        time_s = (frame.time or 0.0) - self._start_s
        step_s = _LEAST_STEP_S if frame.key_frame else _STEP_S
        if self.times_s and time_s - self.times_s[-1] < step_s:
            return
        small = self._scaler.reformat(frame, SIDE, SIDE, "rgb24", interpolation="AREA").to_ndarray()
        self.times_s.append(time_s)
        self.pictures.append(np.rot90(small, -self._quarter_turns).astype(np.uint8))


class _Ear(_Sense):
    """Listens to everything until `end_s`."""

    def __init__(self, stream: AudioStream, start_s: float, end_s: float, listener: Listener | None) -> None:
        super().__init__(stream.index)
        self._listener = listener
        self._has_heard = False
        self._resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        self._heard: list[NDArray[np.float32]] = []
        self._start_s = start_s
        self._skip = 0
        self._left = round(end_s * SAMPLE_RATE)
        """Samples still to be heard; a header that lies about the length cannot make this an endless tape."""

    def perceive(self, frame: object) -> None:
        assert isinstance(frame, AudioFrame)
        if not self._has_heard:
            # Sound that begins after the picture is silent until then; before it, it is not part of the timeline.
            late = round(((frame.time or 0.0) - self._start_s) * SAMPLE_RATE)
            self._left -= min(late, 0)
            self._skip = max(-late, 0)
            self._append(np.zeros(min(max(late, 0), self._left), np.float32))
        if self._left > 0:
            for resampled in self._resampler.resample(frame):
                self._append(resampled.to_ndarray().reshape(-1).astype(np.float32))

    def _append(self, samples: NDArray[np.float32]) -> None:
        self._has_heard = True
        kept = samples[: max(self._left, 0)]
        self._left -= samples.size
        skipped = min(self._skip, kept.size)
        self._skip -= skipped
        # WAV of floats may hold anything, infinity and NaN included.
        heard = np.clip(np.nan_to_num(kept[skipped:], posinf=1, neginf=-1), -_LOUDEST, _LOUDEST)
        if self._listener is not None:
            self._listener.hear(heard)
        else:
            self._heard.append(heard)

    def samples(self) -> NDArray[np.float32]:
        return np.concatenate(self._heard)

    def loudness(self) -> Loudness:
        assert self._listener is not None
        return self._listener.loudness()
