from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.emulator.schema import Dynamic, Fixed
from preflight.emulator.segments import cut, items
from preflight.media import Span

windows = st.builds(
    lambda start, length: Span(start, start + length),
    st.floats(0, 500, allow_subnormal=False),
    st.floats(0.1, 600, allow_subnormal=False),
)
fixed = st.builds(Fixed, st.integers(2, 10))
dynamic = st.builds(Dynamic, st.integers(2, 5))
changes = st.lists(st.floats(0, 1100)).map(sorted)


@pytest.mark.parametrize(
    ("window", "how", "expected"),
    [
        (Span(0, 12), Fixed(5), [(0, 5), (5, 10), (10, 12)]),  # the contract's own example
        (Span(0, 12), Fixed(6), [(0, 6), (6, 12)]),
        (Span(0, 12.03), Fixed(6), [(0, 6), (6, 12.03)]),
        (Span(3, 12), Fixed(6), [(3, 9), (9, 12)]),
        (Span(0, 3), Fixed(6), [(0, 3)]),
        (Span(0, 7), Dynamic(4), [(0, 7)]),
        (Span(0, 16), Dynamic(4), [(0, 8), (8, 16)]),
        (Span(0, 9), Dynamic(4), [(0, 4.5), (4.5, 9)]),
    ],
)
def test_segments_of_a_still_picture(window, how, expected):
    assert [(s.start_s, s.end_s) for s in cut(window, how)] == expected


def test_the_last_change_counts_where_it_leaves_enough():
    assert [span.start_s for span in cut(Span(0, 8), Dynamic(4), [4.0])] == [0, 4]


def test_dynamic_segments_start_where_the_picture_changes():
    spans = cut(Span(0, 18), Dynamic(4), [1.0, 5.0, 7.0, 10.5, 15.0])

    assert [span.start_s for span in spans] == [0, 5, 10.5]


@given(windows, fixed | dynamic, changes)
def test_segments_fill_the_window_without_a_gap(window, how, at):
    spans = cut(window, how, at)

    assert spans[0].start_s == window.start_s
    assert spans[-1].end_s == window.end_s
    assert all(before.end_s == after.start_s for before, after in pairwise(spans))
    assert all(span.duration_s > 0 for span in spans)


@given(windows, fixed, changes)
def test_fixed_segments_have_their_length_but_for_the_last(window, how, at):
    *spans, last = cut(window, how, at)

    assert all(span.duration_s == pytest.approx(how.duration_s) for span in spans)
    assert last.duration_s <= how.duration_s + 0.05 + 1e-6
    assert not spans or last.duration_s >= 0.05 - 1e-6


@given(windows, dynamic, changes)
def test_dynamic_segments_are_neither_short_nor_long(window, how, at):
    spans = cut(window, how, at)

    least = min(how.min_duration_s, window.duration_s)
    assert all(least - 1e-6 <= span.duration_s <= 2 * how.min_duration_s + 1e-6 for span in spans)


@given(
    st.lists(st.sampled_from(["visual", "audio", "transcription"]), min_size=1, unique=True),
    st.lists(st.sampled_from(["clip", "asset"]), min_size=1, unique=True),
    st.lists(st.sampled_from(["separate_embedding", "fused_embedding"]), min_size=1, unique=True),
    st.integers(1, 20),
)
def test_one_item_for_each_option_of_each_span(options, scopes, types, clips):
    spans = [Span(n, n + 1) for n in range(clips)]

    made = list(items(spans, Span(0, clips), options=options, scopes=scopes, types=types))

    each = ("separate_embedding" in types) * len(options) + ("fused_embedding" in types)
    assert len(made) == each * (("clip" in scopes) * clips + ("asset" in scopes))
    assert len({(item.option, item.scope, item.span.start_s) for item in made}) == len(made)
    assert {item.scope for item in made} == set(scopes)
    assert all(item.span == Span(0, clips) for item in made if item.scope == "asset")
