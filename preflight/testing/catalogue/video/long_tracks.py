"""What must be cut because it lasts too long, told apart by what is in it: other codecs, tracks, shapes and clocks.

Beside `long`, whose ten minutes and more of H.264 stand in every container; marked like those, unless it is looped.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from preflight.testing.catalogue.interface import Case, says
from preflight.testing.catalogue.video.long import MP4, SECONDS, THIN, long, looped, marked
from preflight.testing.catalogue.video.making import TRANSCODED, Options
from preflight.testing.recipes.film import Copy, Film, Mux, Track
from preflight.testing.recipes.written import Written

_ENCODED = says("video_duration_too_long", gives=TRANSCODED, requests=2)
_VPX: Options = {"deadline": "realtime", "cpu-used": 8, "b:v": "60k", "g": 10, "c:a": "libopus", "b:a": "16k"}

_HEVC = marked(
    ".mp4",
    {
        "c:v": "libx265",
        "preset": "ultrafast",
        "x265-params": "log-level=none:open-gop=0:keyint=10:bframes=2",
        "tag:v": "hvc1",
        "c:a": "aac",
        "b:a": "16k",
    },
)
_VP9 = marked(".webm", {**_VPX, "c:v": "libvpx-vp9"}, sample_rate=48_000)
_AV1 = marked(
    ".webm",
    {"c:v": "libsvtav1", "preset": 10, "crf": 20, "svtav1-params": "lp=1", "g": 10, "c:a": "libopus", "b:a": "16k"},
    sample_rate=48_000,
)
_WMV = marked(".wmv", {"c:v": "wmv2", "q:v": 12, "g": 10, "c:a": "wmav2"}, sample_rate=44_100)
_OGV = marked(".ogv", {"c:v": "libtheora", "q:v": 3, "g": 8, "c:a": "libvorbis"}, sample_rate=44_100)
_MPG = Film(
    suffix=".mpg",
    options={"c:v": "mpeg2video", "q:v": 9, "g": 25, "pix_fmt": "yuv420p", "c:a": "mp2", "b:a": "64k"},
)

CODECS = (
    long("hevc_mp4", "Over ten minutes of HEVC in MP4, as newer phones record.", _HEVC),
    long("hevc_mkv", "Over ten minutes of HEVC in Matroska.", _HEVC, Copy(suffix=".mkv", of=_HEVC)),
    long(
        "hevc_ts",
        "Over ten minutes of HEVC in a transport stream.",
        _HEVC,
        Copy(suffix=".ts", of=_HEVC),
        # Its pictures wait for those that are decoded before them, and sound starts a frame earlier.
        start_s=1.4 + 1.0 - 0.064,
    ),
    long("vp9_webm", "Over ten minutes of VP9 and Opus, as meetings are recorded today.", _VP9),
    long("av1_webm", "Over ten minutes of AV1 and Opus, as platforms hand out films.", _AV1),
    long("av1_mp4", "Over ten minutes of AV1 in MP4.", _AV1, Copy(suffix=".mp4", of=_AV1)),
    long("ogv", "Over ten minutes of Theora in Ogg, as free archives keep talks.", _OGV),
    long("wmv", "Over ten minutes of Windows Media, as lectures of the 2000s.", _WMV, strict=_ENCODED),
    looped("mpg", "Over ten minutes of a program stream, as DVD recorders write.", _MPG, start_s=0.53),
)


def _line(number: int) -> bytes:
    minute, second = divmod(10 * number, 60)
    times = f"00:{minute:02}:{second:02},000 --> 00:{minute:02}:{second + 8:02},500"
    return f"{number + 1}\n{times}\nLine {number}.\n\n".encode()


_SUBTITLES = Written(suffix=".srt", data=b"".join(map(_line, range(61))))
_BOTH = Track(of=MP4, takes="v"), Track(of=MP4, takes="a")
_AROUND = replace(MP4, channels=6, options={**MP4.options, "b:a": "64k"})
_SILENT = replace(MP4, sample_rate=None)

TRACKS = (
    long("silent_mp4", "Over ten minutes of picture without sound.", _SILENT),
    long("5_1_mp4", "Over ten minutes with sound in six channels of AAC, as films are sold.", _AROUND),
    long(
        "two_tracks_mkv",
        "Over ten minutes with two languages in Matroska.",
        MP4,
        Mux(suffix=".mkv", tracks=(*_BOTH, Track(of=MP4, takes="a")), options={"c": "copy"}),
        audio_tracks=2,
    ),
    long(
        "two_tracks_mp4",
        "Over ten minutes with the sound of a game and of a microphone beside it.",
        MP4,
        Mux(suffix=".mp4", tracks=(*_BOTH, Track(of=MP4, takes="a")), options={"c": "copy"}),
        audio_tracks=2,
    ),
    long(
        "subtitles_mkv",
        "Over ten minutes with subtitles to their end.",
        MP4,
        Mux(suffix=".mkv", tracks=(*_BOTH, Track(of=_SUBTITLES, takes="s")), options={"c": "copy"}),
    ),
    long(
        "subtitles_mp4",
        "Over ten minutes with subtitles as a track of MP4.",
        MP4,
        Mux(suffix=".mp4", tracks=(*_BOTH, Track(of=_SUBTITLES, takes="s")), options={"c": "copy", "c:s": "mov_text"}),
    ),
    long(
        "timecode_mov",
        "Over ten minutes with a track of time code, as professional cameras write.",
        MP4,
        Copy(suffix=".mov", of=MP4, options={"timecode": "01:00:00:00"}),
    ),
)

_WIDE = replace(MP4, filters=(("setsar", {"sar": "4/3"}),))
_UNEVEN = replace(
    MP4,
    frame_rate=Fraction(4),
    filters=(("select", {"expr": "not(mod(n,2))+between(mod(t,60),20,30)"}),),
    options={**THIN, "pix_fmt": "yuv420p", "fps_mode": "vfr", "enc_time_base": "1/90000"},
)

SHAPES = (
    long(
        "rotated_mp4",
        "Over ten minutes of a phone held upright: every clip must be turned, too.",
        MP4,
        Copy(suffix=".mp4", of=MP4, before={"display_rotation": -90}),
        rotation=90,
    ),
    long(
        "wide_pixels_mkv",
        "Over ten minutes of pixels a third wider than high, in Matroska.",
        _WIDE,
        Copy(suffix=".mkv", of=_WIDE),
        sample_aspect_ratio=Fraction(4, 3),
    ),
    long("vfr_mp4", "Over ten minutes of two frames a second and sometimes four.", _UNEVEN, frame_rate=None),
    long(
        "edit_list_mp4",
        "Over ten minutes that were cut without loss, off a keyframe: what comes before is hidden by an edit list.",
        MP4,
        Copy(suffix=".mp4", of=MP4, before={"ss": 7.3}),
        duration_s=SECONDS - 7.3,
    ),
    long(
        "starts_at_10_s_mkv",
        "Over ten minutes in Matroska whose clock starts at 10 s, a piece of a longer recording.",
        MP4,
        Copy(suffix=".mkv", of=MP4, options={"output_ts_offset": 10}),
        start_s=10 - 0.064,
    ),
)

CASES: tuple[Case, ...] = (*CODECS, *TRACKS, *SHAPES)
