"""Rows of a PNG packed again: the same to the last filter byte, or not at all."""

from __future__ import annotations

import io
import time
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

import preflight
from preflight.media import Fidelity, ImageFacts, Source
from preflight.probers.image import probe_image
from preflight.probers.png_packing import packed_png
from preflight.probers.png_structure import SIGNATURE, chunk, png_chunks
from preflight.testing import catalogue
from preflight.testing.catalogue import Case

MOST = 5_000_000
PNGS = [
    case
    for case in catalogue.cases("image/*")
    if getattr(case.truth, "format", None) == "PNG"
    and "pixels_" not in case.name
    and "huge_profile" not in case.name  # it goes with the picture
]


def parts(data: bytes) -> list[tuple[bytes, bytes]]:
    """Type and content of each chunk."""
    return [(each.kind, data[each.start + 8 : each.end - 4]) for each in png_chunks(io.BytesIO(data))]


def rows(data: bytes) -> bytes:
    return zlib.decompress(b"".join(body for kind, body in parts(data) if kind == b"IDAT"))


def stored(data: bytes, packed_rows: bytes | None = None) -> bytes:
    """The same with its rows as they are, not packed."""
    made = SIGNATURE
    is_first = True
    for kind, body in parts(data):
        if kind != b"IDAT":
            made += chunk(kind, body)
        elif is_first:
            made += chunk(kind, packed_rows if packed_rows is not None else zlib.compress(rows(data), 0))
            is_first = False
    return made


def drawing(width: int = 1_600, height: int = 1_200, **options: Any) -> bytes:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[::40] = 200
    pixels[:, ::50, 1] = np.arange(height, dtype=np.uint8)[:, None]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def packed(data: bytes, most_bytes: int = MOST) -> bytes | None:
    facts = probe_image(Source.of(data))
    assert isinstance(facts, ImageFacts)
    file = io.BytesIO(data)
    made = packed_png(file, facts, most_bytes)
    return made.of(file) if made is not None else None


@pytest.mark.parametrize("case", PNGS, ids=str)
def test_every_kind_keeps_its_rows_and_what_it_takes_to_show_them(case: Case) -> None:
    data = case.path.read_bytes()
    if len(data) > 1_000_000:
        pytest.skip("large, and of a kind with one that is not")
    made = packed(stored(data), len(data) + 100_000)
    assert made is not None
    assert rows(made) == rows(data)
    shown_by = {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"IEND"}
    assert [p for p in parts(made) if p[0] in shown_by] == [p for p in parts(data) if p[0] in shown_by]


def test_a_png_that_is_too_large_for_want_of_packing_is_sent_losslessly() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = stored(drawing(1_600, 1_200, exif=exif))
    assert len(data) > MOST
    plan = preflight.plan(data)
    (payload,) = preflight.prepare(data)
    assert plan.fidelity is payload.fidelity is Fidelity.LOSSLESS
    assert plan.outputs[0].media_bytes == payload.media_bytes
    made = payload.media[0].source.read()
    assert rows(made) == rows(data)
    with Image.open(io.BytesIO(made)) as image:
        assert image.getexif()[0x0112] == 6
    assert list(preflight.Preflight(policy=preflight.Policy(max_loss="lossless")).prepare(data))


def test_what_does_not_fit_however_it_is_packed_is_none() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (1_500, 1_500, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG", compress_level=0)
    began = time.process_time()
    assert packed(file.getvalue()) is None
    assert time.process_time() - began < 1
    assert packed(stored(drawing()), 1_000) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-6],
        lambda whole: whole[:-4] + b"\0\0\0\0",
        lambda whole: whole[:100] + b"\xff" * 50 + whole[150:],
        lambda whole: zlib.compress(zlib.decompress(whole) * 3),
        lambda whole: zlib.compress(zlib.decompress(whole)[:-901]),
    ],
    ids=["cut short", "wrong sum", "no such block", "three times the rows", "a row too few"],
)
def test_damaged_rows_are_none(damage: Any) -> None:
    whole = drawing(300, 200)
    data = stored(whole, damage(zlib.compress(rows(whole), 1)))
    assert packed(data) is None
