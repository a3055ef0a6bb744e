"""The bit reservoir: what a frame of MP3 borrows, and where a file may begin without it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.media import AudioFacts, Source
from preflight.probers import probe
from preflight.probers.cut_points import probe_units
from preflight.probers.mp3 import Reservoir, frames_lost, reservoir, units_of_mp3
from preflight.probers.units import Unit
from tests.judges import coded_packets


def frame(version: int, *, mono: bool, crc: bool, borrows: int, size: int = 400) -> bytes:
    """As ISO 11172-3, 2.4.1 has it: 12 bits of ones, version, layer III, whether there is no checksum; ..."""
    head = bytes([0xFF, 0xE0 | version << 3 | 0b01 << 1 | (not crc), 0x90, 0xC0 if mono else 0x00])
    side = (borrows << 7).to_bytes(2) if version == 3 else bytes([borrows, 0])
    return (head + bytes(2) * crc + side).ljust(size, b"\x55")


class TestReservoir:
    # (version, mono, side information in bytes), of ISO 11172-3 and 13818-3
    @pytest.mark.parametrize(
        ("version", "mono", "side"),
        [(3, False, 32), (3, True, 17), (2, False, 17), (2, True, 9), (0, False, 17), (0, True, 9)],
    )
    @pytest.mark.parametrize("crc", [False, True])
    def test_every_kind_of_frame(self, version, mono, side, crc):
        borrows = 511 if version == 3 else 255
        read = reservoir(frame(version, mono=mono, crc=crc, borrows=borrows))
        assert read == Reservoir(borrows, 400 - 4 - 2 * crc - side)

    @pytest.mark.parametrize("data", [b"", b"\xff", b"\xff\xfb\x90\0", bytes(400), b"\xff\xfd\x90\0" + bytes(400)])
    def test_what_is_no_frame_of_layer_iii_borrows_nothing(self, data):
        assert reservoir(data) == Reservoir(0, 0)

    @pytest.mark.parametrize(
        ("frames", "lost"),
        [
            ([(0, 300), (200, 300)], 0),
            ([(100, 300), (200, 300), (511, 300)], 1),
            # The second borrows more than the first has, the third no more than both.
            ([(100, 50), (60, 50), (100, 300), (400, 300)], 2),
            ([(511, 20)] * 30, 26),
        ],
    )
    def test_what_is_lost_at_a_start(self, frames, lost):
        assert frames_lost(Reservoir(*f) for f in frames) == lost


def units(count: int) -> list[Unit]:
    return [Unit(i * 0.026, 0.026, 400, 1) for i in range(count)]


class TestUnits:
    @given(st.lists(st.sampled_from([0, 100, 500]), min_size=1, max_size=400))
    def test_every_frame_once_and_in_order(self, borrowed):
        frames = [frame(3, mono=False, crc=False, borrows=b) for b in borrowed]
        made = units_of_mp3(units(len(frames)), frames)
        assert sum(u.packets for u in made) == len(frames)
        assert sum(u.size_bytes for u in made) == 400 * len(frames)
        at = 0
        for unit in made:
            assert unit.start_s == pytest.approx(at * 0.026)
            at += unit.packets
        starts = {round(u.start_s / 0.026) for u in made}
        assert starts >= {i for i, b in enumerate(borrowed) if b == 0 and i}

    def test_where_some_stand_alone_no_other_starts_a_unit(self):
        frames = [frame(3, mono=False, crc=False, borrows=0 if i % 9 == 0 else 500) for i in range(200)]
        assert {round(u.start_s / 0.026) % 9 for u in units_of_mp3(units(200), frames)} == {0}

    def test_where_none_does_the_least_is_lost(self):
        frames = [frame(3, mono=False, crc=False, borrows=100 if i % 7 == 3 else 500) for i in range(2_000)]
        made = units_of_mp3(units(2_000), frames)
        assert len(made) > 4
        # What borrows 100 loses one; what borrows 500 and is followed by such, too, and is no worse.
        for unit in made[1:]:
            first = round(unit.start_s / 0.026)
            assert frames_lost(map(reservoir, frames[first:])) == 1

    def test_of_a_real_file_every_start_is_that_of_a_frame(self, media):
        source = media("audio/mp3")
        facts = probe(Source.of(source))
        assert isinstance(facts, AudioFacts)
        made = probe_units(Source.of(source), facts)
        times = [p.pts_s for p in coded_packets(source)]
        assert len(made) > 5
        assert sum(u.packets for u in made) == len(times)
        at = 0
        for unit in made:
            assert unit.start_s == pytest.approx(times[at] - times[0], abs=1e-5)
            at += unit.packets
