"""The index of an MP4, against the independent FFmpeg's packets, and against files that lie."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
from array import array
from hashlib import md5
from itertools import accumulate
from pathlib import Path

import pytest

from preflight.probers import mp4_index
from preflight.probers.mp4_boxes import UnusualError
from preflight.probers.mp4_index import Mp4Index, read_index
from tests.judges import coded_packets

PLAIN = [
    "video/h264_aac_mp4",
    "video/b_frames_mp4",
    "video/late_sound_mp4",
    "video/h264_aac_mov",
    "video/index_first_mp4",
]


def index_of(data: bytes, *ids: int) -> Mp4Index | None:
    return read_index(io.BytesIO(data), len(data), ids or (1, 2))


def box_at(data: bytes, kind: bytes, number: int = 0) -> int:
    """Where the content of the n-th box of that kind starts."""
    at = -1
    for _ in range(number + 1):
        at = data.index(kind, at + 1)
    return at + 4


def changed(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


@pytest.fixture
def film(media) -> bytes:
    return media("video/b_frames_mp4").read_bytes()


@pytest.mark.parametrize("name", PLAIN)
def test_samples_lie_and_are_shown_as_another_reader_has_it(media, name):
    path: Path = media(name)
    data = path.read_bytes()
    index = index_of(data)
    assert index is not None
    for stream, track in enumerate(index.tracks[i] for i in (1, 2)):
        packets = [p for p in coded_packets(path) if p.stream == stream]
        assert [md5(data[track.position(i) :][: track.sizes[i]]).hexdigest() for i in range(len(track))] == [
            p.digest for p in packets
        ]
        assert [t / track.timescale for t in track.pts] == pytest.approx([p.pts_s for p in packets], abs=1e-4)


def test_only_the_tracks_that_are_asked_for_are_read(film):
    index = index_of(film, 2)
    assert index is not None
    assert list(index.tracks) == [2]
    assert index_of(film, 1, 3) is None


@pytest.mark.parametrize("name", ["video/h264_aac_fragmented_mp4", "video/first_fragment_in_header_mp4"])
def test_fragments_are_for_the_demuxer(media, name):
    assert index_of(media(name).read_bytes()) is None


def lies() -> dict[str, tuple[bytes, int, bytes]]:
    """Name: the box, where in it, and what stands there instead."""
    many, most = struct.pack(">I", 0x7FFF_FFFF), b"\xff" * 4
    return {
        "more sizes than the box holds": (b"stsz", 8, many),
        "as many samples of one size as there are numbers": (b"stsz", 4, struct.pack(">II", 1, 0xFFFF_FFFF)),
        "a sample of no bytes": (b"stsz", 12, bytes(4)),
        "a sample larger than any": (b"stsz", 12, most),
        "more times than samples": (b"stts", 8, many),
        "a length below zero": (b"stts", 12, most),
        "more runs than the box holds": (b"stts", 4, many),
        "more offsets than the box holds": (b"ctts", 4, many),
        "an offset for more samples than there are": (b"ctts", 8, many),
        "more chunks than the box holds": (b"stco", 4, many),
        "a chunk beyond the file": (b"stco", 8, b"\xff\xff\xff\x00"),
        "a chunk of more samples than there are": (b"stsc", 12, many),
        "a second description": (b"stsc", 16, struct.pack(">I", 2)),
        "no first chunk": (b"stsc", 8, struct.pack(">I", 2)),
        "sync samples that go back": (b"stss", 8, struct.pack(">II", 9, 3)),
        "a sync sample that is none": (b"stss", 8, bytes(4)),
        "two codecs": (b"stsd", 4, struct.pack(">I", 2)),
        "media in another file": (b"dref", 16, bytes(4)),
        "a clock that stands": (b"mdhd", 12, bytes(4)),
        "a movie's clock that stands": (b"mvhd", 12, bytes(4)),
        "an edit at double speed": (b"elst", 16, struct.pack(">I", 0x2_0000)),
        "an edit list of three": (b"elst", 4, struct.pack(">I", 3)),
        "encrypted pictures": (b"stsd", 12, b"encv"),
        "a box that is shorter than its header": (b"stbl", -8, struct.pack(">I", 4)),
        "a box that is longer than what holds it": (b"stbl", -8, many),
    }


@pytest.mark.parametrize("lie", lies())
def test_a_lie_is_not_for_this_way(film, lie):
    kind, offset, new = lies()[lie]
    assert index_of(film) is not None
    broken = changed(film, box_at(film, kind) + offset, new)
    assert broken != film
    tracemalloc.start()
    assert index_of(broken) is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(film) + 4_000_000


def test_what_is_cut_off_is_not_for_this_way(media):
    data = media("video/index_first_mp4").read_bytes()
    assert index_of(data) is not None
    for size in range(0, len(data), max(len(data) // 50, 1)):
        assert index_of(data[:size]) is None


def test_any_damage_to_the_index_ends_in_none_or_inside_the_file(film):
    chance = random.Random(4)
    start, end = box_at(film, b"moov"), len(film)
    read = 0
    for _ in range(400):
        data = bytearray(film)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(start, end)
            data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, data[at] ^ 1 << chance.randrange(8)))
        index = index_of(bytes(data))
        if index is None:
            continue
        read += 1
        for track in index.tracks.values():
            assert len(track.pts) == len(track) == len(track.dts) - 1
            assert all(0 <= track.position(i) <= len(data) - track.sizes[i] for i in range(len(track)))
    assert 0 < read < 400


def test_no_chunk_runs_over_the_end_of_the_file():
    chance = random.Random(7)
    outcomes = set()
    for _ in range(2_000):
        each = [chance.randint(1, 4) for _ in range(chance.randint(1, 6))]
        sizes = [chance.choice((1, 5, 90)) for _ in range(sum(each))]
        firsts, ends = [0, *accumulate(each)], [0, *accumulate(sizes)]
        offsets = sorted(chance.sample(range(400), len(each)))
        over = max(at + sum(sizes[a:b]) for at, a, b in zip(offsets, firsts, firsts[1:], strict=False))
        size = over + chance.choice((-100, -1, 0, 1, 100))
        try:
            mp4_index._must_end_in_the_file(array("Q", offsets), firsts, array("Q", ends), max(sizes), size)
        except UnusualError:
            outcomes.add(True)
            assert over > size
        else:
            outcomes.add(False)
            assert over <= size
    assert outcomes == {True, False}


def test_a_last_chunk_that_runs_over_the_end_is_not_for_this_way(film):
    (track,) = index_of(film, 1).tracks.values()
    last = len(film) - (track.ends[-1] - track.ends[track.chunk_firsts[-1]])
    at = box_at(film, b"stco") + 8 + 4 * (len(track.chunk_offsets) - 1)
    assert index_of(changed(film, at, struct.pack(">I", last)), 1) is not None
    assert index_of(changed(film, at, struct.pack(">I", last + 1)), 1) is None
