"""What a script may say, and that the client room understands the service's shapes that it is given."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from preflight.emulator import Reply
from preflight.errors import UsageError
from preflight.submitter import refusal


def said(reply):
    return refusal.read(reply.payload(b""))


def test_a_refusal_is_flat_as_the_service_is_live():
    reply = Reply.refused("video_resolution_too_low", "The resolution of the video is too low.")

    assert reply.status == 400
    assert set(json.loads(reply.payload(b""))) == {"code", "message", "docs_url"}
    assert said(reply).code == "video_resolution_too_low"
    assert said(reply).message == "The resolution of the video is too low."


@pytest.mark.parametrize(("status", "keys"), [(401, {"code", "message", "docs_url"}), (413, {"error"})])
def test_a_refusal_may_have_another_status(status, keys):
    reply = Reply.refused("api_key_invalid", status=status)

    assert reply.status == status
    assert set(json.loads(reply.payload(b""))) == keys
    assert said(reply).code == "api_key_invalid"
    assert said(reply).message


def test_a_rate_limit_says_how_long_to_wait():
    reply = Reply.rate_limited(retry_after_s=7)

    assert reply.status == 429
    assert reply.headers["Retry-After"] == "7"
    assert said(reply).code == "too_many_requests"


@pytest.mark.parametrize("status", [500, 503])
def test_an_outage_is_nested(status):
    reply = Reply.unavailable(status=status)

    assert reply.status == status
    assert list(json.loads(reply.payload(b""))) == ["error"]
    assert said(reply).code == "INTERNAL_SERVER_ERROR"


def test_a_made_reply_can_be_changed():
    late = dataclasses.replace(Reply.unavailable(), delay_s=2)

    assert (late.delay_s, late.status, late.body) == (2, 503, Reply.unavailable().body)


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (None, b"own"),
        (lambda own: own[1:], b"wn"),
        (b"\0", b"\0"),
        ("ü", "ü".encode()),
        ({"a": [1, None]}, b'{"a":[1,null]}'),
        ({}, b"{}"),
    ],
)
def test_a_body_is_bytes_text_or_json(body, sent):
    assert Reply(body=body).payload(b"own") == sent


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"status": 99}, "from 200 to 599"),
        ({"status": 101}, "from 200 to 599"),
        ({"status": 600}, "from 200 to 599"),
        ({"status": 204, "body": b"x"}, "Leave it out"),
        ({"delay_s": -1}, "0 or more seconds"),
        ({"delay_s": math.nan}, "0 or more seconds"),
        ({"trickle_s": math.inf}, "0 or more seconds"),
        ({"headers": {"CONTENT-length": "3"}}, 'reset="short"'),
    ],
)
def test_what_http_cannot_say_is_refused_where_it_is_written(fields, says):
    with pytest.raises(UsageError, match=says):
        Reply(**fields)
