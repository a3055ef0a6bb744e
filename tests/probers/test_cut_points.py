"""Where a source can be cut that lost packets: what hangs on one that is damaged must not be copied without it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from preflight.media import Fidelity, Source
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.probers import cut_points, probe, units
from preflight.probers.cut_points import probe_units


class _Flagged:
    """A packet that its container says is damaged: no PyAV packet can be made one."""

    def __init__(self, packet) -> None:
        self._packet = packet

    is_corrupt = True

    def __getattr__(self, name: str):
        return getattr(self._packet, name)


@pytest.mark.parametrize(("flagged", "can_be_cut"), [((), True), ((-1,), True), ((40,), False), ((40, -1), False)])
def test_only_damage_at_the_end_can_be_left_out_of_a_copy(media, monkeypatch, flagged, can_be_cut):
    real = units.mended

    def damaged(container, streams, jumps, start_s) -> Iterator:
        packets = list(real(container, streams, jumps, start_s))
        pictures = [i for i, p in enumerate(packets) if p.stream.type == "video" and p.size]
        hit = {pictures[n] for n in flagged}
        yield from (_Flagged(p) if i in hit else p for i, p in enumerate(packets))

    source = Source.of(media("video/h264_aac_mkv"))
    facts = probe(source)
    monkeypatch.setattr(units, "mended", damaged)
    assert bool(probe_units(source, facts)) is can_be_cut


def test_damage_of_sound_counts_too():
    torn = cut_points._Torn()
    for index, is_corrupt in ((0, False), (1, True), (0, False)):
        torn.follow(SimpleNamespace(stream_index=index, is_corrupt=is_corrupt, size=9))
    assert not torn.is_inside
    torn.follow(SimpleNamespace(stream_index=1, is_corrupt=False, size=0))  # the flush at the end
    assert not torn.is_inside
    torn.follow(SimpleNamespace(stream_index=1, is_corrupt=False, size=9))
    assert torn.is_inside


def test_a_fragment_that_names_more_than_the_file_holds_is_found_by_check(media):
    """FFmpeg's own index has it all; only who reads the packets learns that one is not there."""
    data = bytearray(media("video/h264_aac_fragmented_mp4").read_bytes())
    at = -1
    for _ in range(5):
        at = data.index(b"trun", at + 1)
    flags, count = struct.unpack_from(">II", data, at + 4)
    assert flags & 0x2FF == 0x205 | flags & 0x2F0  # where the data start, the first one's flags, and sizes
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    first = at + 20
    struct.pack_into(">I", data, first + 4 * (len(columns) * (count // 2) + columns.index(0x200)), 1 << 28)
    report = Preflight().check(Source.of(bytes(data)))
    assert "video_packets_damaged" in {f.code for f in report.errors}
    payloads = list(Preflight(policy=Policy(verify="decode")).prepare(Source.of(bytes(data))))
    assert payloads
    assert payloads[0].fidelity is not Fidelity.IDENTICAL
