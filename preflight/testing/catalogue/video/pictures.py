"""What the picture is like: turned, of pixels that are no squares, deep, wide, interlaced, transparent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from preflight.testing.catalogue.interface import Case, says
from preflight.testing.catalogue.video.making import (
    H264,
    MJPEG,
    REJECTED_AS_SHORT,
    SHORT,
    TRANSCODED,
    X265,
    Options,
    filmed,
    remade,
    sized,
)
from preflight.testing.corrupt import LieAboutSize
from preflight.testing.recipes.film import X264, Copy, Film, Scene, Tone
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.written import Corrupted
from preflight.testing.truth import Expected

_HEVC = Film(suffix=".mp4", options={**X265, "tag:v": "hvc1"})
_RATIO = says("video_resolution_invalid_aspect_ratio", gives=TRANSCODED)
_TOO_LOW = says("video_resolution_too_low", gives=TRANSCODED)


def _turned(
    degrees: int, of: Film, name: str, what: str, strict: Expected | None = None, *, newest: Expected | None = None
) -> Case:
    """A player turns it clockwise by so much; FFmpeg's option counts the other way round."""
    recipe = Copy(suffix=of.suffix, of=of, before={"display_rotation": -degrees})
    return remade(name, what, recipe, of, strict, newest=newest, rotation=degrees)


ROTATIONS = (
    _turned(90, H264, "rotated_90_h264", "A phone held upright: coded lying, with a matrix that turns it."),
    _turned(180, H264, "rotated_180_h264", "A phone held upside down, or a dashboard camera that hangs."),
    _turned(270, H264, "rotated_270_h264", "A phone held upright the other way round."),
    _turned(90, _HEVC, "rotated_90_hevc", "A newer phone held upright: HEVC with a matrix that turns it."),
    _turned(180, _HEVC, "rotated_180_hevc", "A newer phone held upside down."),
    _turned(270, _HEVC, "rotated_270_hevc", "A newer phone held upright the other way round."),
    _turned(
        90,
        sized(3840, 2160),
        "rotated_4k",
        "A phone held upright at 4K: coded it is within the limit, displayed it is too high for the strict reading.",
        says("video_resolution_too_high", gives=TRANSCODED),
        newest=says(),
    ),
    _turned(
        90,
        sized(480, 270),
        "rotated_and_small",
        "A messenger's copy of a portrait video: too low, and turned by a matrix.",
        _TOO_LOW,
    ),
)


def _pixels(name: str, what: str, size: tuple[int, int], ratio: Fraction, strict: Expected | None = None) -> Case:
    film = sized(*size)
    assert film.scene is not None
    return filmed(name, what, replace(film, scene=replace(film.scene, sample_aspect_ratio=ratio)), strict)


PIXELS = (
    filmed(
        "wide_pixels_mkv",
        "Pixels a third wider than high, as HDV cameras and television record.",
        Film(suffix=".mkv", scene=Scene(sample_aspect_ratio=Fraction(4, 3)), options=X264),
    ),
    _pixels(
        "pixels_12_11",
        "Pixels wider than high, as European standard television has them.",
        (720, 576),
        Fraction(12, 11),
    ),
    _pixels(
        "pixels_10_11",
        "Pixels higher than wide, as American standard television has them.",
        (720, 480),
        Fraction(10, 11),
    ),
    filmed(
        "pixels_16_9_mpg",
        "A wide picture squeezed into the pixels of standard television, as on DVDs: MPEG-2 states what is displayed.",
        Film(
            suffix=".mpg",
            scene=Scene(width=720, height=576, sample_aspect_ratio=Fraction(64, 45)),
            tones=(),
            options={"c:v": "mpeg2video", "q:v": 5, "g": 12, "pix_fmt": "yuv420p"},
        ),
        start_s=0.54,
        slack_s=0.15,
    ),
    _pixels(
        "pixels_too_wide",
        "An anamorphic cinema copy: coded it keeps the ratio, displayed it does not.",
        (1280, 800),
        Fraction(2),
        _RATIO,
    ),
    _pixels(
        "pixels_too_narrow",
        "Side-by-side 3D that is marked so: 640 pixels coded, 320 displayed.",
        (640, 480),
        Fraction(1, 2),
        _TOO_LOW,
    ),
)


def _coded(
    suffix: str,
    options: Options,
    *,
    seconds: float = 5.0,
    filters: tuple[tuple[str, Mapping[str, str | float]], ...] = (),
    tones: tuple[Tone, ...] = (),
) -> Film:
    return Film(suffix=suffix, scene=Scene(seconds=seconds, filters=filters), tones=tones, options=options)


def _hdr(transfer: str) -> Film:
    params = f"log-level=none:keyint=25:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    tags = {"colorspace": "bt2020nc", "color_primaries": "bt2020", "color_trc": transfer, "range": "tv"}
    converted = (
        ("scale", {"out_color_matrix": "bt2020"}),
        ("format", {"pix_fmts": "yuv420p10le"}),
        ("setparams", tags),
    )
    options = {**X265, "x265-params": params, "pix_fmt": "yuv420p10le", "tag:v": "hvc1"}
    return _coded(".mp4", options, filters=converted, tones=(Tone(),))


# Colours as high definition codes them, and says so.
_BT709 = (
    ("scale", {"out_color_matrix": "bt709"}),
    ("format", {"pix_fmts": "yuv420p"}),
    ("setparams", {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "range": "tv"}),
)
# Of fifty pictures a second, each frame has the even lines of one and the odd lines of the next.
_INTERLACED = (("interlace", {"scan": "tff"}),)


def _interlaced(suffix: str, options: Options) -> Film:
    scene = Scene(frame_rate=Fraction(50), filters=_INTERLACED)
    return Film(suffix=suffix, scene=scene, options={**options, "flags": "+bitexact+ilme+ildct"})


DEPTHS = (
    filmed("hdr10_hevc", "HDR10: HEVC in 10 bit with the wide colours of a television set.", _hdr("smpte2084")),
    filmed("hlg_hevc", "HLG: the HDR that iPhones record by default.", _hdr("arib-std-b67")),
    filmed(
        "h264_422_10_bit",
        "H.264 in 4:2:2 and 10 bit, as mirrorless cameras record and few devices decode.",
        _coded(".mov", {**X264, "pix_fmt": "yuv422p10le"}, tones=(Tone(),)),
    ),
    filmed(
        "h264_444",
        "H.264 in 4:4:4, as screen recorders keep text sharp.",
        _coded(".mp4", {**X264, "pix_fmt": "yuv444p"}),
    ),
    filmed(
        "odd_mkv",
        "481x363 pixels in 4:4:4, as a recorded window is; no 4:2:0 encoder takes an odd size.",
        Film(
            suffix=".mkv",
            scene=Scene(width=481, height=363),
            tones=(),
            options={**X264, "pix_fmt": "yuv444p"},
        ),
    ),
    filmed(
        "vp9_alpha_webm",
        "A transparent overlay in VP9, as stream decorations are made; its transparency is stored beside it.",
        _coded(
            ".webm",
            {
                "c:v": "libvpx-vp9",
                "deadline": "realtime",
                "cpu-used": 8,
                "b:v": "200k",
                "pix_fmt": "yuva420p",
                "auto-alt-ref": 0,
            },
            filters=(("format", {"pix_fmts": "yuva444p"}), ("lutyuv", {"a": "128"})),
        ),
    ),
    filmed(
        "vp8_alpha_webm",
        "A transparent overlay in VP8, as web pages had them before VP9; its transparency is stored beside it.",
        _coded(
            ".webm",
            {
                "c:v": "libvpx",
                "deadline": "realtime",
                "cpu-used": 8,
                "b:v": "200k",
                "pix_fmt": "yuva420p",
                "auto-alt-ref": 0,
            },
            filters=(("format", {"pix_fmts": "yuva444p"}), ("lutyuv", {"a": "128"})),
        ),
    ),
    filmed(
        "prores_4444_mov",
        "ProRes 4444 with transparency, as motion designers hand it on.",
        _coded(
            ".mov",
            {"c:v": "prores_ks", "profile:v": 4, "pix_fmt": "yuva444p10le", "alpha_bits": 16},
            filters=(("format", {"pix_fmts": "yuva444p"}), ("lutyuv", {"a": "128"})),
        ),
    ),
    filmed(
        "interlaced_h264",
        "Interlaced H.264, as HD television and AVCHD camcorders record.",
        _interlaced(".ts", {**X264, "x264-params": "tff=1"}),
        frame_rate=Fraction(25),
        start_s=1.4,
        slack_s=0.15,
    ),
    filmed(
        "interlaced_mpeg2",
        "Interlaced MPEG-2, as DVDs and SD television have it.",
        _interlaced(".mpg", {"c:v": "mpeg2video", "pix_fmt": "yuv420p", "q:v": 5, "c:a": "mp2"}),
        frame_rate=Fraction(25),
        start_s=0.53,
        slack_s=0.15,
    ),
    filmed(
        "ten_bit_mkv",
        "HEVC in 10 bit, as films are archived; two seconds.",
        _coded(".mkv", {"c:v": "libx265", "x265-params": "log-level=none", "pix_fmt": "yuv420p10le"}, seconds=2),
        SHORT,
        newest=REJECTED_AS_SHORT,
    ),
    filmed(
        "full_range_avi",
        "Motion JPEG, whose colours use the full range as photographs do; two seconds.",
        _coded(".avi", {**MJPEG, "q:v": 2}, seconds=2),
        SHORT,
        newest=REJECTED_AS_SHORT,
    ),
    filmed(
        "tagged_709_mp4",
        "Colours of high definition at a small size, and a tag that says so; a player that guesses gets them wrong.",
        _coded(".mp4", X264, seconds=2, filters=_BT709),
        SHORT,
        newest=REJECTED_AS_SHORT,
    ),
)

_SMALL, _WIDE = "video_resolution_too_low", "video_resolution_invalid_aspect_ratio"


_FOUR_K = Film(
    suffix=".mp4",
    scene=Scene(width=3840, height=2160, seconds=1, frame_rate=Fraction(10)),
    tones=(),
    options=X264,
)


def _two_seconds(width: int, height: int) -> Film:
    return Film(suffix=".mp4", scene=Scene(width=width, height=height, seconds=2), tones=(), options=X264)


SHAPES = (
    filmed(
        "small_mp4",
        "240x180 pixels, a web clip of the 2000s; two seconds.",
        _two_seconds(240, 180),
        says(_SMALL, "video_duration_too_short", gives=TRANSCODED),
        newest=says(_SMALL, "video_duration_too_short", gives="rejected"),
    ),
    filmed(
        "wide_mp4",
        "640x200 pixels, a banner; two seconds.",
        _two_seconds(640, 200),
        says(_SMALL, _WIDE, "video_duration_too_short", gives=TRANSCODED),
        newest=says(_SMALL, _WIDE, "video_duration_too_short", gives="rejected"),
    ),
    filmed(
        "two_screens",
        "A recording of two screens side by side, 3.5 times as wide as high.",
        sized(2520, 720),
        _RATIO,
    ),
    remade(
        "landscape_4k",
        "4K at 10 frames a second, as timelapses and screen recordings are.",
        Copy(suffix=".mp4", of=_FOUR_K, before={"stream_loop": 4}),
        _FOUR_K,
        duration_s=5.0,
    ),
)

_LOW = sized(320, 240)
_LOW_MKV = replace(_LOW, suffix=".mkv")


def _lying(of: Recipe, width: int, height: int) -> Corrupted:
    return Corrupted(suffix=of.suffix, of=of, by=LieAboutSize(width=width, height=height))


# A decoder goes by the coded pictures alone.
LIES = (
    remade(
        "header_claims_480x360_mp4",
        "320x240 pixels under a header that claims what is allowed, to slip through a gate.",
        _lying(_LOW, 480, 360),
        _LOW,
        _TOO_LOW,
    ),
    remade(
        "header_claims_480x360_mkv",
        "The same in Matroska.",
        _lying(_LOW_MKV, 480, 360),
        _LOW_MKV,
        _TOO_LOW,
    ),
    remade(
        "header_claims_4096x4096_mp4",
        "A small picture under a header that claims a huge one, to make a converter run out of memory.",
        _lying(H264, 4_096, 4_096),
        H264,
    ),
)

CASES: tuple[Case, ...] = (*ROTATIONS, *PIXELS, *DEPTHS, *SHAPES, *LIES)
