"""Whether a decoder makes sense of what says how a stream is coded: by files in which that is made senseless."""

from __future__ import annotations

from pathlib import Path

import pytest

from preflight.media import AudioFacts, Fidelity, Source, Unprobed, VideoFacts
from preflight.pipeline import Preflight
from preflight.probers import probe
from tests.judges import coded_packets, complaints

SETUP = b"\x05vorbis"
"""The third header of Vorbis I, 4.2.1, which the container keeps with the others."""


def without_sense(path: Path, mark: bytes, behind: int, patch: bytes) -> bytes:
    data = bytearray(path.read_bytes())
    at = data.index(mark) + len(mark) + behind
    data[at : at + len(patch)] = patch
    return bytes(data)


def film_of(path: Path) -> bytes:
    return without_sense(path, SETUP, 0, b"\xff" * 64)


@pytest.mark.parametrize("name", ["video/vp8_vorbis_webm", "video/vp9_opus_webm", "video/h264_aac_mp4"])
def test_what_is_whole_is_readable(media, name):
    facts = probe(Source.of(media(name)))
    assert isinstance(facts, VideoFacts)
    assert facts.audio_codec is not None
    assert not any(stream.broken for stream in facts.streams)


def test_a_film_with_senseless_sound_is_sent_without_it(media, tmp_path):
    film = tmp_path / "x.webm"
    film.write_bytes(film_of(media("video/vp8_vorbis_webm")))
    assert complaints(film)
    report = Preflight().check(film)
    assert [f.code for f in report.errors] == ["video_sound_broken"]
    assert report.verdict == "fixable"
    (verified,) = Preflight().verified(Source.of(film), report)
    assert verified.output.fidelity is Fidelity.LOSSLESS
    assert "left out sound that cannot be decoded" in verified.output.steps
    sent = tmp_path / "sent.webm"
    sent.write_bytes(verified.output.media.read())
    assert not complaints(sent)
    whole = [p.digest for p in coded_packets(media("video/vp8_vorbis_webm")) if p.stream == 0]
    assert [p.digest for p in coded_packets(sent)] == whole


def test_of_an_mp4_too(media, tmp_path):
    """The index of an MP4 is read by ourselves: it must leave out the same track."""
    film = tmp_path / "x.mp4"
    # ISO 14496-1, 7.2.6.7: the tag of DecoderSpecificInfo, its length and AudioSpecificConfig, which here has a rate
    # that there is not (14496-3, table 1.18).
    film.write_bytes(without_sense(media("video/h264_aac_mp4"), b"\x05\x80\x80\x80", 1, b"\x16\x90"))
    report = Preflight().check(film)
    assert [f.code for f in report.errors] == ["video_sound_broken"]
    (verified,) = Preflight().verified(Source.of(film), report)
    sent = tmp_path / "sent.mp4"
    sent.write_bytes(verified.output.media.read())
    assert not complaints(sent)
    assert {p.stream for p in coded_packets(sent)} == {0}


def test_sound_alone_is_refused(media, tmp_path):
    path = tmp_path / "x.webm"
    path.write_bytes(film_of(media("video/vp8_vorbis_webm")))
    facts = probe(Source.of(path), "audio")
    assert isinstance(facts, Unprobed)
    assert facts.code == "audio_file_broken"
    assert "what says how it is coded is damaged" in facts.reason


def test_a_second_sound_that_can_be_decoded_stands_in(media, tmp_path):
    from preflight.testing.recipes.encoder import run

    film = tmp_path / "two.mkv"
    run(
        "-i",
        str(media("video/vp8_vorbis_webm")),
        "-i",
        str(media("audio/mp3")),
        "-map",
        "0",
        "-map",
        "1",
        "-c",
        "copy",
        str(film),
    )
    film.write_bytes(film_of(film))
    facts = probe(Source.of(film))
    assert isinstance(facts, VideoFacts)
    assert facts.audio_codec == "mp3"
    assert [s.broken for s in facts.streams] == [False, True, False]
    sound = probe(Source.of(film), "audio")
    assert isinstance(sound, AudioFacts)
    assert sound.codec == "mp3"
