"""Eight requests of 36 MB at once: how long they take, and how much memory the process that sends them needs.

    python benchmarks/inline_uploads.py [PYTHON] [ROUNDS]

Ours with threads and with an event loop, against httpx2's `json=`, which builds each body whole, and against the
official SDK, where PYTHON is an interpreter that has `twelvelabs` (in an environment of its own). Each is a process of
its own in each round, in turn; after a small request, which is not counted: connections and imports are no part of it.

The server is on loopback, in a process of its own, too. It reads and drops and answers, and makes the kernel drop the
bytes without copying them: "floor" is the same 288 MB written to it from one buffer. Linux only (/proc, MSG_TRUNC).
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from statistics import median

AT_ONCE, FILE_BYTES = 8, 27_000_000
READ_BYTES = 1024 * 1024
ANSWER = json.dumps({"data": [{"embedding": [0.5] * 512, "start_sec": 0, "end_sec": 4}]}).encode()


def serve() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def answer(line: socket.socket) -> None:
    dropped = bytearray(READ_BYTES)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER)
    with line, suppress(OSError):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while got := line.recv(65_536):
            while b"\r\n\r\n" not in got:
                got += line.recv(65_536)
            header, _, body = got.partition(b"\r\n\r\n")
            left = int(re.search(rb"content-length: *(\d+)", header, re.IGNORECASE)[1]) - len(body)
            while left:
                left -= line.recv_into(dropped, min(left, READ_BYTES), socket.MSG_TRUNC)
            line.sendall(head + ANSWER)


def in_threads(send: Callable[[Path], object], paths: list[Path]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send, paths))


def payload_of(path: Path) -> object:
    from preflight.media import Fidelity, Media, Source, Span
    from preflight.payload import Payload, media_body

    media = Media(Source.of(path), path.stat().st_size)
    return Payload(
        source=path.name,
        input_type="audio",
        fragments=media_body("marengo3.0", "audio", media),
        span=Span(0.0, 4.0),
        offset=None,
        fidelity=Fidelity.IDENTICAL,
        steps=(),
    )


def ours(url: str, small: Path, paths: list[Path]) -> float:
    from preflight.submitter import Client

    with Client("k", base_url=url) as client:
        in_threads(lambda path: client.embed(payload_of(path)), [small] * AT_ONCE)
        began = time.perf_counter()
        in_threads(lambda path: client.embed(payload_of(path)), paths)
        return time.perf_counter() - began


def ours_async(url: str, small: Path, paths: list[Path]) -> float:
    from preflight.submitter import AsyncClient

    async def run() -> float:
        async with AsyncClient("k", base_url=url) as client:
            await asyncio.gather(*(client.embed(payload_of(small)) for _ in paths))
            began = time.perf_counter()
            await asyncio.gather(*(client.embed(payload_of(path)) for path in paths))
            return time.perf_counter() - began

    return asyncio.run(run())


def whole(url: str, small: Path, paths: list[Path]) -> float:
    import httpx2

    def send(path: Path) -> None:
        text = base64.b64encode(path.read_bytes()).decode()
        media = {"media_source": {"base64_string": text}}
        request = {"input_type": "audio", "model_name": "marengo3.0", "audio": media}
        client.post(url + "/v1.3/embed-v2", json=request).raise_for_status()

    with httpx2.Client(timeout=600) as client:
        in_threads(send, [small] * AT_ONCE)
        began = time.perf_counter()
        in_threads(send, paths)
        return time.perf_counter() - began


def sdk(url: str, small: Path, paths: list[Path]) -> float:
    from twelvelabs import AudioInputRequest, MediaSource, TwelveLabs

    def send(path: Path) -> None:
        media = MediaSource(base_64_string=base64.b64encode(path.read_bytes()).decode())
        client.embed.v_2.create(
            input_type="audio", model_name="marengo3.0", audio=AudioInputRequest(media_source=media)
        )

    client = TwelveLabs(api_key="k", base_url=url + "/v1.3")
    in_threads(send, [small] * AT_ONCE)
    began = time.perf_counter()
    in_threads(send, paths)
    return time.perf_counter() - began


def floor(url: str, _small: Path, paths: list[Path]) -> float:
    """Nothing is read, encoded or framed: what loopback and the server take."""
    port = int(url.rpartition(":")[2])
    size = (FILE_BYTES + 2) // 3 * 4
    zeros = memoryview(bytes(READ_BYTES))

    def send(line: socket.socket) -> None:
        line.sendall(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % size)
        for start in range(0, size, READ_BYTES):
            line.sendall(zeros[: min(READ_BYTES, size - start)])
        line.recv(65_536)

    lines = [socket.create_connection(("127.0.0.1", port)) for _ in paths]
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send, lines))
    took_s = time.perf_counter() - began
    for line in lines:
        line.close()
    return took_s


WAYS = {"floor": floor, "threads": ours, "event loop": ours_async, "json=": whole, "SDK": sdk}


def measured(python: str, way: str, *args: str) -> tuple[float, float, float]:
    """Seconds of wall, seconds of processor, MB at the most."""
    command = [python, __file__, "--send", way, *args]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    wall_s, cpu_s, peak_mb = map(float, done.stdout.split())
    return wall_s, cpu_s, peak_mb


def send(way: str, url: str, folder: str) -> None:
    paths = sorted(Path(folder).glob("large*"))
    before_s = time.process_time()
    wall_s = WAYS[way](url, Path(folder) / "small", paths)
    # Not `ru_maxrss`, which starts with what the process that started this one had.
    peak_mb = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024 / 1e6
    print(wall_s, time.process_time() - before_s, peak_mb)


def main() -> None:
    python = sys.argv[1] if len(sys.argv) > 1 else None
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5  # noqa: PLR2004 (arguments)
    ways = [way for way in WAYS if way != "SDK" or python is not None]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "small").write_bytes(b"RIFF")
        sound = bytes(range(256)) * (FILE_BYTES // 256 + 1)
        for n in range(AT_ONCE):
            (Path(folder) / f"large{n}").write_bytes(sound[n : FILE_BYTES + n])
        with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as server:
            url = f"http://127.0.0.1:{int(server.stdout.readline())}"
            results: dict[str, list[tuple[float, float, float]]] = {way: [] for way in ways}
            try:
                for _ in range(rounds):
                    for way in ways:
                        interpreter = python if way == "SDK" else sys.executable
                        results[way].append(measured(interpreter, way, url, folder))
            finally:
                server.terminate()
    for way, each in results.items():
        wall_s, cpu_s, peak_mb = (median(column) for column in zip(*each, strict=True))
        print(f"{way:10} {wall_s:6.2f} s, {cpu_s:5.2f} s of CPU in all, {peak_mb:6.0f} MB at the most")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--serve"]:
            serve()
        case ["--send", way, url, folder]:
            send(way, url, folder)
        case _:
            main()
