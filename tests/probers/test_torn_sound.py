"""Broadcasts cut out of the middle at any pack of theirs: what is prepared, no decoder complains of."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from preflight.media import Source
from preflight.pipeline import Preflight
from preflight.probers.torn_sound import from_first_frame
from preflight.testing.recipes.marked import MarkedFilm
from preflight.testing.store import Store
from tests.judges import complaints

MPEG2 = {"c:v": "mpeg2video", "q:v": 9, "g": 24, "bf": 2, "sc_threshold": 1_000_000_000, "c:a": "mp2"}
HEADER = bytes.fromhex("fffd94c4")
"""Of MPEG-1, layer 2, 192 kbit/s, 48 kHz."""


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("flags", ["+bitexact", "+bitexact+cgop"])
@pytest.mark.parametrize("share", [0.31, 0.45, 0.71])
def test_program_streams_from_the_middle_of_a_gop_on(flags, share, tmp_path):
    options = {"pix_fmt": "yuv420p", **MPEG2, "flags": flags}
    data = Store().path(MarkedFilm(suffix=".mpg", seconds=12.0, sample_rate=48_000, options=options)).read_bytes()
    at = data.index(b"\0\0\1\xba", int(len(data) * share))
    (payload,) = Preflight().prepare(Source.of(data[at:]))
    path = tmp_path / "made"
    path.write_bytes(payload.media[0].source.read())
    assert complaints(path) == ""
    assert payload.span is not None
    assert payload.span.end_s == pytest.approx(12.0 * (1 - share), abs=1.2)


def passed(*heads: bytes, codec: str = "mp2float") -> list[bytes]:
    stream = SimpleNamespace(index=1, type="audio", codec_context=SimpleNamespace(name=codec))
    packets = [_Packet(1, head + bytes(90)) for head in heads]
    return [bytes(p)[:4] for p in from_first_frame(packets, [stream])]


class _Packet(SimpleNamespace):
    def __init__(self, index: int, data: bytes) -> None:
        super().__init__(stream_index=index, size=len(data), data=data)

    def __bytes__(self) -> bytes:
        return self.data


TAIL = bytes.fromhex("8f3a5e11")


def test_what_is_stored_before_the_first_frame_is_left_out():
    assert passed(TAIL, TAIL, HEADER, TAIL) == [HEADER, TAIL]


@pytest.mark.parametrize("head", ["ffea94c4", "fff994c4", "fffdf4c4", "fffd9cc4"])
def test_what_begins_like_a_frame_and_is_none_is_left_out(head):
    """A reserved version, a reserved layer, an impossible bit rate and sample rate."""
    assert passed(bytes.fromhex(head), HEADER) == [HEADER]


def test_sound_of_which_nobody_can_tell_where_it_begins_is_kept():
    assert passed(*[TAIL] * 20) == [TAIL] * 12
    assert passed(TAIL, codec="pcm_dvd") == [TAIL]
