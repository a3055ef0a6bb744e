"""What a process costs before it does anything: ``python benchmarks/startup.py [RUNS]``.

Whole processes, in turn, so that a noisy machine is as noisy for each; medians in milliseconds. The limit is the
interpreter itself, so what counts is the distance to the bare one.
"""

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 21
SAMPLES = Path(__file__).resolve().parent.parent / "sample_media"
PROGRAM = shutil.which("preflight", path=str(Path(sys.executable).parent)) or "preflight"

COMMANDS = {
    "a bare interpreter": [sys.executable, "-c", "pass"],
    "import preflight": [sys.executable, "-c", "import preflight"],
    "import PIL.Image": [sys.executable, "-c", "import PIL.Image"],
    "preflight --version": [PROGRAM, "--version"],
    "preflight check print_cmyk.jpg": [PROGRAM, "check", str(SAMPLES / "print_cmyk.jpg")],
    "preflight check silent.mp4": [PROGRAM, "check", str(SAMPLES / "silent.mp4")],
}


def milliseconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(RUNS + 1):
        for name, command in COMMANDS.items():
            taken = milliseconds(command)
            if turn:  # the first fills the caches
                times[name].append(taken)
    bare = statistics.median(times["a bare interpreter"])
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:32} {median:7.1f} ms  {median - bare:+7.1f}  (min {min(taken):.1f}, max {max(taken):.1f})")


if __name__ == "__main__":
    main()
