"""How a case of video is written down: what is encoded, and with it what is true of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TypedDict, Unpack

from preflight.media import Fidelity
from preflight.testing.catalogue.interface import Case, file, says
from preflight.testing.recipes.film import X264, Film, Scene
from preflight.testing.recipes.interface import Recipe
from preflight.testing.truth import MOV, Expected, VideoTruth

Options = Mapping[str, str | float | None]

LOSSLESS, TRANSCODED = Fidelity.LOSSLESS, Fidelity.TRANSCODED

REJECTED_AS_SHORT = says("video_duration_too_short", gives="rejected")
"""Of the newest reading, which makes an error of what the strict one only warns of."""
SHORT = says("video_duration_too_short")

MJPEG: Options = {"c:v": "mjpeg", "q:v": 5, "pix_fmt": "yuvj420p"}
X265: Options = {
    "c:v": "libx265",
    "c:a": "aac",
    "preset": "ultrafast",
    "pix_fmt": "yuv420p",
    "x265-params": "log-level=none:keyint=25",
}
B_FRAMES: Options = {**X264, "preset": "veryfast", "bf": 3}
"""H.264 as cameras and editors write it: pictures are stored in another order than they are shown."""

H264 = Film(suffix=".mp4", options=X264)
"""Five seconds of picture and sound: what most others are made of."""
SILENT = Film(suffix=".mp4", tones=(), options=X264)

_CONTAINERS = {
    ".mp4": MOV,
    ".mov": MOV,
    ".3gp": MOV,
    ".mkv": "matroska,webm",
    ".webm": "matroska,webm",
    ".ts": "mpegts",
    ".mpg": "mpeg",
    ".avi": "avi",
    ".flv": "flv",
    ".ogv": "ogg",
    ".wmv": "asf",
    ".mxf": "mxf",
    ".gif": "gif",
    ".h264": "h264",
    ".hevc": "hevc",
}
_CODECS = {
    "libx264": "h264",
    "libx265": "hevc",
    "libvvenc": "vvc",
    "libsvtav1": "av1",
    "libvpx-vp9": "vp9",
    "libvpx": "vp8",
    "libxvid": "mpeg4",
    "libtheora": "theora",
    "flv": "flv1",
    "msmpeg4": "msmpeg4v3",
    "prores_ks": "prores",
    "libopus": "opus",
    "libvorbis": "vorbis",
    "libmp3lame": "mp3",
    "libopencore_amrnb": "amr_nb",
}
"""What FFmpeg's encoders write, where that is not their own name."""


class Known(TypedDict, total=False):
    """What does not follow from a scene and its tones."""

    container: str
    duration_s: float
    width: int
    height: int
    rotation: int
    sample_aspect_ratio: Fraction
    frame_rate: Fraction | None
    audio_tracks: int
    cover_art: bool
    start_s: float
    slack_s: float


def truth_of(film: Film, **known: Unpack[Known]) -> VideoTruth:
    """What was put in is what must be found."""
    scene, coder, sound = film.scene, str(film.options["c:v"]), next(iter(film.tones), None)
    assert scene is not None
    sound_coder = str(film.options["c:a"]) if sound else None
    plain = VideoTruth(
        container=_CONTAINERS[film.suffix],
        codec=_CODECS.get(coder, coder),
        audio_codec=_CODECS.get(sound_coder, sound_coder) if sound_coder else None,
        duration_s=max([scene.seconds, *(tone.seconds for tone in film.tones)]),
        width=scene.width,
        height=scene.height,
        sample_aspect_ratio=scene.sample_aspect_ratio,
        frame_rate=scene.frame_rate,
        sample_rate=sound.sample_rate if sound else None,
        channels=sound.channels if sound else None,
        audio_tracks=len(film.tones),
    )
    return replace(plain, **known)


def filmed(
    name: str,
    what: str,
    film: Film,
    strict: Expected | None = None,
    *,
    newest: Expected | None = None,
    **known: Unpack[Known],
) -> Case:
    """A case that is encoded in one go."""
    return file(f"video/{name}", what, film, truth_of(film, **known), strict, newest=newest)


def remade(
    name: str,
    what: str,
    recipe: Recipe,
    of: Film,
    strict: Expected | None = None,
    *,
    newest: Expected | None = None,
    **known: Unpack[Known],
) -> Case:
    """A case that is made of another's coded data, which are as they were but for what is `known`."""
    truth = truth_of(of, **known)
    if "container" not in known:
        truth = replace(truth, container=_CONTAINERS[recipe.suffix])
    return file(f"video/{name}", what, recipe, truth, strict, newest=newest)


def sized(width: int, height: int, *, suffix: str = ".mp4", pix_fmt: str = "yuv420p") -> Film:
    """Five silent frames of that size, a second each: what is cheap to make, and cheap to encode again."""
    scene = Scene(width=width, height=height, frame_rate=Fraction(1))
    return Film(suffix=suffix, scene=scene, tones=(), options={**X264, "pix_fmt": pix_fmt})


def at_rate(frames_per_second: int, seconds: float = 5.0) -> Film:
    """Silent, so that it lasts to the frame what it is said to last."""
    scene = Scene(seconds=seconds, frame_rate=Fraction(frames_per_second))
    return Film(suffix=".mp4", scene=scene, tones=(), options=X264)
