"""Each payload goes the way that it is made for."""

from __future__ import annotations

from pathlib import Path

import pytest

from preflight.errors import UsageError
from preflight.media import Text
from preflight.pipeline import Preflight
from preflight.routing import route
from preflight.submitter import AutoRoute, Client

SYNC, TASKS, ASSETS = "/v1.3/embed-v2", "/v1.3/embed-v2/tasks", "/v1.3/assets"
SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"


@pytest.fixture
def auto(double):
    with Client("any", base_url=double.url) as client:
        yield AutoRoute(client)


@pytest.mark.parametrize(
    ("source", "wish", "posted"),
    [
        (Text("a dog"), "auto", [SYNC]),
        ("audio/duration_600_1_mp3", "auto", [TASKS]),
        ("audio/duration_600_1_mp3", "asset", [ASSETS, TASKS]),
        ("audio/mp3", "auto", [SYNC]),
        ("audio/mp3", "async", [TASKS]),
    ],
)
def test_what_goes_which_way(auto, double, media, source, wish: str, posted: list[str]) -> None:
    source = media(source) if isinstance(source, str) else source
    found = route(Preflight(), source, wish=wish).embed(auto)
    assert {row.fidelity for row in found.rows} == {"identical"}
    assert [request.path for request in double.requests if request.method == "POST"] == posted


@pytest.mark.parametrize("are_kept", [False, True])
def test_an_asset_is_deleted_once_it_was_embedded(double, *, are_kept: bool) -> None:
    with Client("any", base_url=double.url) as client:
        auto = AutoRoute(client, are_kept=are_kept)
        route(Preflight(), SAMPLES / "silent.mp4", wish="asset").embed(auto)
    deleted = [request.path for request in double.requests if request.method == "DELETE"]
    assert [path.startswith(f"{ASSETS}/") for path in deleted] == ([] if are_kept else [True])
    assert auto.left == ()


def test_what_no_key_alone_opens(auto) -> None:
    with pytest.raises(UsageError, match="BedrockRoute"):
        Preflight(limits="bedrock-marengo3.0").embed(Text("a dog"), auto)
