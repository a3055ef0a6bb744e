"""Plain facts that pass every rule, to be varied by the rules' own examples and by tests."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from preflight.media import (
    AudioFacts,
    DecodedFacts,
    DecodedPicture,
    DecodedSound,
    DocumentFacts,
    EncodingSource,
    ImageFacts,
    MediaFacts,
    RequestFacts,
    Span,
    StreamFacts,
    TextFacts,
    VideoFacts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_TEXT = TextFacts(size_bytes=17, encoding="utf-8", characters=17, tokens=4, blank=False)

_IMAGE = ImageFacts(size_bytes=90_000, format="JPEG", width=640, height=480, orientation=1, mode="RGB", frames=1)

_AUDIO = AudioFacts(
    size_bytes=1_920_044,
    container="wav",
    codec="pcm_s16le",
    duration_s=60.0,
    duration_source="packets",
    claimed_duration_s=60.0,
    start_s=0.0,
    damaged_packets=0,
    sample_rate=16_000,
    channels=1,
    bit_depth=16,
    has_timestamps=True,
    streams=(StreamFacts(index=0, type="audio", codec="pcm_s16le"),),
)

_VIDEO = VideoFacts(
    size_bytes=9_000_000,
    container="mov,mp4,m4a,3gp,3g2,mj2",
    video_codec="h264",
    audio_codec="aac",
    duration_s=60.0,
    duration_source="index",
    claimed_duration_s=60.0,
    start_s=0.0,
    damaged_packets=0,
    width=1280,
    height=720,
    rotation=0,
    sample_aspect_ratio=Fraction(1),
    frame_rate=Fraction(25),
    starts_with_keyframe=True,
    has_timestamps=True,
    sample_rate=48_000,
    channels=2,
    streams=(
        StreamFacts(index=0, type="video", codec="h264"),
        StreamFacts(index=1, type="audio", codec="aac"),
    ),
)


def text(
    *,
    tokens: int = 4,
    blank: bool = False,
    encoding: str = "utf-8",
    source: EncodingSource = "content",
    confidence: float | None = None,
    lone_surrogates: int = 0,
) -> TextFacts:
    return replace(
        _TEXT,
        tokens=tokens,
        blank=blank,
        encoding=encoding,
        encoding_source=source,
        encoding_confidence=confidence,
        lone_surrogates=lone_surrogates,
    )


def image(
    *,
    format: str = "JPEG",  # noqa: A002 (the field's own name)
    width: int = 640,
    height: int = 480,
    size_bytes: int = 90_000,
    frames: int | None = 1,
    damage: str | None = None,
    dialect: str | None = None,
    stumbling_block: str | None = None,
) -> ImageFacts:
    return replace(
        _IMAGE,
        format=format,
        width=width,
        height=height,
        size_bytes=size_bytes,
        frames=frames,
        damage=damage,
        dialect=dialect,
        stumbling_block=stumbling_block,
    )


def audio(
    *,
    container: str = "wav",
    codec: str = "pcm_s16le",
    dialect: str | None = None,
    size_bytes: int = 1_920_044,
    duration_s: float | None = 60.0,
    claimed_duration_s: float | None = 60.0,
    damaged_packets: int = 0,
    missing_s: float = 0.0,
    junk: tuple[tuple[int, int], ...] = (),
    decoded: DecodedFacts | None = None,
) -> AudioFacts:
    return replace(
        _AUDIO,
        junk=junk,
        missing_s=missing_s,
        decoded=decoded,
        damaged_packets=damaged_packets,
        container=container,
        dialect=dialect,
        codec=codec,
        size_bytes=size_bytes,
        duration_s=duration_s,
        claimed_duration_s=claimed_duration_s,
    )


def video(
    *,
    codec: str = "h264",
    width: int = 1280,
    height: int = 720,
    rotation: int = 0,
    sample_aspect_ratio: Fraction = Fraction(1),
    size_bytes: int = 9_000_000,
    duration_s: float | None = 60.0,
    claimed_duration_s: float | None = 60.0,
    clock_jumps: tuple[Span, ...] = (),
    damaged_packets: int = 0,
    starts_with_keyframe: bool | None = True,
    has_timestamps: bool = True,
    sound_is_broken: bool = False,
    decoded: DecodedFacts | None = None,
) -> VideoFacts:
    picture, sound = _VIDEO.streams
    return replace(
        _VIDEO,
        streams=(picture, replace(sound, broken=sound_is_broken)),
        decoded=decoded,
        video_codec=codec,
        clock_jumps=clock_jumps,
        damaged_packets=damaged_packets,
        width=width,
        height=height,
        rotation=rotation,
        sample_aspect_ratio=sample_aspect_ratio,
        size_bytes=size_bytes,
        duration_s=duration_s,
        claimed_duration_s=claimed_duration_s,
        starts_with_keyframe=starts_with_keyframe,
        has_timestamps=has_timestamps,
    )


def decoded(
    *,
    has_picture: bool = True,
    has_sound: bool = True,
    picture_s: float | None = 60.0,
    sound_s: float | None = 60.0,
    damaged_pictures: int = 0,
    damaged_sound: int = 0,
    picture_truncated_at_s: float | None = None,
    sound_truncated_at_s: float | None = None,
    silent: bool = False,
    black: bool = False,
    frozen: bool = False,
    unfinished: str | None = None,
) -> DecodedFacts:
    """Of the plain video; without a picture, of the plain audio."""
    picture = DecodedPicture(
        frames=1500,
        damaged_frames=damaged_pictures,
        truncated_at_s=picture_truncated_at_s,
        duration_s=picture_s,
        is_black=black,
        is_frozen=frozen,
    )
    sound = DecodedSound(
        frames=2813,
        damaged_frames=damaged_sound,
        truncated_at_s=sound_truncated_at_s,
        duration_s=sound_s,
        is_silent=silent,
    )
    lengths = [s for s, there in ((picture_s, has_picture), (sound_s, has_sound)) if there and s is not None]
    return DecodedFacts(
        picture=picture if has_picture else None,
        sound=sound if has_sound else None,
        duration_s=max(lengths, default=None),
        unfinished=unfinished,
    )


def document(*, size_bytes: int = 90_000, pages: int | None = 3, encrypted: bool = False) -> DocumentFacts:
    return DocumentFacts(size_bytes=size_bytes, version="1.7", pages=pages, encrypted=encrypted)


def text_image() -> RequestFacts:
    return RequestFacts(kind="text_image", text=_TEXT, placeholders=(), names=(None,), images=(_IMAGE,))


def sources(*parts: MediaFacts, with_text: bool = False) -> RequestFacts:
    """A multi_input of sources of any kind, none of them named."""
    return RequestFacts(
        kind="multi_input",
        text=_TEXT if with_text else None,
        placeholders=(),
        names=(None,) * len(parts),
        images=(),
        sources=parts,
    )


def multi_input(
    names: Sequence[str | None] = ("outfit",),
    placeholders: Sequence[str] = ("outfit",),
    *,
    with_text: bool = True,
    strays: Sequence[str] = (),
) -> RequestFacts:
    return RequestFacts(
        kind="multi_input",
        text=_TEXT if with_text else None,
        placeholders=tuple(placeholders),
        stray_placeholders=tuple(strays),
        names=tuple(names),
        images=tuple(_IMAGE for _ in names),
    )
