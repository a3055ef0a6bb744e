"""Open GOPs: whether a clip may start at one is what Debian's decoder says of the clip."""

from __future__ import annotations

import pytest

from preflight.media import Source
from preflight.planner import CutBetweenUnits
from preflight.probers import probe
from preflight.probers.cut_points import probe_units
from preflight.probers.seams import Seams
from preflight.transformers.cut import cut
from tests.judges import complaints


def open_starts_s(source: Source) -> list[float]:
    return [u.start_s for u in probe_units(source, probe(source)) if u.is_open]


@pytest.mark.parametrize(
    "name",
    ["open_gop_mp4", "open_gop_ts", "open_gop_mkv", "open_gop_hevc", "open_gop_hevc_ts", "open_gop_mpg", "h264_444"],
)
def test_what_is_refused_is_what_a_decoder_complains_of(media, name, tmp_path):
    """x264 has most of its open GOPs forget pictures of the one before, which are not there then."""
    source = Source.of(media(f"video/{name}"))
    facts, starts_s = probe(source), open_starts_s(source)
    refused = Seams(source, facts).refused(starts_s)
    assert len(starts_s) >= 3
    for start_s in starts_s:
        clip = tmp_path / f"{start_s}.mp4"
        recipe = CutBetweenUnits(container="mp4", cuts_s=(start_s,), open_starts_s=(start_s,), shared_cuts_s=(start_s,))
        *_, second = cut(source, facts, recipe)
        clip.write_bytes(second.media.read())
        said = complaints(clip)
        assert bool(said) is (start_s in refused)
        assert refused.get(start_s, "") in said


def test_no_complaint_is_missed_because_it_was_heard_before(media):
    """PyAV keeps silent about what was logged last."""
    source = Source.of(media("video/open_gop_mp4"))
    found = [Seams(source, probe(source)).refused(open_starts_s(source)) for _ in range(2)]
    assert found[0] == found[1]
    assert len(found[0]) > 1
    assert set(found[0].values()) == {"mmco: unref short failure"}


def test_each_is_asked_about_once(media, monkeypatch):
    source = Source.of(media("video/open_gop_hevc"))
    starts_s = open_starts_s(source)
    seams = Seams(source, probe(source))
    seams.refused(starts_s[:2])
    monkeypatch.setattr("preflight.probers.seams.open_media", None)
    assert seams.refused(starts_s[1::-1]) == {}
    with pytest.raises(TypeError):
        seams.refused(starts_s[2:])


def test_what_is_not_there_is_refused(media):
    source = Source.of(media("video/open_gop_hevc"))
    facts = probe(source)
    assert Seams(source, facts).refused([500.0]) == {500.0: "the place is not there any more"}
    cut_off = Source.of(media("video/open_gop_hevc").read_bytes()[:40_000], name="a.mp4")
    assert set(Seams(cut_off, facts).refused(open_starts_s(source))) == set(open_starts_s(source))
