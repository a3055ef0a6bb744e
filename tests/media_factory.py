"""Small coded media, each with what is true of it because of how it was made.

They are encoded, and later judged, by the FFmpeg of `imageio-ffmpeg`: not the one that preflight reads with.
The picture has a colour in each corner (red, lime / blue, yellow) and a box in its middle that is white for the first
tenth of every second and black else; the sound is a tone of 1 kHz for that same tenth.
"""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
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


class Library:
    """Makes each file once, when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str) -> Path:
        path = self._folder / name
        if not path.exists():
            known = {made.name: made for made in (*VIDEOS, *AUDIOS)}.get(name)
            match known:
                case Video():
                    make_video(known, path)
                case Audio():
                    make_audio(known, path)
                case None:
                    MAKERS[name](self, path)
        return path


def copy(source: Path, path: Path, *, before: dict[str, object] | None = None, **options: object) -> None:
    write(path, ffmpeg.input(str(source), **(before or {})), c="copy", **options)


def _turned(degrees: int) -> Callable[[Library, Path], None]:
    """A player turns it clockwise by so much; FFmpeg's option counts the other way round."""
    return lambda media, path: copy(media("h264_aac.mp4"), path, before={"display_rotation": -degrees})


B_FRAMES = {"c:v": "libx264", "preset": "veryfast", "bf": 3, "g": 25, "sc_threshold": 0, "pix_fmt": "yuv420p"}


def _with_b_frames(**options: object) -> Callable[[Library, Path], None]:
    def make(media: Library, path: Path) -> None:
        # Something that moves, or the encoder finds no use for B-frames.
        moving = ffmpeg.input("testsrc2=s=480x360:r=25:d=6", f="lavfi")
        write(path, moving, sound(6), **{**B_FRAMES, "c:a": "aac", **options})

    return make


def _shifted(picture_s: float, sound_s: float) -> Callable[[Library, Path], None]:
    def make(media: Library, path: Path) -> None:
        source = str(media("h264_aac.mp4"))
        shown = ffmpeg.input(source, itsoffset=picture_s).video
        write(path, shown, ffmpeg.input(source, itsoffset=sound_s).audio, c="copy")

    return make


def _cover(source: str, **options: object) -> Callable[[Library, Path], None]:
    def make(media: Library, path: Path) -> None:
        art = ffmpeg.input("color=c=red:s=500x500", f="lavfi", t=0.04).video
        kept = ffmpeg.input(str(media(source)))
        write(
            path,
            kept,
            art,
            **{"c": "copy", "disposition:v:0": "attached_pic", "c:v": "mjpeg", "pix_fmt": "yuvj420p", **options},
        )

    return make


def _covered_video(media: Library, path: Path) -> None:
    """The cover is the first stream: what takes the first picture takes the wrong one."""
    art = ffmpeg.input("color=c=red:s=500x500", f="lavfi", t=0.04).video
    kept = ffmpeg.input(str(media("h264_aac.mp4")))
    flags = {
        "c:v:0": "mjpeg",
        "disposition:v:0": "attached_pic",
        "c:v:1": "copy",
        "c:a": "copy",
        "pix_fmt:v:0": "yuvj420p",
    }
    write(path, art, kept.video, kept.audio, **flags)


def _two_tracks(media: Library, path: Path) -> None:
    shown = ffmpeg.input(str(media("h264_aac.mp4"))).video
    write(path, shown, sound(5, 48_000, 2), sound(5, 22_050, 1), **{"c:v": "copy", "c:a": "aac"})


def _short_sound(media: Library, path: Path) -> None:
    shown = ffmpeg.input(str(media("h264_aac.mp4"))).video
    # AC-3: its muxer cannot write a track without a packet.
    write(path, shown, sound(1.5), **{"c:v": "copy", "c:a": "ac3"})


def _still(media: Library, path: Path) -> None:
    """One picture under half a minute of sound, as podcasts are uploaded."""
    shown = picture(480, 360, 1).filter("trim", end_frame=1)
    write(path, shown, sound(30), **{"c:v": "libx264", "c:a": "aac", "pix_fmt": "yuv420p"})


def _slow_then_fast(media: Library, path: Path) -> None:
    """Variable frame rate: 5 frames a second for two seconds, then 25."""
    shown = picture(480, 360, 5).filter("select", "gte(t,2)+not(mod(n,5))")
    write(path, shown, sound(5), **{**_X264, "fps_mode": "vfr", "enc_time_base": "1/1000"})


def _grows(media: Library, path: Path) -> None:
    """The picture's size changes half-way, as broadcasts do."""
    parts = []
    for i, (width, height) in enumerate([(480, 360), (720, 540)]):
        part = path.with_name(f"part{i}.ts")
        shown = picture(width, height, 3)
        parts.append(write(part, shown, sound(3), **_X264, output_ts_offset=3 * i).read_bytes())
    path.write_bytes(b"".join(parts))


def _looped(seconds: float) -> Callable[[Library, Path], None]:
    def make(media: Library, path: Path) -> None:
        copy(media("h264_aac.mp4"), path, before={"stream_loop": -1}, t=seconds)

    return make


def _tagged(media: Library, path: Path) -> None:
    """Colours as high definition codes them, and says so; a player that guesses by the size gets them wrong."""
    tags = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "range": "tv"}
    coloured = picture(480, 360, 2).filter("scale", out_color_matrix="bt709").filter("format", "yuv420p")
    write(path, coloured.filter("setparams", **tags), **_X264)


def _noise(media: Library, path: Path) -> None:
    """The hardest thing there is to encode."""
    grain = ffmpeg.input("color=gray:s=480x360:r=25:d=12", f="lavfi").filter("noise", alls=80, allf="t", all_seed=1)
    write(path, grain, sound(12), **{"c:v": "mjpeg", "q:v": 5, "pix_fmt": "yuvj420p", "c:a": "aac"})


def _encoded(**options: object) -> Callable[[Library, Path], object]:
    return lambda _, path: write(path, picture(480, 360, 2), **options)


MAKERS: dict[str, Callable[[Library, Path], object]] = {
    **{f"turned_{degrees}.mp4": _turned(degrees) for degrees in (0, 90, 180, 270)},
    **{f"b_frames.{ending}": _with_b_frames() for ending in ("mp4", "mkv", "ts", "flv")},
    "b_frames.avi": _with_b_frames(**{"c:a": "libmp3lame"}),
    "open_gop.mp4": _with_b_frames(**{"x264-params": "open-gop=1"}),
    "open_gop.ts": _with_b_frames(**{"x264-params": "open-gop=1"}),
    "open_gop_hevc.mp4": _with_b_frames(
        **{"c:v": "libx265", "preset": "ultrafast", "x265-params": "log-level=none:open-gop=1:keyint=26:bframes=3"}
    ),
    "closed_gop_hevc.mp4": _with_b_frames(
        **{"c:v": "libx265", "preset": "ultrafast", "x265-params": "log-level=none:open-gop=0:keyint=25:bframes=3"}
    ),
    "open_gop.mpg": _with_b_frames(**{"c:v": "mpeg2video", "preset": 0, "bf": 2, "q:v": 5, "c:a": "mp2"}),
    "cover.m4a": _cover("sound.m4a"),
    "cover.mp3": _cover("sound.mp3"),
    "cover.mp4": _covered_video,
    "two_tracks.mkv": _two_tracks,
    "short_sound.mp4": _short_sound,
    "late_sound.mp4": _shifted(0, 0.5),
    "late_picture.mp4": _shifted(0.5, 0),
    # A copy that starts off a keyframe: the packets from the keyframe on are hidden by an edit list.
    "edit_list.mp4": lambda media, path: copy(media("h264_aac.mp4"), path, before={"ss": 1.3}),
    "index_first.mp4": lambda media, path: copy(media("b_frames.mp4"), path, movflags="faststart"),
    "raw.h264": lambda media, path: copy(media("silent.mp4"), path),
    "still.mp4": _still,
    "vfr.mkv": _slow_then_fast,
    "grows.ts": _grows,
    "ten_bit.mkv": _encoded(**{"c:v": "libx265", "x265-params": "log-level=none", "pix_fmt": "yuv420p10le"}),
    "full_range.avi": _encoded(**{"c:v": "mjpeg", "q:v": 2, "pix_fmt": "yuvj420p"}),
    "tagged_709.mp4": _tagged,
    "one_frame.mp4": lambda _, path: write(path, picture(480, 360, 1).filter("trim", end_frame=1), **_X264),
    "small.mp4": lambda _, path: write(path, picture(240, 180, 2), **_X264),
    "wide.mp4": lambda _, path: write(path, picture(640, 200, 2), **_X264),
    "noise.mkv": _noise,
    **{f"looped_{seconds}.mp4": _looped(seconds) for seconds in (25, 599.9, 600.0, 600.3)},
}


@dataclass(frozen=True, slots=True)
class Coded:
    """A coded packet as the independent FFmpeg reads it, on the file's own clock."""

    stream: int
    pts_s: float
    dts_s: float
    duration_s: float
    size: int
    digest: str


@cache
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
            dts_s=_seconds(row[1], base[int(row[0])]),
            pts_s=_seconds(row[2], base[int(row[0])]),
            duration_s=_seconds(row[3], base[int(row[0])]),
            size=int(row[4]),
            digest=row[5],
        )
        for row in rows
    ]


def _seconds(ticks: str, base: Fraction) -> float:
    """Not a number where the container does not say: MPEG-PS gives some packets no time."""
    return float(int(ticks) * base) if int(ticks) > -(1 << 63) else math.nan


def strictest_duration_s(path: Path) -> float:
    """The longest that anyone may take it to be: by its packets, or by its header."""
    packets = [p for p in coded_packets(path) if not math.isnan(p.pts_s)]
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
