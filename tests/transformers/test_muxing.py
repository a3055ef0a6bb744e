"""Packets → a file: its overhead is within what planning allows for, and its clock is the clip's own."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from preflight.media import Source
from preflight.planner.cuts import caps_for
from preflight.probers.container import open_media
from preflight.probers.timed import pick_streams
from preflight.transformers.muxing import mux
from tests.judges import coded_packets


def packet(stream, ticks: int, length: int, size: int, *, shown_later: int = 0, key: bool = True) -> av.Packet:
    made = av.Packet(b"\x65" * size)
    made.stream, made.time_base = stream, stream.time_base
    made.dts, made.pts, made.duration, made.is_keyframe = ticks, ticks + shown_later, length, key
    return made


@pytest.mark.parametrize("size", [1, 300, 5_000])
@pytest.mark.parametrize("count", [10, 3_000])
@pytest.mark.parametrize(
    ("name", "container", "reordered"),
    [
        ("video/h264_aac_mp4", "mp4", False),
        ("video/h264_aac_mp4", "mp4", True),
        ("video/h264_aac_mkv", "matroska", False),
        ("video/h264_aac_mkv", "matroska", True),
        ("video/vp8_vorbis_webm", "webm", False),
        ("video/theora_vorbis_ogv", "matroska", False),
    ],
)
def test_overhead_stays_under_the_bound_however_small_the_packets(media, name, container, reordered, count, size):
    """Every packet its own chunk, size, length and offset of showing; every picture a keyframe where it may be."""
    caps = caps_for(container, 27_000_000, 600.0, 4.0)
    with open_media(Source.of(media(name))) as source:
        streams = [s for s in pick_streams(source) if s is not None]
        packets = []
        for i in range(count):
            for stream in streams:
                tick = max(1, round(Fraction(1, 100) / stream.time_base))
                later = (i % 3) * tick if reordered and stream.type == "video" else 0
                jitter = i % 3 if tick > 3 else 0
                packets.append(
                    packet(
                        stream,
                        i * tick + jitter,
                        tick + jitter,
                        size + i % 7,
                        shown_later=later,
                        key=i % 2 == 0 or not reordered,
                    )
                )
        coded, number = sum(p.size for p in packets), len(packets)
        data = mux(container, {s.index: s for s in streams}, packets, 0.0)
    assert coded < len(data) <= caps.file_bytes(coded, number)


def two_frames(stream, seconds: float) -> list[av.Packet]:
    tick = round(seconds / stream.time_base)
    return [packet(stream, tick, 1, 50), packet(stream, tick + 1, 1, 50)]


def test_a_stream_without_a_packet_in_the_clip_is_left_out(media, tmp_path):
    with open_media(Source.of(media("video/h264_aac_mp4"))) as source:
        video, audio = pick_streams(source)
        data = mux("mp4", {video.index: video, audio.index: audio}, two_frames(video, 3.0), 3.0)
    (tmp_path / "a.mp4").write_bytes(data)
    with av.open(str(tmp_path / "a.mp4")) as made:
        assert [s.type for s in made.streams] == ["video"]


def test_a_coarse_clock_is_refined_to_say_where_the_clip_starts(media, tmp_path):
    """AVI's picture ticks once a frame; the clip starts where its sound does, a third of a frame before it."""
    with open_media(Source.of(media("video/mpeg4_mp3_avi"))) as source:
        video, _ = pick_streams(source)
        assert video.time_base == Fraction(1, 25)
        frames = [p for p in source.demux(video) if p.size][:3]
        first_s = float(frames[0].pts * frames[0].time_base)
        data = mux("mp4", {video.index: video}, frames, first_s - 0.0133)
    path = Path(tmp_path / "a.mp4")
    path.write_bytes(data)
    assert coded_packets(path)[0].pts_s == pytest.approx(0.0133, abs=0.001)


def test_decoding_times_that_matroska_does_not_state_are_made(media, tmp_path):
    with open_media(Source.of(media("video/b_frames_mkv"))) as source:
        video, _ = pick_streams(source)
        packets = [p for p in source.demux(video) if p.size]
        assert any(p.dts is None for p in packets)
        shown = [p.pts for p in packets]
        assert shown != sorted(shown)
        path = tmp_path / "a.mp4"
        path.write_bytes(mux("mp4", {video.index: video}, packets, 0.0))
    made = coded_packets(path)
    decoded = [p.dts_s for p in made]
    assert decoded == sorted(set(decoded))
    assert all(p.dts_s <= p.pts_s for p in made)
    assert [round(p.pts_s * 1000) for p in made] == shown


def test_the_same_decoding_time_twice_is_moved_apart(media, tmp_path):
    with open_media(Source.of(media("video/h264_aac_mp4"))) as source:
        _, audio = pick_streams(source)
        packets = [p for p in source.demux(audio) if p.size][:4]
        packets[2].pts = packets[2].dts = packets[1].dts
        path = tmp_path / "a.mp4"
        path.write_bytes(mux("mp4", {audio.index: audio}, packets, 0.0))
    assert len(coded_packets(path)) == 4
