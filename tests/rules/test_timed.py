"""What audio and video share: 4 s to 600 s, 36 MB in two readings (CONTRACT 1.5, 1.6, 11), and whether it is whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from preflight.rules import examples
from tests.rules.asking import BOTH, NEWEST, STRICT, codes, error, findings, mendable, warning

OF_EACH_KIND = pytest.mark.parametrize(("kind", "made"), [("audio", examples.audio), ("video", examples.video)])


@OF_EACH_KIND
@pytest.mark.parametrize(
    ("size_bytes", "profile", "expected"),
    [
        # The strict reading is of the encoded string: 36,000,000 characters of base64.
        (27_000_000, STRICT, []),
        (27_000_001, STRICT, ["filesize_too_large"]),
        # The newest is of the decoded file.
        (27_000_001, NEWEST, []),
        (36_000_000, NEWEST, []),
        (36_000_001, NEWEST, ["filesize_too_large"]),
    ],
)
def test_bytes(kind, made, size_bytes, profile, expected):
    assert codes(made(size_bytes=size_bytes), profile) == [f"{kind}_{code}" for code in expected]


@OF_EACH_KIND
@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("duration_s", "expected"),
    [
        (0.0, ["duration_too_short"]),
        (3.999, ["duration_too_short"]),
        (4.0, []),
        (4.001, []),
        (599.999, []),
        (600.0, []),
        (600.001, ["duration_too_long"]),
        (36_000.0, ["duration_too_long"]),
    ],
)
def test_seconds(kind, made, duration_s, expected, profile):
    facts = made(duration_s=duration_s, claimed_duration_s=duration_s)
    assert codes(facts, profile) == [f"{kind}_{code}" for code in expected]


@OF_EACH_KIND
@pytest.mark.parametrize(
    ("duration_s", "claimed_duration_s", "expected"),
    [
        # The service may believe either, so the longer counts; that it is short, the packets alone say.
        (600.0, 600.5, ["duration_too_long"]),
        (600.5, 600.0, ["duration_too_long"]),
        (599.5, None, []),
        (600.5, None, ["duration_too_long"]),
        (4.0, 3.5, []),
        (3.5, 4.0, ["duration_too_short"]),
    ],
)
def test_the_header_may_be_believed(kind, made, duration_s, claimed_duration_s, expected):
    facts = made(duration_s=duration_s, claimed_duration_s=claimed_duration_s)
    assert codes(facts) == [f"{kind}_{code}" for code in expected]


def test_a_duration_that_nobody_knows_is_neither_long_nor_short():
    assert codes(examples.audio(duration_s=None, claimed_duration_s=None)) == []
    assert codes(examples.audio(duration_s=None, claimed_duration_s=600.0)) == []
    assert codes(examples.audio(duration_s=None, claimed_duration_s=600.1)) == ["audio_duration_too_long"]


@OF_EACH_KIND
def test_too_short_is_a_warning_where_the_page_is_silent_and_an_error_where_it_is_not(kind, made):
    facts = made(duration_s=3.999, claimed_duration_s=3.999)
    said = f"The {kind} lasts 3.999 s; the service asks for 4 s at least. Join it with what comes before or after it."
    assert findings(facts, STRICT) == (warning(f"{kind}_duration_too_short", said, measured=3.999, limit=4),)
    assert findings(facts, NEWEST) == (error(f"{kind}_duration_too_short", said, measured=3.999, limit=4),)


@OF_EACH_KIND
@pytest.mark.parametrize(
    ("duration_s", "claimed_duration_s", "differ"),
    [
        # By a second, where that is more than 2 % of what the header claims ...
        (20.0, 21.0, False),
        (20.0, 21.001, True),
        (20.0, 19.0, False),
        (20.0, 18.999, True),
        (20.0, 0.0, True),
        # ... and by 2 % of it where that is more than a second.
        (490.0, 500.0, False),
        (489.999, 500.0, True),
        (510.0, 500.0, False),
        (510.001, 500.0, True),
        (20.0, None, False),
    ],
)
def test_the_header_and_the_packets_differ(kind, made, duration_s, claimed_duration_s, differ):
    facts = made(duration_s=duration_s, claimed_duration_s=claimed_duration_s)
    assert codes(facts) == [f"{kind}_duration_mismatch"] * differ


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (examples.audio(container="wav", duration_s=30.0), ["audio_duration_mismatch"]),
        # Nothing at all is no rounding of half a second.
        (
            examples.audio(container="wav", duration_s=0.5, claimed_duration_s=0.0),
            ["audio_duration_mismatch", "audio_duration_too_short"],
        ),
        (examples.audio(container="flac", codec="flac", duration_s=30.0), ["audio_duration_mismatch"]),
        (examples.audio(container="mp3", codec="mp3", duration_s=30.0), []),  # it has no length in its header
    ],
)
def test_of_audio_only_headers_that_state_a_length_are_believed(facts, expected):
    assert codes(facts) == expected


@OF_EACH_KIND
@pytest.mark.parametrize(
    ("count", "packets"),
    [(1, "a packet is"), (2, "2 packets are"), (1_200, "1200 packets are")],
)
def test_damaged_packets(kind, made, count, packets):
    said = (
        f"The file breaks off, or has lost some of its data: {packets} damaged. "
        "`preflight prepare` sends what can be decoded; for the rest, export or download it again."
    )
    expected = mendable(f"{kind}_packets_damaged", said, measured=count, limit=0)
    assert findings(made(damaged_packets=count)) == (expected,)


@OF_EACH_KIND
@pytest.mark.parametrize(
    ("duration_s", "claimed_duration_s", "measured", "lasts"),
    [
        (700.0, 700.0, 700.0, "700.00 s"),
        (700.12345, 700.0, 700.123, "700.12 s"),
        (600.001, 600.001, 600.001, "600.001 s"),  # and not 600.00 s, the limit is 600 s
        (600.00004, None, 600.00004, "600.00004 s"),
        (598.0, 601.5, 601.5, "601.50 s by its header"),
    ],
)
def test_what_is_said_of_too_long(kind, made, duration_s, claimed_duration_s, measured, lasts):
    said = f"The {kind} lasts {lasts}, the limit is 600 s. `preflight prepare` cuts it into clips."
    expected = mendable(f"{kind}_duration_too_long", said, measured=measured, limit=600)
    assert findings(made(duration_s=duration_s, claimed_duration_s=claimed_duration_s)) == (expected,)


@OF_EACH_KIND
@pytest.mark.parametrize(
    ("claimed_duration_s", "is_false"),
    [
        (60.0, False),  # from the first packet on
        (90.0, False),  # from the clock's zero on
        (61.2, False),  # rounded
        (91.7, False),
        (61.3, True),
        (75.0, True),  # something between
        (88.1, True),
        (91.9, True),
        (30.0, True),  # the start alone
        (120.0, True),
        (0.0, True),
    ],
)
def test_a_header_may_count_from_the_clocks_zero_or_from_the_first_packet(kind, made, claimed_duration_s, is_false):
    facts = replace(made(duration_s=60.0, claimed_duration_s=claimed_duration_s), start_s=30.0)
    assert codes(facts) == [f"{kind}_duration_mismatch"] * is_false


@OF_EACH_KIND
def test_a_length_that_nobody_knows_is_said_to_be_by_the_header_and_no_lie(kind, made):
    (said,) = (f.message for f in findings(made(duration_s=None, claimed_duration_s=700.0)) if "too_long" in f.code)
    assert said.startswith(f"The {kind} lasts 700.00 s by its header, the limit")


@OF_EACH_KIND
def test_a_header_that_does_not_tell_the_truth_is_said_not_to(kind, made):
    said = {f.code: f.message for f in findings(made(duration_s=598.0, claimed_duration_s=700.0))}
    assert set(said) == {f"{kind}_duration_too_long", f"{kind}_duration_mismatch"}
    assert said[f"{kind}_duration_too_long"] == (
        f"The {kind} lasts 700.00 s by its header, which does not tell the truth, the limit is 600 s. "
        "`preflight prepare` cuts it into clips."
    )


@OF_EACH_KIND
@pytest.mark.parametrize(
    ("duration_s", "measured", "lasts"),
    [(2.0, 2.0, "2.00"), (3.98765, 3.988, "3.99"), (3.99999, 3.99999, "3.99999")],
)
def test_what_is_said_of_too_short(kind, made, duration_s, measured, lasts):
    (found,) = findings(made(duration_s=duration_s, claimed_duration_s=4.0 if duration_s > 3 else 2.0))
    assert found.message.startswith(f"The {kind} lasts {lasts} s; the service asks for 4 s at least. ")
    assert (found.measured, found.limit) == (measured, 4)


@OF_EACH_KIND
@pytest.mark.parametrize(
    ("profile", "size_bytes", "limit", "said"),
    [
        (STRICT, 27_000_001, 27_000_000, "27,000,001 bytes, the limit is 27,000,000 (36,000,000 as base64)"),
        (NEWEST, 36_000_001, 36_000_000, "36,000,001 bytes, the limit is 36,000,000 (48,000,000 as base64)"),
    ],
)
def test_what_is_said_of_too_large(kind, made, profile, size_bytes, limit, said):
    expected = mendable(
        f"{kind}_filesize_too_large",
        f"The file has {said}. `preflight prepare` cuts it into clips.",
        measured=size_bytes,
        limit=limit,
    )
    assert findings(made(size_bytes=size_bytes), profile) == (expected,)


@OF_EACH_KIND
def test_what_is_said_of_a_header_that_is_not_true(kind, made):
    expected = mendable(
        f"{kind}_duration_mismatch",
        "The header claims 60.99 s, the file holds 30.12 s: it breaks off, or its header is false. "
        "`preflight prepare` sends what is there under a true header; "
        "if some is missing, export or download it again.",
        measured=30.123,
        limit=60.988,
    )
    assert findings(made(duration_s=30.12345, claimed_duration_s=60.98765)) == (expected,)
