"""Each instant of the source once: for any clips and any segments of theirs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.media import Span
from preflight.submitter.overlap import Piece, once


def clip(request: int, *times_s: float) -> list[Piece]:
    """Segments from each time to the next."""
    return [Piece(request, Span(*times)) for times in pairwise(times_s)]


def kept(*clips: list[Piece]) -> list[tuple[int, float, float]]:
    pieces = [piece for of in clips for piece in of]
    return [(p.request, s.start_s, s.end_s) for p, s in zip(pieces, once(pieces), strict=True) if s is not None]


def test_clips_that_only_touch_stay_as_they_are() -> None:
    assert kept(clip(1, 0, 6, 12), clip(2, 12, 18)) == [(1, 0, 6), (1, 6, 12), (2, 12, 18)]


def test_segments_that_fall_together_are_kept_of_the_first() -> None:
    assert kept(clip(1, 0, 6, 12), clip(2, 6, 12, 18)) == [(1, 0, 6), (1, 6, 12), (2, 12, 18)]


def test_what_the_end_of_a_clip_cut_short_gives_way_to_the_next_clips_whole() -> None:
    assert kept(clip(1, 0, 6, 12, 14), clip(2, 10, 16, 22)) == [(1, 0, 6), (1, 6, 12), (2, 12, 16), (2, 16, 22)]


def test_of_what_is_covered_in_part_the_rest_is_said_to_be_the_next_clips() -> None:
    assert kept(clip(1, 0, 6, 12), clip(2, 10, 16, 22)) == [(1, 0, 6), (1, 6, 12), (2, 12, 16), (2, 16, 22)]


def test_a_gap_of_one_is_filled_by_the_other() -> None:
    spoken = [Piece(1, Span(0, 4)), Piece(1, Span(9, 12))]
    assert kept(spoken, clip(2, 3, 8, 14)) == [(1, 0, 4), (2, 4, 8), (2, 8, 14)]
    assert kept(spoken, [Piece(2, Span(8, 10)), Piece(2, Span(13, 15))]) == [
        (1, 0, 4),
        (1, 10, 12),
        (2, 8, 10),
        (2, 13, 15),
    ]


def test_rounding_is_neither_gap_nor_overlap() -> None:
    rounded = [Piece(1, Span(0, 5.99)), Piece(1, Span(6.0, 12.02)), Piece(2, Span(12.0, 18.0))]
    assert once(rounded) == [piece.span for piece in rounded]
    overlapping = [Piece(1, Span(0, 5.99)), Piece(1, Span(6, 12)), Piece(2, Span(3, 9)), Piece(2, Span(9, 15))]
    assert once(overlapping) == [Span(0, 5.99), Span(6, 12), None, Span(12, 15)]


def test_nothing_of_nothing() -> None:
    assert once([]) == []


# In tenths of a second, so that sums come out.
def tenths(piece: Span) -> range:
    return range(round(piece.start_s * 10), round(piece.end_s * 10))


@st.composite
def clips_of_a_source(draw: st.DrawFn) -> list[Piece]:
    """Any clips, each with any segments that do not overlap: whole, with gaps, none at all; in any order."""
    pieces = []
    for request in range(1, draw(st.integers(1, 6)) + 1):
        times = sorted(draw(st.lists(st.integers(0, 400), unique=True, max_size=12)))
        start = draw(st.integers(0, 600))
        spans = [Span((start + a) / 10, (start + b) / 10) for a, b in pairwise(times)]
        pieces += [Piece(request, span) for span in spans if draw(st.booleans() | st.just(True))]
    return draw(st.permutations(pieces))


@given(clips_of_a_source())
def test_all_that_was_covered_still_is_and_nothing_twice(pieces: list[Piece]) -> None:
    left = [span for span in once(pieces) if span is not None]
    before = {tenth for piece in pieces for tenth in tenths(piece.span)}
    after = [tenth for span in left for tenth in tenths(span)]
    assert sorted(after) == sorted(before)


@given(clips_of_a_source())
def test_each_is_whole_or_begins_later_or_is_gone_and_never_moved(pieces: list[Piece]) -> None:
    for piece, span in zip(pieces, once(pieces), strict=True):
        if span is not None:
            assert piece.span.start_s <= span.start_s < span.end_s == piece.span.end_s


@given(clips_of_a_source())
def test_once_is_enough(pieces: list[Piece]) -> None:
    left = [(p.request, s) for p, s in zip(pieces, once(pieces), strict=True) if s is not None]
    again = [Piece(request, span) for request, span in left]
    assert once(again) == [span for _, span in left]


@given(clips_of_a_source())
def test_one_clip_alone_is_left_alone(pieces: list[Piece]) -> None:
    alone = [piece for piece in pieces if piece.request == 1]
    assert once(alone) == [piece.span for piece in alone]


@given(st.integers(2, 8), st.integers(40, 3000), st.integers(1, 100), st.integers(20, 100), st.data())
def test_clips_as_they_are_cut(count, length, overlap_percent, segment, data) -> None:
    """Each repeats up to half of the one before, segments fill each from its start: what is kept tiles the source."""
    overlap = length * overlap_percent // 200
    pieces, at = [], 0
    for request in range(1, count + 1):
        edges = [at, *range(at + segment, at + length, segment), at + length]
        pieces += clip(request, *[edge / 10 for edge in edges])
        at += length - overlap
    left = sorted(span.start_s for span in once(pieces) if span is not None)
    ends = sorted(span.end_s for span in once(pieces) if span is not None)
    assert left[0] == 0
    assert ends[-1] == pieces[-1].span.end_s
    assert left[1:] == ends[:-1]


@pytest.mark.parametrize("overlapping", [True, False])
def test_a_hundred_thousand_segments_take_no_time_to_speak_of(overlapping: bool) -> None:
    step = 50 if overlapping else 100
    pieces = [p for r in range(1000) for p in clip(r, *range(r * step, r * step + 101))]
    left = [span for span in once(pieces) if span is not None]
    assert sum(span.duration_s for span in left) == 999 * step + 100
