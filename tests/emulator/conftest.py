"""Scenes and melodies that can be told from each other, which the catalogue has none of, and an emulator to post to."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import httpx2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from preflight.emulator import LocalServer
from preflight.testing.recipes.encoder import write

SAMPLE_RATE = 44_100


@dataclass(frozen=True)
class Answer:
    status: int
    json: dict
    headers: httpx2.Headers

    @property
    def data(self) -> list[dict]:
        assert self.status == 200, self.json
        return self.json["data"]

    def vectors(self, option: str | None = None, scope: str | None = None) -> NDArray[np.float64]:
        rows = [r for r in self.data if r["embedding_option"] == option and r["embedding_scope"] == scope]
        return np.array([row["embedding"] for row in rows])


Post = Callable[..., Answer]


@pytest.fixture(scope="session")
def server() -> Iterator[LocalServer]:
    with LocalServer() as running:
        yield running


@pytest.fixture(scope="session")
def post(server: LocalServer) -> Iterator[Post]:
    """Post a body (an object to be encoded as JSON, or bytes) to the emulator."""
    with httpx2.Client(base_url=server.url, timeout=60, trust_env=False) as client:

        def send(body: object, *, key: str | None = "any key", content_type: str = "application/json") -> Answer:
            headers = {"content-type": content_type} | ({"x-api-key": key} if key is not None else {})
            kind = {"content": body} if isinstance(body, bytes) else {"json": body}
            answer = client.post("/v1.3/embed-v2", headers=headers, **kind)
            return Answer(answer.status_code, answer.json(), answer.headers)

        yield send


@pytest.fixture(scope="session")
def media_body() -> Callable[..., dict]:
    """The body of an image, audio or video request; keywords go beside its `media_source`."""

    def body(kind: str, media: bytes | Path, **more: object) -> dict:
        content = media.read_bytes() if isinstance(media, Path) else media
        source = {"base64_string": base64.b64encode(content).decode()}
        return {"input_type": kind, "model_name": "marengo3.0", kind: {"media_source": source, **more}}

    return body


def drawn(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture of soft colours and hard edges, another one for each seed."""
    rng = np.random.default_rng(seed)
    soft = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    pixels = np.array(soft)
    for _ in range(6):
        x, y = rng.integers(0, size[0] - 40), rng.integers(0, size[1] - 40)
        width, height = rng.integers(40, 200, 2)
        pixels[y : y + height, x : x + width] = rng.integers(0, 256, 3)
    return Image.fromarray(pixels)


@pytest.fixture(scope="session")
def draw() -> Callable[..., Image.Image]:
    return drawn


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """An image file's bytes; keywords are Pillow's."""

    def to_bytes(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return to_bytes


def melody(seed: int, seconds: float) -> NDArray[np.float64]:
    """Notes with overtones, of random pitch, length and loudness, between -1 and 1."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(int(seconds * SAMPLE_RATE))
    at = 0
    while at < sound.size:
        length = int(rng.uniform(0.1, 0.6) * SAMPLE_RATE)
        t = np.arange(min(length, sound.size - at)) / SAMPLE_RATE
        pitch, fade = rng.uniform(110, 1200), rng.uniform(2, 8)
        note = sum(np.sin(2 * np.pi * pitch * n * t) / n**1.5 for n in range(1, 5))
        sound[at : at + t.size] = note * np.exp(-fade * t) * rng.uniform(0.05, 0.4)
        at += length
    return sound


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("emulator")


@pytest.fixture(scope="session")
def sound(folder: Path) -> Callable[..., Path]:
    """A WAV of a melody; the same file for the same arguments."""

    def write(seed: int, seconds: float = 8.0, volume: float = 1.0) -> Path:
        path = folder / f"melody_{seed}_{seconds}_{volume}.wav"
        if not path.exists():
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(SAMPLE_RATE)
                file.writeframes((melody(seed, seconds) * volume * 32767).astype("<i2").tobytes())
        return path

    return write


@pytest.fixture(scope="session")
def convert(folder: Path) -> Callable[..., Path]:
    """Transcode a file; the new name says its format, keywords are FFmpeg's output options."""

    def transcode(source: Path, name: str, **options: str | float) -> Path:
        path = folder / name
        if not path.exists():
            write(path, ffmpeg.input(str(source)), **options)
        return path

    return transcode


@pytest.fixture(scope="session")
def film(folder: Path, sound: Callable[..., Path]) -> Callable[..., Path]:
    """Still scenes, one a seed, each of so many seconds, with a melody: its seed, or None for no sound."""

    def make(
        scenes: tuple[int, ...], seconds: tuple[float, ...], *, music: int | None = 1, name: str, **options: str | float
    ) -> Path:
        path = folder / name
        if path.exists():
            return path
        stills = []
        for seed, length in zip(scenes, seconds, strict=True):
            still = folder / f"scene_{seed}.png"
            drawn(seed, (640, 360)).save(still)
            stills.append(ffmpeg.input(str(still), loop=1, framerate=10, t=length))
        inputs = [ffmpeg.concat(*stills)]
        if music is not None:
            inputs.append(ffmpeg.input(str(sound(music, sum(seconds)))))
        fixed = {"vcodec": "libx264", "pix_fmt": "yuv420p", "preset": "ultrafast"}
        write(path, *inputs, **(fixed | options))
        return path

    return make
