"""The time that a plan predicts of its work, beside what it takes: ``python benchmarks/effort.py [RUNS] [FILE...]``.

Medians of RUNS (five) in one process, without writing to disk; at the end the median of all ratios, and the worst.
Without files, those of `sample_media`, and edge cases that take long enough to be measured.
"""

import statistics
import sys
import time
from pathlib import Path

from preflight import Policy, Preflight
from preflight.testing import catalogue

RUNS = int(next((a for a in sys.argv[1:] if a.isdigit()), 5))
CASES = (
    "audio/podcast_of_25_minutes",
    "audio/voice_memo_of_25_minutes",
    "audio/duration_600_1_flac",
    "video/long_mp4",
    "video/long_ts",
    "video/long_webm",
    "video/long_small_mp4",
    "video/size_70_s_of_noise",
    "video/noise_mkv",
    "video/portrait_4k",
    "video/hdr10_hevc",
    "video/interlaced_mpeg2",
)
SAMPLES = Path(__file__).resolve().parents[1] / "sample_media"


def seconds(pf: Preflight, path: Path) -> float:
    started = time.perf_counter()
    for payload in pf.prepare(path):
        for _ in payload.chunks():
            pass
    return time.perf_counter() - started


def given() -> list[Path]:
    if named := [a for a in sys.argv[1:] if not a.isdigit()]:
        return [Path(name) for name in named]
    samples = sorted(p for p in SAMPLES.iterdir() if p.suffix not in (".py", ".toml"))
    return [*samples, *(catalogue.case(name).path for name in CASES)]


ratios: dict[str, float] = {}
for path in given():
    policies = (
        [Policy(audio=form) for form in ("wav", "flac", "mp3")]
        if Preflight().check(path).kind == "audio" and Preflight().plan(path).fidelity == "transcoded"
        else [Policy()]
    )
    for policy in policies:
        pf = Preflight(policy=policy)
        plan = pf.plan(path)
        taken_s = statistics.median(seconds(pf, path) for _ in range(RUNS))
        name = f"{path.name} {policy.audio}"
        ratios[name] = taken_s / plan.predicted_s
        took = f"predicted {plan.predicted_s:7.2f} s, took {taken_s:7.2f} s, {ratios[name]:5.2f}"
        print(f"{name:36} {plan.fidelity:10} {took}", flush=True)
least, most = (pick(ratios, key=ratios.__getitem__) for pick in (min, max))
print(f"took / predicted: median {statistics.median(ratios.values()):.2f} of {len(ratios)}; ", end="")
print(f"from {ratios[least]:.2f} ({least}) to {ratios[most]:.2f} ({most})")
