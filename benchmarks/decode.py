"""How long `preflight check --decode` takes beside the ffmpeg command line: `python benchmarks/decode.py [ROUNDS]`.

100 seconds of moving 720p with sound, in H.264 and AAC; whole processes, alternately; medians.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
SECONDS = 100
PROGRAM = shutil.which("preflight", path=str(Path(sys.executable).parent)) or "preflight"
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def seconds(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        film = str(Path(folder, "film.mp4"))
        picture = f"testsrc2=size=1280x720:rate=30:duration={SECONDS},noise=alls=12:allf=t"
        sound = f"sine=frequency=440:duration={SECONDS}"
        subprocess.run(
            [
                *(FFMPEG, "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound),
                *("-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-pix_fmt", "yuv420p", "-c:a", "aac", film),
            ],
            check=True,
        )
        check = (PROGRAM, "check", "--decode", film)
        commands = {
            "preflight check --decode": check,
            "ffmpeg -v error -f null": (FFMPEG, "-nostdin", "-v", "error", "-i", film, "-f", "null", "-"),
            "preflight check": tuple(part for part in check if part != "--decode"),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                times[name].append(seconds(*command))
        print(f"{Path(film).stat().st_size / 1e6:.0f} MB, medians of {ROUNDS}")
        for name, each in times.items():
            median = statistics.median(each)
            print(
                f"{name:26} {median:6.2f} s {SECONDS / median:6.1f} x realtime   ({min(each):.2f} to {max(each):.2f})"
            )


if __name__ == "__main__":
    main()
