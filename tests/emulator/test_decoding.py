"""Audio and video as the emulator sees and hears them."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from preflight.emulator import decoding
from preflight.emulator.decoding import decode_timed
from preflight.emulator.picture import picture_vector
from preflight.emulator.sound import SAMPLE_RATE
from preflight.errors import BrokenMediaError
from preflight.media import Source
from preflight.probers import probe
from preflight.testing import catalogue

SCENES, SECONDS = (1, 2, 3), (5.0, 6.0, 5.0)


def recorded(path, kind="video", end_s=None):
    source = Source.of(path)
    facts = probe(source, kind)
    return decode_timed(source, facts, end_s or facts.duration_s)


@pytest.fixture
def scene_of(draw):
    known = {seed: picture_vector(np.asarray(draw(seed, (640, 360)).resize((64, 64)))) for seed in SCENES}

    def of(picture):
        likeness = {seed: vector @ picture_vector(picture) for seed, vector in known.items()}
        assert max(likeness.values()) > 0.9
        return max(likeness, key=likeness.get)

    return of


@pytest.mark.parametrize("g", [10, 1000])
def test_every_scene_is_seen_when_it_is_shown(film, scene_of, g):
    # With g=1000 and no scene detection there is one keyframe, at the beginning.
    recording = recorded(film(SCENES, SECONDS, name=f"gop{g}.mp4", g=g, sc_threshold=0))

    expected = [1 if t < 5 else 2 if t < 11 else 3 for t in recording.times_s]
    assert [scene_of(picture) for picture in recording.pictures] == expected
    assert len(recording.times_s) >= 16
    assert max(np.diff(recording.times_s)) < 1.2


def test_of_a_large_video_keyframes_are_seen(film, scene_of, monkeypatch):
    monkeypatch.setattr(decoding, "_ALL_FRAMES_BELOW_PIXELS", 0)

    recording = recorded(film(SCENES, SECONDS, name="keyframes.mp4", g=40, sc_threshold=0))

    assert recording.times_s == pytest.approx([0, 4, 8, 12])
    assert [scene_of(picture) for picture in recording.pictures] == [1, 1, 2, 3]


def test_a_large_video_without_a_marked_keyframe_is_seen_nevertheless(film, monkeypatch):
    monkeypatch.setattr(decoding, "_ALL_FRAMES_BELOW_PIXELS", 0)
    refreshed = {"x264-params": "intra-refresh=1:keyint=20"}
    file = film((1,), (8.0,), music=None, name="refresh.ts", **refreshed).read_bytes()

    recording = recorded(file[188 * 40 :])  # from the middle of the first refresh on

    assert len(recording.times_s) >= 3


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("copy.mkv", {"c": "copy"}),
        ("copy.ts", {"c": "copy"}),  # its clock starts at 1.4 s
        ("vp8.webm", {"vcodec": "libvpx", "acodec": "libvorbis", "deadline": "realtime", "cpu-used": 8}),
        ("mpeg4.avi", {"vcodec": "mpeg4", "q:v": 3}),
        ("smaller.mp4", {"vf": "scale=480:360,setsar=1", "preset": "ultrafast"}),
        ("tenbit.mp4", {"pix_fmt": "yuv420p10le", "preset": "ultrafast"}),
    ],
)
def test_containers_and_codecs_look_and_sound_alike(film, convert, scene_of, name, options):
    source = film(SCENES, SECONDS, name="source.mp4")

    recording = recorded(convert(source, name, **options))

    assert {scene_of(picture) for t, picture in zip(recording.times_s, recording.pictures, strict=True) if t < 4.8} == {
        1
    }
    assert {
        scene_of(picture) for t, picture in zip(recording.times_s, recording.pictures, strict=True) if t > 11.2
    } == {3}
    original = recorded(source).samples
    both = min(original.size, recording.samples.size)
    assert both > 15.5 * SAMPLE_RATE
    assert np.corrcoef(envelope(original[:both]), envelope(recording.samples[:both]))[0, 1] > 0.95


def envelope(samples):
    return np.abs(samples[: samples.size // 1600 * 1600]).reshape(-1, 1600).mean(axis=1)


@pytest.mark.parametrize("case", catalogue.cases("video/rotated_*_h264"), ids=str)
def test_a_turned_video_is_seen_upright(media, case):
    coded = recorded(media("video/h264_aac_mp4")).pictures[0]
    turned = [picture_vector(np.rot90(coded, -quarters)) for quarters in range(4)]  # clockwise

    for picture in recorded(case.path).pictures:
        likeness = [vector @ picture_vector(picture) for vector in turned]
        assert np.argmax(likeness) == case.truth.rotation / 90
        assert max(likeness) > 0.9


def test_a_silent_video_has_no_samples(media):
    assert recorded(media("video/silent_mp4")).samples is None


@pytest.mark.parametrize("case", catalogue.cases("audio/*_cover_art"), ids=str)
def test_the_sound_of_a_file_with_a_cover_is_heard(case):
    recording = recorded(case.path, "audio")

    assert recording.pictures == ()
    assert recording.samples.size == pytest.approx(case.truth.duration_s * SAMPLE_RATE, abs=2000)


def test_the_sound_of_a_film_is_heard_alone(film):
    path = film(SCENES, SECONDS, name="source.mp4")

    recording = recorded(path, "audio")

    assert recording.pictures == ()
    np.testing.assert_array_equal(recording.samples, recorded(path).samples)


def test_sound_that_begins_late_is_silent_until_then(media):
    samples = recorded(media("video/late_sound_mp4")).samples

    assert np.abs(samples[: int(0.45 * SAMPLE_RATE)]).max() == 0
    on_time, sounding = envelope(recorded(media("video/h264_aac_mp4")).samples), envelope(samples[SAMPLE_RATE // 2 :])
    both = min(on_time.size, sounding.size)
    assert np.corrcoef(sounding[:both], on_time[:both])[0, 1] > 0.99


def test_nothing_after_the_end_is_decoded(film):
    recording = recorded(film(SCENES, SECONDS, name="source.mp4"), end_s=4.0)

    assert recording.samples.size == 4 * SAMPLE_RATE
    assert recording.times_s[-1] < 4 + 2.5


def test_samples_are_always_numbers():
    bad = np.array([np.nan, np.inf, -np.inf, 1e30, 0.5] * 8000, np.float32).tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(bad), b"WAVE", b"fmt ", 16, 3, 1, 8000, 32000, 4, 32, b"data", len(bad)
    )

    samples = recorded(head + bad, "audio").samples

    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 8


def test_a_few_damaged_packets_are_shrugged_off(media):
    file = bytearray(media("audio/mp3").read_bytes())
    middle = len(file) // 2
    file[middle : middle + 600] = bytes(600)

    assert recorded(bytes(file), "audio").samples.size == pytest.approx(5 * SAMPLE_RATE, rel=0.05)


def test_what_decodes_to_nothing_is_broken(media):
    with pytest.raises(BrokenMediaError, match="could be decoded"):
        recorded(media("bad/mp4_of_zeros"))
