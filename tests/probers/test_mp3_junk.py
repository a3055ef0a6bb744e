"""What is a frame and what is none, by MP3 that are put together by hand: so the truth is known."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.media import AudioFacts, Fidelity, Source
from preflight.pipeline import Preflight
from preflight.planner import EncodeAudio, StripTags
from preflight.probers import probe
from preflight.probers.mp3_junk import bytes_within, first_frame, is_frame, joined
from preflight.testing.recipes.id3 import ape, id3v1, id3v2, lyrics3, text
from tests.judges import coded_packets, complaints

JUNK = b"\xde\xad\xbe\xef" * 5_000
NOISE = random.Random(1).randbytes(9_000)
TITLE = id3v2(text("TIT2", "Title"))
APE_1 = b"\5\0\0\0\0\0\0\0Title\0hello" + b"APETAGEX" + struct.pack("<LLLL", 1_000, 51, 1, 0) + bytes(8)
LYRICS = lyrics3("[00:01]la la la")


_EMPTY_TAG_BYTES = 20


@pytest.fixture(name="frames")
def frames_of_mp3(media):
    """Without the empty tag that FFmpeg puts in front."""
    return media("audio/mp3_vbr_without_header").read_bytes()[_EMPTY_TAG_BYTES:]


def facts_of(data: bytes) -> AudioFacts:
    facts = probe(Source.of(data, name="x.mp3"))
    assert isinstance(facts, AudioFacts)
    return facts


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"", LYRICS),
        (b"", LYRICS + id3v1("Title")),
        (b"", APE_1),
        (b"", b"3DI\4\0\0\0\0\0\0" + id3v1("Title")),
        (b"", bytes(3_000)),
        (b"", b"abc"),
        (b"", NOISE),
        (JUNK, b""),
        (JUNK * 5, b""),
        (TITLE + JUNK, b""),
        (JUNK, NOISE + id3v1("Title")),
    ],
)
def test_the_frames_are_sent_as_they_are(frames, before, behind, tmp_path):
    bare, mixed = tmp_path / "bare.mp3", before + frames + behind
    bare.write_bytes(frames)
    source = Source.of(mixed, name="x.mp3")
    report = Preflight().check(source)
    assert [f.code for f in report.errors] == ["audio_junk"]
    assert report.verdict == "fixable"
    assert report.facts.duration_s == facts_of(frames).duration_s
    plan = Preflight().plan(source)
    assert isinstance(plan.recipe, StripTags)
    assert plan.outputs[0].media_bytes == len(frames)
    (verified,) = Preflight().verified(source, report)
    assert verified.output.fidelity is Fidelity.LOSSLESS
    assert verified.output.media.read() == frames
    assert not complaints(bare)


@pytest.mark.parametrize(
    ("before", "behind"),
    [(b"", b""), (TITLE, id3v1("Title")), (b"", ape(Title="Title")), (bytes(5_000), b""), (b"\xde\xad" * 100, b"")],
)
def test_what_every_decoder_passes_over_is_no_junk(frames, before, behind, tmp_path):
    path = tmp_path / "x.mp3"
    path.write_bytes(before + frames + behind)
    assert facts_of(path.read_bytes()).junk == ()
    assert not complaints(path)


def test_a_tag_between_two_recordings_is_left_out(frames, tmp_path):
    source = Source.of(frames + TITLE + frames, name="x.mp3")
    assert facts_of(frames + TITLE + frames).junk == ((len(frames), len(frames) + len(TITLE)),)
    (verified,) = Preflight().verified(source, Preflight().check(source))
    assert verified.output.media.read() == frames * 2
    path = tmp_path / "x.mp3"
    path.write_bytes(frames * 2)
    assert not complaints(path)


def test_a_frame_that_is_damaged_is_no_junk_and_its_place_is_kept(frames):
    middle = coded_start(frames, len(frames) // 2)
    damaged = frames[:middle] + b"\0\xde\xad\xbe" + frames[middle + 4 :]
    source = Source.of(damaged, name="x.mp3")
    report = Preflight().check(source)
    assert [f.code for f in report.errors] == ["audio_packets_damaged"]
    assert facts_of(damaged).duration_s == pytest.approx(facts_of(frames).duration_s, abs=0.03)
    assert isinstance(Preflight().plan(source).recipe, EncodeAudio)


def test_what_lies_everywhere_is_damage(frames):
    strewn = (TITLE + frames) * 70
    codes = [f.code for f in Preflight().check(Source.of(strewn, name="x.mp3")).errors]
    assert "audio_packets_damaged" in codes


def test_half_a_frame_at_the_end_is_left_out_and_half_a_frame_that_can_be_heard_is_not(frames, tmp_path):
    """An independent decoder complains of the same."""
    last = coded_start(frames, len(frames) // 2)
    for kept in (*range(2, 60, 6), 100, 200, 300):
        path = tmp_path / f"{kept}.mp3"
        path.write_bytes(frames[: last + kept])
        junk = facts_of(path.read_bytes()).junk
        assert junk in ((), ((last, last + kept),))
        assert bool(junk) == bool(complaints(path)), kept


def test_a_long_one_is_cut_without_its_junk(media, tmp_path):
    whole = media("audio/duration_600_1_mp3").read_bytes()
    source = Source.of(JUNK + whole + LYRICS, name="x.mp3")
    outputs = [v.output for v in Preflight().verified(source, Preflight().check(source))]
    assert [o.fidelity for o in outputs] == [Fidelity.LOSSLESS] * 2
    sent = []
    for number, output in enumerate(outputs):
        path = tmp_path / f"{number}.mp3"
        path.write_bytes(output.media.read())
        assert not complaints(path)
        sent += [p.digest for p in coded_packets(path)]
    assert sent == [p.digest for p in coded_packets(media("audio/duration_600_1_mp3"))]


def coded_start(data: bytes, near: int) -> int:
    """Where a frame begins, at or behind `near`."""
    found = first_frame(data[near:])
    assert found is not None
    return near + found


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xfb\x90\0", b"TAG", b"\0\0"]))
def test_whatever_the_bytes_something_is_said(data, front):
    assert is_frame(front + data) in (True, False)
    found = first_frame(front + data)
    assert found is None or 0 <= found <= len(front + data)


def test_ranges_are_cut_out_and_counted():
    data = bytes(range(100))
    assert joined(data, [(0, 10), (50, 60)]) == data[10:50] + data[60:]
    assert bytes_within([(0, 10), (50, 60)], 5, 55) == 10
