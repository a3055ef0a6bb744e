from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from preflight.emulator.decoding import decode_picture
from preflight.emulator.picture import picture_vector
from preflight.errors import BrokenMediaError
from preflight.media import ImageFacts, Source
from preflight.probers import probe


def seen(file: bytes):
    source = Source.of(file)
    facts = probe(source, "image")
    assert isinstance(facts, ImageFacts)
    return picture_vector(decode_picture(source, facts))


@pytest.mark.parametrize("seed", range(5))
def test_reencoded_and_rescaled_copies_are_close(draw, encode, seed):
    picture = draw(seed)
    original = seen(encode(picture, quality=95))

    assert original @ seen(encode(picture, quality=80)) > 0.99
    assert original @ seen(encode(picture, quality=40)) > 0.95
    assert original @ seen(encode(picture, "PNG")) > 0.99
    half = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
    assert original @ seen(encode(half, quality=80)) > 0.95


def test_unrelated_pictures_are_far(draw, encode):
    vectors = [seen(encode(draw(seed))) for seed in range(12)]

    assert max(a @ b for a, b in itertools.combinations(vectors, 2)) < 0.6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_counts_as_it_is_displayed(draw, encode, orientation):
    turned = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    upright = draw(3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright if turned is None else upright.transpose(turned)

    assert seen(encode(upright)) @ seen(encode(stored, exif=exif)) > 0.98


@pytest.mark.parametrize("mode", ["L", "CMYK", "P", "1", "RGBA", "LA", "I;16"])
def test_every_mode_can_be_looked_at(draw, encode, mode):
    grey = draw(4).convert("L")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        picture = grey.convert("RGB").convert(mode)
    kind = "JPEG" if mode == "CMYK" else "PNG"

    likeness = seen(encode(grey, "PNG")) @ seen(encode(picture, kind))

    assert likeness > (0.7 if mode == "1" else 0.95)  # dithered black and white loses some


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_counts_as_white(encode, mode):
    picture = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (50, 50, 150, 150))
    on_white = Image.new("RGB", (200, 200), "white")
    on_white.paste((0, 0, 0), (50, 50, 150, 150))

    assert seen(encode(picture.convert(mode), "PNG")) @ seen(encode(on_white, "PNG")) > 0.99


def test_flat_pictures_differ_by_their_tone(encode):
    black, grey, white = (seen(encode(Image.new("RGB", (200, 200), c))) for c in ("black", "grey", "white"))

    assert black @ white < -0.9
    assert abs(black @ grey) < 0.5
    assert np.linalg.norm(grey) == pytest.approx(1)


def test_a_faint_noise_does_not_make_flat_pictures_strangers(encode):
    def noisy(seed):
        noise = np.random.default_rng(seed).normal(0, 1, (480, 640, 3))
        return seen(encode(Image.fromarray((200 + noise).astype(np.uint8)), "PNG"))

    assert noisy(1) @ noisy(2) > 0.6


def test_a_truncated_picture_is_broken(draw, encode):
    file = encode(draw(5))
    source = Source.of(file[: len(file) // 2])
    facts = probe(Source.of(file), "image")

    with pytest.raises(BrokenMediaError, match="cannot be decoded"):
        decode_picture(source, facts)
