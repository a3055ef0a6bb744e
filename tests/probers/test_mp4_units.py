"""The units of an MP4 by its index are those by its packets."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from preflight.media import Source, VideoFacts
from preflight.probers import probe
from preflight.probers.container import open_media
from preflight.probers.mp4_units import read_film, units_of_film
from preflight.probers.timed import pick_streams
from preflight.probers.units import Unit, read_units
from preflight.testing import catalogue

TAKEN = [
    *("h264_aac_mp4", "h264_aac_mov", "h264_aac_3gp", "hevc_aac_mp4", "b_frames_mp4"),
    *("closed_gop_hevc", "rotated_90_h264", "late_sound_mp4", "late_picture_mp4", "silent_mp4", "short_sound_mp4"),
    *("two_pictures_mp4", "cover_mp4", "timecode_mov"),
]
"""Cases that go this way. It is not open to all: of what is refused nothing is lost but time."""


def by_index(path: Path) -> tuple[Unit, ...] | None:
    source = Source.of(path)
    facts = probe(source)
    if not isinstance(facts, VideoFacts) or facts.duration_s is None:
        return None
    film = read_film(source, facts)
    return None if film is None else units_of_film(film, start_s=facts.start_s, duration_s=facts.duration_s)


def by_packets(path: Path) -> tuple[Unit, ...]:
    source = Source.of(path)
    facts = probe(source)
    assert isinstance(facts, VideoFacts)
    assert facts.duration_s is not None
    with open_media(source) as container:
        video, audio = pick_streams(container)
        return read_units(container, video, audio, start_s=facts.start_s, duration_s=facts.duration_s)


@pytest.mark.parametrize("name", TAKEN)
def test_the_index_gives_the_units_that_the_packets_give(media, name):
    path = media(f"video/{name}")
    units = by_index(path)
    assert units is not None
    assert units == by_packets(path)


@pytest.mark.parametrize("name", ["open_gop_mp4", "open_gop_hevc", "no_keyframe_first_mp4", "starts_at_10_s_mp4"])
def test_what_is_not_plain_is_left_to_the_packets(media, name):
    assert by_index(media(f"video/{name}")) is None


@pytest.mark.parametrize(
    "name",
    [c.name for c in catalogue.cases("video/*mp4*", "video/*mov*") if c.name.removeprefix("video/") not in TAKEN],
)
def test_where_the_index_is_believed_it_gives_what_the_packets_give(media, name):
    path = media(name)
    units = by_index(path)
    assert units is None or units == by_packets(path)


def test_of_real_files(corpus):
    taken = 0
    for path in sorted(corpus.glob("*/*.[mM][pP4oO]*")):
        units = by_index(path)
        if units is not None:
            assert units == by_packets(path), path.name
            taken += 1
    assert taken >= 25


@pytest.mark.parametrize(
    "name", ["h264_aac_fragmented_mp4", "edit_list_mp4", "header_claims_an_hour_mp4", "h264_pcm_mov"]
)
def test_what_the_index_cannot_vouch_for_is_read_by_its_packets(media, name):
    assert by_index(media(f"video/{name}")) is None


def test_what_was_read_is_kept_until_the_file_changes(media, tmp_path):
    path = tmp_path / "film.mp4"
    shutil.copy(media("video/h264_aac_mp4"), path)
    source = Source.of(path)
    facts = probe(source)
    assert isinstance(facts, VideoFacts)
    film = read_film(source, facts)
    assert film is not None
    assert read_film(source, facts) is film
    path.write_bytes(path.read_bytes())
    again = read_film(source, facts)
    assert again is not film


def test_it_reads_bytes_and_file_objects_too(media):
    path = media("video/b_frames_mp4")
    with path.open("rb") as file:
        for given in (path.read_bytes(), file):
            source = Source.of(given)
            facts = probe(source)
            assert isinstance(facts, VideoFacts)
            film = read_film(source, facts)
            assert film is not None
            assert facts.duration_s is not None
            assert units_of_film(film, start_s=facts.start_s, duration_s=facts.duration_s) == by_packets(path)
