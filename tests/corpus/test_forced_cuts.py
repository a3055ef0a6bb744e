"""Real audio and video that must be cut, as the limits are lowered for it: judged by an FFmpeg that is not ours."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from preflight.errors import RejectedError
from preflight.media import AudioFacts, Span, VideoFacts
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.probers import probe
from preflight.source import Source
from tests.lowered import lowered
from tests.timelines import Tracks, complaints, samples, tracks

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed"),
]

_SHARE = 0.62
"""Of its length, that a clip may last: two clips, where there is a place to cut near the middle."""
_MAX_BYTES = 27_000_000
_COARSE_S = 0.03
"""How far a millisecond clock, a frame of sound before zero, and rounding may move a packet."""
_FRAMED_OTHERWISE = {".ts", ".mts", ".aac"}
"""These store the same coded data with start codes and headers that other containers leave out."""


def pytest_generate_tests(metafunc) -> None:
    folder = Path(__file__).resolve().parents[3] / "shared" / "corpus"
    found = sorted(f for name in ("audio", "video") for f in (folder / name).glob("*"))
    metafunc.parametrize("path", found, ids=lambda f: f"{f.parent.name}/{f.name}")


_LEADING = 20
"""Pictures that may stand behind a keyframe that is shown after them."""


def test_what_is_cut_is_whole_in_order_and_decodes(corpus, path, tmp_path):
    facts = probe(Source.of(path))
    if not isinstance(facts, AudioFacts | VideoFacts) or (facts.duration_s or 0) < 2:
        pytest.skip("nothing to cut")
    limits = lowered(max_s=facts.duration_s * _SHARE + 0.5, max_bytes=_MAX_BYTES, min_s=0.2, any_shape=True)
    preflight = Preflight(limits=limits, policy=Policy(min_clip_s=0.1))
    try:
        plan = preflight.plan(path)
    except RejectedError:
        pytest.skip("rejected")
    if plan.fidelity != "lossless":
        pytest.skip("not cut")
    clips: list[tuple[Path, Span]] = []
    open_seams = getattr(plan.recipe, "shared_cuts_s", ())
    for number, payload in enumerate(preflight.prepare(path)):
        clip = tmp_path / f"{number:03}"
        clip.write_bytes(payload.media[0].source.read())
        assert clip.stat().st_size <= _MAX_BYTES
        assert payload.span is not None
        assert payload.fidelity == "lossless"
        clips.append((clip, payload.span))
    assert clips[0][1].start_s == 0
    for (_, before), (_, after) in itertools.pairwise(clips):
        assert before.end_s == after.start_s
    assert clips[-1][1].end_s == pytest.approx(facts.duration_s, abs=0.1)
    if not complaints(path):
        assert [complaints(clip) for clip, _ in clips] == [""] * len(clips)
    whole, parts = tracks(path), [(tracks(clip), span) for clip, span in clips]
    if isinstance(facts, VideoFacts):
        held_once(path, whole, parts, lambda of: of.picture, repeated=len(open_seams))
    elif plan.recipe.container in ("wav", "flac"):
        # Cut to the sample, or with each frame's own number written anew: what counts is what is heard.
        assert b"".join(samples(clip) for clip, _ in clips) == samples(path)
        return
    if plan.recipe.container == "mp4" and path.suffix in _FRAMED_OTHERWISE:
        # Of AAC that is written anew, the packet before each clip is decoded there and not heard.
        parts[1:] = [(replace(p, sound=tuple(s for s in p.sound if not s.is_discarded)), span) for p, span in parts[1:]]
    held_once(path, whole, parts, lambda of: of.sound)


def held_once(path: Path, whole: Tracks, parts: list, track: Callable, repeated: int = 0) -> None:
    """Every packet in exactly one clip, in order, and shown when the span says; but for keyframes `repeated`, each at
    the end of one clip and at the start of the next.
    """
    packets = [p for p in track(whole) if p.size]
    held = [[(p, span.start_s) for p in track(part) if p.size] for part, span in parts]
    for clip, following in itertools.pairwise(held):
        if repeated and following[0][0].digest in [p.digest for p, _ in clip[-_LEADING:]]:
            del following[0]
            repeated -= 1
    assert repeated == 0
    placed = [pair for clip in held for pair in clip]
    assert len(placed) == len(packets)
    if path.suffix not in _FRAMED_OTHERWISE:
        assert [p.digest for p in packets] == [p.digest for p, _ in placed]
    else:
        assert abs(sum(p.size for p in packets) - sum(p.size for p, _ in placed)) <= 16 * len(packets)
    start_s = max(whole.start_s, 0.0)
    if path.suffix == ".mp3":  # whose delay each player leaves out of each file
        return
    for packet, (copy, clip_s) in zip(packets, placed, strict=True):
        if packet.pts_s is not None and copy.pts_s is not None:
            assert copy.pts_s + clip_s == pytest.approx(packet.pts_s - start_s, abs=_COARSE_S)
