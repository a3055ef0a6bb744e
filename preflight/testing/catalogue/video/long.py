"""What must be cut because it lasts too long, in each container: the same ten minutes and more, every second marked.

Two pictures a second of two colours and a thin sound, so that they cost little to make and to keep. Other codecs,
tracks and shapes are in `long_tracks`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Unpack

from preflight.testing.catalogue.interface import Case, says
from preflight.testing.catalogue.video.making import LOSSLESS, TRANSCODED, Known, Options, remade
from preflight.testing.recipes.film import X264, Copy, Film, Scene, Tone
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.marked import MarkedFilm
from preflight.testing.truth import Expected

SECONDS = 620.0
_TWO_A_SECOND = Fraction(2)
_CUT = says("video_duration_too_long", gives=LOSSLESS, requests=2)
_ENCODED = says("video_duration_too_long", gives=TRANSCODED, requests=2)
_LOW = says("video_duration_too_long", "video_resolution_too_low", gives=TRANSCODED, requests=2)
THIN: Options = {**X264, "g": 10, "b:a": "16k"}


def marked(suffix: str, options: Options, *, width: int = 480, sample_rate: int = 16_000) -> MarkedFilm:
    """Two marked pictures a second, and a sound of one channel."""
    return MarkedFilm(
        suffix=suffix,
        seconds=SECONDS,
        width=width,
        height=width * 3 // 4,
        frame_rate=_TWO_A_SECOND,
        sample_rate=sample_rate,
        options={"pix_fmt": "yuv420p", **options},
    )


def _as_film(of: MarkedFilm) -> Film:
    """What is true of it, said as of any other film."""
    scene = Scene(width=of.width, height=of.height, seconds=of.seconds, frame_rate=of.frame_rate)
    tones = (Tone(seconds=of.seconds, sample_rate=of.sample_rate, channels=of.channels),) if of.sample_rate else ()
    return Film(suffix=of.suffix, scene=scene, tones=tones, options=of.options)


def long(
    name: str,
    what: str,
    of: MarkedFilm,
    recipe: Recipe | None = None,
    strict: Expected = _CUT,
    **known: Unpack[Known],
) -> Case:
    """`of` as it is, or in another file; it lasts too long unless that is known otherwise."""
    stretched: Known = {"slack_s": 0.6, **known}
    return remade(f"long_{name}", what, recipe or of, _as_film(of), strict, **stretched)


def looped(name: str, what: str, of: Film, strict: Expected = _CUT, **known: Unpack[Known]) -> Case:
    """Five seconds again and again: quick to make where pictures must come 24 times a second or more."""
    recipe = Copy(suffix=of.suffix, of=of, before={"stream_loop": -1}, options={"t": SECONDS})
    stretched: Known = {"slack_s": 0.6, "duration_s": SECONDS, **known}
    return remade(f"long_{name}", what, recipe, of, strict, **stretched)


MP4 = marked(".mp4", THIN)
_B_FRAMES = marked(".mp4", {**THIN, "bf": 2, "x264-params": "open-gop=1"})
_WEBM = marked(
    ".webm",
    {"c:v": "libvpx", "deadline": "realtime", "cpu-used": 8, "b:v": "60k", "g": 10, "c:a": "libopus", "b:a": "16k"},
    sample_rate=48_000,
)
_MJPEG = marked(".avi", {"c:v": "mpeg4", "q:v": 12, "g": 10, "c:a": "libmp3lame", "b:a": "16k"})
_SMALL = marked(".mp4", {**THIN, "c:v": "mpeg4", "q:v": 12}, width=320)


def _copy(suffix: str, options: Options | None = None, of: MarkedFilm = MP4) -> Copy:
    return Copy(suffix=suffix, of=of, options=options or {})


CASES: tuple[Case, ...] = (
    long("mp4", "Over ten minutes of H.264 in MP4, as a lesson is recorded.", MP4),
    long("mov", "Over ten minutes in QuickTime.", MP4, _copy(".mov")),
    long("mkv", "Over ten minutes in Matroska.", MP4, _copy(".mkv")),
    long(
        "live_mkv",
        "Over ten minutes in Matroska that states no length and has no index.",
        MP4,
        _copy(".mkv", {"live": 1}),
    ),
    long(
        "fragmented_mp4",
        "Over ten minutes of MP4 in fragments.",
        MP4,
        _copy(".mp4", {"movflags": "frag_keyframe+empty_moov"}),
    ),
    long(
        "flv",
        "Over ten minutes of Flash Video that states no length.",
        MP4,
        _copy(".flv", {"flvflags": "no_duration_filesize"}),
    ),
    long("ts", "Over ten minutes of a transport stream.", MP4, _copy(".ts"), start_s=1.4),
    long(
        "clock_wraps_ts",
        "Over ten minutes of a transport stream whose clock of 33 bits starts from zero again in the middle.",
        MP4,
        _copy(".ts", {"output_ts_offset": 95_130}),
        # 313 s before it wraps, less a frame of sound; what comes after is counted on.
        start_s=95_130 + 1.4 - 0.064,
    ),
    long(
        "open_gop_mp4",
        "Over ten minutes with open GOPs alone: it can be cut, with a keyframe on both sides.",
        _B_FRAMES,
    ),
    long("webm", "Over ten minutes of VP8 and Opus, as meetings are recorded.", _WEBM),
    long(
        "live_webm",
        "Over ten minutes as a browser records them: neither a length nor an index.",
        _WEBM,
        _copy(".webm", {"live": 1}, _WEBM),
    ),
    long("avi", "Over ten minutes of MPEG-4 in AVI, as the films of the 2000s.", _MJPEG),
    long("small_mp4", "Over ten minutes of 320x240: too long and too low, encoded again.", _SMALL, strict=_LOW),
)
