"""Audio and video decoded in full: what no header, index or packet says. No frame outlives the next.

Damage is what FFmpeg's decoders refuse (an error), or mend and say so (a frame that is flagged corrupt or concealed).
Its log says the same but belongs to the whole process, so it is not read.

Bounds, as the bytes are strangers': pictures of more than `MOST_PIXELS` are not decoded (the decoder refuses those that
turn up half-way); one pass takes at most a minute and `SLOWEST` times as long as the media play, and never more than
`MOST_TIME_S`. A single packet cannot be interrupted; how large a picture may be bounds what it takes.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import av
from av.audio.frame import AudioFrame

from preflight.errors import BrokenMediaError
from preflight.media import (
    AudioFacts,
    DecodedFacts,
    DecodedPicture,
    DecodedSound,
    Unprobed,
    VideoFacts,
    Watch,
    unwatched,
)
from preflight.probers.blank import Pictures, Sound
from preflight.probers.container import media_errors, open_media
from preflight.probers.decoded_track import DecodedTrack
from preflight.probers.decoders import MOST_PIXELS, be_strict, set_up_video, settling_s
from preflight.probers.due import Due
from preflight.probers.ffv1 import SliceChecks
from preflight.probers.mending import mended
from preflight.probers.timed import bit_depth, pick_streams

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from preflight.media import Source

SLOWEST = 10
"""Times as long as the media play."""
LEAST_TIME_S, MOST_TIME_S = 60.0, 6 * 3600.0


def decode_timed(
    source: Source, facts: AudioFacts | VideoFacts, watch: Watch = unwatched
) -> AudioFacts | VideoFacts | Unprobed:
    """The same facts with `decoded`; `Unprobed` where not one frame could be decoded. Raises UnreadableError."""
    if isinstance(facts, VideoFacts) and facts.width * facts.height > MOST_PIXELS:
        reason = f"its pictures have more than {MOST_PIXELS:,} pixels"
        return replace(facts, decoded=DecodedFacts(picture=None, sound=None, duration_s=None, unfinished=reason))
    decoding = _Decoding(facts, watch)
    try:
        with open_media(source, decode=True) as container:
            decoding.go_through(container)
    except BrokenMediaError:
        decoding.break_off()
    decoded = decoding.facts()
    if decoded.unfinished is None:
        if isinstance(facts, VideoFacts) and not (decoded.picture and decoded.picture.frames):
            reason = "not one of its pictures can be decoded"
            return Unprobed(size_bytes=facts.size_bytes, code="video_file_broken", reason=reason)
        if isinstance(facts, AudioFacts) and not (decoded.sound and decoded.sound.frames):
            reason = "nothing of its sound can be decoded"
            return Unprobed(size_bytes=facts.size_bytes, code="audio_file_broken", reason=reason)
    return replace(facts, decoded=decoded)


def sample_bytes(audio: AudioStream) -> int:
    """Of all channels together; 1 for what is not PCM."""
    context = audio.codec_context
    bits = bit_depth(context.name)
    return context.layout.nb_channels * bits // 8 if bits else 1


class _Decoding:
    """One pass over the picture and the sound of a source."""

    def __init__(self, facts: AudioFacts | VideoFacts, watch: Watch) -> None:
        self._facts, self._watch = facts, watch
        self._pictures, self._sound = Pictures(), Sound()
        self._video: DecodedTrack | None = None
        self._audio: DecodedTrack | None = None
        self._due = Due("")
        self._slices: SliceChecks | None = None
        self._watched_s = 0.0
        self._unfinished: str | None = None
        plays_s = facts.duration_s or 0.0
        self._budget_s = min(LEAST_TIME_S + SLOWEST * plays_s, MOST_TIME_S)

    def go_through(self, container: InputContainer) -> None:
        video, audio = pick_streams(container)
        video = video if isinstance(self._facts, VideoFacts) else None
        if video is not None:
            set_up_video(video)
            codec = video.codec_context.codec.canonical_name
            self._due = Due(codec)
            self._slices = SliceChecks() if codec == "ffv1" else None
            self._video = DecodedTrack(self._facts.start_s)
        if audio is not None:
            be_strict(audio)
            self._audio = DecodedTrack(self._facts.start_s)
        streams: list[Stream] = [s for s in (video, audio) if s is not None]
        is_plain = isinstance(self._facts, VideoFacts) or self._facts.dialect is None
        whole = sample_bytes(audio) if audio is not None and is_plain else 1
        # Elsewhere the container says so only of the last packet of a stream, which is left out when it is copied.
        passes_corrupt = container.format.name == "mpegts"
        began = time.monotonic()
        for packet in mended(container, streams, self._facts.clock_jumps, self._facts.start_s):
            is_flush = packet.size == 0 and packet.pts is None and packet.dts is None
            if packet.size == 0 and not is_flush:
                continue  # "as before", in Theora and AVI
            if packet.is_corrupt and not passes_corrupt:
                continue
            track = self._track(packet, video)
            if track is not None:
                if is_flush and video is not None and track is self._video:
                    time.sleep(settling_s(video, (time.monotonic() - began) / max(track.frames, 1)))
                self._decode(packet, track)
                if track is self._audio and packet.size % whole:
                    track.miss()  # FFmpeg 8 passes over what is left of a sample, FFmpeg 5 complains
            if time.monotonic() > began + self._budget_s:
                self._unfinished = f"it was given up after {self._budget_s:.0f} s"
                return

    def break_off(self) -> None:
        """The file cannot be read any further."""
        for track in (self._video, self._audio):
            if track is not None:
                track.break_off()

    def facts(self) -> DecodedFacts:
        has_times = self._facts.has_timestamps
        if self._video is not None and self._unfinished is None:
            self._video.lose(self._due.lost, at_the_end=self._due.lost_at_the_end)
        tracks = [track for track in (self._video, self._audio) if track is not None and track.frames]
        picture = sound = None
        if self._video is not None:
            picture = DecodedPicture(
                frames=self._video.frames,
                damaged_frames=self._video.damaged_frames,
                truncated_at_s=self._video.truncated_at_s,
                duration_s=self._video.duration_s if has_times else None,
                is_black=self._pictures.is_black,
                is_frozen=self._pictures.is_frozen,
            )
        if self._audio is not None:
            sound = DecodedSound(
                frames=self._audio.frames,
                damaged_frames=self._audio.damaged_frames,
                truncated_at_s=self._audio.truncated_at_s,
                duration_s=self._audio.duration_s if has_times else None,
                is_silent=self._sound.is_silent,
            )
        timed = [track for track in tracks if track.duration_s is not None]
        length_s = max(t.end_s for t in timed) - min(t.start_s for t in timed) if timed and has_times else None
        return DecodedFacts(
            picture=picture,
            sound=sound,
            duration_s=round(length_s, 6) if length_s is not None else None,
            unfinished=self._unfinished,
        )

    def _track(self, packet: Packet[Stream], video: VideoStream | None) -> DecodedTrack | None:
        # Of a flush, only `stream` is set.
        return self._video if video is not None and packet.stream.index == video.index else self._audio

    def _decode(self, packet: Packet[Stream], track: DecodedTrack) -> None:
        if track is self._video:
            self._due.put_in(packet)
        try:
            with media_errors("packet"):
                try:
                    frames: list[VideoFrame | AudioFrame] = packet.decode()  # type: ignore[assignment]  # no subtitles
                except av.EOFError:
                    return  # flushed before: a stream turned up half-way, and the file was read on
        except BrokenMediaError:
            track.miss()
            return
        if track is self._video and self._slices is not None:
            track.mistrust(self._slices.damaged(bytes(packet)))
        for frame in frames:
            if isinstance(frame, AudioFrame):
                track.take(frame, _sound_s(frame))
                if not frame.is_corrupt:
                    self._sound.hear(frame)
            else:
                track.take(frame, _picture_s(frame))
                self._due.came_out(frame)
                if not frame.is_corrupt:
                    self._pictures.see(frame)
        if track.end_s - self._facts.start_s >= self._watched_s + 1:
            self._watched_s = track.end_s - self._facts.start_s
            self._watch(min(self._watched_s, self._facts.duration_s or self._watched_s))


def _sound_s(frame: AudioFrame) -> float:
    return frame.samples / frame.sample_rate if frame.sample_rate else 0.0


def _picture_s(frame: VideoFrame) -> float:
    return float((frame.duration or 0) * frame.time_base) if frame.time_base else 0.0
