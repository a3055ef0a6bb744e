"""25 minutes of 720p H.264/AAC, 400 MB of MP4, cut into clips: ``python benchmarks/cut_mp4.py [RUNS [FOLDER]]``.

Whole processes, in turn with what a user would pick instead, ``ffmpeg -c copy -f segment``, and with ``cp``, which is
as fast as the disk goes; medians. The source is made once and kept in the folder of temporary files. What is written
goes to FOLDER (default: beside the source); in a folder in memory, such as /dev/shm, the disk does not blur the
comparison. The first payload is timed in a process of its own: the library's call to the generator's first item,
against its last.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = int(next(iter(sys.argv[1:]), 5))
CACHE = Path(tempfile.gettempdir()) / "preflight-benchmarks"
OUT = Path(next(iter(sys.argv[2:]), CACHE)) / "cut_mp4"
SOURCE = CACHE / "talk_25_minutes_720p.mp4"
MINUTES, PART_S = 25, 100

# Runs argv[1:] and prints seconds, seconds of the processor, and the peak of memory in MB, of that process alone.
MEASURED = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
taken = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(taken, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
FIRST = """
import sys, time
import preflight
began = time.perf_counter()
first = None
for payload in preflight.prepare(sys.argv[1]):
    first = first or time.perf_counter() - began
    with open(sys.argv[2], "wb") as file:
        payload.write_to(file)
print(first, time.perf_counter() - began)
"""


def made() -> Path:
    """Real coded video: moving test pictures under noise, so that they cost what a camera's do."""
    if SOURCE.exists():
        return SOURCE
    try:
        import imageio_ffmpeg
    except ImportError:
        sys.exit("This needs an FFmpeg to make its source with: pip install imageio-ffmpeg")
    program = imageio_ffmpeg.get_ffmpeg_exe()
    CACHE.mkdir(exist_ok=True)
    part, whole = CACHE / "part.mp4", CACHE / "whole.mp4"
    picture = f"testsrc2=s=1280x720:r=30:d={PART_S},noise=alls=14:allf=t"
    sound = f"sine=f=440:r=48000:d={PART_S},aformat=channel_layouts=stereo"
    rate = ["-b:v", "2000k", "-maxrate", "2400k", "-bufsize", "4000k", "-g", "120"]
    coded = ["-c:v", "libx264", "-preset", "veryfast", *rate, "-c:a", "aac", "-b:a", "128k"]
    quiet = [program, "-v", "error", "-y"]
    subprocess.run([*quiet, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *coded, str(part)], check=True)
    times = str(MINUTES * 60 // PART_S - 1)
    subprocess.run([*quiet, "-stream_loop", times, "-i", str(part), "-c", "copy", str(whole)], check=True)
    part.unlink()
    return whole.replace(SOURCE)


def commands(source: Path) -> dict[str, list[str]]:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        sys.exit("This compares with ffmpeg, which is not on the PATH: install it (Debian: apt install ffmpeg).")
    ours = shutil.which("preflight", path=str(Path(sys.executable).parent)) or "preflight"
    segment = ["-c", "copy", "-map", "0", "-f", "segment", "-segment_time", "90", "-reset_timestamps", "1"]
    return {
        "ffmpeg": [ffmpeg, "-v", "error", "-i", str(source), *segment, str(OUT / "out%03d.mp4")],
        "preflight": [ours, "prepare", str(source), "--media", "--out", str(OUT / "clips")],
        "cp": ["cp", "--reflink=never", str(source), str(OUT / "copy.mp4")],
    }


def numbers(program: str, *arguments: str) -> list[float]:
    done = subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]


def main() -> None:
    source = made()
    found: dict[str, list[list[float]]] = {name: [] for name in commands(source)}
    firsts: list[list[float]] = []
    try:
        for turn in range(RUNS + 1):
            for name, command in commands(source).items():
                shutil.rmtree(OUT, ignore_errors=True)
                OUT.mkdir(parents=True)
                row = numbers(MEASURED, *command)
                if turn:  # the first fills the caches
                    found[name].append(row)
            firsts.append(numbers(FIRST, str(source), str(OUT / "body.json")))
    finally:
        shutil.rmtree(OUT, ignore_errors=True)
    print(f"{source.stat().st_size:,} bytes into {OUT.parent}, medians of {RUNS} runs in turn")
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in found.items()}
    for name, (taken, busy, peak) in medians.items():
        spread = sorted(row[0] for row in found[name])
        times = f"{taken:6.2f} s ({spread[0]:.2f} to {spread[-1]:.2f})"
        print(f"{name:10} {times}, {busy:5.2f} s busy, {peak:5.0f} MB at most")
    ours, theirs, disk = medians["preflight"], medians["ffmpeg"], medians["cp"]
    print(
        f"ratio to ffmpeg {ours[0] / theirs[0]:.2f} by the clock (bound 1.3, aim 0.6), {ours[1] / theirs[1]:.2f} busy"
    )
    print(f"ratio to cp     {ours[0] / disk[0]:.2f} by the clock")
    first, whole = (statistics.median(column) for column in zip(*firsts[1:], strict=True))
    print(f"first payload after {first:.3f} s of {whole:.2f} s: {first / whole:.0%} (bound 15 %)")


if __name__ == "__main__":
    main()
