"""Memory and time of uploads: ``python benchmarks/uploads.py [BYTES HOW]...``, by default 200 MB whole and 300 MB in
chunks, as each is the most or more than the most that a form may hold.

Against the emulator on loopback, which writes to disk what it gets; sender and emulator are processes of their own.
Peaks are of VmHWM, above what the process had before the upload. Bound: 8 MiB for the sender, 32 MiB for the emulator.
"""

import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1024 * 1024
ASKED = [(200_000_000, "whole"), (300_000_000, "chunks")]


def wave(path: Path, size: int) -> None:
    """5 s of silence, and behind them so many bytes of a chunk that nobody reads: a valid WAV of any size."""
    sound = bytes(2 * 5 * 44_100)
    head = (
        b"RIFF" + struct.pack("<I", size - 8) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 44_100, 88_200, 2, 16)
    )
    head += b"data" + struct.pack("<I", len(sound)) + sound
    with path.open("wb") as file:
        file.write(head + b"junk" + struct.pack("<I", size - len(head) - 8))
        file.truncate(size)


def peak_bytes() -> int:
    """Not `ru_maxrss`, which starts with what the process that started this one had."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def send(url: str, path: Path, how: str) -> None:
    """What the process that is measured does."""
    from preflight.media import Fidelity, Media, Source, Span
    from preflight.payload import Payload, media_body
    from preflight.submitter import AssetRoute, Client
    from preflight.submitter.polling import Pace

    media = Media(source=Source.of(path), size_bytes=path.stat().st_size)
    payload = Payload(
        source=path.name,
        input_type="audio",
        fragments=media_body("marengo3.0", "audio", media),
        span=Span(0.0, 5.0),
        offset=None,
        fidelity=Fidelity.IDENTICAL,
        steps=(),
    )
    with Client("any-key", base_url=url) as client:
        most = 200_000_000 if how == "whole" else 1
        pace = Pace(first_s=0.05, deadline_s=600)
        route = AssetRoute(client, through=client, direct_most_bytes=most, pace=pace)
        client.request("GET", "/v1.3/assets")  # what a connection takes is no part of it
        before, began = peak_bytes(), time.perf_counter()
        route.embed(payload)
        print(time.perf_counter() - began, peak_bytes() - before)


def main() -> None:
    from preflight.emulator import LocalServer

    given = sys.argv[1:]
    asked = [(int(size), how) for size, how in zip(given[::2], given[1::2], strict=True)] or ASKED
    with tempfile.TemporaryDirectory() as folder, LocalServer() as server:
        small = Path(folder) / "small.wav"
        wave(small, 1_000_000)
        subprocess.run(
            [sys.executable, __file__, "--send", server.url, small, "whole"], check=True, stdout=subprocess.DEVNULL
        )
        for size, how in asked:
            path = Path(folder) / f"{how}.wav"
            wave(path, size)
            before = peak_bytes()
            command = [sys.executable, __file__, "--send", server.url, str(path), how]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            seconds, taken = map(float, done.stdout.split())
            kept = peak_bytes() - before
            told = f"sender +{taken / MIB:.1f} MiB, emulator +{kept / MIB:.1f} MiB"
            print(f"{size:>13,} bytes, {how:6}: {seconds:5.2f} s, {told}")
            path.unlink()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--send"]:
        send(sys.argv[2], Path(sys.argv[3]), sys.argv[4])
    else:
        main()
