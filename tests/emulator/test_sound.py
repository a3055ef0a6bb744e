from __future__ import annotations

import itertools

import numpy as np
import pytest

from preflight.emulator.decoding import decode_timed
from preflight.emulator.sound import SAMPLE_RATE, Listener, loudness, sound_vector, speech_vector
from preflight.media import AudioFacts, Source
from preflight.probers import probe


def heard(path):
    source = Source.of(path)
    facts = probe(source, "audio")
    assert isinstance(facts, AudioFacts)
    return loudness(decode_timed(source, facts, facts.duration_s).samples)


@pytest.mark.parametrize("vector", [sound_vector, speech_vector])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("128k.mp3", {"audio_bitrate": "128k"}),
        ("64k.mp3", {"audio_bitrate": "64k"}),
        ("same.flac", {}),
        ("16k.wav", {"ar": 16000}),
        ("stereo.wav", {"ac": 2}),
        ("24bit.wav", {"acodec": "pcm_s24le"}),
    ],
)
def test_transcoded_copies_are_close(sound, convert, vector, name, options):
    copy = convert(sound(1), name, **options)

    assert vector(heard(sound(1))) @ vector(heard(copy)) > 0.95


@pytest.mark.parametrize("vector", [sound_vector, speech_vector])
def test_different_sounds_are_far(sound, vector):
    vectors = [vector(heard(sound(seed))) for seed in range(6)]

    assert max(a @ b for a, b in itertools.combinations(vectors, 2)) < 0.7


def test_different_kinds_of_sound_are_far():
    t = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    rng = np.random.default_rng(1)
    sounds = {
        "low tone": 0.3 * np.sin(2 * np.pi * 220 * t),
        "high tone": 0.3 * np.sin(2 * np.pi * 3000 * t),
        "hiss": 0.1 * rng.normal(size=t.size),
        "beats": 0.3 * np.sin(2 * np.pi * 150 * t) * (t % 0.5 < 0.1),
        "rising": 0.3 * np.sin(2 * np.pi * (200 * t + 150 * t * t)),
    }
    vectors = [sound_vector(loudness(samples.astype(np.float32))) for samples in sounds.values()]

    assert max(a @ b for a, b in itertools.combinations(vectors, 2)) < 0.6


def test_louder_is_no_different(sound):
    assert sound_vector(heard(sound(2))) @ sound_vector(heard(sound(2, volume=0.3))) > 0.98


def test_sound_and_speech_are_no_neighbours(sound):
    assert abs(sound_vector(heard(sound(1))) @ speech_vector(heard(sound(1)))) < 0.3


@pytest.mark.parametrize("vector", [sound_vector, speech_vector])
@pytest.mark.parametrize("samples", [0, 10, SAMPLE_RATE])
def test_silence_is_one_vector(vector, samples):
    silence = vector(loudness(np.zeros(samples, np.float32)))
    dither = np.random.default_rng(1).integers(-1, 2, SAMPLE_RATE) / 32768

    assert np.linalg.norm(silence) == pytest.approx(1)
    np.testing.assert_array_equal(silence, vector(loudness(dither.astype(np.float32))))


@pytest.mark.parametrize("vector", [sound_vector, speech_vector])
@pytest.mark.parametrize("rows", [1, 2, 15, 300])
def test_any_length_has_a_vector(vector, rows):
    noise = np.random.default_rng(2).normal(0, 0.1, 640 + (rows - 1) * 320).astype(np.float32)

    assert loudness(noise).shape == (rows, 64)
    assert np.linalg.norm(vector(loudness(noise))) == pytest.approx(1)


def test_loudness_of_a_long_sound_is_that_of_its_parts():
    noise = np.random.default_rng(3).normal(0, 0.1, 60 * SAMPLE_RATE).astype(np.float32)

    part = slice(2000, 2100)  # across the border of two blocks
    alone = loudness(noise[part.start * 320 : (part.stop - 1) * 320 + 640])

    np.testing.assert_allclose(loudness(noise)[part], alone, atol=1e-3)


@pytest.mark.parametrize("piece", [1_600, 100_000, 655_359, 655_360, 655_361, 1_000_000])
def test_loudness_is_the_same_however_the_sound_is_cut(piece):
    """A block is 2,048 rows of 320 samples, and a window of 640 reaches over its end."""
    samples = np.random.default_rng(1).uniform(-1, 1, 2_000_001).astype(np.float32)
    listener = Listener()
    for start in range(0, samples.size, piece):
        listener.hear(samples[start : start + piece])

    assert np.array_equal(listener.loudness(), loudness(samples))
    assert len(loudness(samples)) == (2_000_001 - 640) // 320 + 1
