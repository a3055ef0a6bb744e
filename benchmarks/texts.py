"""Texts through the emulator: requests a second, and how far each client is from what the emulator takes.

    python benchmarks/texts.py [TEXTS] [ROUNDS]

10,000 short texts by 8 threads or 8 tasks, in turns with the leanest client that there can be: 8 connections, one
thread each, that write bytes made beforehand and read until an answer is whole. That is the emulator's ceiling on this
machine, where it shares the processors with the client. Then the same against a server that answers without looking,
which shows what a request costs the client itself. Server and client are processes of their own. Linux only.
"""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

AT_ONCE = 8


def words(n: int) -> str:
    return f"a man with hat number {n} walks his dog along the river"


@contextmanager
def emulator() -> Iterator[str]:
    program = "from preflight.cli import main; main()"
    command = [sys.executable, "-c", program, "emulate", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())[0]
        finally:
            process.send_signal(signal.SIGINT)


@contextmanager
def looks_at_nothing() -> Iterator[str]:
    script = Path(__file__).with_name("inline_uploads.py")
    with subprocess.Popen([sys.executable, script, "--serve"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def payload_of(n: int) -> object:
    from preflight.media import Fidelity
    from preflight.payload import Payload, text_body

    return Payload(
        source=f"<text {n}>",
        input_type="text",
        fragments=text_body("marengo3.0", words(n)),
        span=None,
        offset=0,
        fidelity=Fidelity.IDENTICAL,
        steps=(),
    )


def raw(url: str, texts: int) -> float:
    port = int(url.rpartition(":")[2])
    head = b"POST /v1.3/embed-v2 HTTP/1.1\r\nhost: a\r\nx-api-key: k\r\ncontent-type: application/json\r\n"
    bodies = [b"".join(payload_of(n).chunks()) for n in range(texts)]
    requests = [head + b"content-length: %d\r\n\r\n" % len(body) + body for body in bodies]

    def send(part: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            for request in requests[part::AT_ONCE]:
                line.sendall(request)
                got = line.recv(65_536)
                while b"\r\n\r\n" not in got:
                    got += line.recv(65_536)
                header, _, body = got.partition(b"\r\n\r\n")
                left = int(re.search(rb"content-length: *(\d+)", header, re.IGNORECASE)[1]) - len(body)
                while left:
                    left -= len(line.recv(left))
                assert b" 200 " in header[:16]

    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send, range(AT_ONCE)))
    return time.perf_counter() - began


def threads(url: str, texts: int) -> float:
    from preflight.submitter import Client

    with Client("k", base_url=url) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(client.embed, [payload_of(0)] * AT_ONCE))
        payloads = [payload_of(n) for n in range(texts)]
        began = time.perf_counter()
        for embedded in pool.map(client.embed, payloads):
            assert embedded.vectors.shape == (1, 512)
        return time.perf_counter() - began


def event_loop(url: str, texts: int) -> float:
    from preflight.submitter import AsyncClient

    async def run() -> float:
        async with AsyncClient("k", base_url=url, max_concurrency=AT_ONCE) as client:
            await asyncio.gather(*(client.embed(payload_of(0)) for _ in range(AT_ONCE)))
            payloads = [payload_of(n) for n in range(texts)]

            async def send(part: int) -> None:
                for payload in payloads[part::AT_ONCE]:
                    assert (await client.embed(payload)).vectors.shape == (1, 512)

            began = time.perf_counter()
            await asyncio.gather(*map(send, range(AT_ONCE)))
            return time.perf_counter() - began

    return asyncio.run(run())


WAYS: dict[str, Callable[[str, int], float]] = {"raw": raw, "threads": threads, "event loop": event_loop}


def measured(way: str, url: str, texts: int) -> tuple[float, float]:
    """Seconds of wall, and of the client's processor."""
    command = [sys.executable, __file__, "--send", way, url, str(texts)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    wall_s, cpu_s = map(float, done.stdout.split())
    return wall_s, cpu_s


def send(way: str, url: str, texts: int) -> None:
    WAYS["raw"](url, 1)  # what is loaded with the first request is no part of it
    before_s = time.process_time()
    wall_s = WAYS[way](url, texts)
    print(wall_s, time.process_time() - before_s)


def main() -> None:
    texts = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3  # noqa: PLR2004 (arguments)
    for server in (emulator, looks_at_nothing):
        with server() as url:
            results: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
            for _ in range(rounds):
                for way in WAYS:
                    results[way].append(measured(way, url, texts))
        print(server.__name__)
        ceiling_s = median(wall_s for wall_s, _ in results["raw"])
        for way, each in results.items():
            wall_s, cpu_s = (median(column) for column in zip(*each, strict=True))
            told = f"{cpu_s * 1e6 / texts:5.0f} us of its CPU each, {ceiling_s / wall_s:4.0%} of the ceiling"
            print(f"  {way:10} {texts / wall_s:6.0f} requests a second, {told}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--send", way, url, texts]:
            send(way, url, int(texts))
        case _:
            main()
