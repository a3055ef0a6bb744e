"""How much the emulator takes: it is the ceiling of every benchmark of a client against it.

    python benchmarks/emulator.py [TEXTS] [BODIES]

Tiny texts over 1 and 8 kept connections, by clients that do nothing but write and read; then BODIES of 36 MB (a WAV of
600 s) at once, first with only 4 s of each asked for, so that taking them is what is measured, then whole. Linux
only: the server's processor time and its highest memory are read from /proc.
"""

from __future__ import annotations

import base64
import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import wave
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SAMPLE_RATE = 22_050


@contextmanager
def emulator() -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    program = "from preflight.cli import main; main()"
    command = [sys.executable, "-c", program, "emulate", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        found = re.search(r"127\.0\.0\.1:(\d+)", process.stderr.readline())
        try:
            yield int(found[1]), process.pid
        finally:
            process.send_signal(signal.SIGINT)


def post(body: bytes, *more: bytes) -> list[bytes]:
    """The parts of a request."""
    head = b"POST /v1.3/embed-v2 HTTP/1.1\r\nHost: a\r\nx-api-key: k\r\ncontent-type: application/json\r\n"
    size = len(body) + sum(map(len, more))
    return [head + b"content-length: %d\r\n\r\n" % size + body, *more]


def ask(port: int, requests: Iterator[list[bytes]]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rb") as answers:
        for parts in requests:
            for part in parts:
                line.sendall(part)
            status, length = answers.readline(), 0
            while (header := answers.readline()) != b"\r\n":
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            answer = answers.read(length)
            if b" 200 " not in status:
                sys.exit(f"refused: {answer[:300]!r}")


def at_once(port: int, count: int, requests: Callable[[int], Iterator[list[bytes]]]) -> float:
    """Seconds that so many connections took."""
    threads = [threading.Thread(target=ask, args=(port, requests(n))) for n in range(count)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def text(n: int) -> list[bytes]:
    return post(b'{"input_type":"text","model_name":"marengo3.0","text":{"input_text":"man number %d walks"}}' % n)


def song() -> bytes:
    rng = np.random.default_rng(0)
    t = np.arange(600 * SAMPLE_RATE) / SAMPLE_RATE
    sound = 0.3 * np.sin(2 * np.pi * (220 + 50 * np.sin(t)) * t) + 0.05 * rng.standard_normal(t.size)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes((sound * 32767).clip(-32768, 32767).astype("<i2").tobytes())
    return file.getvalue()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1000


def main() -> None:
    texts = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    bodies = int(sys.argv[2]) if len(sys.argv) > 2 else 8  # noqa: PLR2004 (arguments)
    with emulator() as (port, pid):
        ask(port, iter([text(0)]))  # which loads the tokenizer
        for connections in (1, 8):
            before_s = cpu_s(pid)
            share = texts // connections
            took_s = at_once(port, connections, lambda n: (text(n * share + i) for i in range(share)))  # noqa: B023
            each_ms = 1000 * (cpu_s(pid) - before_s) / texts
            rate = f"{texts / took_s:.0f} a second, {each_ms:.2f} ms of CPU each"
            print(f"{texts} texts, {connections} connections: {rate}")
    head = b'{"input_type":"audio","model_name":"marengo3.0","audio":{"media_source":{"base64_string":"'
    encoded = base64.b64encode(song())
    for window, ending in (("4 s", b'"},"end_sec":4}}'), ("all", b'"}}}')):
        body = post(head, encoded, ending)
        with emulator() as (port, pid):
            ask(port, iter([text(0)]))
            idle_mb = peak_mb(pid)
            for count in (1, bodies):
                before_s = cpu_s(pid)
                took_s = at_once(port, count, lambda _n: iter([body]))  # noqa: B023
                print(
                    f"{count} bodies of {len(encoded) / 1e6:.1f} MB at once, {window} of each: {took_s:.2f} s, "
                    f"{cpu_s(pid) - before_s:.2f} s of CPU, {peak_mb(pid) - idle_mb:.0f} MB above {idle_mb:.0f} MB"
                )


if __name__ == "__main__":
    main()
