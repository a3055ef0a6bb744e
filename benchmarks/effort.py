"""The time that a plan predicts of its work, beside what it takes: ``python benchmarks/effort.py [FILE...]``.

Medians of five runs in one process, without writing to disk. Without files, those of `sample_media`.
"""

import statistics
import sys
import time
from pathlib import Path

from preflight import Policy, Preflight

RUNS = 5
SAMPLES = Path(__file__).resolve().parents[1] / "sample_media"


def seconds(pf: Preflight, path: Path) -> float:
    started = time.perf_counter()
    for payload in pf.prepare(path):
        for _ in payload.chunks():
            pass
    return time.perf_counter() - started


for path in map(Path, sys.argv[1:] or sorted(p for p in SAMPLES.iterdir() if p.suffix not in (".py", ".toml"))):
    policies = (
        [Policy(audio=form) for form in ("wav", "flac", "mp3")]
        if Preflight().check(path).kind == "audio"
        else [Policy()]
    )
    for policy in policies:
        pf = Preflight(policy=policy)
        plan = pf.plan(path)
        taken_s = statistics.median(seconds(pf, path) for _ in range(RUNS))
        took = f"predicted {plan.predicted_s:7.2f} s, took {taken_s:7.2f} s, {taken_s / plan.predicted_s:5.2f}"
        print(f"{path.name + ' ' + policy.audio:32} {plan.fidelity:10} {took}")
