"""Rows that a PNG lacks although its checksums are right and its data end in good order."""

from __future__ import annotations

import io
import itertools
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

import preflight
from preflight.errors import RejectedError
from preflight.media import ImageFacts
from preflight.probers.image_decoded import load_whole, opened
from preflight.probers.png_rows import lacks_rows
from preflight.probers.png_structure import chunk, png_chunks
from preflight.testing.recipes.png import Png
from preflight.testing.store import Store
from tests.judges import complaints

KINDS: dict[str, dict[str, Any]] = {
    f"{colour}-{depth}{'-interlaced' * interlaced}{'-black' * blank}": {
        "colour": colour,
        "depth": depth,
        "is_interlaced": interlaced,
        "is_blank": blank,
    }
    for (colour, depth), interlaced, blank in itertools.product(
        [("gray", 1), ("gray", 16), ("rgb", 8), ("rgb", 16), ("palette", 4), ("gray_alpha", 8), ("rgba", 8)],
        [False, True],
        [False, True],
    )
    if not blank or (colour == "gray" and not interlaced)  # all that the recipe makes of black
}


def png(folder: Path, **kind: Any) -> bytes:
    path = folder / "whole.png"
    Png(**kind).write(path, Store(folder))
    return path.read_bytes()


def unpacked(data: bytes) -> bytes:
    parts = (data[c.start + 8 : c.end - 4] for c in png_chunks(io.BytesIO(data)) if c.kind == b"IDAT")
    return zlib.decompress(b"".join(parts))


def without_last(data: bytes, missing: int, parts: int = 1) -> bytes:
    """The same file, its checksums right, but with so many bytes less of filtered rows (less than none: more)."""
    spans = png_chunks(io.BytesIO(data))
    rows = unpacked(data)
    rows = rows[: len(rows) - missing] + bytes(max(0, -missing))
    again = zlib.compress(rows)
    step = -(-len(again) // parts)
    before = data[: next(c.start for c in spans if c.kind == b"IDAT")]
    after = data[next(c.end for c in reversed(spans) if c.kind == b"IDAT") :]
    return before + b"".join(chunk(b"IDAT", again[at : at + step]) for at in range(0, len(again), step)) + after


def damage(data: bytes) -> str | None:
    report = preflight.check(data, policy=preflight.Policy(verify="decode"))
    assert isinstance(report.facts, ImageFacts)
    return report.facts.damage


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(211, 135), (210, 134)])
def test_one_byte_too_few_is_found_and_none_is_not(tmp_path: Path, kind: str, size: tuple[int, int]) -> None:
    data = png(tmp_path, width=size[0], height=size[1], **KINDS[kind])
    assert damage(without_last(data, 0)) is None
    assert damage(without_last(data, -5_000)) is None  # libpng reads on, too
    assert damage(without_last(data, 1, parts=3)) is not None
    assert damage(without_last(data, len(unpacked(data)) // 2)) is not None


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (3, 2), (5, 5), (4, 9)])
@pytest.mark.parametrize("interlaced", [False, True])
def test_a_pass_without_columns_has_no_rows(tmp_path: Path, size: tuple[int, int], interlaced: bool) -> None:
    data = png(tmp_path, width=size[0], height=size[1], is_interlaced=interlaced)
    assert damage(without_last(data, 0)) is None
    assert damage(without_last(data, 1)) is not None


def test_alpha_that_is_made_of_a_colour_is_no_row(tmp_path: Path) -> None:
    clear = ((b"tRNS", struct.pack(">HHH", 1, 2, 3)),)
    data = png(tmp_path, width=300, height=300, depth=16, before=clear)
    assert damage(without_last(data, 0)) is None
    assert damage(without_last(data, 90_000, parts=3)) is not None


def test_an_independent_decoder_agrees(tmp_path: Path) -> None:
    data = png(tmp_path, width=300, height=300)
    path = tmp_path / "changed.png"
    for missing, complains in ((0, False), (901, True), (90_100, True)):
        path.write_bytes(without_last(data, missing))
        assert bool(complaints(path)) == complains
        assert (damage(path.read_bytes()) is not None) == complains


def test_what_lacks_rows_is_not_converted_either(tmp_path: Path) -> None:
    data = without_last(png(tmp_path, width=100, height=1_200), 3_000)  # too narrow to be sent as it is
    with pytest.raises(RejectedError, match="image_file_broken"):
        list(preflight.prepare(data))


def test_a_bomb_is_counted_no_further_than_it_is_asked_for(tmp_path: Path) -> None:
    data = without_last(png(tmp_path, width=4_000, height=3_000, colour="gray", is_blank=True), -500_000_000)
    image = opened(io.BytesIO(data), "x.png")
    load_whole(image, io.BytesIO(data), "x.png")
    tracemalloc.start()
    try:
        assert not lacks_rows(image, io.BytesIO(data))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
