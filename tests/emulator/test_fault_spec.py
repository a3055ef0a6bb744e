"""The language in which faults are asked for, and what it makes of it."""

from __future__ import annotations

import random

import pytest

from preflight.emulator import Faults
from preflight.emulator.fault_spec import Chosen
from preflight.emulator.faults import FAULTS, HEADER, listed
from preflight.emulator.rate_headers import STYLES
from preflight.errors import UsageError


def named(faults: Faults, number: int, asked: str | None = None) -> str | None:
    reply = faults.reply(number, asked, now=0)
    return reply.headers[HEADER] if reply is not None else None


def test_nothing_goes_wrong_by_default():
    for none in (Faults(), Faults.of(""), Faults.of("  ")):
        assert not none
        assert [named(none, n, "html_502") for n in (1, 2)] == [None, None]


def test_by_number():
    faults = Faults.of("html_502@3, reset@5-6 ,stalled@9-,slow@3")
    assert [named(faults, n) for n in range(1, 12)] == [
        *(None, None, "html_502", None, "reset", "reset", None, None),
        *("stalled", "stalled", "stalled"),
    ]
    assert {named(Faults.of("slow"), n) for n in (1, 2, 999)} == {"slow"}


@pytest.mark.parametrize("seed", [0, 1, 2, 77])
def test_by_share(seed):
    faults = Faults.of("html_502%5,reset%20,slow@7", seed=seed)
    drawn = [named(faults, n) for n in range(1, 4001)]
    assert drawn[6] == "slow"
    # Four standard deviations.
    assert 145 <= drawn.count("html_502") <= 255
    assert 698 <= drawn.count("reset") <= 902


def test_a_share_depends_on_seed_and_number_alone():
    first = Faults.of("reset%30", seed=1)
    expected = [named(first, n) for n in range(1, 200)]
    again = Faults.of("reset%30", seed=1)
    assert [named(again, n) for n in reversed(range(1, 200))] == expected[::-1]
    assert [named(Faults.of("reset%30", seed=2), n) for n in range(1, 200)] != expected
    # A change of this would change what every seed means.
    drawn = [n for n in range(1, 200) if random.Random(f"1 {n}").random() < 0.3]
    assert [n for n, name in enumerate(expected, 1) if name] == drawn


def test_all_of_100_percent_fall():
    faults = Faults.of("reset%60,slow%40")
    assert None not in {named(faults, n) for n in range(1, 500)}


def test_options():
    reply = Chosen.of("rate_limited:headers=dimensioned_epoch:retry_after=2.5:dimension=duration").reply(now=100)
    assert reply.status == 429
    assert reply.headers["X-RateLimit-Duration-Reset"] == "102.500"
    assert Chosen.of("error_500:body=flat").reply(now=0).body["code"] == "internal_server_error"
    assert Chosen.of("error_503:retry_after=7").reply(now=0).headers["Retry-After"] == "7"
    assert Chosen.of("stalled : seconds = 3").reply(now=0).delay_s == 3


def test_by_header_only_where_that_was_said():
    assert named(Faults.of("reset@1"), 2, "html_502") is None
    faults = Faults.of("by_header,reset@1")
    assert faults
    assert [named(faults, 1), named(faults, 1, "html_502"), named(faults, 2)] == ["reset", "html_502", None]
    assert faults.reply(5, "slow:seconds=3", now=0).delay_s == 3
    with pytest.raises(UsageError, match="there is no fault 'slow@3'"):
        faults.reply(5, "slow@3", now=0)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("html_503", "no fault 'html_503'. Did you mean html_502?"),
        ("quux", "Choose of: rate_limited, "),
        ("slow,", "'' is no fault. Write NAME, NAME%5 or NAME@3"),
        ("slow%5@3", "is no fault. Write"),
        ("@3", "'@3' is no fault"),
        ("slow%", "a number above 0 and up to 100"),
        ("slow%0", "a number above 0 and up to 100"),
        ("slow%101", "a number above 0 and up to 100"),
        ("slow%nan", "a number above 0 and up to 100"),
        ("slow%60,reset%50", "add up to 110 %"),
        ("slow@0", "counted from 1"),
        ("slow@x", "counted from 1"),
        ("slow@3-4-5", "counted from 1"),
        ("slow@5-3", "ends before it begins"),
        ("slow:second=3", "the fault slow has no option 'second=3'; it takes seconds=..."),
        ("reset:seconds=3", "it takes nothing"),
        ("slow:seconds", "no option 'seconds'"),
        ("slow:seconds=soon", "seconds=soon of the fault slow is wrong: it must be a number from 0 to 604800."),
        ("slow:seconds=inf", "a number from 0"),
        ("slow:seconds=nan", "a number from 0"),
        ("slow:seconds=-1", "a number from 0"),
        ("rate_limited:headers=loud", f"it must be one of: {', '.join(STYLES)}."),
    ],
)
def test_what_it_does_not_understand_it_says(spec, says):
    with pytest.raises(UsageError) as caught:
        Faults.of(spec)
    assert says in str(caught.value)


def test_the_list_has_them_all():
    assert [line.split()[0] for line in listed().splitlines()] == list(FAULTS)
    assert "(seconds=86400)" in listed()


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_says_that_it_is_one(name):
    assert FAULTS[name].reply({}, now=0).headers[HEADER] == name
