"""What comes back in order, and how much is held."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from preflight.runs.order import InOrder, Room


@given(st.permutations(range(12)), st.integers(1, 12))
def test_what_is_finished_in_any_order_is_taken_in_one(finished: list[int], most: int) -> None:
    """Those that may not come yet come later: nothing is ever stuck."""
    order: InOrder[str] = InOrder(most)
    came, taken, left = 0, [], list(finished)
    while len(taken) < 12:
        while order.has_room and came < 12:
            assert order.admit() == came
            came += 1
        assert came - len(taken) <= most
        which = next(n for n in left if n < came)
        left.remove(which)
        order.settle(which, f"{which}!")
        while order.is_ready:
            taken.append(order.take())
    assert taken == [(n, f"{n}!") for n in range(12)]
    assert order.is_empty
    assert order.taken == 12


def test_the_rest_has_gaps_and_what_comes_late_is_dropped() -> None:
    order: InOrder[str] = InOrder(5)
    for _ in range(5):
        order.admit()
    for position in (4, 0, 2):
        order.settle(position, str(position))
    assert order.take() == (0, "0")
    assert list(order.rest()) == [(2, "2"), (4, "4")]
    order.settle(1, "late")
    assert list(order.rest()) == []


def test_room_for_so_many_bytes_or_for_one_thing_alone() -> None:
    room = Room(100)
    assert room.fits(1_000)
    room.enter(60)
    assert room.fits(40)
    assert not room.fits(41)
    assert room.fits(0)
    room.leave(60)
    assert room.held_bytes == 0
