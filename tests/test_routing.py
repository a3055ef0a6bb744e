"""The route of real media, and what is prepared for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from preflight.errors import RejectedError, UsageError
from preflight.media import Source, Text
from preflight.pipeline import Preflight
from preflight.routing import route

TALK = Path(__file__).parent.parent / "sample_media" / "talk.mp4"  # 25 minutes, 5 MB


def test_a_long_talk_of_few_bytes_goes_whole_into_a_task() -> None:
    found = route(Preflight(), TALK)
    assert found.preflight.limits.profile == "marengo3.0-async"
    assert found.why == (
        "async: identical, in 1 request. sync does not take it as it is (video_duration_too_long). asset would do, too."
    )
    (payload,) = found.prepare()
    assert (payload.route, payload.upload, payload.fidelity) == ("async", None, "identical")
    assert list(json.loads(b"".join(payload.chunks()))) == ["input_type", "model_name", "video"]


def test_what_is_uploaded_has_no_body_before_it_is() -> None:
    (payload,) = route(Preflight(), TALK, wish="asset").prepare()
    assert payload.upload is not None
    assert payload.upload.size_bytes == TALK.stat().st_size == payload.media_bytes
    assert (payload.base64_bytes, payload.content_length) == (0, 0)
    with pytest.raises(UsageError, match="no body before its media are uploaded"):
        list(payload.chunks())
    ready = payload.with_asset("6a")
    assert b"".join(ready.chunks()) == (
        b'{"input_type":"video","model_name":"marengo3.0","video":{"media_source":{"asset_id":"6a"}}}'
    )
    assert ready.content_length == len(b"".join(ready.chunks()))
    assert (ready.span, ready.sha256) == (payload.span, payload.sha256)
    with pytest.raises(UsageError, match="needs no asset"):
        ready.with_asset("6b")


def test_where_the_plainest_will_do_it_is_taken() -> None:
    found = route(Preflight(), TALK.with_name("silent.mp4"))
    assert found.preflight.limits.profile == "marengo3.0"
    assert found.why.startswith("sync: identical, in 1 request. async would do, too.")


def test_where_all_must_change_it_the_fewest_requests_are_made() -> None:
    found = route(Preflight(), TALK.with_name("small_240x180.mp4"))
    assert found.preflight.limits.profile == "marengo3.0"
    said = "transcoded, in 1 request."
    assert found.why == f"sync: {said} async would be {said} asset would be {said}"


def test_what_one_route_alone_takes_leaves_no_choice() -> None:
    found = route(Preflight(), Text("a dog"))
    assert (found.preflight.limits.profile, found.why) == ("marengo3.0", None)
    with pytest.raises(RejectedError, match=r"The profile marengo3\.0-async does not take a text"):
        route(Preflight(), Text("a dog"), wish="async")


def test_by_default_it_is_only_said() -> None:
    found = route(Preflight(), TALK, wish="sync")
    assert len(list(found.prepare())) == 3
    assert found.why == "sync: lossless, in 3 requests. async would send it as it is (--route async)."
    assert route(Preflight(limits="marengo3.5"), TALK.with_name("silent.mp4"), wish="sync").why is None


def test_a_file_object_is_prepared_after_it_was_looked_at() -> None:
    with TALK.open("rb") as file:
        (payload,) = route(Preflight(), file).prepare()
        assert payload.media_bytes == TALK.stat().st_size


def test_what_nothing_takes_is_rejected() -> None:
    with pytest.raises(RejectedError, match="file_empty"):
        route(Preflight(), Source.of(b"", name="nothing"))
