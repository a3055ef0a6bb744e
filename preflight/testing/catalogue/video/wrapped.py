"""Containers and codecs in the pairs that are rarer than those of `formats`, each as some program writes it."""

from __future__ import annotations

from fractions import Fraction

from preflight.testing.catalogue.interface import Case, file, says
from preflight.testing.catalogue.video.making import H264, X265, Options, filmed, remade, truth_of
from preflight.testing.recipes.film import X264, Copy, Film, Mux, Scene, Tone, Track

_YUV420: Options = {"pix_fmt": "yuv420p"}
_FIVE_A_SECOND = Scene(frame_rate=Fraction(5))
_AROUND = Tone(channels=6)
"""The same beep in six channels: front, centre, low and back."""
_AV1: Options = {"c:v": "libsvtav1", "preset": 12, "svtav1-params": "lp=1", "g": 25}
_VP9: Options = {"c:v": "libvpx-vp9", "deadline": "realtime", "cpu-used": 8, "b:v": "200k", "g": 25}
_VP8: Options = {**_VP9, "c:v": "libvpx"}
_MPEG2: Options = {"c:v": "mpeg2video", "q:v": 5, "g": 25}


def _film(suffix: str, options: Options, *, scene: Scene = Scene(), tones: tuple[Tone, ...] = (Tone(),)) -> Film:  # noqa: B008 (frozen)
    return Film(suffix=suffix, scene=scene, tones=tones, options={**_YUV420, **options})


_VP9_WEBM = _film(".webm", {**_VP9, "c:a": "libopus"})
_HEVC = Film(suffix=".mp4", options={**X265, "tag:v": "hvc1"})

PAIRS = (
    remade("hevc_aac_mov", "HEVC in QuickTime, as newer iPhones record.", Copy(suffix=".mov", of=_HEVC), _HEVC),
    remade("hevc_aac_mkv", "HEVC in Matroska, as films are archived today.", Copy(suffix=".mkv", of=_HEVC), _HEVC),
    remade(
        "hevc_aac_ts",
        "HEVC in a transport stream, as television by satellite sends it.",
        Copy(suffix=".ts", of=_HEVC),
        _HEVC,
        # Its pictures wait for two that are decoded before them, less a frame of sound.
        start_s=1.4 + 0.08 - 0.021,
        slack_s=0.15,
    ),
    filmed(
        "av1_opus_webm",
        "AV1 in WebM, as video platforms hand it to browsers.",
        _film(".webm", {**_AV1, "c:a": "libopus"}, scene=_FIVE_A_SECOND),
    ),
    remade(
        "vp9_opus_mp4", "VP9 and Opus in MP4, as downloaders join them.", Copy(suffix=".mp4", of=_VP9_WEBM), _VP9_WEBM
    ),
    filmed("vp8_opus_mkv", "VP8 in Matroska, as conference servers record.", _film(".mkv", {**_VP8, "c:a": "libopus"})),
    filmed(
        "mpeg4_aac_mp4",
        "MPEG-4 part 2 in MP4, as cameras and phones of the 2000s record.",
        _film(".mp4", {"c:v": "mpeg4", "q:v": 5, "g": 25, "c:a": "aac"}),
    ),
    filmed(
        "mpeg2_ac3_ts",
        "MPEG-2 and AC-3 in a transport stream, as American television sends it.",
        _film(".ts", {**_MPEG2, "c:a": "ac3"}),
        # Its pictures wait for one that is decoded before them, less what the encoder of the sound starts with.
        start_s=1.4 + 0.04 - 0.005,
        slack_s=0.15,
    ),
    filmed("mpeg2_mp2_mkv", "MPEG-2 in Matroska, as discs are archived.", _film(".mkv", {**_MPEG2, "c:a": "mp2"})),
    filmed(
        "mjpeg_pcm_mov",
        "Motion JPEG in QuickTime, as older cameras record.",
        _film(".mov", {"c:v": "mjpeg", "q:v": 5, "pix_fmt": "yuvj420p", "c:a": "pcm_s16le"}, scene=_FIVE_A_SECOND),
    ),
    filmed(
        "mjpeg_mp3_avi",
        "Motion JPEG and MP3 in AVI, as capture programs write it.",
        _film(".avi", {"c:v": "mjpeg", "q:v": 5, "pix_fmt": "yuvj420p", "c:a": "libmp3lame"}, scene=_FIVE_A_SECOND),
        slack_s=0.25,
    ),
    filmed(
        "prores_pcm_mkv",
        "ProRes in Matroska, as editors on other systems write it.",
        _film(
            ".mkv",
            {"c:v": "prores", "profile:v": 0, "pix_fmt": "yuv422p10le", "c:a": "pcm_s16le"},
            scene=_FIVE_A_SECOND,
        ),
    ),
    filmed(
        "theora_vorbis_mkv",
        "Theora in Matroska, as free archives keep it.",
        _film(".mkv", {"c:v": "libtheora", "q:v": 5, "g": 25, "c:a": "libvorbis"}),
    ),
    remade(
        "vp9_opus_mkv",
        "VP9 and Opus in Matroska, as downloaders join what platforms keep apart.",
        Copy(suffix=".mkv", of=_VP9_WEBM),
        _VP9_WEBM,
    ),
    filmed(
        "mpeg4_amr_3gp",
        "MPEG-4 part 2 and AMR in 3GP, as phones of 2007 record.",
        _film(
            ".3gp",
            {"c:v": "mpeg4", "q:v": 5, "g": 25, "c:a": "libopencore_amrnb", "b:a": "12.2k"},
            tones=(Tone(sample_rate=8_000, channels=1),),
        ),
    ),
    filmed(
        "flv1_mp3_flv",
        "Sorenson's H.263 and MP3 in Flash Video, as video platforms of 2006 had it.",
        _film(".flv", {"c:v": "flv", "q:v": 5, "g": 25, "c:a": "libmp3lame"}, tones=(Tone(sample_rate=44_100),)),
        slack_s=0.1,
    ),
    filmed(
        "msmpeg4_mp3_avi",
        "Microsoft's MPEG-4 and MP3 in AVI, as the first films that were shared.",
        _film(".avi", {"c:v": "msmpeg4", "q:v": 5, "g": 25, "c:a": "libmp3lame"}),
        slack_s=0.1,
    ),
    filmed(
        "mpeg1_mp2_mpg",
        "MPEG-1 in a program stream, as video CDs and cameras of the 1990s have it.",
        _film(".mpg", {**_MPEG2, "c:v": "mpeg1video", "c:a": "mp2"}),
        start_s=0.53,
        slack_s=0.15,
    ),
    filmed(
        "mpeg4_mp3_mkv",
        "MPEG-4 part 2 and MP3 in Matroska, as films of the 2000s are kept today.",
        _film(".mkv", {"c:v": "mpeg4", "q:v": 5, "g": 25, "c:a": "libmp3lame"}),
        slack_s=0.08,
    ),
    filmed(
        "ffv1_flac_mkv",
        "FFV1 and FLAC in Matroska, as film archives keep what they scan.",
        _film(".mkv", {"c:v": "ffv1", "level": 3, "slices": 4, "slicecrc": 1, "c:a": "flac"}, scene=_FIVE_A_SECOND),
    ),
)

_HD = Scene(width=1920, height=1080, frame_rate=Fraction(5))

STUDIO = (
    filmed(
        "dnxhd_pcm_mov",
        "DNxHD in QuickTime, as editors hand on high definition: 36 megabits a second if it had 25 frames.",
        _film(".mov", {"c:v": "dnxhd", "b:v": "36M", "pix_fmt": "yuv422p", "c:a": "pcm_s16le"}, scene=_HD),
    ),
    filmed(
        "dnxhr_pcm_mxf",
        "DNxHR in MXF, as editing systems store it.",
        _film(".mxf", {"c:v": "dnxhd", "profile:v": "dnxhr_lb", "pix_fmt": "yuv422p", "c:a": "pcm_s16le"}),
    ),
    filmed(
        "h264_pcm_mxf", "H.264 in MXF, as camcorders of newsrooms record.", _film(".mxf", {**X264, "c:a": "pcm_s16le"})
    ),
)

SOUNDS = (
    filmed(
        "aac_5_1_mp4",
        "Sound in six channels of AAC, as films are sold.",
        Film(suffix=".mp4", tones=(_AROUND,), options=X264),
    ),
    filmed(
        "ac3_5_1_mkv",
        "Sound in six channels of AC-3, as on discs.",
        Film(suffix=".mkv", tones=(_AROUND,), options={**X264, "c:a": "ac3"}),
    ),
    filmed(
        "eac3_5_1_ts",
        "Sound in six channels of E-AC-3, as high definition is sent.",
        Film(suffix=".ts", tones=(_AROUND,), options={**X264, "c:a": "eac3"}),
        start_s=1.4,
        slack_s=0.15,
    ),
    filmed(
        "flac_mkv",
        "Lossless sound in Matroska, as collectors archive.",
        Film(suffix=".mkv", options={**X264, "c:a": "flac"}),
    ),
    filmed(
        "mono_16_khz_mp4",
        "Speech of one channel at 16 kHz, as conference programs record.",
        Film(suffix=".mp4", tones=(Tone(sample_rate=16_000, channels=1),), options=X264),
        slack_s=0.07,
    ),
    remade(
        "two_tracks_mp4",
        "Two sounds in MP4, the game's and the microphone's, as screen recorders keep them apart.",
        Mux(
            suffix=".mp4",
            tracks=(Track(of=H264), Track(of=Tone()), Track(of=Tone())),
            options={"c:v": "copy", "c:a": "aac"},
        ),
        H264,
        audio_tracks=2,
    ),
    remade(
        "three_tracks_ts",
        "Three languages in a transport stream, as television sends them.",
        Mux(
            suffix=".ts",
            tracks=(Track(of=H264), Track(of=Tone()), Track(of=Tone()), Track(of=Tone())),
            options={"c:v": "copy", "c:a": "mp2"},
        ),
        Film(suffix=".ts", options={**X264, "c:a": "mp2"}),
        audio_tracks=3,
        start_s=1.4,
        slack_s=0.15,
    ),
    remade(
        "silent_mkv",
        "A picture without sound in Matroska.",
        Copy(suffix=".mkv", of=Film(suffix=".mp4", tones=(), options=X264)),
        Film(suffix=".mkv", tones=(), options=X264),
    ),
    remade(
        "silent_ts",
        "A picture without sound in a transport stream, as surveillance cameras send it.",
        Copy(suffix=".ts", of=Film(suffix=".mp4", tones=(), options=X264)),
        Film(suffix=".ts", tones=(), options=X264),
        start_s=1.4,
    ),
)
_GIF = Film(
    suffix=".gif",
    scene=Scene(frame_rate=Fraction(10)),
    tones=(),
    options={"c:v": "gif", "pix_fmt": "rgb8"},
)

ASKED = (
    file(
        "video/animated_gif",
        "Five seconds of GIF, as messengers send them, that a caller wants embedded as the video that it is.",
        _GIF,
        truth_of(_GIF),
        as_kind="video",
    ),
)


def _located(suffix: str, tag: str, what: str, **more: str) -> Case:
    options: Options = {**X264, **more, "metadata": f"{tag}=+48.8577+002.2950/"}
    of = Film(suffix=suffix, options=options)
    return filmed(f"says_where_{suffix[1:]}", what, of, says("video_has_location"))


LOCATED = (
    _located(
        ".mp4", "location", "A film that says where it was made, as phones write it unless they are told otherwise."
    ),
    _located(
        ".mov",
        "com.apple.quicktime.location.ISO6709",
        "The same in QuickTime's own words, as iPhones write it.",
        movflags="use_metadata_tags",
    ),
    _located(".mkv", "location", "The same in a tag of Matroska, as programs that convert a phone's films leave it."),
)

CASES: tuple[Case, ...] = (*PAIRS, *STUDIO, *SOUNDS, *ASKED, *LOCATED)
