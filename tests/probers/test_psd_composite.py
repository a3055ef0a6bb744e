"""The picture in a PSD or PSB, of every mode and depth: as it was written, and where FFmpeg reads it as it reads it."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from preflight.errors import BrokenMediaError
from preflight.media import ImageFacts, Source, Unprobed
from preflight.probers import probe, psd_composite
from preflight.probers.image_decoded import decode_fully, load_whole, opened
from preflight.probers.psd_composite import PsdComposite
from preflight.testing.recipes.interface import Kitchen
from preflight.testing.recipes.psd import Psd
from preflight.testing.recipes.still import box_of, drawing
from preflight.transformers.image_colour import to_srgb

NO_KITCHEN = cast("Kitchen", None)
WIDTH, HEIGHT = 101, 60
KINDS = [
    *(("bitmap", 1, version) for version in (1, 2)),
    *((mode, 16, version) for mode in ("gray", "rgb", "rgba", "cmyk", "lab") for version in (1, 2)),
    *((mode, 8, 2) for mode in ("gray", "palette", "rgb", "rgba", "cmyk", "lab")),
]


@pytest.fixture
def path(tmp_path: Path):
    def written(**options: Any) -> Path:
        path = tmp_path / "picture.psd"
        path.unlink(missing_ok=True)
        Psd(width=WIDTH, height=HEIGHT, **options).write(path, NO_KITCHEN)
        return path

    return written


def loaded(data: bytes) -> Image.Image:
    with Source.of(data).open() as file:
        image = opened(file, "picture")
        load_whole(image, file, "picture")
        return image


def wanted(mode: str) -> np.ndarray:
    picture = drawing("corners", WIDTH, HEIGHT)
    grey = (picture @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)
    match mode:
        case "bitmap":
            return np.repeat(np.where(picture[..., :1] < 128, 0, 255), 3, axis=-1)
        case "gray":
            return np.repeat(grey[..., None], 3, axis=-1)
        case "palette":
            return np.repeat(255 - grey[..., None], 3, axis=-1)
        case _:
            return picture


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("mode", "depth", "version"), KINDS)
def test_it_shows_what_was_written(path, mode: str, depth: int, version: int, packed: bool) -> None:
    data = path(mode=mode, depth=depth, version=version, packed=packed).read_bytes()
    facts = probe(Source.of(data))
    assert isinstance(facts, ImageFacts)
    assert (facts.format, facts.width, facts.height, facts.damage) == ("PSD", WIDTH, HEIGHT, None)
    picture = loaded(data)
    assert isinstance(picture, PsdComposite)
    assert picture.mode == facts.mode
    shown, _ = to_srgb(picture)
    if mode == "rgba":
        assert np.array_equal(np.asarray(shown.getchannel("A")), np.where(box_of(WIDTH, HEIGHT), 0, 255))
    difference = np.abs(np.asarray(shown.convert("RGB"), int) - wanted(mode).astype(int)).max()
    assert difference <= (25 if mode == "lab" else 0)  # eight bits of Lab are coarse


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("mode", "depth"), [("bitmap", 1), ("gray", 16), ("rgb", 16), ("cmyk", 16)])
def test_ffmpeg_reads_the_same(path, mode: str, depth: int, packed: bool) -> None:
    psd = path(mode=mode, depth=depth, packed=packed)
    to_rgb = ("-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", psd, *to_rgb], capture_output=True, check=True).stdout
    other = np.frombuffer(raw, np.uint8).reshape(HEIGHT, WIDTH, 3).astype(int)
    shown, _ = to_srgb(loaded(psd.read_bytes()))
    assert np.abs(np.asarray(shown.convert("RGB"), int) - other).max() <= 1


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("version", [1, 2])
def test_one_that_breaks_off_is_found(path, version: int, packed: bool) -> None:
    data = path(depth=16, version=version, packed=packed).read_bytes()
    decode_fully(Source.of(data))
    for cut in (len(data) - 1, len(data) * 2 // 3, 60):
        with pytest.raises(BrokenMediaError, match="cannot be decoded"):
            decode_fully(Source.of(data[:cut]))
    for cut in (20, 30, 39):
        facts = probe(Source.of(data[:cut]))
        assert isinstance(facts, Unprobed)
        assert facts.code == "image_file_broken"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"depth": 32}, "a PSD of 32 bits a sample"),
        ({"depth": 32, "version": 2}, "a PSB of 32 bits a sample"),
        ({"has_composite": False}, "without the picture"),
        ({"depth": 16, "has_composite": False}, "without the picture"),
    ],
)
def test_what_is_not_read_is_named(path, options: dict[str, Any], said: str) -> None:
    facts = probe(Source.of(path(**options)))
    assert isinstance(facts, Unprobed)
    assert (facts.code, said in facts.reason) == ("unsupported_file_type", True)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("compression", [2, 3])
def test_zip_is_not_called_broken(path, depth: int, compression: int) -> None:
    data = bytearray(path(depth=depth).read_bytes())
    struct.pack_into(">H", data, 26 + 12, compression)
    facts = probe(Source.of(bytes(data)))
    assert isinstance(facts, Unprobed)
    assert (facts.code, "ZIP" in facts.reason) == ("unsupported_file_type", True)


def test_one_that_says_it_has_its_picture_is_read(path) -> None:
    for depth in (8, 16):
        assert isinstance(probe(Source.of(path(depth=depth, has_composite=True))), ImageFacts)


def test_a_bomb_is_refused_by_its_header(path, monkeypatch: pytest.MonkeyPatch) -> None:
    import preflight

    monkeypatch.setattr(psd_composite, "unpacked", lambda *_: pytest.fail("it was unpacked"))
    data = bytearray(path(version=2, depth=16, packed=True).read_bytes())
    struct.pack_into(">II", data, 14, 200_000, 200_000)
    codes = {finding.code for finding in preflight.check(bytes(data)).errors}
    assert codes == {"unsupported_file_type", "image_pixels_too_many"}
