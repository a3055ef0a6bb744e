"""Files that break off, bits that flip."""

from __future__ import annotations

import pytest

from preflight.errors import UsageError
from preflight.testing.corrupt import FlipBits, Truncate, boundaries, parts

GIF = (
    b"GIF89a\x02\x00\x02\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b",\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x03L\xa2\x05\x00;"
)


@pytest.fixture(scope="module")
def video(media) -> bytes:
    return media("video/h264_aac_mp4").read_bytes()


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("nothing", 0),
        ("header", 8),
        ("half", 500),
        ("all", 1000),
        (17, 17),
        (-1, 999),
        (0.25, 250),
        (0, 0),
        (1.0, 1000),
    ],
)
def test_a_part_is_kept_as_far_as_is_asked(keep, kept):
    data = b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\x03\xe8mdat" + bytes(992) + b"\0\0\0\x08free"
    assert Truncate(part="mdat", keep=keep)(data) == data[: 16 + kept]


@pytest.mark.parametrize(("keep", "kept"), [("half", 500), (0.9, 900), (1, 1), (-100, 900), ("nothing", 0)])
def test_the_whole_file_breaks_off_too(keep, kept):
    # Of no format at all: it need not be understood for that.
    data = bytes(range(250)) * 4
    assert Truncate(keep=keep)(data) == data[:kept]


def test_each_structural_boundary(video):
    found = boundaries(video)
    assert len(found) > 50
    for boundary in found:
        assert Truncate(keep=boundary.offset)(video) == video[: boundary.offset]


@pytest.mark.parametrize("keep", [1001, -1001, 1.5, -0.5])
def test_more_than_there_is(keep):
    with pytest.raises(UsageError, match="has 1000 bytes"):
        Truncate(keep=keep)(bytes(1000))


def test_a_cut_that_cuts_nothing(video):
    for cut in (Truncate(keep="all"), Truncate(part=parts(video)[-1].name, keep="all"), Truncate(keep=1.0)):
        with pytest.raises(UsageError, match="leaves this file as it is: take other values"):
            cut(video)


@pytest.mark.parametrize("where", ["header", "index", "data"])
@pytest.mark.parametrize("bits", [1, 3, 100])
def test_so_many_bits_flip_where_they_should(video, where, bits):
    damaged = FlipBits(where=where, bits=bits, seed=4)(video)
    assert len(damaged) == len(video)
    changed = [i for i in range(len(video)) if damaged[i] != video[i]]
    assert sum((damaged[i] ^ video[i]).bit_count() for i in changed) == bits
    assert changed[0] >= 12
    for i in changed:
        innermost = [part for part in parts(video) if part.start <= i < part.end][-1]
        assert innermost.role == where


def test_the_same_each_time_and_on_every_python():
    assert FlipBits(where="header", bits=3, seed=1)(GIF) == FlipBits(where="header", bits=3, seed=1)(GIF)
    assert FlipBits(where="header", bits=3, seed=1)(GIF) != FlipBits(where="header", bits=3, seed=2)(GIF)
    changed = [
        i for i, (a, b) in enumerate(zip(GIF, FlipBits(where="header", bits=3, seed=1)(GIF), strict=True)) if a != b
    ]
    assert changed == [13, 18]


def test_what_a_file_is_known_by_is_spared_unless_asked():
    every_bit = FlipBits(where="header", bits=8 * 8)(GIF)
    assert every_bit[:12] == GIF[:12]
    assert every_bit[12:19] == bytes(255 - byte for byte in GIF[12:19])
    assert FlipBits(where="header", bits=8 * 20, spare=0)(GIF)[:6] == bytes(255 - byte for byte in b"GIF89a")


def test_more_bits_than_there_are():
    for bits in (0, -1, 8 * 8 + 1):
        with pytest.raises(UsageError, match="take from 1 to 64"):
            FlipBits(where="header", bits=bits)(GIF)


def test_a_role_that_no_part_has(media):
    with pytest.raises(UsageError, match="no bytes that are 'index': take 'data' or 'header'"):
        FlipBits(where="index")(GIF)
    with pytest.raises(UsageError, match="no bytes that are 'header': take 'data'"):
        FlipBits(where="header")(media("audio/adts_aac").read_bytes())


def test_corrupters_are_values():
    cut = Truncate(part="moov", keep="half")
    assert repr(cut) == "Truncate(part='moov', keep='half')"
    assert cut == Truncate(part="moov")
    assert hash(cut) == hash(Truncate(part="moov"))
    assert repr(FlipBits(where="data")) == "FlipBits(where='data', bits=1, seed=0, spare=12)"
