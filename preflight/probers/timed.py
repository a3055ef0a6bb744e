"""Audio and video: what the container's headers, index and packets say. No frame is decoded."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, get_args

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, StreamFacts, StreamType, Unprobed, UnprobedCode, VideoFacts, Watch, unwatched
from preflight.probers.clock import Clock, read_clock
from preflight.probers.coding_header import is_readable
from preflight.probers.container import UnsupportedFormatError, open_media
from preflight.probers.gif import breaks_off
from preflight.probers.location import location_of
from preflight.probers.metadata import has_metadata
from preflight.probers.movie_header import NOTHING, MovieHeader, read_movie_header
from preflight.probers.mp4_fragments import what_is_false_in_fragments
from preflight.probers.mp4_layout import what_is_false
from preflight.probers.picture import coded_size, is_interlaced, pixel_ratio, transfer_of
from preflight.probers.sniff import suffix_of
from preflight.probers.tags import all_junk, tag_bytes
from preflight.probers.wav import MOST_HZ, by_header, is_slow, read_wav

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

    from preflight.media import Source

# FFmpeg's bits: formats without a clock of their own (raw H.264, HEVC, ...), and pictures attached to audio.
_NO_TIMESTAMPS = 0x0080
_ATTACHED_PIC = 0x0400


def probe_timed(
    source: Source, *, sound_only: bool = False, watch: Watch = unwatched
) -> AudioFacts | VideoFacts | Unprobed:
    """Video where there is a picture with a timeline, else audio. Cover art is not video.

    With `sound_only`, audio: the sound of a film, too.
    """
    layout = read_wav(source)
    if is_slow(layout):
        facts: AudioFacts | VideoFacts | Unprobed = _unprobed(source.size_bytes(), "audio_file_broken", "not opened")
    else:
        facts = _by_ffmpeg(source, watch, sound_only=sound_only)
    if isinstance(facts, VideoFacts):
        return facts
    if isinstance(facts, Unprobed) or facts.container == "wav":
        facts = by_header(facts, layout)
    if isinstance(facts, AudioFacts):
        if (facts.channels or 0) > _MOST_CHANNELS:
            reason = f"it has {facts.channels:,} channels, and decoders take {_MOST_CHANNELS} at most"
            return _unprobed(facts.size_bytes, "audio_file_broken", reason)
        facts = replace(facts, junk=all_junk(source, facts))
        return replace(facts, tag_bytes=tag_bytes(source, facts))
    return facts


_MOST_CHANNELS = 64
"""FFmpeg's own bound, wherever it mixes or converts."""


def _by_ffmpeg(source: Source, watch: Watch, *, sound_only: bool) -> AudioFacts | VideoFacts | Unprobed:
    size = source.size_bytes()
    try:
        with open_media(source) as container:
            if container.format.name == "mjpeg" and not source.head(len(_JPEG)).startswith(_JPEG):
                # FFmpeg looks for a JPEG anywhere in whatever it does not know.
                return _unprobed(size, "unsupported_file_type", "it holds a picture, but is no picture itself")
            movie = read_movie_header(source) if "mp4" in container.format.name else NOTHING
            if "mp4" in container.format.name and not movie.impossible_samples:
                with source.open() as file:
                    ask = what_is_false_in_fragments if movie.is_fragmented else what_is_false
                    lie = ask(file, size)
                if lie is not None:
                    is_sound = sound_only or pick_streams(container)[0] is None
                    code: UnprobedCode = "audio_file_broken" if is_sound else "video_file_broken"
                    return _unprobed(size, code, f"its index is false: by it, {lie}")
            facts = _facts(container, size, movie, watch, sound_only=sound_only)
            if container.format.name == "gif" and isinstance(facts, VideoFacts):
                with source.open() as file:
                    torn = breaks_off(file, size)
                return replace(facts, damaged_packets=max(facts.damaged_packets, int(torn)))
            return facts
    except BrokenMediaError as error:
        return _unreadable(source, size, error)


_JPEG = b"\xff\xd8"
_AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".mp3"})
_KNOWN_SUFFIXES = frozenset({".wav", ".flac", ".mov", ".mp4", ".webm", ".mkv"})


def _unreadable(source: Source, size: int, error: BrokenMediaError) -> Unprobed:
    """What starts like a known container and cannot be opened is cut off or damaged, not of a foreign type."""
    suffix = suffix_of(source.head(_MAGIC_BYTES))
    if isinstance(error, UnsupportedFormatError):
        if suffix not in _KNOWN_SUFFIXES:
            return _unprobed(size, "unsupported_file_type", str(error))
        reason = f"it starts as a {suffix} file does, but is cut off or damaged"
    else:
        reason = f"it cannot be read: {error}"
    return _unprobed(size, "audio_file_broken" if suffix in _AUDIO_SUFFIXES else "video_file_broken", reason)


_MAGIC_BYTES = 64


def pick_streams(container: InputContainer) -> tuple[VideoStream | None, AudioStream | None]:
    """The first picture that is not cover art, and the first sound that can be decoded: what is checked, kept and
    embedded.
    """
    video = next((s for s in container.streams.video if not _is_cover(s)), None)
    return video, next((s for s in container.streams.audio if is_readable(s)), None)


def _facts(
    container: InputContainer, size: int, movie: MovieHeader, watch: Watch, *, sound_only: bool
) -> AudioFacts | VideoFacts | Unprobed:
    video, audio = pick_streams(container)
    if audio is None and (video is None or sound_only) and container.streams.audio:
        return _unprobed(size, "audio_file_broken", _NO_HEADER.format("sound"))
    if sound_only:
        if audio is None:
            return _unprobed(size, "audio_file_broken", "it holds no sound")
        video = None
    if video is None and audio is None:
        return _unprobed(size, "video_file_broken", _without_media(container))
    if video is not None and not is_readable(video):
        return _unprobed(size, "video_file_broken", _NO_HEADER.format("picture"))
    for stream in (video, audio):
        if stream is not None and _codec(stream) is None:
            code: UnprobedCode = "unsupported_file_type"
            return _unprobed(size, code, f"its {stream.type} is coded in a way that FFmpeg cannot decode")
        if stream is not None and _is_encrypted(stream):
            return _unprobed(size, "unsupported_file_type", f"its {stream.type} is encrypted")
    rate = audio.codec_context.sample_rate if video is None and audio is not None else 0
    if rate and not _LEAST_HZ <= rate <= MOST_HZ:
        reason = f"its header says {rate:,} samples a second, which no sound has"
        return _unprobed(size, "audio_file_broken", reason)
    kept = [s for s in (video, audio) if s is not None]
    clock = read_clock(container, video, kept, size_bytes=size, movie=movie, watch=watch)
    if (clock.duration_s or 0.0) > _MOST_S:
        days = (clock.duration_s or 0.0) / _DAY_S
        broken: UnprobedCode = "audio_file_broken" if video is None else "video_file_broken"
        return _unprobed(size, broken, f"by the times of its packets it lasts {days:,.0f} days, which cannot be true")
    if clock.is_encrypted:
        return _unprobed(size, "unsupported_file_type", "its packets are encrypted")
    streams = tuple(_stream_facts(s) for s in container.streams)
    has_timestamps = not container.format.flags & _NO_TIMESTAMPS
    if video is None:
        assert audio is not None
        return _audio_facts(container, audio, clock, size, streams=streams, has_timestamps=has_timestamps)
    return _video_facts(container, video, audio, clock, size, streams=streams, has_timestamps=has_timestamps)


_DAY_S = 86_400
_MOST_S = 30 * _DAY_S
"""A wrong bit in one time makes centuries, and a still picture would be encoded for all of them."""
_LEAST_HZ = 100
"""A file of some megabytes at 1 Hz lasts for weeks, in packets of a sample."""


_NO_HEADER = "its {} cannot be decoded: what says how it is coded is damaged"


def _without_media(container: InputContainer) -> str:
    """Of a file that holds neither picture nor sound, what it holds instead."""
    if any(_is_cover(s) for s in container.streams.video):
        return "it holds a still picture (cover art), but no sound and no film"
    kinds = sorted({_KINDS.get(s.type, s.type) for s in container.streams})
    return (
        f"it holds {' and '.join(kinds)}, but no picture and no sound" if kinds else "it holds no picture and no sound"
    )


_KINDS = {"subtitle": "subtitles", "attachment": "attached files"}


def _audio_facts(
    container: InputContainer,
    audio: AudioStream,
    clock: Clock,
    size: int,
    *,
    streams: tuple[StreamFacts, ...],
    has_timestamps: bool,
) -> AudioFacts | Unprobed:
    if clock.duration_s is None or clock.duration_s <= 0:
        return _unprobed(size, "audio_file_broken", "it holds no sound: not one packet could be read")
    codec = _codec(audio)
    assert codec is not None
    return AudioFacts(
        size_bytes=size,
        container=container.format.name,
        codec=codec,
        duration_s=clock.duration_s,
        duration_source=clock.duration_source,
        claimed_duration_s=clock.claimed_duration_s,
        start_s=clock.start_s,
        damaged_packets=clock.damaged_packets,
        clock_jumps=clock.jumps,
        junk=clock.junk,
        missing_s=clock.missing_s,
        tag_bytes=clock.trailing_bytes or None,
        sample_rate=audio.codec_context.sample_rate or None,
        channels=audio.codec_context.layout.nb_channels or None,
        bit_depth=bit_depth(codec),
        has_timestamps=has_timestamps,
        streams=streams,
        location=location_of(container.metadata, audio.metadata),
    )


def _video_facts(
    container: InputContainer,
    video: VideoStream,
    audio: AudioStream | None,
    clock: Clock,
    size: int,
    *,
    streams: tuple[StreamFacts, ...],
    has_timestamps: bool,
) -> VideoFacts | Unprobed:
    width, height = coded_size(video, clock.first_picture)
    if not width or not height:
        # What a keyframe comes with says how all of it is coded; of a piece from the middle that may be lost.
        reason = "it holds no keyframe, without which nothing of its picture can be decoded"
        is_headless = clock.starts_with_keyframe is False
        return _unprobed(size, "video_file_broken", reason if is_headless else "its picture has no size")
    if clock.starts_with_keyframe is None:
        return _unprobed(size, "video_file_broken", "it holds no picture: not one video packet could be read")
    codec = _codec(video)
    assert codec is not None
    return VideoFacts(
        size_bytes=size,
        container=container.format.name,
        video_codec=codec,
        audio_codec=_codec(audio) if audio is not None else None,
        duration_s=clock.duration_s,
        duration_source=clock.duration_source,
        claimed_duration_s=clock.claimed_duration_s,
        start_s=clock.start_s,
        damaged_packets=clock.damaged_packets,
        clock_jumps=clock.jumps,
        width=width,
        height=height,
        rotation=_rotation(container, video),
        sample_aspect_ratio=pixel_ratio(video, container.format.name, clock.first_picture),
        frame_rate=_frame_rate(video, clock),
        starts_with_keyframe=clock.starts_with_keyframe,
        has_timestamps=has_timestamps,
        sample_rate=(audio.codec_context.sample_rate or None) if audio is not None else None,
        channels=(audio.codec_context.layout.nb_channels or None) if audio is not None else None,
        streams=streams,
        interlaced=is_interlaced(video),
        color_transfer=transfer_of(video),
        pixel_format=video.codec_context.pix_fmt,
        location=location_of(container.metadata, video.metadata, *([audio.metadata] if audio is not None else [])),
        has_metadata=has_metadata(container, *(s for s in (video, audio) if s is not None)),
    )


def _frame_rate(video: VideoStream, clock: Clock) -> Fraction | None:
    """The average is FFmpeg's, over the duration that the header claims: worth what that is worth."""
    average, guessed = _positive(video.average_rate), _positive(video.guessed_rate)
    claimed, real = clock.claimed_duration_s, clock.duration_s
    if claimed and real and claimed > _FAR_OFF * (clock.start_s + real):
        return guessed or average
    return average or guessed


_FAR_OFF = 1.5


def _unprobed(size: int, code: UnprobedCode, reason: str) -> Unprobed:
    return Unprobed(size_bytes=size, code=code, reason=reason)


def _stream_facts(stream: Stream) -> StreamFacts:
    kind: StreamType = stream.type if stream.type in get_args(StreamType) else "unknown"
    is_broken = stream.type == "audio" and not is_readable(stream)
    return StreamFacts(
        index=stream.index, type=kind, codec=_codec(stream), cover_art=_is_cover(stream), broken=is_broken
    )


def _codec(stream: Stream) -> str | None:
    # Typed as never None; it is where FFmpeg has no decoder.
    context: object = stream.codec_context
    return stream.codec_context.codec.canonical_name if context is not None else None


def _is_cover(stream: Stream) -> bool:
    return bool(int(stream.disposition) & _ATTACHED_PIC)


def _is_encrypted(stream: Stream) -> bool:
    try:
        tag = stream.codec_context.codec_tag
    except UnicodeDecodeError:  # MPEG-TS stream types that are no ASCII
        return False
    return tag in ("encv", "enca", "drmi", "drms")


def bit_depth(codec: str) -> int | None:
    """Bits a sample of PCM; None for any other codec."""
    match = re.match(r"pcm_[sufd](\d+)", codec)
    return int(match[1]) if match else None


def _positive(value: Fraction | None) -> Fraction | None:
    # PyAV 19 never answers None for a rational, but 0.
    return value if value and value > 0 else None


def _rotation(container: InputContainer, video: VideoStream) -> int:
    """Clockwise degrees, to the nearest quarter turn.

    PyAV reads the display matrix only of decoded frames; FFmpeg's own dump of the header states it without
    decoding. Its angle counts the other way round. Tags cannot forge the line: theirs are padded to a colon.
    """
    import av.logging

    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        dump: str = container.dumps_format()  # type: ignore[attr-defined]  # missing from the stub
    finally:
        av.logging.set_level(level)
    start = dump.find(f"\n  Stream #0:{video.index}")
    section = dump[start + 1 :]
    end = section.find("\n  Stream #0:")
    match = re.search(r"^ {6}[Dd]isplay ?[Mm]atrix: rotation of (-?[\d.]+) degrees$", section[:end], re.MULTILINE)
    return round(-float(match[1]) / 90) * 90 % 360 if match else 0
