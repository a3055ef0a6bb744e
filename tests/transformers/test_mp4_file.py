"""Headers of MP4 files that no short film has: read back by a reader that another FFmpeg was the measure of."""

from __future__ import annotations

from array import array
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest

from preflight.probers.mp4_index import Mp4Index, read_index
from preflight.transformers.mp4_file import Stretch, mp4_file


@pytest.fixture
def film(media) -> Mp4Index:
    with media("video/b_frames_mp4").open("rb") as file:
        index = read_index(file, media("video/b_frames_mp4").stat().st_size, {1, 2})
    assert index is not None
    return index


def read_back(film: Mp4Index, stretches: list[Stretch], base_s: float, folder: Path) -> tuple[Mp4Index, bytes]:
    """Its samples are not written: the file has a hole where they are."""
    made = mp4_file(film, stretches, base_s)
    size = len(made.head) + sum(size for _, size in made.ranges)
    path = folder / "made.mp4"
    with path.open("wb") as file:
        file.write(made.head)
        file.truncate(size)
    with path.open("rb") as file:
        index = read_index(file, size, range(1, len(stretches) + 1))
    assert index is not None
    return index, made.head


def pictures(film: Mp4Index, first: int = 0) -> Stretch:
    track = film.tracks[1]
    return Stretch(track=track, is_picture=True, first=first, end=len(track))


def test_a_file_beyond_4_gib_counts_in_64_bits(film, tmp_path):
    track = film.tracks[1]
    count = len(track)
    sizes = array("I", [1 << 26]) * count
    ends = array("Q", accumulate(sizes, initial=0))
    large = replace(
        track, sizes=sizes, ends=ends, chunk_offsets=array("Q", ends[:-1]), chunk_firsts=array("Q", range(count))
    )
    assert ends[-1] > 1 << 32
    index, head = read_back(film, [Stretch(track=large, is_picture=True, first=0, end=count)], 0.0, tmp_path)
    assert b"co64" in head
    assert [index.tracks[1].position(i) - len(head) for i in range(count)] == list(ends[:-1])


def test_pictures_shown_before_they_are_decoded_keep_their_times(film, tmp_path):
    """Negative composition offsets, with which some writers do without an edit list."""
    track = film.tracks[1]
    assert track.offsets is not None
    early = max(track.offsets)
    signed = replace(track, offsets=array("i", [o - early for o in track.offsets]))
    signed = replace(signed, dts=array("q", [t + early for t in track.dts]))
    index, head = read_back(film, [Stretch(track=signed, is_picture=True, first=0, end=len(track))], 0.0, tmp_path)
    assert index.tracks[1].pts == track.pts
    offsets = index.tracks[1].offsets
    assert offsets is not None
    assert min(offsets) < 0
    assert head[8:12] == b"iso4"  # the first brand that has them


def test_what_starts_late_starts_late_and_what_starts_early_is_hidden(film, tmp_path):
    track = film.tracks[1]
    for base_s in (-2.5, 0.0, 0.04, 1.0):
        index, _ = read_back(film, [pictures(film)], base_s, tmp_path)
        wanted = [t - round(base_s * track.timescale) for t in track.pts]
        assert list(index.tracks[1].pts) == wanted


def test_one_range_where_all_is_kept_and_few_where_it_is_cut(film):
    sounds = film.tracks[2]
    heard = Stretch(track=sounds, is_picture=False, first=0, end=len(sounds))
    whole = mp4_file(film, [pictures(film), heard], 0.0)
    assert len(whole.ranges) == 1
    assert whole.ranges[0][1] == film.tracks[1].ends[-1] + sounds.ends[-1]
    alone = mp4_file(film, [pictures(film)], 0.0)
    assert sum(size for _, size in alone.ranges) == film.tracks[1].ends[-1]
    assert len(alone.ranges) > 1
