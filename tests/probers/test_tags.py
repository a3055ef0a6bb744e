"""What is tags in a file, and what is sound: by files that are tagged by hand, so that the truth is known."""

from __future__ import annotations

import io
import struct
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.media import AudioFacts, Source
from preflight.probers import probe
from preflight.probers.tags import sound_range

ID3V1 = b"TAG" + b"Title".ljust(125, b"\0")


LONG_ID3V1 = b"TAG+" + b"A longer title".ljust(223, b"\0") + ID3V1


def id3v2(size: int, flags: int = 0) -> bytes:
    """ID3v2.4, 3.1: a size of four times seven bits, without the header."""
    length = bytes(size >> 7 * place & 0x7F for place in (3, 2, 1, 0))
    return b"ID3\4\0" + bytes([flags]) + length + bytes(size)


def footed(size: int) -> bytes:
    """ID3v2.4, 3.4: a header again, under another name."""
    tag = id3v2(size, flags=0x10)
    return tag + b"3DI" + tag[3:10]


def ape(*, header: bool) -> bytes:
    item = struct.pack("<LL", 5, 0) + b"Title\0hello"
    flags = (1 << 31 | 1 << 29, 1 << 31) if header else (0, 0)
    ends = [b"APETAGEX" + struct.pack("<LLLL", 2_000, len(item) + 32, 1, each) + bytes(8) for each in flags]
    return (ends[0] if header else b"") + item + ends[1]


FRONTS = [
    b"",
    id3v2(0),
    id3v2(300_000),
    id3v2(100) + id3v2(20),
    footed(100),
    footed(0) + id3v2(7) + footed(300),
    ape(header=True),
    id3v2(100) + ape(header=True) + id3v2(20),
    id3v2(100) + b"a title that nobody marked",
]
ENDS = [
    b"",
    ID3V1,
    LONG_ID3V1,
    ape(header=True) + LONG_ID3V1,
    ape(header=True),
    ape(header=False),
    ape(header=True) + ID3V1,
    ID3V1 + ape(header=True),
    footed(100),
    footed(100) + ID3V1,
    ID3V1 + footed(100) + ID3V1,
]


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("behind", ENDS)
def test_mp3_is_what_is_between(front, behind):
    sound = frames(500)
    data = front + sound + behind
    assert sound_range(io.BytesIO(data), len(data), "mp3") == ((len(front), len(front) + len(sound)),)


def frames(count: int, inside: bytes = b"") -> bytes:
    """Of layer III at 128 kbit/s and 44.1 kHz, 417 bytes each; all that is in them is `inside`, at their end."""
    return (b"\xff\xfb\x90\0" + bytes(413 - len(inside)) + inside) * count


@pytest.mark.parametrize(
    "between",
    [
        ID3V1,
        LONG_ID3V1,
        ID3V1 + ID3V1,
        ID3V1 + id3v2(200),
        ID3V1 + footed(200) + ape(header=True),
        ID3V1 + b"whatever somebody wrote",
    ],
)
@pytest.mark.parametrize("count", [5, 5_000])
def test_tags_in_the_middle_of_joined_files_are_found(between, count):
    sound = frames(count)
    data = id3v2(9) + sound + between + sound + between + sound + ID3V1
    first = 19
    second = first + len(sound) + len(between)
    third = second + len(sound) + len(between)
    expected = tuple((start, start + len(sound)) for start in (first, second, third))
    assert sound_range(io.BytesIO(data), len(data), "mp3") == expected


def test_letters_in_the_sound_are_no_tag():
    """Not even where a frame begins as far behind them as a tag is long."""
    sound = frames(500, ID3V1) + frames(500, b"TAG") + frames(500, b"TAG+" + bytes(90))
    assert sound_range(io.BytesIO(sound), len(sound), "mp3") == ((0, len(sound)),)


@pytest.mark.parametrize(
    "sound", [b"TAG" * 3_000_000, b"\xff" * 2_000 + b"TAG" * 1_000_000, (b"\xff" * 2_900 + b"TAG") * 3_000]
)
def test_letters_without_end_are_looked_at_in_bounded_time(sound):
    data = frames(20) + sound
    start = time.process_time()
    sound_range(io.BytesIO(data), len(data), "mp3")
    assert time.process_time() - start < 5


def test_a_torn_end_of_an_earlier_file_is_no_sound():
    sound = frames(50)
    data = frames(1)[40:] + b"something" + sound
    assert sound_range(io.BytesIO(data), len(data), "mp3") == ((len(data) - len(sound), len(data)),)


@pytest.mark.parametrize(
    "front",
    [
        id3v2(10, flags=0x10),
        id3v2(200, flags=0x10) + frames(20),
        b"ID3\4\0\0\xff\0\0\0",
        id3v2(99)[:50],
        b"ID3",
        ape(header=False)[-32:] + frames(20),
    ],
)
def test_what_nobody_can_say_is_not_said(front):
    assert sound_range(io.BytesIO(front), len(front), "mp3") is None


@given(st.binary(max_size=300), st.sampled_from(["mp3", "flac"]), st.sampled_from([b"", b"ID3", b"fLaC", b"APETAGEX"]))
def test_whatever_the_bytes_it_stays_inside(data, container, front):
    data = front + data
    found = sound_range(io.BytesIO(data), len(data), container)
    assert found is None or all(0 <= a <= b <= len(data) for a, b in found)
    assert found is None or all(a[1] <= b[0] for a, b in pairwise(found))


@pytest.mark.parametrize("name", ["audio/wav_s16", "audio/flac", "audio/mp3"])
def test_facts_count_what_is_added(media, name):
    whole = media(name).read_bytes()
    if name == "audio/wav_s16":
        added = b"LIST" + struct.pack("<L", 1_000) + b"INFO" + bytes(996)
        tagged = whole[:12] + added + whole[12:]
    else:
        added = id3v2(1_000)
        tagged = added + whole
    plain, more = probe(Source.of(whole)), probe(Source.of(tagged))
    assert isinstance(plain, AudioFacts)
    assert isinstance(more, AudioFacts)
    assert more.tag_bytes == plain.tag_bytes + len(added)
    assert more.duration_s == plain.duration_s


@pytest.mark.parametrize("behind", [b"a name", b"a longer name of somebody" * 50])
@pytest.mark.parametrize("name", ["audio/wav_s16", "audio/flac"])
def test_facts_count_what_hangs_behind(media, name, behind):
    whole = media(name).read_bytes()
    plain, more = probe(Source.of(whole)), probe(Source.of(whole + behind))
    assert isinstance(plain, AudioFacts)
    assert isinstance(more, AudioFacts)
    assert more.tag_bytes == plain.tag_bytes + len(behind)
    assert (more.duration_s, more.junk) == (plain.duration_s, plain.junk)


def test_elsewhere_it_is_not_known(media):
    assert probe(Source.of(media("audio/m4a_aac"))).tag_bytes is None
