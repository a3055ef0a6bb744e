"""Re-encoding 100 s of 720p to 640x360, against the ffmpeg command line with the same encoder settings.

    python benchmarks/encode.py [RUNS] [--long]

Alternately, so that a noisy machine is as noisy for each; medians. `ours` is the library in a process of its own,
without the start of the interpreter; `ffmpeg` is the whole command. The realtime multiple is seconds of film by seconds
of work; the processor's time is said besides, as that does not hang on what else the machine does. Decoding alone, by
ffmpeg on all cores, is the ceiling.

`--long` says when the first clip of 25 minutes is ready, and the peak of memory: of a film that is so hard to encode
that bytes end its clips, and of a talk whose clips time ends. Clips come in order and as long as they may be, so that
the first cannot be ready before its share of the film is encoded; that is said besides.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / "preflight-benchmarks"
PIECE_S, TIMES, LONG_TIMES = 20, 5, 75
TALK = Path(__file__).resolve().parents[1] / "sample_media" / "talk.mp4"
MAX_BYTES = 27_000_000
BITS = str(MAX_BYTES * 8 // 20)
SETTINGS = f"-c:v libx264 -preset medium -crf 23 -g 120 -maxrate {BITS} -bufsize {BITS} -c:a aac -b:a 128k".split()
FILTERS = "scale=640:360:flags=bicubic,setsar=1,format=yuv420p"
QUIET = ["ffmpeg", "-nostdin", "-v", "error", "-y"]


def looped(piece: Path, times: int) -> Path:
    path = FOLDER / f"{piece.stem}_{times}.mp4"
    if not path.exists():
        subprocess.run([*QUIET, "-stream_loop", str(times - 1), "-i", piece, "-c", "copy", path], check=True)
    return path


def piece() -> Path:
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / "piece.mp4"
    if not path.exists():
        pictures = ["-f", "lavfi", "-i", f"testsrc2=s=1280x720:r=30:d={PIECE_S}", "-f", "lavfi", "-i"]
        sound = ["mandelbrot=s=640x360:r=30", "-f", "lavfi", "-i", f"sine=f=440:d={PIECE_S}:r=48000"]
        mixed = "[0][1]overlay=320:180:shortest=1,noise=alls=8:allf=t,format=yuv420p[v]"
        coded = [
            "-map",
            "[v]",
            "-map",
            "2:a",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-crf",
            "23",
            "-g",
            "120",
            "-c:a",
            "aac",
        ]
        subprocess.run([*QUIET, *pictures, *sound, "-filter_complex", mixed, *coded, path], check=True)
    return path


def ours(source: Path) -> dict[str, float]:
    """In this process. The geometry is given, as no policy of ours would make so little of 720p."""
    from preflight.media import Source, VideoFacts
    from preflight.planner import EncodeVideo, Geometry
    from preflight.planner.cuts import caps_for
    from preflight.probers import probe
    from preflight.transformers.video import encode_video

    began = time.perf_counter()
    facts = probe(Source.of(source))
    assert isinstance(facts, VideoFacts)
    shape = Geometry(scale_width=640, scale_height=360, crop_width=640, crop_height=360, width=640, height=360)
    recipe = EncodeVideo(geometry=shape, rotation=0)
    sizes, ends_s, first_s = [], [0.0], 0.0
    for output in encode_video(Source.of(source), facts, recipe, caps_for("mp4", MAX_BYTES, 600.0, 4.0)):
        first_s = first_s or time.perf_counter() - began
        sizes.append(output.media.size_bytes())
        assert output.span is not None
        ends_s.append(output.span.end_s)
    used = resource.getrusage(resource.RUSAGE_SELF)
    took = {"s": time.perf_counter() - began, "cpu_s": used.ru_utime + used.ru_stime, "first_s": first_s}
    made = {"bytes": sum(sizes), "fullest": max(sizes) / MAX_BYTES, "clips": len(sizes)}
    return {**took, **made, "first_share": ends_s[1] / ends_s[-1], "peak_mb": used.ru_maxrss / 1_024}


def in_a_process(source: Path) -> dict[str, float]:
    done = subprocess.run([sys.executable, __file__, "--ours", source], check=True, capture_output=True)
    return dict(json.loads(done.stdout))


def command(arguments: list[str | Path], out: Path | None = None) -> dict[str, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*QUIET, *arguments], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"s": time.perf_counter() - began, "cpu_s": cpu_s, "bytes": out.stat().st_size if out else 0}


def main(runs: int, *, is_long: bool) -> None:
    source, out = looped(piece(), TIMES), FOLDER / "out.mp4"
    ways = {
        "ours": lambda: in_a_process(source),
        "ffmpeg": lambda: command(["-i", source, "-vf", FILTERS, *SETTINGS, out], out),
        "decoding alone": lambda: command(["-i", source, "-f", "null", "-"]),
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            found[name].append(way())
    median = {
        name: {key: statistics.median(each[key] for each in taken) for key in taken[0]} for name, taken in found.items()
    }
    for name, each in median.items():
        speed = PIECE_S * TIMES / each["s"]
        print(f"{name:15} {each['s']:6.1f} s, {speed:5.2f} x real time, {each['cpu_s']:6.1f} s of processor", end="")
        print(f", {each['bytes']:,.0f} bytes" if each["bytes"] else "")
    ratios = [b["s"] / a["s"] for a, b in zip(found["ours"], found["ffmpeg"], strict=True)]
    print(f"ours / ffmpeg: {statistics.median(ratios):.2f} by pairs ({min(ratios):.2f} to {max(ratios):.2f}), ", end="")
    print(f"{median['ffmpeg']['cpu_s'] / median['ours']['cpu_s']:.2f} by processor time; on {os.cpu_count()} cores")
    if is_long:
        for name, film in (("film", looped(piece(), LONG_TIMES)), ("talk", TALK)):
            each = in_a_process(film)
            share = each["first_s"] / each["s"]
            print(f"25 minutes of {name}: {each['s']:.0f} s, first clip after {each['first_s']:.1f} s, ", end="")
            print(f"{share:.0%} of the", end="")
            print(f" whole, for {each['first_share']:.0%} of the film; {each['clips']:.0f} clips, the fullest ", end="")
            print(f"{each['fullest']:.1%} of the bytes; {each['peak_mb']:.0f} MB at most")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ours"]:
        print(json.dumps(ours(Path(sys.argv[2]))))
    else:
        numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
        main(numbers[0] if numbers else 5, is_long="--long" in sys.argv)
