"""Clips that repeat one another, through the emulator: each instant of the source has one vector of each option."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from preflight.emulator import LocalServer
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.submitter import Client, Embeddings
from tests.lowered import lowered

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"


@pytest.mark.parametrize(("name", "seconds"), [("song_with_cover.mp3", 20), ("voice_memo.m4a", 12)])
def test_each_instant_once(name: str, seconds: float) -> None:
    # Clips of eight seconds, of which each shares three with the one before; the emulator's segments are of six.
    preflight = Preflight(limits=lowered(max_s=8.5, min_s=4.0), policy=Policy(overlap_s=3.0, min_clip_s=0))
    payloads = list(preflight.prepare(SAMPLES / name))
    spans = [payload.span for payload in payloads]
    assert len(spans) > 1
    assert all(after.start_s <= before.end_s - 2.9 for before, after in pairwise(spans))
    with LocalServer() as server, Client("any", base_url=server.url) as client:
        parts = [client.embed(payload, request=number) for number, payload in enumerate(payloads, start=1)]
        found = preflight.embed(SAMPLES / name, client)
    assert len(found) < sum(map(len, parts))
    assert found.rows == Embeddings.joined(parts).rows
    clips = found.select(scope="clip")
    times = defaultdict(list)
    for row in clips.rows:
        times[row.embedding_option].append((row.start_s, row.end_s))
    assert set(times) == {"audio", "transcription"}
    for of_option in times.values():
        of_option.sort()
        assert of_option[0][0] == 0
        assert of_option[-1][1] == pytest.approx(seconds, abs=0.1)
        assert all(after[0] == pytest.approx(before[1], abs=0.05) for before, after in pairwise(of_option))
    whole = found.select(scope="asset").rows
    heard = [row for row in whole if row.embedding_option == "audio"]
    assert [row.request for row in heard] == list(range(1, len(spans) + 1))
    for row, span in zip(heard, spans, strict=True):
        assert (row.start_s, row.end_s) == pytest.approx((span.start_s, span.end_s), abs=0.001)
        assert row.request_span == span
