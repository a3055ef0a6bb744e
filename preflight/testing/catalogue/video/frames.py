"""Pictures in time: stored in another order than shown, far apart, alone; where decoding can start."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from preflight.testing.catalogue.interface import Case, says
from preflight.testing.catalogue.video.making import (
    B_FRAMES,
    H264,
    LOSSLESS,
    REJECTED_AS_SHORT,
    SHORT,
    TRANSCODED,
    X265,
    Known,
    Options,
    filmed,
    remade,
)
from preflight.testing.recipes.film import X264, Copy, Film, Mux, Scene, Tone, Track

_NOTHING_ELSE: Options = {}
# The first picture waits for two that are decoded before it, and sound starts a frame earlier still.
_LATE_S = 0.06

_MOTION = Scene(shows="motion", seconds=6)


def _moving(suffix: str, options: Options = _NOTHING_ELSE) -> Film:
    """Something that moves, or the encoder finds no use for B-frames."""
    return Film(suffix=suffix, scene=_MOTION, tones=(Tone(seconds=6),), options={**B_FRAMES, **options})


def _x265(gop: str) -> Options:
    return {**X265, "x265-params": f"log-level=none:{gop}:bframes=3"}


_OPEN: Options = {"x264-params": "open-gop=1"}
_B_FRAMES_MP4 = _moving(".mp4")
_OPEN_HEVC = _moving(".mp4", _x265("open-gop=1:keyint=26"))
_ELSEWHERE: tuple[tuple[str, str, Known], ...] = (
    (".mkv", "Matroska, as films are archived", {}),
    (".ts", "a transport stream, as television sends it", {"start_s": 1.4 + 0.08 - 0.021, "slack_s": 0.15}),
)
_MPEG2: Options = {
    "c:v": "mpeg2video",
    "bf": 2,
    "g": 25,
    "sc_threshold": 0,
    "q:v": 5,
    "c:a": "mp2",
    "pix_fmt": "yuv420p",
}

ORDERS = (
    filmed(
        "b_frames_mp4",
        "H.264 with B-frames in MP4, as editors export: stored in another order than shown.",
        _B_FRAMES_MP4,
    ),
    filmed(
        "b_frames_mkv",
        "H.264 with B-frames in Matroska, as films are archived: it states no decoding times.",
        _moving(".mkv"),
    ),
    filmed(
        "b_frames_ts",
        "H.264 with B-frames in a transport stream, as television sends it.",
        _moving(".ts"),
        start_s=1.4 + _LATE_S,
        slack_s=0.15,
    ),
    filmed(
        "b_frames_flv",
        "H.264 with B-frames in Flash Video, as live streams are archived.",
        _moving(".flv"),
        start_s=_LATE_S,
        slack_s=0.1,
    ),
    filmed(
        "b_frames_avi",
        "H.264 with B-frames in AVI, as converters leave it: it cannot say when its frames are shown.",
        _moving(".avi", {"c:a": "libmp3lame"}),
        slack_s=0.1,
    ),
    filmed(
        "open_gop_mp4",
        "H.264 with open GOPs, as editors export: pictures after a keyframe still hang on those before it.",
        _moving(".mp4", _OPEN),
    ),
    filmed(
        "open_gop_ts",
        "H.264 with open GOPs in a transport stream, as television sends it.",
        _moving(".ts", _OPEN),
        start_s=1.4 + _LATE_S,
        slack_s=0.15,
    ),
    filmed(
        "open_gop_hevc",
        "HEVC with open GOPs, as x265 encodes unless told otherwise.",
        _OPEN_HEVC,
    ),
    filmed(
        "closed_gop_hevc",
        "HEVC with B-frames and closed GOPs, as for streaming.",
        _moving(".mp4", _x265("open-gop=0:keyint=25")),
    ),
    filmed(
        "open_gop_mkv",
        "H.264 with open GOPs in Matroska, as discs are archived.",
        _moving(".mkv", _OPEN),
    ),
    *(
        remade(
            f"open_gop_hevc_{suffix[1:]}",
            f"HEVC with open GOPs in {place}.",
            Copy(suffix=suffix, of=_OPEN_HEVC),
            replace(_OPEN_HEVC, suffix=suffix),
            **known,
        )
        for suffix, place, known in _ELSEWHERE
    ),
    filmed(
        "closed_gop_mpg",
        "MPEG-2 with B-frames and closed GOPs, as for editing.",
        Film(
            suffix=".mpg",
            scene=_MOTION,
            tones=(Tone(seconds=6),),
            options={**_MPEG2, "sc_threshold": 1_000_000_000, "flags": "+bitexact+cgop"},
        ),
        start_s=0.53,
        slack_s=0.15,
    ),
    filmed(
        "open_gop_mpg",
        "MPEG-2 with open GOPs, as on every DVD.",
        Film(
            suffix=".mpg",
            scene=_MOTION,
            tones=(Tone(seconds=6),),
            options=_MPEG2,
        ),
        start_s=0.53,
        slack_s=0.15,
    ),
    remade(
        "index_first_mp4",
        "An MP4 with its index at the front, as for the web.",
        Copy(suffix=".mp4", of=_B_FRAMES_MP4, options={"movflags": "faststart"}),
        _B_FRAMES_MP4,
    ),
)


_SPARSE: Options = {**X264, "g": 9_999}


def _one_keyframe(seconds: float, frames_per_second: int) -> Film:
    scene = Scene(seconds=seconds, frame_rate=Fraction(frames_per_second))
    return Film(suffix=".mp4", scene=scene, tones=(), options=_SPARSE)


_NO_KEYFRAME: Options = {"bsf:v": "noise=drop='lt(n,12)'"}
_WITHOUT_KEYFRAME = says("video_starts_without_keyframe", gives=LOSSLESS)
_ONE_PICTURE = Scene(seconds=1, filters=(("trim", {"end_frame": 1}),))

FRAMES = (
    filmed(
        "one_keyframe_30_s",
        "Thirty seconds with a keyframe at the start only, as screen recorders save bytes.",
        _one_keyframe(30, 5),
    ),
    filmed(
        "one_keyframe_610_s",
        "Ten minutes and ten seconds with one keyframe, as surveillance cameras store: it can be cut nowhere.",
        _one_keyframe(610, 1),
        says("video_duration_too_long", gives=TRANSCODED, requests=2),
    ),
    remade(
        "no_keyframe_first_ts",
        "A broadcast recorded from somewhere in the middle: the first 12 frames hang on one that is not there.",
        Copy(suffix=".ts", of=H264, options=_NO_KEYFRAME),
        H264,
        _WITHOUT_KEYFRAME,
        start_s=1.4,
        slack_s=0.15,
    ),
    remade(
        "no_keyframe_first_mp4",
        "A broadcast recorded from somewhere in the middle, put into MP4 by a program that does not look.",
        Copy(suffix=".mp4", of=H264, options=_NO_KEYFRAME),
        H264,
        _WITHOUT_KEYFRAME,
    ),
    filmed(
        "vfr_mkv",
        "Variable frame rate, as phones and meetings record: 5 frames a second for two seconds, then 25.",
        Film(
            suffix=".mkv",
            scene=Scene(filters=(("select", {"expr": "gte(t,2)+not(mod(n,5))"}),)),
            options={**X264, "fps_mode": "vfr", "enc_time_base": "1/1000"},
        ),
        frame_rate=None,
    ),
    filmed(
        "vfr_mp4",
        "Variable frame rate in MP4, as phones record: 50 frames a second when there is light, and half of that else.",
        Film(
            suffix=".mp4",
            scene=Scene(frame_rate=Fraction(50), filters=(("select", {"expr": "not(mod(n,2))+gte(t,3)"}),)),
            options={**B_FRAMES, "fps_mode": "vfr", "enc_time_base": "1/90000"},
        ),
        frame_rate=None,
    ),
    filmed(
        "vfr_webm",
        "Variable frame rate in WebM, as browsers record a screen: a frame only where something changed.",
        Film(
            suffix=".webm",
            scene=Scene(filters=(("select", {"expr": "gte(t,2)+not(mod(n,5))"}),)),
            options={
                "c:v": "libvpx",
                "deadline": "realtime",
                "cpu-used": 8,
                "b:v": "200k",
                "pix_fmt": "yuv420p",
                "c:a": "libopus",
                "fps_mode": "vfr",
                "enc_time_base": "1/1000",
            },
        ),
        frame_rate=None,
    ),
    filmed(
        "sixty_a_second_mp4",
        "Sixty frames a second, as phones and games are recorded.",
        Film(suffix=".mp4", scene=Scene(frame_rate=Fraction(60)), options=B_FRAMES),
    ),
    filmed(
        "film_rate_mov",
        "23.976 frames a second, as films are shot.",
        Film(suffix=".mov", scene=Scene(frame_rate=Fraction(24_000, 1_001)), options=B_FRAMES),
    ),
    filmed(
        "one_frame_mp4",
        "A single frame, as a burst photograph or an export gone wrong.",
        Film(suffix=".mp4", scene=_ONE_PICTURE, tones=(), options=X264),
        SHORT,
        newest=REJECTED_AS_SHORT,
        duration_s=0.04,
        frame_rate=None,
    ),
    filmed(
        "still_mp4",
        "One picture under half a minute of sound, as podcasts are uploaded.",
        Film(
            suffix=".mp4",
            scene=_ONE_PICTURE,
            tones=(Tone(seconds=30),),
            options={"c:v": "libx264", "c:a": "aac", "pix_fmt": "yuv420p"},
        ),
        frame_rate=None,
    ),
    remade(
        "short_sound_mp4",
        "Sound that ends long before its picture, as when a microphone fails.",
        # AC-3: its muxer cannot write a track without a packet.
        Mux(suffix=".mp4", tracks=(Track(of=H264), Track(of=Tone(seconds=1.5))), options={"c:v": "copy", "c:a": "ac3"}),
        Film(suffix=".mp4", options={**X264, "c:a": "ac3"}),
    ),
    remade(
        "long_sound_mp4",
        "Sound that goes on for three seconds after its picture, as slides end before their speaker.",
        Mux(suffix=".mp4", tracks=(Track(of=H264), Track(of=Tone(seconds=8))), options={"c:v": "copy", "c:a": "aac"}),
        H264,
        duration_s=8.0,
    ),
)


CASES: tuple[Case, ...] = (*ORDERS, *FRAMES)
