"""Clips of marked films and sounds, seen and heard by an FFmpeg that made none of them: every mark once, on time."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from preflight.media import Kind, Span
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.testing import catalogue
from preflight.testing.recipes.film import X264, Copy
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.marked import MarkedFilm
from preflight.testing.store import Store
from tests.lowered import lowered
from tests.marks import faults
from tests.timelines import tracks

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")

CAP_S = 6.0
"""The films last 12 s; with what the planner stays inside of it, three clips."""
B_FRAMES = {**X264, "preset": "veryfast", "bf": 3, "g": 30}
HEVC = {"c:v": "libx265", "preset": "ultrafast", "c:a": "aac"}
MPEG2 = {"c:v": "mpeg2video", "q:v": 9, "g": 24, "bf": 2, "sc_threshold": 1_000_000_000, "c:a": "mp2"}
# The rate doubles between 4 and 8 s.
UNEVEN = (("select", {"expr": "not(mod(n,2))+between(t,4,8)"}),)


def film(suffix: str, options: dict, rate: Fraction = Fraction(25), **known) -> MarkedFilm:
    coded = {"pix_fmt": "yuv420p", **options}
    return MarkedFilm(
        **{"suffix": suffix, "seconds": 12.0, "sample_rate": 48_000, "frame_rate": rate, "options": coded, **known}
    )


def x265(gops: str) -> dict:
    return {**HEVC, "x265-params": f"log-level=none:{gops}:keyint=30:bframes=3"}


VP9 = {"c:v": "libvpx-vp9", "deadline": "realtime", "cpu-used": 8, "b:v": "200k", "g": 24, "c:a": "libopus"}
VFR = {"fps_mode": "vfr", "enc_time_base": "1/90000"}
PLAIN = film(".mp4", B_FRAMES)
UNEVEN_MP4 = film(".mp4", {**B_FRAMES, **VFR}, Fraction(50), filters=UNEVEN)
SPEECH = film(".mp4", B_FRAMES, sample_rate=16_000)
BEFORE_ZERO = Copy(suffix=".mkv", of=PLAIN, before={"itsoffset": -0.7}, options={"avoid_negative_ts": "disabled"})
WRAPS = Copy(suffix=".ts", of=PLAIN, options={"output_ts_offset": 95_436})
TRIMMED = Copy(suffix=".mp4", of=PLAIN, before={"ss": 1.3})

FILMS: dict[str, Recipe] = {
    "mp4": PLAIN,
    "mov_at_23.976": film(".mov", B_FRAMES, Fraction(24_000, 1_001)),
    "mkv_at_29.97": film(".mkv", B_FRAMES, Fraction(30_000, 1_001)),
    "mp4_uneven_at_50": UNEVEN_MP4,
    "mp4_at_60": film(".mp4", B_FRAMES, Fraction(60)),
    "fragmented_mp4": Copy(suffix=".mp4", of=PLAIN, options={"movflags": "frag_keyframe+empty_moov"}),
    "live_mkv": Copy(suffix=".mkv", of=PLAIN, options={"live": 1}),
    "ts": Copy(suffix=".ts", of=PLAIN),
    "ts_that_wraps": WRAPS,
    "ts_from_10_s": Copy(suffix=".ts", of=PLAIN, options={"output_ts_offset": 10}),
    "mp4_from_10_s": Copy(suffix=".mp4", of=PLAIN, options={"output_ts_offset": 3}),
    "mp4_trimmed": TRIMMED,
    "mkv_before_zero": BEFORE_ZERO,
    "flv_without_length": Copy(suffix=".flv", of=PLAIN, options={"flvflags": "no_duration_filesize"}),
    "mpeg4_avi": film(".avi", {"c:v": "mpeg4", "q:v": 9, "g": 24, "c:a": "libmp3lame"}),
    "closed_hevc": film(".mp4", x265("open-gop=0")),
    "open_hevc": film(".mp4", x265("open-gop=1")),
    "open_h264_mkv": film(".mkv", {**B_FRAMES, "x264-params": "open-gop=1"}),
    "vp9_webm": film(".webm", VP9, Fraction(10)),
    "closed_mpg": film(".mpg", {**MPEG2, "flags": "+bitexact+cgop"}),
    "open_mpg": film(".mpg", MPEG2),
    "theora_ogv": film(".ogv", {"c:v": "libtheora", "q:v": 3, "g": 24, "c:a": "libvorbis"}, Fraction(10)),
    "prores_mov": film(
        ".mov", {"c:v": "prores", "profile:v": 0, "pix_fmt": "yuv422p10le", "c:a": "pcm_s16le"}, Fraction(5)
    ),
    "short_sound": film(".mp4", B_FRAMES, sound_seconds=4.0),
    "5_1": film(".mp4", B_FRAMES, channels=6),
    "16_khz": SPEECH,
}
NOT_YET: dict[str, str] = {}


def cut(recipe: Recipe | Path, preflight: Preflight, folder: Path, kind: Kind | None = None):
    """(the source, its clips, their worst fidelity)."""
    source = recipe if isinstance(recipe, Path) else Store().path(recipe)
    clips: list[tuple[Path, Span]] = []
    fidelities = set()
    for number, payload in enumerate(preflight.prepare(source, kind=kind)):
        path = folder / f"{number:03}"
        path.write_bytes(payload.media[0].source.read())
        assert payload.span is not None
        clips.append((path, payload.span))
        fidelities.add(str(payload.fidelity))
    assert len(fidelities) == 1
    return source, clips, fidelities.pop()


@pytest.mark.parametrize("name", FILMS)
def test_what_is_cut_between_units_shows_every_mark_once_and_on_time(name, tmp_path, request):
    if name in NOT_YET:
        request.applymarker(pytest.mark.xfail(reason=NOT_YET[name], strict=True))
    source, clips, fidelity = cut(FILMS[name], Preflight(limits=lowered(max_s=CAP_S), policy=EASY), tmp_path)
    assert len(clips) > 1
    assert faults(source, clips) == []
    assert fidelity == "lossless"


# After three seconds, in packets of each track, and in the middle of a GOP. In these containers a picture lasts until
# the next: that is what the source shows.
PAUSED = {
    "bsf:v": "setts=pts=PTS+gte(PTS*TB\\,3.4)*5/TB:dts=DTS+gte(PTS*TB\\,3.4)*5/TB",
    "bsf:a": "setts=pts=PTS+gte(PTS*TB\\,3.4)*5/TB:dts=DTS+gte(PTS*TB\\,3.4)*5/TB",
}
EASY, HARD = Policy(min_clip_s=1.0), Policy(min_clip_s=600.0)
ENCODED: dict[str, Recipe] = {
    name: FILMS[name]
    for name in (
        "mov_at_23.976",
        "mp4_uneven_at_50",
        "ts_that_wraps",
        "mkv_before_zero",
        "16_khz",
    )
} | {
    "small": film(".mp4", B_FRAMES, width=320, height=240),
    "wmv": film(".wmv", {"c:v": "wmv2", "q:v": 9, "g": 24, "c:a": "wmav2"}, sample_rate=44_100),
    # After the last picture there is no place to cut.
    "long_sound": film(".mp4", B_FRAMES, seconds=3.0, sound_seconds=14.0),
    "packed_b_frames_avi": film(".avi", {"c:v": "libxvid", "q:v": 5, "bf": 2, "g": 25, "c:a": "libmp3lame"}),
    "h264_b_frames_avi": film(".avi", {**B_FRAMES, "c:a": "libmp3lame"}),
    "vvc": film(".mp4", {"c:v": "libvvenc", "preset": "faster", "pix_fmt": "yuv420p10le"}, Fraction(10)),
    "paused_in_a_gop": Copy(suffix=".mp4", of=PLAIN, options=PAUSED),
    "paused_in_a_gop_mkv": Copy(suffix=".mkv", of=PLAIN, options=PAUSED),
}
TRUTH: dict[str, Recipe] = {"vvc": film(".mp4", B_FRAMES, Fraction(10))}
"""Where the judge cannot read the source: that FFmpeg knows no H.266."""


@pytest.mark.parametrize("name", ENCODED)
def test_what_is_encoded_again_shows_every_mark_once_and_on_time(name, tmp_path):
    source, clips, fidelity = cut(ENCODED[name], Preflight(limits=lowered(max_s=CAP_S), policy=HARD), tmp_path)
    assert fidelity == "transcoded"
    assert len(clips) > 1
    assert faults(Store().path(TRUTH[name]) if name in TRUTH else source, clips) == []


def sound(suffix: str, coder: str, rate: int = 44_100, **options) -> MarkedFilm:
    return MarkedFilm(
        suffix=suffix, seconds=12.0, has_picture=False, sample_rate=rate, options={"c:a": coder, **options}
    )


MEMO = sound(".m4a", "aac", 16_000)
PAUSED_SOUND = {"bsf:a": PAUSED["bsf:a"]}
SOUNDS: dict[str, Recipe] = {
    "wav": sound(".wav", "pcm_s16le"),
    "flac": sound(".flac", "flac"),
    "mp3": sound(".mp3", "libmp3lame"),
    "mp3_at_16_khz": sound(".mp3", "libmp3lame", 16_000),
    "ogg": sound(".ogg", "libvorbis"),
    "m4a": sound(".m4a", "aac", 16_000),
    "wma": sound(".wma", "wmav2"),
    # Five seconds of nothing between two packets; the marks behind them come so much later.
    **{f"paused_{suffix[1:]}": Copy(suffix=suffix, of=MEMO, options=PAUSED_SOUND) for suffix in (".m4a", ".mka")},
    "m4a_that_starts_late": Copy(suffix=".m4a", of=MEMO, options={"output_ts_offset": 3}),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_every_second_of_sound_is_heard_once_and_on_time(name, tmp_path):
    source, clips, fidelity = cut(SOUNDS[name], Preflight(limits=lowered(max_s=CAP_S)), tmp_path)
    assert len(clips) > 1
    assert faults(source, clips) == []
    if fidelity == "lossless" and source.suffix == ".mp3":
        copied = [packet.digest for clip, _ in clips for packet in tracks(clip).sound]
        assert copied == [packet.digest for packet in tracks(source).sound]


LONG = [
    *(
        catalogue.case(f"video/long_{name}")
        for name in ("mp4", "clock_wraps_ts", "webm", "small_mp4", "edit_list_mp4", "vfr_mp4")
    ),
    catalogue.case("audio/long_m4a"),
]
"""The others hold the same packets as the first, or are short above."""


@pytest.mark.parametrize("case", LONG, ids=str)
def test_what_lasts_too_long_shows_every_mark_once_and_on_time(case, tmp_path):
    source, clips, _ = cut(case.path, Preflight(), tmp_path)
    assert len(clips) == case.expected["marengo3.0"].requests
    assert all(span.duration_s <= 600 for _, span in clips)
    assert faults(source, clips) == []
