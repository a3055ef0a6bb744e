"""MP3 that is cut without being decoded: what its clips sound like, one behind the other, beside the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from preflight.media import Fidelity, Source
from preflight.pipeline import Preflight
from preflight.testing.recipes.encoder import run
from tests.judges import coded_packets, complaints, samples
from tests.transformers.test_cut import limited

RATE = 44_100
# At a seam: frames that borrow what is not there, the overlap of the first that does not, and the decoder's delay.
FRAME, LATE = 1_152, 529


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Noise and tones of a constant bit rate, so that nearly every frame borrows."""
    path = tmp_path_factory.mktemp("mp3") / "a.mp3"
    noise = f"anoisesrc=color=pink:amplitude=0.3:duration=21:sample_rate={RATE}:seed=3"
    tones = f"sine=frequency=330:beep_factor=3:duration=21:sample_rate={RATE}"
    mixed = ["-filter_complex", "[0][1]amerge=inputs=2", "-c:a", "libmp3lame", "-b:a", "128k"]
    run("-f", "lavfi", "-i", noise, "-f", "lavfi", "-i", tones, *mixed, str(path))
    return path


def test_only_a_moment_at_each_seam_differs(source, tmp_path):
    preflight = Preflight(limits=limited(8.0))
    outputs = [v.output for v in preflight.verified(Source.of(source), preflight.check(source))]
    assert len(outputs) >= 3
    assert {o.fidelity for o in outputs} == {Fidelity.LOSSLESS}
    want = samples(source, 2).astype(int)
    delay = 1_105  # LAME's 576 and the decoder's 529, which the source's tag has decoders leave out
    digests = []
    for index, output in enumerate(outputs):
        path = tmp_path / f"{index}.mp3"
        path.write_bytes(output.media.read())
        assert complaints(path) == ""
        digests += [p.digest for p in coded_packets(path)]
        heard = samples(path, 2).astype(int)
        first = round(output.span.start_s * RATE) - delay + LATE if index else 0
        assert first >= 0
        is_last = index == len(outputs) - 1
        # The first clip begins, and the last one ends, to the sample where the source does.
        assert len(heard) == (len(want) - first if is_last else round(output.span.end_s * RATE) - delay - first)
        off = np.abs(heard - want[first : first + len(heard)]).max(axis=1) > 1
        lost = sum("not heard" in step for step in output.steps)
        assert not off[(lost + 1) * FRAME * bool(index) :].any()
    assert digests == [p.digest for p in coded_packets(source)]


def test_frames_that_are_not_heard_are_said(source):
    preflight = Preflight(limits=limited(8.0))
    first, *others = [v.output for v in preflight.verified(Source.of(source), preflight.check(source))]
    assert first.steps == ("cut into mp3",)
    assert all("not heard" in o.steps[-1] for o in others)
