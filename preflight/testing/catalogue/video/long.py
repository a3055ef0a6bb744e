"""What must be cut because it lasts too long, in each container: the same ten minutes and more, every second marked.

Two pictures a second of two colours and a thin sound, so that they cost little to make and to keep.
"""

from __future__ import annotations

from fractions import Fraction

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
_THIN: Options = {**X264, "g": 10, "b:a": "16k"}


def _marked(suffix: str, options: Options, *, width: int = 480, sample_rate: int = 16_000) -> MarkedFilm:
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
    tone = Tone(seconds=of.seconds, sample_rate=of.sample_rate or 0, channels=of.channels)
    return Film(suffix=of.suffix, scene=scene, tones=(tone,), options=of.options)


def _long(
    name: str, what: str, of: MarkedFilm, recipe: Recipe | None = None, strict: Expected = _CUT, **known: float
) -> Case:
    stretched: Known = {"slack_s": 0.6, **known}  # type: ignore[typeddict-item]  # its values are of these types
    return remade(f"long_{name}", what, recipe or of, _as_film(of), strict, **stretched)


MP4 = _marked(".mp4", _THIN)
_B_FRAMES = _marked(".mp4", {**_THIN, "bf": 2, "x264-params": "open-gop=1"})
_WEBM = _marked(
    ".webm",
    {"c:v": "libvpx", "deadline": "realtime", "cpu-used": 8, "b:v": "60k", "g": 10, "c:a": "libopus", "b:a": "16k"},
    sample_rate=48_000,
)
_MJPEG = _marked(".avi", {"c:v": "mpeg4", "q:v": 12, "g": 10, "c:a": "libmp3lame", "b:a": "16k"})
_SMALL = _marked(".mp4", {**_THIN, "c:v": "mpeg4", "q:v": 12}, width=320)


def _copy(suffix: str, options: Options | None = None, of: MarkedFilm = MP4) -> Copy:
    return Copy(suffix=suffix, of=of, options=options or {})


CASES: tuple[Case, ...] = (
    _long("mp4", "Over ten minutes of H.264 in MP4, as a lesson is recorded.", MP4),
    _long("mov", "Over ten minutes in QuickTime.", MP4, _copy(".mov")),
    _long("mkv", "Over ten minutes in Matroska.", MP4, _copy(".mkv")),
    _long(
        "live_mkv",
        "Over ten minutes in Matroska that states no length and has no index.",
        MP4,
        _copy(".mkv", {"live": 1}),
    ),
    _long(
        "fragmented_mp4",
        "Over ten minutes of MP4 in fragments.",
        MP4,
        _copy(".mp4", {"movflags": "frag_keyframe+empty_moov"}),
    ),
    _long(
        "flv",
        "Over ten minutes of Flash Video that states no length.",
        MP4,
        _copy(".flv", {"flvflags": "no_duration_filesize"}),
    ),
    _long("ts", "Over ten minutes of a transport stream.", MP4, _copy(".ts"), start_s=1.4),
    _long(
        "clock_wraps_ts",
        "Over ten minutes of a transport stream whose clock of 33 bits starts from zero again in the middle.",
        MP4,
        _copy(".ts", {"output_ts_offset": 95_130}),
        # 313 s before it wraps, less a frame of sound; what comes after is counted on.
        start_s=95_130 + 1.4 - 0.064,
    ),
    _long(
        "open_gop_mp4",
        "Over ten minutes with open GOPs alone: it can be cut, with a keyframe on both sides.",
        _B_FRAMES,
    ),
    _long("webm", "Over ten minutes of VP8 and Opus, as meetings are recorded.", _WEBM),
    _long(
        "live_webm",
        "Over ten minutes as a browser records them: neither a length nor an index.",
        _WEBM,
        _copy(".webm", {"live": 1}, _WEBM),
    ),
    _long("avi", "Over ten minutes of MPEG-4 in AVI, as the films of the 2000s.", _MJPEG),
    _long("small_mp4", "Over ten minutes of 320x240: too long and too low, encoded again.", _SMALL, strict=_LOW),
)
