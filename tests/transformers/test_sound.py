"""Decoding: batches, changes half-way, damage, and what no graph of filters takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from preflight.errors import BrokenMediaError
from preflight.media import Source
from preflight.testing.recipes.encoder import run
from preflight.transformers.sound import Sound
from tests.judges import samples


def decoded(source: Source, rate: int, channels: int) -> np.ndarray:
    sound = Sound(source, sample_rate=rate, channels=channels, sample_format="s16")
    blocks = [frame.to_ndarray().reshape(-1, channels) for frame in sound.frames()]
    return np.concatenate(blocks)


@pytest.mark.parametrize("name", ["audio/mp3", "audio/flac", "audio/wav_s16", "audio/m4a_aac"])
def test_it_is_what_the_independent_decoder_hears(media, name):
    found = decoded(Source.of(media(name)), 44_100, 2)
    want = samples(media(name), 2)
    length = min(len(found), len(want))
    assert length > 4.9 * 44_100
    assert np.abs(found[:length].astype(int) - want[:length]).max() <= 2


def test_a_stream_that_changes_half_way_goes_on(tmp_path):
    """Two MP3s in one file, as recorders append them: first mono, 22.05 kHz; then stereo, 44.1 kHz."""
    parts = []
    for rate, channels in ((22_050, 1), (44_100, 2)):
        tone = f"sine=frequency=440:sample_rate={rate}:duration=2"
        path = tmp_path / f"{rate}.mp3"
        run("-f", "lavfi", "-i", tone, "-ac", str(channels), "-write_xing", "0", "-id3v2_version", "0", str(path))
        parts.append(path.read_bytes())
    found = decoded(Source.of(b"".join(parts)), 44_100, 2)
    assert len(found) / 44_100 == pytest.approx(4.0, abs=0.2)


def test_more_channels_than_there_are_places_for_go_left_and_right(tmp_path):
    drawn = np.zeros((8_000, 23), np.int16)
    drawn[:, 4] = 20_000
    path = tmp_path / "a.wav"
    run("-f", "s16le", "-ar", "8000", "-ac", "23", "-i", "-", str(path), data=drawn.tobytes())
    found = decoded(Source.of(path), 8_000, 2)
    assert found.shape == (8_000, 2)
    assert np.abs(found).max(axis=0).tolist() == [pytest.approx(20_000 / 12, abs=2), 0]


def test_what_is_closed_early_leaves_no_file_open(media):
    before = len(list(Path("/proc/self/fd").iterdir()))
    frames = Sound(Source.of(media("audio/mp3")), sample_rate=8_000, channels=1, sample_format="s16").frames()
    next(frames)
    frames.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_ratio_that_no_filter_takes_is_our_error(tmp_path):
    """libswresample counts it in 31 bits, and says that memory is short."""
    run("-f", "s16le", "-ar", "5000000", "-ac", "1", "-i", "-", str(tmp_path / "a.wav"), data=bytes(100_000))
    sound = Sound(Source.of(tmp_path / "a.wav"), sample_rate=357_142, channels=1, sample_format="s16")
    with pytest.raises(BrokenMediaError):
        list(sound.frames())
