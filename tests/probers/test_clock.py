"""How long, and from when: the header, the index and the packets against each other."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from preflight.media import Source, Span
from preflight.pipeline import Preflight
from preflight.probers import probe
from preflight.probers.clock import Clock, read_clock
from preflight.probers.container import open_media
from preflight.probers.timed import pick_streams
from tests.judges import coded_packets

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
SIZE = 1_000_000


class Faked(SimpleNamespace):
    def __bytes__(self) -> bytes:
        return bytes(self.size)


def packet(stream_index: int, time: int | None, duration: int = 40, **more: Any) -> Any:
    facts = {"pts": time, "dts": time, "size": 100, "is_keyframe": True, "sidedata": ()}
    facts |= {"is_discard": False, "is_corrupt": False, "time_base": Fraction(1, 1000)}
    made = Faked(stream_index=stream_index, duration=duration, **{**facts, **more})
    made.has_sidedata = made.sidedata.__contains__
    return made


def container(
    packets: list[Any],
    *,
    duration_s: float | None = None,
    index_ms: Sequence[int] | None = None,
    format_name: str = MP4,
) -> tuple[Any, Any]:
    """A file of one video stream that ticks in milliseconds, as far as a clock looks at it."""
    file = SimpleNamespace(
        duration=None if duration_s is None else round(duration_s * 1_000_000),
        format=SimpleNamespace(name=format_name),
        demux=lambda *streams: iter([*packets, packet(0, None, size=0)]),
    )
    entries = [
        SimpleNamespace(timestamp=t, pos=100 * i, size=100, is_keyframe=True, is_discard=False)
        for i, t in enumerate(index_ms or [])
    ]
    stream = SimpleNamespace(
        index=0,
        type="video",
        time_base=Fraction(1, 1000),
        start_time=entries[0].timestamp if entries else 0,
        frames=0,
        index_entries=entries,
        container=file,
        codec_context=SimpleNamespace(name="h264"),
    )
    return file, stream


def clock(packets: list[Any], *, size_bytes: int = SIZE, **more: Any) -> Clock:
    file, stream = container(packets, **more)
    return read_clock(file, stream, [stream], size_bytes=size_bytes)


FRAMES = [packet(0, 40 * i) for i in range(25)]
"""One second."""


class TestPackets:
    def test_from_the_first_packet_to_the_end_of_the_last_shown(self):
        reordered = [packet(0, t) for t in (0, 120, 40, 80)]
        assert clock(reordered).duration_s == pytest.approx(0.16)

    def test_a_start_after_zero_is_the_sources_own_zero(self):
        found = clock([packet(0, 1_400 + 40 * i) for i in range(25)])
        assert (found.start_s, found.duration_s) == (pytest.approx(1.4), pytest.approx(1.0))

    def test_what_lies_before_zero_is_not_shown(self):
        found = clock([packet(0, -80 + 40 * i) for i in range(25)])
        assert (found.start_s, found.duration_s) == (0.0, pytest.approx(0.92))

    def test_a_transport_stream_counts_on_through_its_zero(self):
        found = clock([packet(0, -80 + 40 * i) for i in range(25)], format_name="mpegts")
        assert (found.start_s, found.duration_s) == (pytest.approx(-0.08), pytest.approx(1.0))

    def test_where_the_clock_starts_anew_the_rest_is_played_after_it(self):
        part = [packet(0, 1_400 + 40 * i) for i in range(50)]
        assert clock([*part, *part, *part], format_name="mpegts").duration_s == pytest.approx(6.0)

    def test_a_clock_that_stands_still_for_a_moment_has_not_started_anew(self):
        assert clock([*FRAMES, packet(0, 900)]).duration_s == pytest.approx(1.0)

    @pytest.mark.parametrize(("longest", "counts"), [(40, False), (900, False), (1_100, True)])
    def test_the_last_packet_cannot_last_for_all_that_a_header_promises(self, longest, counts):
        packets = [packet(0, 0, longest), packet(0, 2_000, 10_500)]
        assert clock(packets).duration_s == pytest.approx(12.5 if counts else 2.0 + longest / 1_000)

    def test_one_picture_may_last_as_long_as_it_likes(self):
        assert clock([packet(0, 0, 300_000)]).duration_s == pytest.approx(300.0)

    def test_sums_are_rounded_to_the_microsecond(self):
        assert clock([packet(0, 900, 3_000)], format_name="mpegts").duration_s == 3.0
        thirds = [packet(0, 100 * i, 100) for i in range(14, 54)]
        assert clock(thirds).duration_s == 4.0

    @pytest.mark.parametrize("name", ["mpegts", "mpeg"])
    def test_mpeg_streams_have_no_header_that_could_claim(self, name):
        assert clock(FRAMES, duration_s=60.0, format_name=name).claimed_duration_s is None

    def test_where_the_clock_starts_is_no_part_of_the_claim(self):
        # B-frames without an edit list, or a segment of a stream: FFmpeg's start is no time that is played.
        late = [packet(0, 598_000 + 40 * i) for i in range(125)]
        assert clock(late, duration_s=5.0).claimed_duration_s == 5.0

    def test_the_first_packet_of_the_video_is_kept(self):
        assert clock([packet(0, 0, size=7), *FRAMES]).first_picture == bytes(7)

    def test_packets_that_are_decoded_but_not_shown_do_not_count(self):
        hidden = [packet(0, 5_000, is_discard=True)]
        assert clock([*FRAMES, *hidden]).duration_s == pytest.approx(1.0)

    def test_a_length_that_wrapped_around_does_not_count(self):
        assert clock([*FRAMES, packet(0, 1_000, duration=(1 << 32) - 5)]).duration_s == pytest.approx(1.0)

    def test_without_a_time_of_showing_the_time_of_decoding_counts(self):
        assert clock([packet(0, None, dts=40 * i) for i in range(25)]).duration_s == pytest.approx(1.0)

    def test_without_any_time_there_is_no_duration(self):
        found = clock([packet(0, None)] * 3, duration_s=60.0)
        assert (found.duration_s, found.duration_source, found.claimed_duration_s) == (None, None, 60.0)
        assert found.starts_with_keyframe is True

    def test_no_packet_at_all(self):
        found = clock([], duration_s=60.0)
        assert (found.duration_s, found.starts_with_keyframe) == (None, None)

    def test_the_first_packet_tells_whether_decoding_can_start(self):
        assert clock([packet(0, 0, is_keyframe=False), *FRAMES]).starts_with_keyframe is False

    @pytest.mark.parametrize("claimed", [None, 0.0, -3.0])
    def test_a_header_that_is_silent_claims_nothing(self, claimed):
        found = clock(FRAMES, duration_s=claimed)
        assert (found.duration_s, found.claimed_duration_s) == (pytest.approx(1.0), None)


@pytest.mark.parametrize("index_ms", [None, [1_000 * i for i in range(600)]], ids=["packets", "index"])
@pytest.mark.parametrize("sidedata", [(), ("encryption_info",)])
def test_the_first_packet_tells_whether_it_is_encrypted(index_ms, sidedata):
    found = clock([packet(0, 0, sidedata=sidedata), *FRAMES], duration_s=600.0, index_ms=index_ms)
    assert found.is_encrypted == bool(sidedata)


class TestIndex:
    LONG = tuple(1_000 * i for i in range(600))

    def test_an_index_that_confirms_the_header_spares_the_packets(self):
        found = clock([packet(0, None)], duration_s=600.0, index_ms=self.LONG)
        assert (found.duration_s, found.duration_source) == (600.0, "index")

    def test_the_longer_of_the_two_counts(self):
        found = clock([packet(0, None)], duration_s=600.2, index_ms=self.LONG)
        assert found.duration_s == pytest.approx(600.2)
        found = clock([packet(0, None)], duration_s=599.8, index_ms=self.LONG)
        assert found.duration_s == pytest.approx(600.0)

    @pytest.mark.parametrize("claimed", [60.0, 606.1, 3600.0])
    def test_a_header_that_the_index_contradicts_is_not_believed(self, claimed):
        found = clock(FRAMES, duration_s=claimed, index_ms=self.LONG)
        assert (found.duration_s, found.duration_source) == (pytest.approx(1.0), "packets")
        assert found.claimed_duration_s == claimed

    def test_an_index_of_more_than_the_file_holds_is_not_believed(self):
        assert clock(FRAMES, duration_s=600.0, index_ms=self.LONG, size_bytes=60_000).duration_source == "index"
        assert clock(FRAMES, duration_s=600.0, index_ms=self.LONG, size_bytes=59_999).duration_source == "packets"

    def test_elsewhere_an_index_is_only_the_files_own_claim(self):
        found = clock(FRAMES, duration_s=600.0, index_ms=self.LONG, format_name="matroska,webm")
        assert found.duration_source == "packets"


@pytest.mark.parametrize(
    "name",
    [
        "video/h264_aac_mp4",
        "video/b_frames_mp4",
        "video/b_frames_mkv",
        "video/b_frames_ts",
        "video/late_sound_mp4",
        "video/late_picture_mp4",
        "video/vfr_mkv",
        "audio/mp3",
    ],
)
def test_agrees_with_the_independent_reader(media, name):
    packets = coded_packets(media(name))
    start_s = max(min(p.pts_s for p in packets), 0.0)
    with open_media(Source.of(media(name))) as file:
        streams = [s for s in pick_streams(file) if s is not None]
        found = read_clock(file, pick_streams(file)[0], streams, size_bytes=media(name).stat().st_size)
    assert found.start_s == pytest.approx(start_s, abs=0.002)
    # The container may round up to a whole packet of sound, which an MP4's edit list takes off again.
    assert found.duration_s == pytest.approx(max(p.pts_s + p.duration_s for p in packets) - start_s, abs=0.03)


def test_packets_that_are_cut_off_are_counted():
    whole, cut_off = packet(0, 0), packet(0, 40, is_corrupt=True)
    assert clock([whole, whole]).damaged_packets == 0
    assert clock([whole, cut_off]).damaged_packets == 1


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize(
    "name", ["video/puremagic__test.wmv", "audio/mutagen__silence-3.wma", "audio/quodlibet__test-2.wma"]
)
def test_the_last_packet_of_windows_media_lasts_as_long_as_it_is_heard(corpus, name):
    """Their packets hold up to two seconds, and nothing in the file says how long the last one lasts."""
    path = corpus / name
    facts = probe(Source.of(path))
    decoded = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a:0", "-f", "s16le", "-ac", "1", "-ar", "48000", "-"],
        capture_output=True,
        check=True,
    ).stdout
    heard_s = len(decoded) / 2 / 48_000
    # The decoder of WMA 2 keeps its first packet's beginning for itself.
    assert heard_s - 0.002 <= facts.duration_s <= heard_s + 0.1


def test_pictures_that_lead_the_first_keyframe_are_not_lost(corpus):
    """Half of them are shown before it: 2 s at 25 pictures a second, as its makers say."""
    source = corpus / "video" / "mp4ff__vvc_400kbps_2s.mp4"
    (payload,) = Preflight().prepare(source)
    assert payload.span == Span(0.0, 2.0)
    with open_media(Source.of(payload.media[0].source.read())) as made:
        assert sum(bool(packet.size) for packet in made.demux(made.streams.video[0])) == 50
