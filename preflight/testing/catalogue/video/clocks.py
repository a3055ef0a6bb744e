"""Time: where the clock starts, whether it goes on, and what the header says of it."""

from __future__ import annotations

from dataclasses import replace

from preflight.testing.catalogue.interface import Case, says
from preflight.testing.catalogue.video.formats import H264_TS
from preflight.testing.catalogue.video.making import (
    H264,
    LOSSLESS,
    REJECTED_AS_SHORT,
    SHORT,
    SILENT,
    X265,
    Options,
    remade,
)
from preflight.testing.corrupt import LieAboutDuration
from preflight.testing.recipes.film import X264, Copy, Film, Mux, Scene, Tone, Track
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.trimmed import TrimmedEnd
from preflight.testing.recipes.written import Corrupted, Joined

_HEVC = Film(suffix=".mp4", options={**X265, "tag:v": "hvc1"})


def _shifted(picture_s: float, sound_s: float) -> Mux:
    tracks = (Track(of=H264, takes="v", offset_s=picture_s), Track(of=H264, takes="a", offset_s=sound_s))
    return Mux(suffix=".mp4", tracks=tracks, options={"c": "copy"})


def _copied(suffix: str, options: Options) -> Copy:
    return Copy(suffix=suffix, of=H264, options=options)


_RESTART = _copied(".ts", {"mpegts_flags": "+initial_discontinuity"})

STARTS = (
    remade(
        "late_sound_mp4",
        "Sound that starts half a second after its picture, as editors cut it.",
        _shifted(0, 0.5),
        H264,
        duration_s=5.5,
    ),
    remade(
        "late_picture_mp4",
        "A picture that starts half a second after its sound, as a call's recording does.",
        _shifted(0.5, 0),
        H264,
        duration_s=5.5,
    ),
    remade(
        "edit_list_mp4",
        "A lossless cut of 3.7 s that starts off a keyframe: what comes before is there, hidden by an edit list.",
        Copy(suffix=".mp4", of=H264, before={"ss": 1.3}),
        H264,
        SHORT,
        newest=REJECTED_AS_SHORT,
        duration_s=3.7,
    ),
    remade(
        "trimmed_end_mp4",
        "Five seconds of which the edit list shows 4.2, as a phone trims: the rest is there, hidden.",
        TrimmedEnd(suffix=".mp4", of=H264, shown_s=4.2),
        H264,
        duration_s=4.2,
    ),
    remade(
        "edit_list_hevc_mov",
        "HEVC that a phone trimmed at its start, off a keyframe: what comes before is there, hidden by an edit list.",
        Copy(suffix=".mov", of=_HEVC, before={"ss": 0.6}),
        _HEVC,
        duration_s=4.4,
    ),
    remade(
        "negative_start_mp4",
        "Half a second before zero, hidden by an edit list, as a phone's trimmed video has it.",
        Copy(suffix=".mp4", of=H264, before={"itsoffset": -0.5}, options={"avoid_negative_ts": "disabled"}),
        H264,
        duration_s=4.5,
    ),
    remade(
        "negative_start_mkv",
        "A Matroska file whose first half second lies before zero, as careless cuts leave it.",
        Copy(suffix=".mkv", of=H264, before={"itsoffset": -0.5}, options={"avoid_negative_ts": "disabled"}),
        H264,
        duration_s=4.52,
    ),
    remade(
        "starts_at_10_s_mkv",
        "A Matroska file whose clock starts at 10 s, as a piece of a longer recording.",
        _copied(".mkv", {"output_ts_offset": 10}),
        H264,
        start_s=9.98,
    ),
    remade(
        "starts_at_10_s_ts",
        "A transport stream whose clock starts at 10 s, a segment of a live stream.",
        _copied(".ts", {"output_ts_offset": 10}),
        H264,
        start_s=11.38,
        slack_s=0.15,
    ),
    remade(
        "clock_wraps_ts",
        "A broadcast during whose recording the clock of 33 bits starts from zero again, as it does every 26.5 hours.",
        # 2.3 s before it wraps, less a frame of sound; FFmpeg counts what is before as negative.
        _copied(".ts", {"output_ts_offset": 95_440}),
        H264,
        start_s=-2.34,
        slack_s=0.15,
    ),
    remade(
        "clock_restarts_ts",
        "Two recordings joined into one transport stream: half-way its clock starts anew, and says so.",
        Joined(suffix=".ts", parts=(_RESTART, _RESTART)),
        H264,
        duration_s=10.0,
        start_s=1.4,
        slack_s=0.15,
    ),
    remade(
        "starts_at_10_s_mp4",
        "An MP4 that shows nothing for its first 10 s, by an empty edit, as editors leave it.",
        _copied(".mp4", {"output_ts_offset": 10}),
        H264,
        start_s=9.98,
    ),
)


def _part(width: int, height: int, offset_s: float) -> Film:
    """Its first packets say that the clock and the counters start anew; without that, packets would seem lost."""
    options: Options = {**X264, "output_ts_offset": offset_s, "mpegts_flags": "+initial_discontinuity"}
    scene = Scene(width=width, height=height, seconds=3)
    return Film(suffix=".ts", scene=scene, tones=(Tone(seconds=3),), options=options)


_VP8 = Film(
    suffix=".webm",
    options={
        "c:v": "libvpx",
        "deadline": "realtime",
        "cpu-used": 8,
        "b:v": "200k",
        "pix_fmt": "yuv420p",
        "c:a": "libopus",
    },
)
_SILENT_MKV = Film(suffix=".mkv", tones=(), options=X264)
_LONG_MKV = Copy(suffix=".mkv", of=_SILENT_MKV, before={"stream_loop": -1}, options={"t": 610})
_FALSELY_LONG = says("video_duration_mismatch", "video_duration_too_long", gives=LOSSLESS)


def _lying(of: Recipe, seconds: float) -> Corrupted:
    return Corrupted(suffix=of.suffix, of=of, by=LieAboutDuration(seconds=seconds))


HEADERS = (
    remade(
        "grows_ts",
        "A broadcast whose picture changes its size half-way, from a programme to an advertisement.",
        Joined(suffix=".ts", parts=(_part(480, 360, 0), _part(720, 540, 3))),
        H264_TS,
        duration_s=6.0,
        start_s=1.4,
        slack_s=0.15,
    ),
    remade(
        "live_mkv",
        "A Matroska stream that says neither its length nor that of its clusters, as live recorders send it.",
        _copied(".mkv", {"live": 1}),
        H264,
    ),
    remade(
        "no_duration_flv",
        "Flash Video that says no length, as a live stream's archive that was never finished.",
        _copied(".flv", {"flvflags": "no_duration_filesize"}),
        H264,
    ),
    remade(
        "header_claims_an_hour_mp4",
        "An MP4 header that claims an hour over five seconds, as recorders leave it that reserve their length.",
        _lying(SILENT, 3_600.0),
        SILENT,
        _FALSELY_LONG,
    ),
    remade(
        "header_claims_an_hour_mkv",
        "A Matroska header that claims an hour over five seconds, as an archive that was cut off and mended.",
        _lying(_SILENT_MKV, 3_600.0),
        _SILENT_MKV,
        _FALSELY_LONG,
    ),
    remade(
        "header_claims_a_second_mkv",
        "A header that claims one second over five, as programs leave it that append without looking back.",
        _lying(_SILENT_MKV, 1.0),
        _SILENT_MKV,
        says("video_duration_mismatch", gives=LOSSLESS),
    ),
    remade(
        "header_hides_ten_minutes_mkv",
        "Ten minutes and ten seconds under a header that claims five seconds, to slip through a gate.",
        _lying(_LONG_MKV, 5.0),
        _SILENT_MKV,
        says("video_duration_mismatch", "video_duration_too_long", gives=LOSSLESS, requests=2),
        duration_s=610.0,
    ),
)

_PAUSED_S = 3.0
# After two seconds, in packets of each track.
_PAUSE: Options = {
    "bsf:v": f"setts=pts=PTS+gte(N\\,50)*{_PAUSED_S}/TB:dts=DTS+gte(N\\,50)*{_PAUSED_S}/TB",
    "bsf:a": f"setts=pts=PTS+gte(N\\,94)*{_PAUSED_S}/TB:dts=DTS+gte(N\\,94)*{_PAUSED_S}/TB",
}

JUMPS = (
    *(
        remade(
            f"pause_{suffix[1:]}",
            "A recording that was paused for three seconds, and whose clock went on; nothing was recorded then.",
            _copied(suffix, _PAUSE),
            replace(H264, suffix=suffix),
            duration_s=5.0 + _PAUSED_S,
            frame_rate=None,
            slack_s=0.1,
        )
        for suffix in (".mp4", ".mkv")
    ),
    remade(
        "clock_goes_back_ts",
        "Two recordings joined into one transport stream, the second of which starts two seconds before the end of "
        "the first, and says so.",
        Joined(suffix=".ts", parts=(_part(480, 360, 0), _part(480, 360, 1))),
        H264_TS,
        duration_s=6.0,
        start_s=1.4,
        slack_s=0.15,
    ),
    remade(
        "clock_jumps_ts",
        "Two recordings joined into one transport stream, between which lies an hour that nobody recorded.",
        Joined(suffix=".ts", parts=(_part(480, 360, 0), _part(480, 360, 3_600))),
        H264_TS,
        # Who holds its last time against its first finds an hour.
        _FALSELY_LONG,
        duration_s=6.0,
        start_s=1.4,
        slack_s=0.15,
    ),
    remade(
        "live_webm",
        "A WebM that says neither its length nor that of its clusters, as browsers record.",
        Copy(suffix=".webm", of=_VP8, options={"live": 1}),
        _VP8,
    ),
)

CASES: tuple[Case, ...] = (*STARTS, *HEADERS, *JUMPS)
