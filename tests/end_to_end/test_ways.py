"""Every profile with the route that sends it: from a file to embeddings on its own timeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from preflight import Preflight
from preflight.errors import UsageError
from preflight.media import Text
from preflight.runs import Run
from preflight.submitter import AssetRoute, Client, TasksRoute

TALK = Path(__file__).resolve().parents[2] / "sample_media" / "talk.mp4"


@pytest.fixture
def client(embed_emulator):
    with Client("any", base_url=embed_emulator.url) as client:
        yield client


def paths(embed_emulator) -> list[str]:
    return [request.path.partition("?")[0] for request in embed_emulator.requests]


def test_a_talk_of_25_minutes_is_one_task(embed_emulator, client):
    result = Preflight(limits="marengo3.0-async").embed(TALK, TasksRoute(client))
    assert {row.request for row in result.rows} == {1}
    assert {row.fidelity for row in result.rows} == {"identical"}
    assert max(row.end_s for row in result.rows) == pytest.approx(1500.03, abs=0.01)
    assert "/v1.3/embed-v2/tasks" in paths(embed_emulator)


def test_the_same_as_an_asset(embed_emulator, client, media):
    through = TasksRoute(client)
    film = media("video/h264_aac_mp4")
    result = Preflight(limits="marengo3.0-asset").embed(film, AssetRoute(client, through=through))
    assert "/v1.3/assets" in paths(embed_emulator)
    again = Preflight(limits="marengo3.0-async").embed(film, through)
    assert np.array_equal(result.vectors, again.vectors)
    assert result.rows == again.rows, "the same request, whichever way it went"


@pytest.mark.parametrize("profile", ["marengo3.0-async", "marengo3.0-asset", "bedrock-marengo3.0"])
def test_a_client_of_another_route_is_refused_before_anything_is_sent(embed_emulator, client, profile):
    with pytest.raises(UsageError, match="TasksRoute, AssetRoute or BedrockRoute"):
        Preflight(limits=profile).embed(TALK, client)
    with pytest.raises(UsageError, match="TasksRoute, AssetRoute or BedrockRoute"):
        Run(Preflight(limits=profile), client, [Text("a dog")])
    with pytest.raises(UsageError):
        Preflight(limits=profile).embed(TALK, AssetRoute(client, through=client))
    assert not embed_emulator.requests
