"""What an MP4's index says of where its samples lie: false sizes and offsets, written into good files by hand."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from preflight.media import Source
from preflight.pipeline import Preflight
from preflight.probers.mp4_layout import what_is_false
from preflight.testing.recipes.encoder import run

FILMS = ["video/b_frames_mp4", "video/h264_aac_mov", "video/index_first_mp4", "video/hevc_aac_mp4"]


def found(data: bytes) -> str | None:
    return what_is_false(io.BytesIO(data), len(data))


def codes(data: bytes) -> list[str]:
    return [f.code for f in Preflight().check(Source.of(data)).errors]


def rows(data: bytes, kind: bytes, number: int, header: int) -> tuple[int, int]:
    """(where the numbers of the n-th table of that kind start, how many they are)."""
    at = -1
    for _ in range(number + 1):
        at = data.index(kind, at + 1)
    (count,) = struct.unpack_from(">I", data, at + 4 + header - 4)
    return at + 4 + header, count


def changed(data: bytes, kind: bytes, share: float, by: int, *, track: int = 0) -> bytes:
    """One number of a table is `by` more than it should be: the one that stands at that share of it."""
    start, count = rows(data, kind, track, 12 if kind == b"stsz" else 8)
    at = start + 4 * min(int(count * share), count - 1)
    (number,) = struct.unpack_from(">I", data, at)
    return data[:at] + struct.pack(">I", number + by) + data[at + 4 :]


@pytest.mark.parametrize("name", FILMS)
def test_true_indexes_are_believed(media, name):
    assert found(media(name).read_bytes()) is None


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("by", [-11, -3, 9, 400])
def test_one_false_size_of_a_picture_is_found(media, name, share, by):
    data = changed(media(name).read_bytes(), b"stsz", share, by)
    assert codes(data) == ["video_file_broken"]


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("by", [-1_000, 9, 1 << 30])
def test_one_false_offset_is_found(media, name, share, by):
    data = media(name).read_bytes()
    start, count = rows(data, b"stco", 0, 8)
    (number,) = struct.unpack_from(">I", data, start + 4 * min(int(count * share), count - 1))
    by = max(by, -number)
    is_last = int(count * share) >= count - 1
    if by == 1 << 30 and is_last:
        pytest.skip("what lies behind the end at the end of a track was cut off, for all that is known")
    assert codes(changed(data, b"stco", share, by)) == ["video_file_broken"]


def test_a_false_size_of_sound_that_reaches_into_the_next_packet_is_found(media):
    data = changed(media("video/b_frames_mp4").read_bytes(), b"stsz", 0.5, 40, track=1)
    assert codes(data) == ["video_file_broken"]


def test_it_says_what_is_wrong_and_what_to_do(media):
    data = changed(media("video/b_frames_mp4").read_bytes(), b"stsz", 0.5, 400)
    (finding,) = Preflight().check(Source.of(data)).errors
    assert "its index is false" in finding.message.lower()
    assert finding.message.endswith("export or download it again.")


def test_sound_alone_is_broken_sound(tmp_path):
    path = tmp_path / "voice.m4a"
    run("-f", "lavfi", "-i", "sine=d=5", "-c:a", "aac", str(path))
    assert found(path.read_bytes()) is None
    assert codes(changed(path.read_bytes(), b"stsz", 0.5, 1 << 20)) == ["audio_file_broken"]


def test_gaps_that_hold_something_else_are_no_lie(media):
    """Of a film whose sound nobody is told of, each picture has a gap behind it."""
    data = media("video/b_frames_mp4").read_bytes()
    at = data.rindex(b"trak")
    assert found(data[:at] + b"free" + data[at + 4 :]) is None


def test_a_picture_shown_twice_is_stored_once(media):
    """A second track of the very same samples."""
    data = media("video/b_frames_mp4").read_bytes()
    movie, first = data.index(b"moov") - 4, data.index(b"trak") - 4
    (size,), (whole,) = struct.unpack_from(">I", data, first), struct.unpack_from(">I", data, movie)
    assert movie + whole == len(data)
    grown = data[:movie] + struct.pack(">I", whole + size) + data[movie + 4 :] + data[first : first + size]
    assert found(grown) is None


def test_what_the_end_of_the_file_cut_off_is_no_lie(media):
    data = media("video/index_first_mp4").read_bytes()
    for share in (0.3, 0.5, 0.7, 0.95):
        assert found(data[: int(len(data) * share)]) is None


def test_nothing_of_the_corpus_is_called_false(corpus: Path):
    for path in sorted((corpus / "video").iterdir()):
        with path.open("rb") as file:
            if file.read(8)[4:] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
                assert what_is_false(file, path.stat().st_size) is None, path.name
