"""Small coded media, each with what is true of it because of how it was made.

They are encoded, and later judged, by the FFmpeg of `imageio-ffmpeg`: not the one that preflight reads with.
The picture has a colour in each corner (red, lime / blue, yellow) and a box in its middle that is white for the first
tenth of every second and black else; the sound is a tone of 1 kHz for that same tenth.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import numpy as np

RED, LIME, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
CORNERS = (RED, LIME, BLUE, YELLOW)
"""Top left, top right, bottom left, bottom right, as displayed."""
FLASH_S = 0.1
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()

_MOV = "mov,mp4,m4a,3gp,3g2,mj2"
_X264 = {"c:v": "libx264", "c:a": "aac", "preset": "ultrafast", "pix_fmt": "yuv420p", "g": 25, "sc_threshold": 0}


@dataclass(frozen=True, kw_only=True)
class Video:
    """A made video and its truth."""

    name: str
    container: str
    codec: str
    audio_codec: str | None
    options: dict[str, object]
    width: int = 480
    height: int = 360
    seconds: float = 5.0
    frame_rate: int = 25
    sample_rate: int = 48_000
    channels: int = 2
    sample_aspect_ratio: Fraction = Fraction(1)
    start_s: float = 0.0
    slack_s: float = 0.05
    """How far the container or codec may stretch the end: whole frames of sound, coarse clocks."""


@dataclass(frozen=True, kw_only=True)
class Audio:
    """A made sound and its truth."""

    name: str
    container: str
    codec: str
    options: dict[str, object] = field(default_factory=dict)
    seconds: float = 5.0
    sample_rate: int = 44_100
    channels: int = 2
    bit_depth: int | None = None
    slack_s: float = 0.06


VIDEOS = (
    Video(name="h264_aac.mp4", container=_MOV, codec="h264", audio_codec="aac", options=_X264),
    Video(name="h264_aac.mov", container=_MOV, codec="h264", audio_codec="aac", options=_X264),
    Video(name="h264_aac.mkv", container="matroska,webm", codec="h264", audio_codec="aac", options=_X264),
    Video(name="h264_aac.flv", container="flv", codec="h264", audio_codec="aac", options=_X264),
    # The muxer starts its clock at 1.4 s (0.7 s to fill buffers, as much to decode ahead).
    Video(
        name="h264_aac.ts",
        container="mpegts",
        codec="h264",
        audio_codec="aac",
        options=_X264,
        start_s=1.4,
        slack_s=0.15,
    ),
    Video(name="h264_aac.3gp", container=_MOV, codec="h264", audio_codec="aac", options=_X264),
    Video(
        name="h264_aac_fragmented.mp4",
        container=_MOV,
        codec="h264",
        audio_codec="aac",
        options={**_X264, "movflags": "frag_keyframe+empty_moov"},
    ),
    Video(
        name="hevc_aac.mp4",
        container=_MOV,
        codec="hevc",
        audio_codec="aac",
        options={"c:v": "libx265", "preset": "ultrafast", "x265-params": "log-level=none:keyint=25", "tag:v": "hvc1"},
    ),
    Video(
        name="av1_opus.mkv",
        container="matroska,webm",
        codec="av1",
        audio_codec="opus",
        options={"c:v": "libsvtav1", "preset": 12, "c:a": "libopus", "svtav1-params": "lp=1"},
    ),
    Video(
        name="vp9_opus.webm",
        container="matroska,webm",
        codec="vp9",
        audio_codec="opus",
        options={"c:v": "libvpx-vp9", "deadline": "realtime", "cpu-used": 8, "b:v": "200k", "c:a": "libopus"},
    ),
    Video(
        name="vp8_vorbis.webm",
        container="matroska,webm",
        codec="vp8",
        audio_codec="vorbis",
        options={"c:v": "libvpx", "deadline": "realtime", "cpu-used": 8, "b:v": "200k", "c:a": "libvorbis"},
    ),
    Video(
        name="mpeg4_mp3.avi",
        container="avi",
        codec="mpeg4",
        audio_codec="mp3",
        options={"c:v": "mpeg4", "q:v": 5, "c:a": "libmp3lame"},
        slack_s=0.08,
    ),
    Video(
        name="mjpeg_pcm.avi",
        container="avi",
        codec="mjpeg",
        audio_codec="pcm_s16le",
        options={"c:v": "mjpeg", "pix_fmt": "yuvj420p", "c:a": "pcm_s16le"},
    ),
    Video(
        name="mpeg2_mp2.mpg",
        container="mpeg",
        codec="mpeg2video",
        audio_codec="mp2",
        options={"c:v": "mpeg2video", "q:v": 5, "c:a": "mp2"},
        start_s=0.53,
        slack_s=0.15,
    ),
    Video(
        name="theora_vorbis.ogv",
        container="ogg",
        codec="theora",
        audio_codec="vorbis",
        options={"c:v": "libtheora", "q:v": 5, "c:a": "libvorbis"},
    ),
    Video(
        name="wmv2_wmav2.wmv",
        container="asf",
        codec="wmv2",
        audio_codec="wmav2",
        options={"c:v": "wmv2", "q:v": 5, "c:a": "wmav2"},
        slack_s=0.15,
    ),
    Video(
        name="prores_pcm.mov",
        container=_MOV,
        codec="prores",
        audio_codec="pcm_s16le",
        options={"c:v": "prores", "profile:v": 0, "c:a": "pcm_s16le"},
    ),
    Video(
        name="h263_amr.3gp",
        container=_MOV,
        codec="h263",
        audio_codec="amr_nb",
        options={"c:v": "h263", "q:v": 5, "c:a": "libopencore_amrnb", "b:a": "12.2k"},
        width=352,
        height=288,
        sample_rate=8_000,
        channels=1,
        # CIF of old: pixels of 12:11.
        sample_aspect_ratio=Fraction(12, 11),
    ),
    Video(name="silent.mp4", container=_MOV, codec="h264", audio_codec=None, options=_X264),
    Video(
        name="wide_pixels.mkv",
        container="matroska,webm",
        codec="h264",
        audio_codec="aac",
        options=_X264,
        sample_aspect_ratio=Fraction(4, 3),
    ),
    Video(
        name="odd.mkv",
        container="matroska,webm",
        codec="h264",
        audio_codec=None,
        options={**_X264, "pix_fmt": "yuv444p"},
        width=481,
        height=363,
    ),
)

AUDIOS = (
    Audio(name="s16.wav", container="wav", codec="pcm_s16le", bit_depth=16, slack_s=0.001),
    Audio(
        name="s24.wav",
        container="wav",
        codec="pcm_s24le",
        bit_depth=24,
        options={"c:a": "pcm_s24le"},
        slack_s=0.001,
    ),
    Audio(name="u8.wav", container="wav", codec="pcm_u8", bit_depth=8, options={"c:a": "pcm_u8"}, slack_s=0.001),
    Audio(
        name="f32.wav", container="wav", codec="pcm_f32le", bit_depth=32, options={"c:a": "pcm_f32le"}, slack_s=0.001
    ),
    Audio(name="sound.mp3", container="mp3", codec="mp3", options={"c:a": "libmp3lame"}, slack_s=0.08),
    Audio(name="sound.flac", container="flac", codec="flac", slack_s=0.001),
    Audio(name="sound.m4a", container=_MOV, codec="aac"),
    Audio(name="alac.m4a", container=_MOV, codec="alac", options={"c:a": "alac"}, slack_s=0.1),
    Audio(name="sound.opus", container="ogg", codec="opus", options={"c:a": "libopus"}, sample_rate=48_000),
    Audio(name="sound.ogg", container="ogg", codec="vorbis", options={"c:a": "libvorbis"}),
    Audio(name="sound.ac3", container="ac3", codec="ac3", options={"c:a": "ac3"}),
    Audio(name="sound.aac", container="aac", codec="aac", slack_s=0.1),
    Audio(name="sound.mka", container="matroska,webm", codec="flac", options={"c:a": "flac"}, slack_s=0.11),
    Audio(
        name="phone.wav", container="wav", codec="pcm_s16le", bit_depth=16, sample_rate=8_000, channels=1, slack_s=0.001
    ),
    Audio(name="surround.flac", container="flac", codec="flac", sample_rate=48_000, channels=6, slack_s=0.001),
)


def picture(width: int, height: int, seconds: float, frame_rate: int = 25) -> ffmpeg.nodes.Stream:
    half = f"{(width + 1) // 2}x{(height + 1) // 2}"
    parts = [
        ffmpeg.input(f"color=c={name}:s={half}:r={frame_rate}:d={seconds}", f="lavfi")
        for name in ("red", "lime", "blue", "yellow")
    ]
    rows = [ffmpeg.filter(parts[i : i + 2], "hstack") for i in (0, 2)]
    whole = ffmpeg.filter(rows, "vstack").filter("format", "yuv444p").filter("crop", width, height, 0, 0, exact=1)
    box = {"x": "iw*3/8", "y": "ih*3/8", "w": "iw/4", "h": "ih/4", "t": "fill"}
    lit = f"lt(mod(t+0.001,1),{FLASH_S})"
    return whole.filter("drawbox", color="black", **box).filter("drawbox", color="white", enable=lit, **box)


def sound(seconds: float, sample_rate: int = 48_000, channels: int = 2) -> ffmpeg.nodes.Stream:
    tone = f"0.5*sin(2*PI*1000*t)*lt(mod(t,1),{FLASH_S})"
    return ffmpeg.input(f"aevalsrc='{'|'.join([tone] * channels)}':s={sample_rate}:d={seconds}", f="lavfi").audio


def write(path: Path, *streams: ffmpeg.nodes.Stream, **options: object) -> Path:
    """Run one graph of streams into `path`."""
    node = ffmpeg.output(*streams, str(path), **{"bitexact": None, "threads": 1, **options})
    run(*ffmpeg.compile(node, cmd=FFMPEG, overwrite_output=True)[1:])
    return path


def run(*arguments: str, data: bytes | None = None) -> bytes:
    """The independent FFmpeg; its output. Whatever it complains of fails the test."""
    done = subprocess.run([FFMPEG, "-v", "error", *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def make_video(video: Video, path: Path) -> Path:
    shown = picture(video.width, video.height, video.seconds, video.frame_rate)
    if video.sample_aspect_ratio != 1:
        shown = shown.filter("setsar", f"{video.sample_aspect_ratio.numerator}/{video.sample_aspect_ratio.denominator}")
    streams = [shown]
    if video.audio_codec is not None:
        streams.append(sound(video.seconds, video.sample_rate, video.channels))
    return write(path, *streams, **{"pix_fmt": "yuv420p", **video.options})


def make_audio(audio: Audio, path: Path) -> Path:
    return write(path, sound(audio.seconds, audio.sample_rate, audio.channels), **audio.options)


@dataclass(frozen=True, slots=True)
class Coded:
    """A coded packet as the independent FFmpeg reads it, on the file's own clock."""

    stream: int
    pts_s: float
    dts_s: float
    duration_s: float
    size: int
    digest: str


def coded_packets(path: Path) -> list[Coded]:
    """Of the first picture and the first sound, in the order that they are stored."""
    maps = [
        "-map",
        "0:v:0?",
        "-map",
        "0:a:0?",
        "-c",
        "copy",
        "-copyts",
        "-copyinkf",
        "-f",
        "framehash",
        "-hash",
        "md5",
        "-",
    ]
    text = run("-i", str(path), *maps).decode()
    base = {int(m[1]): Fraction(m[2]) for m in re.finditer(r"^#tb (\d+): (\S+)$", text, re.MULTILINE)}
    rows = [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if not line.startswith("#")]
    return [
        Coded(
            stream=int(row[0]),
            dts_s=float(int(row[1]) * base[int(row[0])]),
            pts_s=float(int(row[2]) * base[int(row[0])]),
            duration_s=float(int(row[3]) * base[int(row[0])]),
            size=int(row[4]),
            digest=row[5],
        )
        for row in rows
    ]


def strictest_duration_s(path: Path) -> float:
    """The longest that anyone may take it to be: by its packets, or by its header."""
    packets = coded_packets(path)
    by_packets = max(p.pts_s + p.duration_s for p in packets) - max(min(p.pts_s for p in packets), 0.0)
    shown = subprocess.run([FFMPEG, "-hide_banner", "-i", str(path)], capture_output=True, check=False).stderr.decode()
    header = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", shown)
    assert header is not None, shown
    return max(by_packets, int(header[1]) * 3600 + int(header[2]) * 60 + float(header[3]))


def frames_rgb(path: Path, width: int, height: int) -> np.ndarray:
    """All frames as shown upright, (n, height, width, 3) uint8; the size must be the displayed one."""
    raw = run("-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def samples(path: Path, channels: int, sample_rate: int | None = None) -> np.ndarray:
    """Decoded sound, (n, channels) int16."""
    rate = [] if sample_rate is None else ["-ar", str(sample_rate)]
    raw = run("-i", str(path), "-map", "0:a:0", *rate, "-ac", str(channels), "-f", "s16le", "-")
    return np.frombuffer(raw, np.int16).reshape(-1, channels)


def corner_colours(frame: np.ndarray) -> tuple[tuple[int, int, int], ...]:
    """Top left, top right, bottom left, bottom right of a (height, width, 3) picture, to the nearest pure colour."""
    height, width, _ = frame.shape
    spots = [
        (height // 6, width // 6),
        (height // 6, -width // 6),
        (-height // 6, width // 6),
        (-height // 6, -width // 6),
    ]
    return tuple(tuple(255 if int(c) > 128 else 0 for c in frame[y, x]) for y, x in spots)


def flash_times_s(path: Path, width: int, height: int) -> list[float]:
    """When the box in the middle turns white, seconds of the file's clock."""
    lit = frames_rgb(path, width, height)[:, height // 2, width // 2].min(axis=1) > 128
    times = sorted(p.pts_s for p in coded_packets(path) if p.stream == 0)
    assert len(times) == len(lit)
    return [times[i] for i in range(len(lit)) if lit[i] and (i == 0 or not lit[i - 1])]


def tone_times_s(path: Path) -> list[float]:
    """When the tone sets in, seconds of the file's clock."""
    rate = 48_000
    loud = np.abs(samples(path, 1, rate)[:, 0].astype(np.int32)) > 4_000
    starts_s = min(max(p.pts_s, 0.0) for p in coded_packets(path) if p.stream == 1 or len(_streams(path)) == 1)
    onsets: list[float] = []
    last = -rate
    for i in np.flatnonzero(loud):
        if i - last > rate // 2:
            onsets.append(float(i / rate + starts_s))
        last = i
    return onsets


def _streams(path: Path) -> set[int]:
    return {p.stream for p in coded_packets(path)}
