"""Half an hour of MP3 as clips of 16 kHz mono WAV, beside the ffmpeg program: ``python benchmarks/audio.py [RUNS]``.

Both as whole processes, in turn, so that a noisy machine is as noisy for each; medians. Ours probes first, cuts evenly
under 600 s and 27,000,000 bytes, and verifies nothing; ffmpeg is told where to cut. Bound: 1.25 times.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 7
FOLDER = Path(tempfile.gettempdir()) / "preflight-benchmarks"
SOURCE = FOLDER / "half_an_hour.mp3"
SECONDS, RATE = 1_800, 16_000


def source() -> Path:
    """Pink noise on one side and a beeping tone on the other, 44.1 kHz, 128 kbit/s: made once."""
    if not SOURCE.exists():
        FOLDER.mkdir(exist_ok=True)
        noise = f"anoisesrc=color=pink:amplitude=0.3:duration={SECONDS}:sample_rate=44100:seed=1"
        tone = f"sine=frequency=330:beep_factor=3:duration={SECONDS}:sample_rate=44100"
        made = FOLDER / "making.mp3"
        command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", noise, "-f", "lavfi", "-i", tone]
        command += ["-filter_complex", "[0][1]amerge=inputs=2", "-c:a", "libmp3lame", "-b:a", "128k", str(made)]
        subprocess.run(command, check=True)
        made.rename(SOURCE)
    return SOURCE


def convert(path: Path, folder: Path) -> None:
    """What the process that is measured does."""
    from preflight.limits import load
    from preflight.media import AudioFacts, Fidelity, Source, Span
    from preflight.planner import EncodeAudio, Plan, PlannedOutput
    from preflight.probers import probe
    from preflight.transformers import transform

    facts = probe(Source.of(path))
    assert isinstance(facts, AudioFacts)
    assert facts.duration_s is not None
    clips = -(-facts.duration_s // 599)
    spans = [Span(facts.duration_s * i / clips, facts.duration_s * (i + 1) / clips) for i in range(int(clips))]
    plan = Plan(
        source=str(path),
        input_type="audio",
        fidelity=Fidelity.TRANSCODED,
        recipe=EncodeAudio(container="wav", sample_rate=RATE, channels=1),
        why=(),
        steps=(),
        outputs=tuple(PlannedOutput(span=span, media_bytes=None) for span in spans),
    )
    for index, output in enumerate(transform(Source.of(path), facts, plan, load("marengo3.0"))):
        (folder / f"{index:03}.wav").write_bytes(output.media.read())


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds, and megabytes at most."""
    began = time.perf_counter()
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *command], check=True, stderr=subprocess.PIPE, text=True)
    return time.perf_counter() - began, int(done.stderr.split()[-1]) / 1_024


def main() -> None:
    path = source()
    program = shutil.which("ffmpeg")
    assert program is not None
    taken: dict[str, list[float]] = {"ffmpeg": [], "preflight": []}
    memory: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        plain = ["-i", str(path), "-ar", str(RATE), "-ac", "1", "-f", "segment", "-segment_time", "599"]
        commands = {
            "ffmpeg": [program, "-v", "error", "-y", *plain, f"{folder}/out%03d.wav"],
            "preflight": [sys.executable, __file__, "once", str(path), folder],
        }
        for turn in range(RUNS + 1):
            for name, command in commands.items():
                seconds, megabytes = measured(command)
                if turn:  # the first fills the caches
                    taken[name].append(seconds)
                    memory[name] = max(memory.get(name, 0.0), megabytes)
    for name, each in taken.items():
        median = statistics.median(each)
        times = f"{median:5.2f} s  (min {min(each):.2f}, max {max(each):.2f}), {SECONDS / median:,.0f} times real time"
        print(f"{name:10} {times}, peak {memory[name]:.0f} MB")
    pairs = [ours / theirs for ours, theirs in zip(taken["preflight"], taken["ffmpeg"], strict=True)]
    ratio = statistics.median(taken["preflight"]) / statistics.median(taken["ffmpeg"])
    print(f"ratio of medians {ratio:.2f} (of pairs: {min(pairs):.2f} to {max(pairs):.2f}); bound 1.25")


if __name__ == "__main__":
    if sys.argv[1:2] == ["once"]:
        convert(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
