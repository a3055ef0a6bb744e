"""JPEG-LS, which FFmpeg's program writes: sample by sample what went in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from preflight.errors import BrokenMediaError
from preflight.media import ImageFacts, Source, Unprobed
from preflight.probers import jpeg_ls, probe
from preflight.probers.image_decoded import decode_fully, load_whole, opened
from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.interface import Kitchen
from preflight.testing.recipes.jpeg_ls import JpegLs

NO_KITCHEN = cast("Kitchen", None)


def coded(samples: np.ndarray, pixel_format: str) -> bytes:
    height, width = samples.shape[:2]
    raw = ("-f", "rawvideo", "-pix_fmt", pixel_format, "-s", f"{width}x{height}", "-i", "-")
    return run(*raw, "-c:v", "jpegls", "-f", "image2pipe", "-", data=samples.tobytes())


@pytest.mark.parametrize(
    ("pixel_format", "kind", "shape", "mode"),
    [("rgb24", "u1", (50, 70, 3), "RGB"), ("gray", "u1", (50, 70), "L"), ("gray16le", "<u2", (50, 70), "I;16")],
)
def test_every_sample_is_what_it_was(pixel_format: str, kind: str, shape: tuple[int, ...], mode: str) -> None:
    most = np.iinfo(kind).max
    noise = np.random.default_rng(5).integers(0, most // 8, shape)
    ramp = np.linspace(0, most * 7 / 8, 70).reshape(1, 70, *(1,) * (len(shape) - 2))
    samples = (ramp + noise).astype(kind)
    data = coded(samples, pixel_format)
    facts = probe(Source.of(data))
    assert facts == ImageFacts(
        size_bytes=len(data), format="JPEG-LS", width=70, height=50, orientation=1, mode=mode, frames=1
    )
    with Source.of(data).open() as file:
        image = opened(file, "picture")
        load_whole(image, file, "picture")
        assert np.array_equal(np.asarray(image), samples)


@pytest.fixture
def picture(tmp_path: Path) -> bytes:
    JpegLs().write(tmp_path / "picture.jls", NO_KITCHEN)
    return (tmp_path / "picture.jls").read_bytes()


@pytest.mark.parametrize("cut", [1, 2, 3, 40, 200])
def test_one_that_breaks_off_is_found(picture: bytes, cut: int) -> None:
    decode_fully(Source.of(picture))
    with pytest.raises(BrokenMediaError, match="cannot be decoded"):
        decode_fully(Source.of(picture[:-cut]))


def test_a_bomb_is_refused_by_its_header(picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    import preflight

    monkeypatch.setattr(jpeg_ls, "_decoded", lambda *_: pytest.fail("it was decoded"))
    at = picture.index(b"\xff\xf7") + 5
    bomb = picture[:at] + b"\xff\xff\xff\xff" + picture[at + 4 :]
    codes = {finding.code for finding in preflight.check(bomb).errors}
    assert codes == {"unsupported_file_type", "image_pixels_too_many"}


def test_components_that_are_no_colours_are_named(picture: bytes) -> None:
    at = picture.index(b"\xff\xf7") + 9
    facts: Any = probe(Source.of(picture[:at] + b"\x04" + picture[at + 1 :]))
    assert isinstance(facts, Unprobed)
    assert (facts.code, "4 components" in facts.reason) == ("unsupported_file_type", True)
