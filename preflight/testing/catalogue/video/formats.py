"""Containers and codecs: the same five seconds, as each kind of device and program writes them."""

from __future__ import annotations

from fractions import Fraction

from preflight.testing.catalogue.interface import Case, says
from preflight.testing.catalogue.video.making import (
    H264,
    SILENT,
    TRANSCODED,
    X265,
    Options,
    filmed,
    remade,
)
from preflight.testing.recipes.film import X264, Copy, Film, Scene, Tone

_FRAGMENTS = "frag_keyframe+empty_moov"
_TOO_LOW = says("video_resolution_too_low", gives=TRANSCODED)
_UNTIMED = says("video_without_timestamps", gives=TRANSCODED)
_TOO_NEW = says("unsupported_file_type", gives=TRANSCODED)

_SCENE, _TONE = Scene(), Tone()
_YUV420: Options = {"pix_fmt": "yuv420p"}


def _film(suffix: str, options: Options, scene: Scene = _SCENE, tone: Tone = _TONE) -> Film:
    return Film(suffix=suffix, scene=scene, tones=(tone,), options={**_YUV420, **options})


H264_TS = Film(suffix=".ts", options=X264)
"""Its muxer starts the clock at 1.4 s: 0.7 s to fill buffers, as much to decode ahead."""
H264_MKV = Film(suffix=".mkv", options=X264)

CASES: tuple[Case, ...] = (
    filmed("h264_aac_mp4", "H.264 and AAC in MP4, what nearly everybody sends.", H264),
    filmed(
        "h264_aac_mov", "H.264 and AAC in QuickTime, as iPhones and Macs record.", Film(suffix=".mov", options=X264)
    ),
    filmed("h264_aac_mkv", "H.264 and AAC in Matroska, as OBS records.", H264_MKV),
    filmed("h264_aac_flv", "H.264 and AAC in Flash Video, as streams are archived.", Film(suffix=".flv", options=X264)),
    filmed(
        "h264_aac_ts",
        "H.264 and AAC in a transport stream, as television and HLS have it; its clock starts at 1.4 s.",
        H264_TS,
        start_s=1.4,
        slack_s=0.15,
    ),
    filmed("h264_aac_3gp", "H.264 and AAC in 3GP, as old Android phones record.", Film(suffix=".3gp", options=X264)),
    filmed(
        "h264_aac_fragmented_mp4",
        "A fragmented MP4 whose header knows no length, as browsers record and streaming services store.",
        Film(suffix=".mp4", options={**X264, "movflags": _FRAGMENTS}),
    ),
    remade(
        "first_fragment_in_header_mp4",
        "A fragmented MP4 whose header knows its first second only, as recorders that fear a crash write it.",
        Copy(suffix=".mp4", of=H264, options={"movflags": "frag_keyframe"}),
        H264,
    ),
    filmed("hevc_aac_mp4", "HEVC in MP4, the default of iPhones since 2017.", _film(".mp4", {**X265, "tag:v": "hvc1"})),
    filmed(
        "av1_opus_mkv",
        "AV1 and Opus in Matroska, as OBS records on new graphics cards.",
        _film(".mkv", {"c:v": "libsvtav1", "preset": 12, "c:a": "libopus", "svtav1-params": "lp=1"}),
    ),
    filmed(
        "av1_aac_mp4",
        "AV1 in MP4, as video platforms hand out downloads.",
        _film(".mp4", {"c:v": "libsvtav1", "preset": 12, "c:a": "aac", "svtav1-params": "lp=1"}),
    ),
    filmed(
        "vp9_opus_webm",
        "VP9 and Opus in WebM, as browsers and meetings record.",
        _film(".webm", {"c:v": "libvpx-vp9", "deadline": "realtime", "cpu-used": 8, "b:v": "200k", "c:a": "libopus"}),
    ),
    filmed(
        "vp8_vorbis_webm",
        "VP8 and Vorbis in WebM, the web of the early 2010s.",
        _film(".webm", {"c:v": "libvpx", "deadline": "realtime", "cpu-used": 8, "b:v": "200k", "c:a": "libvorbis"}),
    ),
    filmed(
        "mpeg4_mp3_avi",
        "MPEG-4 and MP3 in AVI, the films of the 2000s.",
        _film(".avi", {"c:v": "mpeg4", "q:v": 5, "c:a": "libmp3lame"}),
        slack_s=0.08,
    ),
    filmed(
        "packed_b_frames_avi",
        "MPEG-4 with packed B-frames in AVI, as DivX and Xvid wrote it: two pictures in one packet, then an empty one.",
        _film(".avi", {"c:v": "libxvid", "q:v": 5, "bf": 2, "g": 25, "c:a": "libmp3lame"}),
        slack_s=0.1,
    ),
    filmed(
        "mjpeg_pcm_avi",
        "Motion JPEG and PCM in AVI, as digital cameras of the 2000s and microscopes record.",
        _film(".avi", {"c:v": "mjpeg", "pix_fmt": "yuvj420p", "c:a": "pcm_s16le"}),
    ),
    filmed(
        "mpeg2_mp2_mpg",
        "MPEG-2 in a program stream, as DVD recorders write it.",
        _film(".mpg", {"c:v": "mpeg2video", "q:v": 5, "c:a": "mp2"}),
        start_s=0.53,
        slack_s=0.15,
    ),
    filmed(
        "mpeg2_pcm_mxf",
        "MPEG-2 and PCM in MXF, as broadcasters hand it in.",
        _film(".mxf", {"c:v": "mpeg2video", "q:v": 5, "c:a": "pcm_s16le"}),
    ),
    filmed(
        "theora_vorbis_ogv",
        "Theora and Vorbis in Ogg, as Wikimedia has it.",
        _film(".ogv", {"c:v": "libtheora", "q:v": 5, "c:a": "libvorbis"}),
    ),
    filmed(
        "wmv2_wmav2_wmv",
        "Windows Media, as old screen recorders and slide programs export.",
        _film(".wmv", {"c:v": "wmv2", "q:v": 5, "c:a": "wmav2"}),
        slack_s=0.15,
    ),
    filmed(
        "prores_pcm_mov",
        "ProRes and PCM in QuickTime, as editors hand it on.",
        _film(".mov", {"c:v": "prores", "profile:v": 0, "c:a": "pcm_s16le"}),
    ),
    filmed(
        "dnxhr_pcm_mov",
        "DNxHR and PCM in QuickTime, as other editors hand it on.",
        _film(".mov", {"c:v": "dnxhd", "profile:v": "dnxhr_lb", "pix_fmt": "yuv422p", "c:a": "pcm_s16le"}),
    ),
    filmed(
        "h264_pcm_mov",
        "H.264 with PCM in QuickTime, as mirrorless cameras record.",
        Film(suffix=".mov", options={**X264, "c:a": "pcm_s16be"}),
    ),
    filmed(
        "dv_pcm_avi",
        "A camcorder's tape, captured: interlaced, with pixels wider than high.",
        Film(
            suffix=".avi",
            scene=Scene(width=720, height=576, seconds=4.2, sample_aspect_ratio=Fraction(16, 15)),
            tones=(Tone(seconds=4.2),),
            options={"c:v": "dvvideo", "pix_fmt": "yuv420p", "c:a": "pcm_s16le"},
        ),
    ),
    filmed(
        "h263_amr_3gp",
        "H.263 and AMR at 352x288, a phone of 2005; its pixels are wider than high.",
        _film(
            ".3gp",
            {"c:v": "h263", "q:v": 5, "c:a": "libopencore_amrnb", "b:a": "12.2k"},
            Scene(width=352, height=288, sample_aspect_ratio=Fraction(12, 11)),
            Tone(sample_rate=8_000, channels=1),
        ),
        _TOO_LOW,
    ),
    filmed(
        "vvc_mp4",
        "H.266, which a service with an FFmpeg before 7.0 cannot decode.",
        Film(
            suffix=".mp4",
            scene=Scene(frame_rate=Fraction(5)),
            tones=(),
            options={"c:v": "libvvenc", "preset": "faster", "pix_fmt": "yuv420p10le"},
        ),
        _TOO_NEW,
    ),
    remade(
        "raw_h264",
        "A raw H.264 stream without a clock, as surveillance recorders and drones store it.",
        Copy(suffix=".h264", of=SILENT),
        SILENT,
        _UNTIMED,
    ),
    remade(
        "raw_hevc",
        "A raw HEVC stream without a clock, as encoders' test programs write it.",
        Copy(suffix=".hevc", of=Film(suffix=".mp4", tones=(), options=X265)),
        Film(suffix=".mp4", tones=(), options=X265),
        _UNTIMED,
    ),
)
