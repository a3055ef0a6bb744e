"""What fragments say of where their samples lie: false sizes, written into good files by hand."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.media import Source
from preflight.pipeline import Preflight
from preflight.probers.mp4_fragments import what_is_false_in_fragments

FILMS = ["video/h264_aac_fragmented_mp4", "video/first_fragment_in_header_mp4"]
OTHERS = ["audio/m4a_fragmented", "bad/fragmented_mp4_cut_in_a_fragment", "bad/fragmented_mp4_cut_between_fragments"]


def found(data: bytes) -> str | None:
    return what_is_false_in_fragments(io.BytesIO(data), len(data))


def sizes_at(data: bytes) -> list[list[int]]:
    """Where the size of each sample stands, by run (ISO 14496-12, 8.8.8)."""
    runs = []
    at = data.find(b"trun")
    while at >= 0:
        flags, count = struct.unpack_from(">II", data, at + 4)
        each = (flags & 0xF00).bit_count()
        first = at + 12 + 4 * bool(flags & 1) + 4 * bool(flags & 4) + 4 * bool(flags & 0x100)
        runs.append([first + 4 * each * number for number in range(count)] if flags & 0x200 else [])
        at = data.find(b"trun", at + 1)
    return runs


def changed(data: bytes, at: int, by: int) -> bytes:
    return data[:at] + struct.pack(">I", size_of(data, at) + by) + data[at + 4 :]


def size_of(data: bytes, at: int) -> int:
    (size,) = struct.unpack_from(">I", data, at)
    return int(size)


@pytest.mark.parametrize("name", FILMS + OTHERS)
def test_true_fragments_are_believed(media, name):
    assert found(media(name).read_bytes()) is None


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("by", [-50, -3, 7])
def test_each_false_size_is_found(media, name, by):
    data = media(name).read_bytes()
    runs = sizes_at(data)
    assert len(runs) > 4
    for run in runs:
        places = [at for at in (run[0], run[len(run) // 2], run[-2], run[-1]) if size_of(data, at) + by > 0]
        assert places
        assert all(found(changed(data, at, by)) for at in places)


@pytest.mark.parametrize("name", FILMS)
def test_a_film_with_one_is_refused(media, name):
    data = media(name).read_bytes()
    report = Preflight().check(Source.of(changed(data, sizes_at(data)[2][5], 9)))
    assert [f.code for f in report.errors] == ["video_file_broken"]
    assert "its index is false" in report.errors[0].message.lower()


@pytest.mark.parametrize("name", FILMS)
def test_one_that_reaches_behind_the_end_of_the_file_is_damage(media, name):
    """So that what can be decoded is sent."""
    data = media(name).read_bytes()
    for run in sizes_at(data):
        report = Preflight().check(Source.of(changed(data, run[5], 1 << 20)))
        assert "video_packets_damaged" in {f.code for f in report.errors}
        assert report.verdict == "fixable"


@pytest.mark.parametrize("padding", [b"", bytes(1_000)])
def test_what_is_padded_is_believed(media, padding):
    """Behind the last sample of the media, inside their box."""
    data = media(FILMS[0]).read_bytes()
    box = data.rindex(b"mdat") - 4
    (size,) = struct.unpack_from(">I", data, box)
    longer = struct.pack(">I", size + len(padding)) + data[box + 4 : box + size] + padding + data[box + size :]
    assert found(data[:box] + longer) is None


@given(st.data())
def test_whatever_the_bytes_nothing_is_raised(media, data):
    whole = bytearray(media(FILMS[0]).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = whole.find(b"moof", data.draw(st.integers(0, len(whole) // 2)))
        whole[start + data.draw(st.integers(0, 400))] = data.draw(st.integers(0, 255))
    del whole[data.draw(st.integers(0, len(whole))) :]
    assert found(bytes(whole)) is None or isinstance(found(bytes(whole)), str)
