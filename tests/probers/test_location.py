"""Where recordings say that they were made, by ISO 6709, and that nothing of it is left where metadata are stripped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import preflight
from preflight.probers.location import iso_6709, location_of
from preflight.testing import catalogue

STRIP = preflight.Policy(strip_metadata=True)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("+48.8577+002.2950/", (48.8577, 2.295)),
        ("+48.8577+002.2950+035.4/", (48.8577, 2.295)),
        ("+27.5916+086.5640+8850CRSWGS_84/", (27.5916, 86.564)),
        ("+4851.462+00217.70/", (48.8577, 2.295)),
        ("-335130+1511230/", (-33 - 51 / 60 - 30 / 3600, 151 + 12 / 60 + 30 / 3600)),
        ("+40-075/", (40, -75)),
        ("+00.0000+000.0000/", None),
        ("+91.0+000.1/", None),
        ("+10.0+180.5/", None),
        ("+1.2+3.4/", None),
        ("48.8577, 2.2950", None),
        ("Paris", None),
        ("", None),
    ],
)
def test_iso_6709(text: str, place: tuple[float, float] | None) -> None:
    assert iso_6709(text) == (pytest.approx(place) if place else None)


@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))
def test_whatever_is_written_in_degrees_is_read_back(latitude: float, longitude: float) -> None:
    found = iso_6709(f"{latitude:+08.4f}{longitude:+09.4f}/")
    assert (found or (0, 0)) == pytest.approx((latitude, longitude), abs=1e-4)


@given(st.text(max_size=60))
def test_noise_never_raises(noise: str) -> None:
    iso_6709(noise)
    iso_6709("+" + noise)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("location", True),
        ("LOCATION", True),
        ("location-eng", True),
        ("com.apple.quicktime.location.ISO6709", True),
        ("title", False),
        ("location_of_studio", False),
    ],
)
def test_only_tags_of_that_name_are_asked(name: str, is_one: bool) -> None:
    assert (location_of({}, {name: "+48.8577+002.2950/"}) is not None) == is_one


@pytest.mark.parametrize(
    "name", ["video/says_where_mp4", "video/says_where_mov", "video/says_where_mkv", "audio/mp3_says_where"]
)
def test_it_is_named_and_left_out_where_that_is_wanted(name: str) -> None:
    path = catalogue.case(name).path
    report = preflight.check(path)
    kind = name.partition("/")[0]
    assert [(f.code, f.severity) for f in report.findings] == [(f"{kind}_has_location", "warning")]
    stripping = preflight.Preflight(policy=STRIP)
    assert not stripping.check(path).findings
    (payload,) = stripping.prepare(path)
    sent = payload.media[0].source.read()
    assert payload.fidelity == "lossless"
    assert not preflight.check(sent).findings
    for place in (b"48.8577", b"33.8583"):
        assert place not in sent


def test_a_finding_says_which_way() -> None:
    (finding,) = preflight.check(catalogue.case("audio/mp3_says_where").path).findings
    assert finding.measured == "-33.858, 151.208"
    assert finding.message.endswith("`--strip-metadata` leaves it out.")
