"""Pictures of Matroska that lie before zero: they have no time by FFmpeg, and are counted back from the first."""

from __future__ import annotations

import itertools

import pytest

from preflight.media import Source
from preflight.probers import probe
from preflight.probers.container import demux, open_media
from preflight.probers.cut_points import probe_units
from preflight.probers.timed import pick_streams
from preflight.testing.recipes.film import Copy
from preflight.testing.recipes.interface import Recipe
from preflight.testing.store import Store
from tests.end_to_end.test_marks import BEFORE_ZERO, PLAIN

KEPT_BEFORE = {"negative_start": None, "with_b_frames": BEFORE_ZERO}


def shown_s(path) -> list[float]:
    with open_media(Source.of(path)) as container:
        video, audio = pick_streams(container)
        return [float(p.pts * p.time_base) for p in demux(container, video, audio) if p.size and p.stream is video]


@pytest.mark.parametrize("name", KEPT_BEFORE)
def test_they_are_as_far_before_it_as_they_last(media, name):
    recipe = KEPT_BEFORE[name]
    path = Store().path(recipe) if isinstance(recipe, Recipe) else media(f"video/{name}_mkv")
    times = sorted(shown_s(path))
    assert times[0] < -0.4
    assert [b - a for a, b in itertools.pairwise(times)] == [pytest.approx(0.04, abs=0.002)] * (len(times) - 1)


def test_those_of_other_files_are_what_the_file_says():
    late = Store().path(Copy(suffix=".mkv", of=PLAIN, options={"output_ts_offset": 3}))
    assert min(shown_s(late)) == pytest.approx(3.0, abs=0.05)


def test_where_they_are_hidden_the_first_unit_says_so(media):
    for name, is_hidden in (("negative_start_mkv", True), ("b_frames_mkv", False), ("starts_at_10_s_mkv", False)):
        source = Source.of(media(f"video/{name}"))
        first, *others = probe_units(source, probe(source))
        assert first.has_hidden is is_hidden
        assert not any(unit.has_hidden for unit in others)
