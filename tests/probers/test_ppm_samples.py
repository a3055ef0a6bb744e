"""Samples whose white is no whole byte: the values of Pillow's own decoder, in a hundredth of its time."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from PIL import Image

from preflight.errors import BrokenMediaError
from preflight.media import Source
from preflight.probers.image_decoded import decode_fully, load_whole, opened

BANDS = {b"P5": 1, b"P6": 3}


def written(magic: bytes, width: int, height: int, white: int) -> bytes:
    """Random samples, some of them whiter than white."""
    kind = ">u2" if white > 255 else "u1"
    samples = np.random.default_rng(white).integers(0, np.iinfo(kind).max + 1, width * height * BANDS[magic])
    return b"%s %d %d\n%d\n" % (magic, width, height, white) + samples.astype(kind).tobytes()


@pytest.mark.parametrize("white", [1, 100, 254, 255, 256, 4_095, 65_534, 65_535])
@pytest.mark.parametrize("magic", BANDS)
def test_the_values_are_those_of_pillow(magic: bytes, white: int) -> None:
    data = written(magic, 77, 131, white)
    wanted = Image.open(io.BytesIO(data))
    wanted.load()
    file = io.BytesIO(data)
    image = opened(file, "picture")
    load_whole(image, file, "picture")
    assert (image.mode, image.size) == (wanted.mode, (77, 131))
    assert np.array_equal(np.asarray(image), np.asarray(wanted))


@pytest.mark.parametrize("missing", [1, 100, 10_000])
def test_missing_samples_are_found(missing: int) -> None:
    with pytest.raises(BrokenMediaError):
        decode_fully(Source.of(written(b"P6", 77, 131, 4_095)[:-missing]))


def test_six_megapixels_take_no_half_minute() -> None:
    data = written(b"P6", 3_000, 2_000, 4_095)
    began = time.process_time()
    decode_fully(Source.of(data))
    assert time.process_time() - began < 3
