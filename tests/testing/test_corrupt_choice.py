"""Every corrupter that applies, on every format: something else comes out, the same each time, and can be checked."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import preflight
from preflight.errors import UsageError
from preflight.testing.corrupt import (
    Corrupter,
    DropPackets,
    FlipBits,
    LieAboutDuration,
    LieAboutLength,
    LieAboutRotation,
    LieAboutSize,
    RepeatPackets,
    Truncate,
    boundaries,
    corrupters,
    packets,
    parts,
)

FILES = (
    "video/h264_aac_mp4",
    "video/h264_aac_mov",
    "video/h264_aac_fragmented_mp4",
    "video/index_first_mp4",
    "audio/m4a_aac",
    "audio/m4a_cover_art",
    "video/h264_aac_mkv",
    "video/vp9_opus_webm",
    "audio/mka_flac",
    "video/h264_aac_ts",
    "video/h264_aac_flv",
    "video/mpeg4_mp3_avi",
    "audio/wav_s16",
    "audio/mp3",
    "audio/flac_24_bits",
    "audio/adts_aac",
    "audio/ogg_vorbis",
    "audio/opus",
    "video/theora_vorbis_ogv",
)
ORDER = (
    LieAboutRotation,
    LieAboutSize,
    LieAboutDuration,
    RepeatPackets,
    DropPackets,
    FlipBits,
    LieAboutLength,
    Truncate,
)


@pytest.mark.parametrize("name", FILES)
def test_every_corrupter_damages_it_and_check_never_raises(media, name):
    data = media(name).read_bytes()
    chosen = corrupters(data)
    assert 20 <= len(chosen) <= 60
    assert len(set(map(repr, chosen))) == len(chosen)
    for corrupter in chosen:
        damaged = corrupter(data)
        assert damaged != data
        assert damaged == corrupter(data)
        assert preflight.check(damaged).verdict in {"pass", "fixable", "rejected"}


def test_they_come_from_mild_to_severe(media):
    places = [ORDER.index(type(corrupter)) for corrupter in corrupters(media("video/h264_aac_mp4").read_bytes())]
    assert places == sorted(places)
    assert set(places) == set(range(len(ORDER)))


def test_they_are_of_this_very_file(media):
    assert not {type(corrupter) for corrupter in corrupters(media("audio/wav_s16").read_bytes())} & {
        LieAboutRotation,
        LieAboutSize,
        DropPackets,
        RepeatPackets,
    }
    with pytest.raises(UsageError, match="take one of"):
        corrupters(b"nothing that is known")


@pytest.fixture(scope="session")
def good(media):
    @cache
    def read(name: str) -> tuple[bytes, tuple[Corrupter, ...]]:
        data = media(name).read_bytes()
        return data, corrupters(data)

    return read


@given(
    name=st.sampled_from([name for name in FILES if name != "audio/wav_s16"]),
    number=st.integers(0, 59),
    where=st.sampled_from(["header", "index", "data"]),
    bits=st.sampled_from([1, 8, 64, 512]),
    seed=st.integers(0, 1 << 32),
    keep=st.floats(0, 1),
)
@settings(max_examples=100, deadline=None)
def test_what_is_damaged_already_is_damaged_further_or_refused(good, name, number, where, bits, seed, keep):
    """Their parsers are for good files, but end on bad ones, too."""
    data, chosen = good(name)
    second = chosen[number % len(chosen)]
    for corrupter in (FlipBits(where=where, bits=bits, seed=seed), Truncate(keep=keep), second):
        try:
            data = corrupter(data)
        except UsageError:
            continue
    for function in (parts, boundaries, packets, *chosen[::9]):
        try:
            function(data)
        except UsageError:
            continue
    assert preflight.check(data).verdict in {"pass", "fixable", "rejected"}
