"""What only the movie header of an MP4 says: of media made by script, and damaged by hand."""

from __future__ import annotations

import struct

import pytest

from preflight.media import Fidelity, Source
from preflight.pipeline import Preflight
from preflight.probers import probe
from preflight.probers.movie_header import read_movie_header
from preflight.testing.recipes.encoder import run


def codes(source: Source) -> set[str]:
    return {f.code for f in Preflight().check(source).findings}


def test_an_edit_list_that_begins_with_nothing_counts(media, tmp_path):
    """Ten minutes less two seconds of nothing, and five seconds: a player shows a film of 603 s."""
    path = tmp_path / "late.mp4"
    run("-i", str(media("video/h264_aac_mp4")), "-c", "copy", "-output_ts_offset", "598", str(path))
    assert read_movie_header(Source.of(path)).duration_s == pytest.approx(603.0, abs=0.1)
    assert codes(Source.of(path)) == {"video_duration_too_long"}
    (made,) = Preflight().prepare(path)
    assert made.fidelity is Fidelity.LOSSLESS


def test_a_last_picture_that_stands_for_long_counts(tmp_path):
    """B-frames: the last picture shown is not the last stored, and the track counts in the order of storing."""
    path = tmp_path / "slides.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=480x360:r=1:d=40", "-vf", "select='lte(n,19)+eq(n,39)'")
    run(*picture, "-fps_mode", "vfr", "-c:v", "libx264", "-bf", "3", "-g", "5", "-pix_fmt", "yuv420p", str(path))
    assert probe(Source.of(path)).duration_s == pytest.approx(40.0)
    assert [p.span.end_s for p in Preflight().prepare(path)] == [pytest.approx(40.0)]


def test_fragments_cut_off_inside_their_index(media):
    data = media("video/h264_aac_fragmented_mp4").read_bytes()
    at = data.rindex(b"moof") - 4
    assert read_movie_header(Source.of(data[:at])).torn_fragments == 0
    for kept in (2, 8, 12, 60):
        source = Source.of(data[: at + kept])
        assert read_movie_header(source).torn_fragments == 1
        assert "video_packets_damaged" in codes(source)
        assert {p.fidelity for p in Preflight().prepare(source)} == {Fidelity.LOSSLESS}


@pytest.mark.parametrize("sample", [30, -1])
def test_samples_larger_than_any_file(media, sample):
    data = bytearray(media("video/h264_aac_mp4").read_bytes())
    table = data.index(b"stsz") + 4
    count = struct.unpack_from(">I", data, table + 8)[0]
    struct.pack_into(">i", data, table + 12 + 4 * (sample % count), -16)
    source = Source.of(bytes(data))
    assert read_movie_header(source).impossible_samples == 1
    assert codes(source) == {"video_packets_damaged"}
    # What is stored behind it is not where the index says.
    assert {p.fidelity for p in Preflight().prepare(source)} == {Fidelity.TRANSCODED}


@pytest.mark.parametrize("ticks", [0, (1 << 32) - 1])
def test_a_header_that_says_nothing(media, ticks):
    data = bytearray(media("video/h264_aac_mp4").read_bytes())
    struct.pack_into(">I", data, data.index(b"mvhd") + 20, ticks)
    assert read_movie_header(Source.of(bytes(data))).duration_s is None
    assert codes(Source.of(bytes(data))) == set()


@pytest.mark.parametrize("data", [b"", bytes(64), b"\0\0\0\x08moov", b"\0\0\0\x01moov", b"\xff" * 40])
def test_what_is_no_mp4_says_nothing(data):
    assert read_movie_header(Source.of(data)).duration_s is None
