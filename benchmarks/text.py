"""1 MB of text in many languages cut into chunks, against one call of tiktoken over the whole of it.

    python benchmarks/text.py [TEXT...]

Without files, the declaration of human rights in as many languages as lie in the corpus. The medians of alternating
runs in one process, the ranks loaded before; peaks of memory are of a process each, imports and ranks and all.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import preflight
from preflight.planner.chunks import split
from preflight.probers.tokens import _tokenizer, count_tokens

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "text"
RUNS = 7
BYTES = 1_000_000


def megabyte(paths: list[str]) -> str:
    texts = [Path(path) for path in paths] or sorted(CORPUS.glob("udhr_*.txt"))
    whole = "".join(path.read_text() for path in texts)
    return (whole * (BYTES // len(whole.encode()) + 1)).encode()[:BYTES].decode(errors="ignore")


def took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    if sys.argv[1:2] == ["--peak"]:
        text = megabyte(sys.argv[3:])
        count_tokens("a")
        WORK[sys.argv[2]](text)
        print(f"{peak_mb():.0f}")
        return
    text = megabyte(sys.argv[1:])
    count_tokens("a")
    times: dict[str, list[float]] = {name: [] for name in WORK}
    for _ in range(RUNS):
        for name, work in WORK.items():
            times[name].append(took(lambda work=work: work(text)))
    base = median(times["tiktoken"])
    for name, seconds in times.items():
        peak = subprocess.run(
            [sys.executable, __file__, "--peak", name, *sys.argv[1:]], capture_output=True, text=True, check=True
        ).stdout.strip()
        print(f"{name:12} {median(seconds):.3f} s  {median(seconds) / base:5.1f} x  {peak} MB")
    chunks = split(text, 500, count_tokens)
    counts = [count_tokens(text[each.start : each.end]) for each in chunks]
    floor = -(-count_tokens(text) // 500)
    print(f"{len(chunks)} chunks, {floor} at the least ({len(chunks) / floor:.3f} x)")
    print(f"{min(counts)} to {max(counts)} tokens")


WORK: dict[str, Callable[[str], object]] = {
    "tiktoken": lambda text: _tokenizer()[0].encode_ordinary(text),  # noqa: PLW0108 (not before it is asked for)
    "check": lambda text: preflight.check(preflight.Text(text)),
    "split": lambda text: split(text, 500, count_tokens),
    "prepare": lambda text: list(preflight.prepare(preflight.Text(text))),
}

if __name__ == "__main__":
    main()
