"""How much memory long work takes, in a process of its own: of five minutes and more no more than of one."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.film import X264
from preflight.testing.recipes.marked import MarkedFilm
from preflight.testing.store import Store

# Prepares argv[1] with clips of argv[2] seconds and argv[3] bytes at most, encoded where argv[4] is "encoded"; prints
# how many there were, how many bytes in all, and the peak of memory in bytes.
PROGRAM = """
import sys
from preflight.pipeline import Preflight
from preflight.planner import Policy
from tests.lowered import lowered
limits = lowered(max_s=float(sys.argv[2]), max_bytes=int(sys.argv[3]))
policy = Policy(min_clip_s=600.0 if sys.argv[4] == "encoded" else 0.0)
sizes = []
for payload in Preflight(limits=limits, policy=policy, workers=2).prepare(sys.argv[1]):
    assert payload.fidelity == {"encoded": "transcoded", "copied": "lossless"}[sys.argv[4]]
    sizes.append(sum(len(chunk) for chunk in payload.chunks()))
# Not `ru_maxrss`, which starts with what the process that started this one had.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(len(sizes), sum(sizes), int(peak.split()[1]) * 1024)
"""
ROOT = Path(__file__).resolve().parents[2]
MB = 1_000_000
# A picture a second, with so much noise that each is tens of kilobytes: what is kept of them is seen.
NOISE = (("noise", {"alls": 60, "allf": "t"}),)


def film(seconds: float) -> MarkedFilm:
    coded = {**X264, "preset": "ultrafast", "g": 4, "pix_fmt": "yuv420p"}
    shape = {"width": 362, "height": 362, "frame_rate": Fraction(1)}
    return MarkedFilm(suffix=".mp4", seconds=seconds, filters=NOISE, options=coded, **shape)


def taken(path: Path, how: str, *, max_s: float, max_bytes: int = 27_000_000) -> tuple[int, int, int]:
    """Clips, bytes of all bodies, and bytes of memory at most."""
    call = [sys.executable, "-c", PROGRAM, str(path), str(max_s), str(max_bytes), how]
    done = subprocess.run(call, check=True, capture_output=True, text=True, cwd=ROOT)
    clips, size, peak = (int(number) for number in done.stdout.split())
    return clips, size, peak


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_cut_of_a_large_file_holds_a_clip_or_two_of_it(suffix, tmp_path):
    """By the index of an MP4 nothing of it; where packets are copied, those of one clip, the file that is made of them
    (twice, as it leaves the muxer), and the file before it, which is still in use: of 27 MB each.
    """
    # Again and again, until each clip is as large as it may be.
    large = tmp_path / f"large{suffix}"
    run("-stream_loop", "7", "-i", str(Store().path(film(528.0))), "-c", "copy", str(large))
    size = large.stat().st_size
    assert size > 130 * MB, size
    clips, made, peak = taken(large, "copied", max_s=600)
    assert clips > 5
    assert made > size
    assert peak < 150 * MB + (0 if suffix == ".mp4" else 3 * 27 * MB)


def test_a_long_encode_does_not_hold_what_it_made():
    """Both so long that the stretches that are encoded side by side are as long as they get. Threads' memory is
    fragmented as chance will have it; whoever kept all of it would need more than it is.
    """
    short, long = (taken(Store().path(film(seconds)), "encoded", max_s=17, max_bytes=3 * MB) for seconds in (264, 528))
    assert long[0] >= 2 * short[0] - 1 > 10
    grown = long[1] - short[1]
    assert grown > 15 * MB, "or nothing would be seen"
    assert long[2] - short[2] < 0.8 * grown


def test_long_sound_takes_no_more_than_a_short_one(tmp_path):
    """Half an hour that becomes 16 bits at 24 kHz, of which clips are a minute."""
    peaks = []
    for minutes in (3, 30):
        path = tmp_path / f"{minutes}.au"
        run("-f", "lavfi", "-i", f"sine=f=300:r=24000:d={minutes * 60}", "-c:a", "pcm_mulaw", str(path))
        clips, made, peak = taken(path, "encoded", max_s=60)
        assert clips >= minutes
        peaks.append((made, peak))
    assert peaks[1][0] - peaks[0][0] > 70 * MB
    assert peaks[1][1] - peaks[0][1] < 20 * MB
