"""Packets' times where clocks jump: written down by hand, each second of a stream one packet."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from preflight.media import Span
from preflight.probers.mending import Mender, find_jumps

VIDEO, AUDIO = 0, 1


def streams(container: str = "mpegts") -> list[Any]:
    file = SimpleNamespace(format=SimpleNamespace(name=container))
    return [SimpleNamespace(index=i, time_base=Fraction(1, 1_000), container=file) for i in (VIDEO, AUDIO)]


def packet(stream: int, pts_s: float | None, dts_s: float | None = None, length_s: float = 1.0) -> Any:
    pts = None if pts_s is None else round(pts_s * 1_000)
    dts = pts if dts_s is None else round(dts_s * 1_000)
    return SimpleNamespace(stream_index=stream, pts=pts, dts=dts, duration=round(length_s * 1_000))


def mended(packets: list[Any], jumps: tuple[Span, ...] = (), start_s: float = 0.0, container: str = "mpegts"):
    """(stream, seconds) of each."""
    mender = Mender(streams(container), jumps, start_s)
    for each in packets:
        mender.mend(each)
    return [(p.stream_index, p.pts / 1_000) for p in packets]


def both(*seconds: float, lead_s: float = 0.0) -> list[Any]:
    return [p for s in seconds for p in (packet(VIDEO, s), packet(AUDIO, s - lead_s))]


class TestClocksThatGoBack:
    def test_go_on_where_their_streams_had_ended(self):
        assert mended(both(10, 11, 12, 3, 4)) == [(s, t) for t in (10, 11, 12, 13, 14) for s in (VIDEO, AUDIO)]

    @pytest.mark.parametrize("container", ["mpegts", "matroska,webm"])
    def test_keep_their_streams_in_step(self, container):
        """The second recording's sound leads its picture by 20 ms, as every one of a transport stream does."""
        found = mended([*both(10, 11), *both(0, 1, lead_s=0.02)], container=container)
        assert found[4:] == [(VIDEO, 12.0), (AUDIO, 11.98), (VIDEO, 13.0), (AUDIO, 12.98)]

    def test_may_do_so_often_and_by_little(self):
        found = mended(both(0, 1, 2, 3, 1.6, 2.6, 3.6, 4.6, 3.2, 4.2))
        assert found == [(s, t) for t in range(10) for s in (VIDEO, AUDIO)]

    def test_one_stream_alone(self):
        found = mended([packet(VIDEO, 5), packet(AUDIO, 5), packet(VIDEO, 6), packet(AUDIO, 0), packet(AUDIO, 1)])
        assert found == [(VIDEO, 5), (AUDIO, 5), (VIDEO, 6), (AUDIO, 7), (AUDIO, 8)]

    def test_pictures_out_of_order_have_not_gone_back(self):
        packets = [packet(VIDEO, p, d) for p, d in ((4, 0), (2, 1), (1, 2), (3, 3))]
        assert [t for _, t in mended(packets)] == [4, 2, 1, 3]

    def test_nor_have_those_of_which_nobody_says_when_they_are_decoded(self):
        first = packet(VIDEO, 3)
        first.dts = None
        assert [t for _, t in mended([first, packet(VIDEO, 1.5, 0), packet(VIDEO, 1, 1)])] == [3, 1.5, 1]

    def test_a_packet_without_any_time_stays_so(self):
        nothing = packet(VIDEO, None)
        Mender(streams()).mend(nothing)
        assert (nothing.pts, nothing.dts) == (None, None)


class TestJumpsAhead:
    def test_are_closed(self):
        found = mended(both(100, 101, 3_700, 3_701), (Span(2, 3_600),), start_s=100)
        assert found == [(s, t) for t in (100, 101, 102, 103) for s in (VIDEO, AUDIO)]

    def test_and_one_after_a_clock_that_went_back(self):
        found = mended(both(100, 101, 0, 50, 51), (Span(3, 52),), start_s=100)
        assert found == [(s, t) for t in range(100, 105) for s in (VIDEO, AUDIO)]

    def test_no_picture_is_reckoned_by_the_one_behind(self):
        """FFmpeg takes the next time of decoding for the time of showing, where a program stream does not say it."""
        assert mended([packet(VIDEO, 600, 6)]) == [(VIDEO, 7)]
        assert mended([packet(VIDEO, 600, 6)], container="matroska,webm") == [(VIDEO, 600)]


class TestFindingJumps:
    RECORDED = tuple((float(s), s + 1.0) for s in range(40))

    def test_where_nothing_is_for_long(self):
        later = [(a + 100, b + 100) for a, b in self.RECORDED]
        assert find_jumps([*later, *self.RECORDED]) == (Span(40, 100),)

    @pytest.mark.parametrize(("hole_s", "jumps"), [(10.0, 0), (10.1, 1)])
    def test_how_long_is_long(self, hole_s, jumps):
        later = [(a + 40 + hole_s, b + 40 + hole_s) for a, b in self.RECORDED]
        assert len(find_jumps([*self.RECORDED, *later])) == jumps

    def test_a_packet_that_lasts_as_long_fills_it(self):
        assert find_jumps([*self.RECORDED, (39.0, 100.0), (100.0, 101.0)]) == ()

    def test_what_goes_so_all_along_is_slow_and_does_not_jump(self):
        assert find_jumps([(15.0 * i, 15.0 * i + 0.04) for i in range(40)]) == ()

    def test_of_nothing_there_are_none(self):
        assert find_jumps([]) == ()
