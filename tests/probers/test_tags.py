"""What is tags in a file, and what is sound: by files that are tagged by hand, so that the truth is known."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.media import AudioFacts, Source
from preflight.probers import probe
from preflight.probers.tags import sound_range

ID3V1 = b"TAG" + b"Title".ljust(125, b"\0")


def id3v2(size: int, flags: int = 0) -> bytes:
    """ID3v2.4, 3.1: a size of four times seven bits, without the header."""
    length = bytes(size >> 7 * place & 0x7F for place in (3, 2, 1, 0))
    return b"ID3\4\0" + bytes([flags]) + length + bytes(size)


def ape(*, header: bool) -> bytes:
    item = struct.pack("<LL", 5, 0) + b"Title\0hello"
    ends = [b"APETAGEX" + struct.pack("<LLLL", 2_000, len(item) + 32, 1, header << 31) + bytes(8)] * 2
    return (ends[0] if header else b"") + item + ends[1]


@pytest.mark.parametrize("front", [b"", id3v2(0), id3v2(300_000), id3v2(100) + id3v2(20)])
@pytest.mark.parametrize(
    "behind", [b"", ID3V1, ape(header=True), ape(header=False), ape(header=True) + ID3V1, ID3V1 + ape(header=True)]
)
def test_mp3_is_what_is_between(front, behind):
    sound = b"\xff\xfb\x90\0" * 500
    data = front + sound + behind
    assert sound_range(io.BytesIO(data), len(data), "mp3") == ((len(front), len(front) + len(sound)),)


@pytest.mark.parametrize("front", [id3v2(10, flags=0x10), b"ID3\4\0\0\xff\0\0\0", id3v2(99)[:50], b"ID3"])
def test_what_nobody_can_say_is_not_said(front):
    assert sound_range(io.BytesIO(front), len(front), "mp3") is None


@given(st.binary(max_size=300), st.sampled_from(["mp3", "flac"]), st.sampled_from([b"", b"ID3", b"fLaC", b"APETAGEX"]))
def test_whatever_the_bytes_it_stays_inside(data, container, front):
    data = front + data
    found = sound_range(io.BytesIO(data), len(data), container)
    assert found is None or all(0 <= a <= b <= len(data) for a, b in found)


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


def test_elsewhere_it_is_not_known(media):
    assert probe(Source.of(media("audio/m4a_aac"))).tag_bytes is None
