"""TIFF of more than eight bits a sample, written by hand: what is black, what is white, and which byte is whose."""

from __future__ import annotations

import io
import struct
import zlib
from itertools import accumulate

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from preflight.errors import BrokenMediaError
from preflight.media import Source
from preflight.probers.image_decoded import decode_fully, load_whole, opened
from preflight.transformers.image_colour import to_srgb
from tests.looks import displayed

SHORT, LONG = 3, 4
NONE, DEFLATE = 1, 8
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK = 0, 1, 2, 5
ASSOCIATED, UNASSOCIATED = 1, 2
STRIP_ROWS = 7

Samples = NDArray[np.generic]


def tiff(
    samples: Samples,
    order: str,
    compression: int = NONE,
    *,
    photometric: int,
    extra: int | None = None,
    planes: bool = False,
) -> bytes:
    """In strips, by TIFF 6.0; `order` is II or MM, the type of `samples` says the rest."""
    height, width = samples.shape[:2]
    channels = samples.reshape(height, width, -1).shape[2]
    mark = "<" if order == "II" else ">"
    stored = samples.astype(samples.dtype.newbyteorder(mark)).reshape(height, width, channels)
    layers = [stored[..., n] for n in range(channels)] if planes else [stored]
    strips = [layer[top : top + STRIP_ROWS].tobytes() for layer in layers for top in range(0, height, STRIP_ROWS)]
    if compression == DEFLATE:
        strips = [zlib.compress(strip) for strip in strips]
    sort = {"u": UNSIGNED, "i": SIGNED, "f": FLOAT}[samples.dtype.kind]
    tags = {
        256: (SHORT, [width]),
        257: (SHORT, [height]),
        258: (SHORT, [samples.dtype.itemsize * 8] * channels),
        259: (SHORT, [compression]),
        262: (SHORT, [photometric]),
        273: (LONG, [0] * len(strips)),
        277: (SHORT, [channels]),
        278: (SHORT, [STRIP_ROWS]),
        279: (LONG, [len(strip) for strip in strips]),
        284: (SHORT, [2 if planes else 1]),
        **({} if extra is None else {338: (SHORT, [extra])}),
        339: (SHORT, [sort] * channels),
    }
    first = 8 + 2 + 12 * len(tags) + 4
    outside = sum(size for size in (len(v) * (2 if t == SHORT else 4) for t, v in tags.values()) if size > 4)
    tags[273] = (LONG, list(accumulate(map(len, strips), initial=first + outside))[:-1])
    directory, values = struct.pack(f"{mark}H", len(tags)), b""
    for tag, (kind, numbers) in tags.items():
        packed = struct.pack(f"{mark}{len(numbers)}{'H' if kind == SHORT else 'I'}", *numbers)
        directory += struct.pack(f"{mark}HHI", tag, kind, len(numbers))
        if len(packed) > 4:
            directory += struct.pack(f"{mark}I", first + len(values))
            values += packed
        else:
            directory += packed.ljust(4, b"\0")
    head = order.encode() + struct.pack(f"{mark}HI", 42, 8)
    return b"".join([head, directory, bytes(4), values, *strips])


def shown(data: bytes) -> NDArray[np.uint8]:
    file = io.BytesIO(data)
    image = opened(file, "picture")
    load_whole(image, file, "picture")
    return np.asarray(to_srgb(image)[0])


def pixels(*channels: int) -> NDArray[np.uint8]:
    """From black to white, the corners all different."""
    noise = np.random.default_rng(4).integers(0, 256, (40, 50, *channels), dtype=np.uint8)
    noise[0, 0], noise[-1, -1] = 0, 255
    return noise


GREY = pixels()
DEEP = {
    "16 bits": (GREY.astype("u2") * 257, BLACK_IS_ZERO),
    "16 bits, white is zero": (65_535 - GREY.astype("u2") * 257, WHITE_IS_ZERO),
    "12 of 16 bits, white is zero": (((255 - GREY.astype("u4")) * 4_095 // 255).astype("u2"), WHITE_IS_ZERO),
    "16 bits with a sign": ((GREY.astype("i4") * 257 - 32_768).astype("i2"), BLACK_IS_ZERO),
    "32 bits": (GREY.astype("u4") * 16_843_009, BLACK_IS_ZERO),
    "32 bits, white is zero": (4_294_967_295 - GREY.astype("u4") * 16_843_009, WHITE_IS_ZERO),
    "32 bits, dark": (GREY.astype("u4") * 257, BLACK_IS_ZERO),
    "32 bits with a sign": ((GREY.astype("i8") * 16_843_009 - (1 << 31)).astype("i4"), BLACK_IS_ZERO),
    "float": ((GREY / 255).astype("f4"), BLACK_IS_ZERO),
    "float, white is zero": ((1 - GREY / 255).astype("f4"), WHITE_IS_ZERO),
}


@pytest.mark.parametrize("compression", [NONE, DEFLATE])
@pytest.mark.parametrize("order", ["II", "MM"])
@pytest.mark.parametrize("name", DEEP)
def test_grey_of_any_depth(name: str, order: str, compression: int) -> None:
    samples, photometric = DEEP[name]
    data = tiff(samples, order, compression, photometric=photometric)
    assert np.abs(shown(data).astype(int) - GREY).max() <= 1


def test_32_bits_that_fill_no_half_of_their_range_reach_from_the_darkest_to_the_lightest() -> None:
    samples = 1_000_000 + GREY.astype("u4") * 1_000
    assert np.array_equal(shown(tiff(samples, "II", photometric=BLACK_IS_ZERO)), GREY)


def test_32_bits_that_take_the_upmost_are_neither_stretched() -> None:
    samples = (128 + GREY.astype("u4") // 4) << 24
    assert np.abs(shown(tiff(samples, "II", photometric=BLACK_IS_ZERO)).astype(int) - 128 - GREY // 4).max() <= 1


@pytest.mark.parametrize("order", ["II", "MM"])
@pytest.mark.parametrize("bits", [8, 16])
def test_libvips_sees_the_same_where_white_is_zero(order: str, bits: int) -> None:
    samples = GREY if bits == 8 else GREY.astype("u2") * 257
    data = tiff(samples, order, photometric=WHITE_IS_ZERO)
    assert np.abs(shown(data).astype(int) - displayed(data).numpy()[..., 0]).max() <= 1


@pytest.mark.parametrize("order", ["II", "MM"])
@pytest.mark.parametrize("compression", [NONE, DEFLATE])
@pytest.mark.parametrize("depth", ["u1", "u2"])
def test_planes_one_behind_the_other(depth: str, compression: int, order: str) -> None:
    wanted = pixels(3)
    samples = wanted.astype(depth) * (257 if depth == "u2" else 1)
    assert np.array_equal(shown(tiff(samples, order, compression, photometric=RGB, planes=True)), wanted)


@pytest.mark.parametrize("order", ["II", "MM"])
def test_alpha_in_a_plane_of_its_own(order: str) -> None:
    wanted = pixels(4)
    data = tiff(wanted.astype("u2") * 257, order, photometric=RGB, extra=UNASSOCIATED, planes=True)
    assert np.array_equal(shown(data), wanted)


@pytest.mark.parametrize("order", ["II", "MM"])
def test_ink_in_planes(order: str) -> None:
    inks = pixels(4)
    inks[..., 3] = 0
    data = tiff(inks.astype("u2") * 257, order, photometric=CMYK, planes=True)
    assert np.array_equal(shown(data), 255 - inks[..., :3])


def test_planes_that_were_multiplied_by_their_alpha_are_as_without_planes() -> None:
    alpha = pixels(1) // 2 + 128
    samples = np.concatenate([pixels(3) // 255 * alpha, alpha], axis=2).astype("u2") * 257
    apart, together = (
        tiff(samples, "II", photometric=RGB, extra=ASSOCIATED, planes=planes) for planes in (True, False)
    )
    assert np.array_equal(shown(apart), shown(together))


@pytest.mark.parametrize("missing", [1, 1_000, 5_000])
def test_planes_that_break_off_are_broken(missing: int) -> None:
    data = tiff(pixels(3).astype("u2") * 257, "II", photometric=RGB, planes=True)
    with pytest.raises(BrokenMediaError):
        decode_fully(Source.of(data[:-missing]))


def test_other_tiffs_are_as_pillow_has_them() -> None:
    for wanted in (Image.fromarray(GREY), Image.fromarray(pixels(3)), Image.fromarray(GREY > 127)):
        file = io.BytesIO()
        wanted.save(file, "TIFF")
        assert np.array_equal(shown(file.getvalue()), np.asarray(wanted.convert("L" if wanted.mode == "1" else None)))


def test_the_maker_writes_what_libvips_reads() -> None:
    wanted = pixels(3)
    data = tiff(wanted.astype("u2") * 257, "MM", photometric=RGB, planes=True)
    assert np.array_equal(pyvips.Image.new_from_buffer(data, "").numpy() >> 8, wanted)
