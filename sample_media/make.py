"""Make the sample media of this folder: ``python sample_media/make.py [NAME ...]``.

Every file has a maker below and a table in ``truth.toml``, which says what it is and what the default profile
must find in it: whoever changes a maker changes its truth. ``three_languages.txt`` is written by hand.

Pictures and sounds are drawn with NumPy and Pillow, seeded, and encoded by an FFmpeg that is not the one that
preflight reads with, on one thread and with bitexact flags: the same versions make the same bytes.
"""

import argparse
import itertools
import math
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ffmpeg  # type: ignore[import-untyped, unused-ignore]  # ships no annotations
import imageio_ffmpeg  # type: ignore[import-untyped, unused-ignore]  # ships no annotations
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageDraw, ImageFont
from PIL.TiffImagePlugin import IFDRational

Samples = NDArray[np.float64]
Option = str | int


@dataclass(frozen=True, kw_only=True)
class Sound:
    """`samples` is (n,) for mono or (n, channels), between -1 and 1."""

    samples: Samples
    sample_rate: int

    def pcm(self) -> bytes:
        return (self.samples.clip(-1, 1) * 32767).round().astype("<i2").tobytes()

    def as_input(self, url: str) -> ffmpeg.nodes.Stream:
        channels = 1 if self.samples.ndim == 1 else self.samples.shape[1]
        return ffmpeg.input(url, f="s16le", ar=self.sample_rate, ac=channels)


def encode(path: Path, *inputs: ffmpeg.nodes.Stream, feed: Iterable[bytes] = (), **options: Option) -> None:
    """Encode `inputs` to `path`, whose name decides the container; `feed` goes to FFmpeg's standard input."""
    output = ffmpeg.output(*inputs, str(path), fflags="+bitexact", flags="+bitexact", threads=1, **options)
    output = output.global_args("-v", "error").overwrite_output()
    process = ffmpeg.run_async(output, cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdin=True)
    with process.stdin:
        for chunk in feed:
            process.stdin.write(chunk)
    if process.wait() != 0:
        raise subprocess.CalledProcessError(process.returncode, process.args)


def encode_audio(path: Path, sound: Sound, **options: Option) -> None:
    encode(path, sound.as_input("pipe:"), feed=[sound.pcm()], **options)


def encode_video(
    path: Path, frames: Iterator[Image.Image], sound: Sound | None, *, fps: int, **options: Option
) -> None:
    """Encode RGB `frames` of one size as H.264, and `sound` as AAC."""
    first = next(frames)
    inputs = [ffmpeg.input("pipe:", f="rawvideo", pix_fmt="rgb24", s=f"{first.width}x{first.height}", r=fps)]
    options |= {"vcodec": "libx264", "pix_fmt": "yuv420p", "movflags": "+faststart"}
    feed = (frame.tobytes() for frame in itertools.chain([first], frames))
    with tempfile.TemporaryDirectory() as folder:
        if sound is not None:
            pcm = Path(folder) / "sound.pcm"
            pcm.write_bytes(sound.pcm())
            inputs.append(sound.as_input(str(pcm)))
            options["acodec"] = "aac"
        encode(path, *inputs, feed=feed, **options)


def speech(duration_s: float, sample_rate: int, *, pitch_hz: float, seed: int) -> Sound:
    """Something with the rhythm of speech: a voice of four syllables a second."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(duration_s * sample_rate)) / sample_rate
    syllable = (time * 4).astype(np.intp)
    count = math.ceil(duration_s * 4)
    loudness = rng.uniform(0.1, 0.3, count) * (rng.random(count) > 0.15)
    vowels = rng.random((11, count))
    phase = 2 * np.pi * pitch_hz * (time + 0.03 * np.sin(2.5 * time))
    voice = np.zeros_like(time)
    for harmonic in range(1, 11):
        voice += vowels[harmonic, syllable] / harmonic * np.sin(harmonic * phase)
    return Sound(samples=voice * loudness[syllable] * np.sin(np.pi * (time * 4 % 1)), sample_rate=sample_rate)


def pluck(pitch_hz: float, duration_s: float, sample_rate: int) -> Samples:
    """A plucked string that dies away within about a second."""
    time, harmonics = np.arange(round(duration_s * sample_rate)) / sample_rate, np.arange(1, 6)[:, None]
    partials = np.sin(2 * np.pi * pitch_hz * harmonics * time) * np.exp(-3 * harmonics * time) / harmonics
    return np.asarray(partials.sum(axis=0))


def fractal_noise(size: tuple[int, int], rng: np.random.Generator, *, fade: float) -> Samples:
    """(height, width), about -2 to 2; each octave is `fade` times weaker than the coarser one before it."""
    total = np.zeros((size[1], size[0]))
    weights = fade ** -np.arange(math.log2(max(size) / 4))
    for octave, weight in enumerate(weights / np.linalg.norm(weights)):
        cells = 4 << octave
        grid = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
        total += weight * np.asarray(grid.resize(size, Image.Resampling.BICUBIC))
    return total


def landscape(size: tuple[int, int], *, seed: int, grain: float = 2) -> Image.Image:
    """Blue sky above, sun on the right, hills, and a green meadow below; `grain` is the sensor's noise."""
    width, height = size
    rng = np.random.default_rng(seed)
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))

    sky = np.array([70, 130, 215]) + down[..., None] * [230, 150, 50]
    haze = (0.5 * fractal_noise(size, rng, fade=1.8)).clip(0, 0.8)
    sky += haze[..., None] * (250 - sky)
    sun = np.exp(-(((across - 0.8) / 0.1) ** 2) - ((down - 0.15) * height / width / 0.1) ** 2)
    sky += sun[..., None] * ([255, 245, 200] - sky)
    texture = fractal_noise(size, rng, fade=1.2)[..., None]
    hills = [75, 100, 115] + texture * [7, 8, 8]
    meadow = [60, 130, 35] + down[..., None] * [30, 20, 5] + texture * [20, 26, 11]
    ridge = 0.48 + 0.05 * np.sin(7 * across) + 0.02 * np.sin(19 * across + 1)
    shore = 0.60 + 0.02 * np.sin(4 * across + 2)
    picture = np.where((down < ridge)[..., None], sky, np.where((down < shore)[..., None], hills, meadow))
    picture += rng.normal(0, grain, picture.shape)
    return Image.fromarray(picture.clip(0, 255).round().astype(np.uint8))


def hsv(hue: float, saturation: float, value: float) -> str:
    """The name of a colour, of degrees and percents, as Pillow reads it."""
    return f"hsv({hue % 360}, {saturation}%, {value}%)"


def slide(number: int) -> Image.Image:
    """A page of a talk, 640x360; neighbours differ in colour, in shape and in where things are."""
    rng = np.random.default_rng(number)
    bright, hue = number % 2, number * 137.5
    picture = Image.new("RGB", (640, 360), hsv(hue, 55, 35 + 60 * bright))
    draw, ink = ImageDraw.Draw(picture), "black" if bright else "white"
    draw.text((30, 24), f"Part {number + 1}", ink, ImageFont.load_default(44))
    for top, length in zip(range(104, 208, 26), rng.integers(120, 300, 4).tolist(), strict=True):
        draw.rectangle((32, top, 32 + length, top + 8), ink)
    for left, top in zip(range(32, 308, 46), rng.integers(220, 310, 6).tolist(), strict=True):
        draw.rectangle((left, top, left + 34, 340), hsv(hue + 70, 70, 70))
    circle = (470, int(rng.integers(130, 200)), int(rng.integers(60, 115)))
    draw.regular_polygon(circle, 3 + number % 5, int(rng.integers(90)), hsv(hue + 180, 80, 90), ink)
    return picture


def talk_scenes() -> Iterator[tuple[int, int]]:
    """The number and the length in seconds (20 to 40) of each of the 50 scenes, which make 1,500 s."""
    jitter = np.random.default_rng(25).integers(-5, 6, 49)
    yield from enumerate(np.diff([0, *(30 * np.arange(1, 50) + jitter), 1500]).tolist())


def talk_frames(fps: int) -> Iterator[Image.Image]:
    """Slides, over each of which a disc wanders slowly."""
    for number, length_s in talk_scenes():
        page = slide(number)
        for index in range(length_s * fps):
            angle = number + index / fps / 6
            left, top = 300 + 280 * math.sin(angle), 160 + 150 * math.cos(1.3 * angle)
            frame = page.copy()
            ImageDraw.Draw(frame).ellipse((left, top, left + 40, top + 40), hsv(137.5 * number + 270, 90, 80))
            yield frame


def make_talk(path: Path) -> None:
    """Every scene has its slide, a chime, a voice of its own and, at its end, a second of silence."""
    rate, fps, parts = 16_000, 12, []
    for number, length_s in talk_scenes():
        voice = speech(length_s - 2, rate, pitch_hz=95 + 37 * number % 120, seed=number)
        parts += [0.4 * pluck(330 * 2 ** (number % 12 / 12), 1, rate), voice.samples, np.zeros(rate)]
    sound = Sound(samples=np.concatenate(parts), sample_rate=rate)
    encode_video(path, talk_frames(fps), sound, fps=fps, crf=34, g=8 * fps, audio_bitrate=12_000)


def upright_frames(count: int) -> Iterator[Image.Image]:
    """720x1280: red above, blue below, between them an arrow that points up; a dot that moves."""
    page = Image.new("RGB", (720, 1280), (240, 240, 235))
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 719, 426), fill=(200, 30, 30))
    draw.rectangle((0, 853, 719, 1279), fill=(30, 50, 190))
    draw.polygon([(360, 440), (480, 600), (240, 600)], "black")
    draw.rectangle((315, 600, 405, 830), "black")
    draw.text((360, 300), "UP", "white", ImageFont.load_default(180), anchor="mm")
    for index in range(count):
        frame = page.copy()
        ImageDraw.Draw(frame).ellipse((40 + 3 * index, 1050, 100 + 3 * index, 1110), fill="yellow")
        yield frame


def make_phone_portrait(path: Path) -> None:
    """Coded on its side, 1280x720, with a display matrix that turns it back."""
    frames = (frame.transpose(Image.Transpose.ROTATE_90) for frame in upright_frames(6 * 30))
    sound = speech(6, 48_000, pitch_hz=180, seed=2)
    with tempfile.TemporaryDirectory() as folder:
        coded = Path(folder) / "coded.mp4"
        encode_video(coded, frames, sound, fps=30, crf=23, g=30, audio_bitrate=64_000)
        # FFmpeg counts anticlockwise: -90 asks the player for a quarter turn clockwise.
        encode(path, ffmpeg.input(str(coded), display_rotation=-90), c="copy", movflags="+faststart")


def screen_frames(count: int) -> Iterator[Image.Image]:
    """1536x480: a report that is being typed on the left, a log that scrolls on the right."""
    report = (
        "Weekly report\n\nThe ingestion queue was emptied on Tuesday evening.\n"
        "Forty-one recordings were too long and went out as clips.\n\n"
        "Next week: subtitles, and the archive from the old office."
    )
    log = [f"12:00:{line:02}  clip {line:04} accepted, {line * 7919 % 600} s" for line in range(60)]
    font = ImageFont.load_default(24)
    for index in range(count):
        frame = Image.new("RGB", (1536, 480), (250, 250, 248))
        draw = ImageDraw.Draw(frame)
        draw.text((30, 30), report[: index * len(report) // count], "black", font, spacing=24)
        draw.rectangle((920, 0, 1535, 479), fill=(25, 28, 36))
        draw.text((944, 14), "\n".join(log[index // 10 :][:13]), (140, 230, 150), font, spacing=10)
        yield frame


def make_screen_recording(path: Path) -> None:
    """Two windows side by side, 3.2:1, and a microphone that was off."""
    sound = Sound(samples=np.zeros((8 * 48_000, 2)), sample_rate=48_000)
    encode_video(path, screen_frames(8 * 20), sound, fps=20, crf=23, g=60, audio_bitrate=96_000)


def make_small(path: Path) -> None:
    wide = landscape((330, 180), seed=3)
    frames = (wide.crop((left, 0, left + 240, 180)) for left in range(6 * 15))
    encode_video(path, frames, speech(6, 44_100, pitch_hz=140, seed=3), fps=15, crf=26, g=30, audio_bitrate=48_000)


def make_silent(path: Path) -> None:
    wide = landscape((790, 480), seed=4)
    frames = (wide.crop((left, 0, left + 640, 480)) for left in range(6 * 25))
    encode_video(path, frames, None, fps=25, crf=27, g=50)


def make_voice_memo(path: Path) -> None:
    encode_audio(path, speech(12, 44_100, pitch_hz=120, seed=5), acodec="aac", audio_bitrate=64_000)


def make_message(path: Path) -> None:
    encode_audio(path, speech(10, 48_000, pitch_hz=210, seed=8), acodec="libopus", audio_bitrate=32_000)


def make_song(path: Path) -> None:
    """Broken chords that walk from left to right, and a cover twice the size of the song."""
    rate, samples = 44_100, np.zeros((20 * 44_100, 2))
    chords = [(0, 4, 7, 12), (-3, 0, 4, 9), (-7, -3, 0, 5), (-5, -1, 2, 7)]
    for quaver in range(72):
        pitch_hz = 262 * 2 ** (chords[quaver // 8 % 4][quaver % 4] / 12)
        begin, right = quaver * rate // 4, quaver % 8 / 7
        note = pluck(pitch_hz, 1.5, rate)[:, None] * [1 - right, right]
        samples[begin : begin + len(note)] += 0.2 * note
    song = Sound(samples=samples, sample_rate=rate)
    options = {"vcodec": "copy", "disposition:v": "attached_pic", "metadata:s:v": "comment=Cover (front)"}
    with tempfile.TemporaryDirectory() as folder:
        cover = Path(folder) / "cover.jpg"
        landscape((1400, 1400), seed=6, grain=5).save(cover, quality=95)
        inputs = song.as_input("pipe:"), ffmpeg.input(str(cover))
        encode(path, *inputs, feed=[song.pcm()], acodec="libmp3lame", audio_bitrate=128_000, **options)


def make_field_recording(path: Path) -> None:
    """Wind on both sides, and a bird that calls on the left, then on the right."""
    rate = 48_000
    noise = np.random.default_rng(7).standard_normal((8 * rate + 99, 2))
    samples = (np.cumsum(noise, axis=0)[99:] - np.cumsum(noise, axis=0)[:-99]) / 150
    time = np.arange(0.3 * rate) / rate
    call = 0.3 * np.sin(2 * np.pi * (3200 * time + 2500 * time**2)) * np.sin(np.pi * time / 0.3)
    for side, begin_s in ((0, 1.5), (0, 1.9), (0, 2.3), (1, 5.0), (1, 5.4), (1, 5.8)):
        begin = round(begin_s * rate)
        samples[begin : begin + call.size, side] += call
    encode_audio(path, Sound(samples=samples, sample_rate=rate), acodec="pcm_s16le")


def make_photo(path: Path) -> None:
    """Twelve megapixels, held upright: coded on its side, with EXIF orientation 6."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Example"
    exif[ExifTags.Base.Model] = "Camera One"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime] = IFDRational(1, 250)
    coded = landscape((3024, 4032), seed=9, grain=8.2).transpose(Image.Transpose.ROTATE_90)
    # Large enough that a lossless rewrite, optimised and progressive, stays over 5,000,000 bytes as well.
    coded.save(path, quality=95, optimize=True, exif=exif)


def make_icon(path: Path) -> None:
    """A disc that throws a shadow on nothing; drawn large, so that its edges are smooth."""
    icon = Image.new("RGBA", (400, 320))
    draw = ImageDraw.Draw(icon)
    draw.ellipse((60, 20, 340, 300), fill=(0, 0, 0, 90))
    draw.ellipse((60, 20, 320, 280), fill=(250, 120, 20, 255))
    draw.polygon([(150, 80), (150, 220), (270, 150)], fill=(255, 255, 255, 255))
    icon.resize((100, 80), Image.Resampling.LANCZOS).save(path)


def make_picture(path: Path) -> None:
    landscape((640, 480), seed=10).save(path, quality=80)


def make_print(path: Path) -> None:
    """Four inks; the grey that the three colours share is printed in black."""
    inks = 255 - np.asarray(landscape((600, 400), seed=11))
    black = inks.min(axis=2, keepdims=True)
    pure = (inks - black) * (255 / (255 - np.minimum(black, 254)))
    plates = np.concatenate([pure.round().astype(np.uint8), black], axis=2)
    Image.fromarray(plates, mode="CMYK").save(path, quality=90)


MAKERS: dict[str, Callable[[Path], None]] = {
    "talk.mp4": make_talk,
    "phone_portrait.mp4": make_phone_portrait,
    "screen_recording.mp4": make_screen_recording,
    "small_240x180.mp4": make_small,
    "silent.mp4": make_silent,
    "voice_memo.m4a": make_voice_memo,
    "message.opus": make_message,
    "song_with_cover.mp3": make_song,
    "field_recording.wav": make_field_recording,
    "photo.jpg": make_photo,
    "icon.png": make_icon,
    "picture.webp": make_picture,
    "print_cmyk.jpg": make_print,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the sample media of this folder.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(MAKERS)}")
    names = parser.parse_args().names
    if unknown := [name for name in names if name not in MAKERS]:
        parser.error(f"no maker for {', '.join(unknown)}; choose from {', '.join(MAKERS)}")
    for name in names or MAKERS:
        path = Path(__file__).parent / name
        MAKERS[name](path)
        print(f"{path.stat().st_size:>10,}  {name}")


if __name__ == "__main__":
    main()
