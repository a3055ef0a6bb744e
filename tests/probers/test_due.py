"""Pictures that were coded against those that came out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from preflight.probers.due import Due


def followed(codec: str, put_in: list[int], came_out: list[int], *, interlaced: bool = False) -> Due:
    due = Due(codec)
    for pts in put_in:
        due.put_in(SimpleNamespace(pts=pts, is_discard=False))
    for pts in came_out:
        due.came_out(SimpleNamespace(pts=pts, interlaced_frame=interlaced))
    return due


@pytest.mark.parametrize(
    ("came_out", "lost", "at_the_end"),
    [([1, 2, 3, 4], 0, 0), ([1, 2, 4], 1, 0), ([1, 2], 2, 2), ([2, 3, 4], 0, 0), ([], 0, 0)],
    ids=["all", "one between", "the last two", "all from the first that can be", "none"],
)
def test_what_is_lost(came_out, lost, at_the_end):
    due = followed("vp9", [1, 4, 2, 3], came_out)
    assert (due.lost, due.lost_at_the_end) == (lost, at_the_end)


def test_nothing_is_said_where_a_packet_need_not_be_a_picture():
    assert followed("vp8", [1, 2], [1]).lost == 0
    assert followed("h264", [1, 2, 3, 4], [1, 3], interlaced=True).lost == 0


def test_it_does_not_remember_everything():
    due = followed("av1", [0], [0])
    for pts in range(1, 5_000):
        due.put_in(SimpleNamespace(pts=pts, is_discard=False))
    assert due.lost == 4_999
    assert len(due._waiting) <= 1_000
