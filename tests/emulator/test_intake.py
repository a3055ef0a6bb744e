"""Bodies in pieces of any size come to the same as on the whole."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import msgspec
import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.emulator.intake import Intake, NoMedium, Spooled, Taken
from preflight.emulator.schema import parse
from preflight.emulator.wire import Refusal


def no_file() -> Path:
    raise AssertionError("too small for a file")


def taken(body: bytes, *pieces: int, new_file=no_file) -> Taken:
    """Fed in pieces of these sizes, over and over."""
    intake, at, turn = Intake(new_file), 0, 0
    while at < len(body):
        size = pieces[turn % len(pieces)] if pieces else len(body)
        intake.feed(body[at : at + size])
        at, turn = at + size, turn + 1
    return intake.finish()


def judged(body: bytes, *pieces: int) -> object:
    """The request, or how it is refused."""
    try:
        if not pieces:
            return parse(body, model_name="marengo3.0")
        got = taken(body, *pieces)
        return parse(got.json, model_name="marengo3.0", media=got.media)
    except Refusal as refusal:
        # What is wrong with JSON is told with a byte's number, which is another one here.
        return refusal.status, refusal.code, refusal.message.partition("(")[0]


def image(source: dict) -> dict:
    return {"input_type": "image", "model_name": "marengo3.0", "image": {"media_source": source}}


base64s = st.one_of(
    st.binary(max_size=40).map(lambda data: pybase64.b64encode(data).decode()),
    st.text("ABab01+/==-_ ", max_size=12),
    st.sampled_from(["data:image/png;base64,AAAA", "data:", "data", "ü", "A\x00A=", '"', "\\", "AAA=AAAA", "AA=="]),
)
sources = st.dictionaries(
    st.sampled_from(["base64_string", "url", "asset_id", "base_64_string", "base64_strings", 'base64_string"']),
    st.one_of(base64s, st.none(), st.integers(), st.just({"base64_string": "AAAA"})),
    max_size=2,
)
bodies = st.one_of(
    sources.map(image),
    st.lists(sources.map(lambda one: {"media_type": "image", **one}), max_size=3).map(
        lambda many: {"input_type": "multi_input", "model_name": "marengo3.0", "multi_input": {"media_sources": many}}
    ),
    st.tuples(base64s, sources).map(
        lambda both: {
            "input_type": "text_image",
            "model_name": "marengo3.0",
            "text_image": {"input_text": both[0], "media_source": both[1]},
        }
    ),
)
sizes = st.lists(st.integers(1, 30), min_size=1, max_size=4)


@given(body=bodies, pieces=sizes, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_it_is_the_same_request_however_it_comes(body, pieces, ascii_only, indent):
    whole = json.dumps(body, ensure_ascii=ascii_only, indent=indent).encode()
    assert judged(whole, *pieces) == judged(whole)


@given(body=bodies, pieces=sizes, cut=st.integers(0, 200), add=st.binary(max_size=2))
def test_a_damaged_body_is_refused_as_on_the_whole(body, pieces, cut, add):
    whole = json.dumps(body).encode()
    damaged = whole[: cut % len(whole)] + add
    if not isinstance(judged(damaged), tuple):
        assert judged(damaged, *pieces) == judged(damaged)
    else:
        assert judged(damaged, *pieces)[:2] == judged(damaged)[:2]


@given(text=st.one_of(base64s, st.text("Aa+/=", max_size=9)), pieces=sizes)
def test_base64_is_judged_as_on_the_whole(text, pieces):
    body = json.dumps({"base64_string": text}, ensure_ascii=False).encode()
    [medium] = taken(body, *pieces).media.values()
    if text.startswith("data:"):
        expected: object = NoMedium("prefixed")
    elif not text:
        expected = NoMedium("empty")
    else:
        try:
            expected = pybase64.b64decode(text, validate=True)
        except ValueError:
            expected = NoMedium("not base64")
    assert medium == expected


@pytest.mark.parametrize(
    "written",
    [rb"+/+/", rb"\u002B\/\u002b\u002F", rb"\u002b/+\/"],
    ids=["as it is", "as .NET and PHP write it", "mixed"],
)
@pytest.mark.parametrize("size", range(1, 9))
def test_escapes_in_base64(written, size):
    body = b'{"base64_string" :\n"' + written + b'"}'
    assert list(taken(body, size).media.values()) == [pybase64.b64decode("+/+/")]


def test_what_is_no_medium_stays_where_it_is():
    body = b'{"base64_string":1,"a":"base64_string","b":["base64_string","AAAA"],"\\u0062ase64_string":"AAAA","c":"d"}'
    got = taken(body, 3)
    assert got == Taken(body, {})


def test_a_large_medium_lies_on_disk_and_a_small_one_does_not(tmp_path):
    large, small = bytes(range(256)) * 2_000, b"small"
    body = json.dumps([{"base64_string": pybase64.b64encode(data).decode()} for data in (large, small)]).encode()
    got = taken(body, 10_001, new_file=lambda: tmp_path / "medium")

    [first, second] = got.media.values()
    assert first == Spooled(tmp_path / "medium", sha256(large).digest())
    assert first.path.read_bytes() == large
    assert second == small
    assert [item["base64_string"] for item in msgspec.json.decode(got.json)] == list(got.media)
    assert len(got.json) < 200
    got.close()
    assert list(tmp_path.iterdir()) == []
    got.close()


@pytest.mark.parametrize("end", ["abandoned", "cut off", "broken"])
def test_nothing_of_a_body_that_breaks_off_stays_on_disk(tmp_path, end):
    intake = Intake(lambda: tmp_path / "medium")
    intake.feed(b'{"base64_string":"' + b"A" * 1_000_000)
    assert list(tmp_path.iterdir()) == [tmp_path / "medium"]
    match end:
        case "abandoned":
            intake.abandon()
        case "cut off":
            intake.finish().close()
        case "broken":
            intake.feed(b'!"}')
            assert list(intake.finish().media.values()) == [NoMedium("not base64")]
    assert list(tmp_path.iterdir()) == []
