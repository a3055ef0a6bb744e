"""Runs over many inputs: ``python benchmarks/runs.py memory|idle [--workers N]``.

``memory``: peak memory of this process (the service is another one) after 100 and after 10,000 texts, with a journal
and without; the inputs are made one by one as they are read. It should be flat.

``idle``: share of the wall time in which the service has no request before it, over 20 mixed inputs (texts, images,
sounds, short videos that must be encoded), where it answers after 2 s. As the service sees it: from the moment that a
request's headers arrived to the moment that its answer was sent. Beside it, one input after the other with
``Preflight.embed``, and how long the encodes alone take, which nothing can hide where they come last.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

ANSWER = json.dumps({"data": [{"embedding": [0.25] * 512}]}).encode()
DELAY_S = 2.0
TEXTS = (100, 10_000)


async def _serve(delay_s: float) -> None:
    """As little of an HTTP server as there can be: it is not to be measured. Prints its port; intervals at the end."""
    intervals: list[tuple[float, float]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            began = time.monotonic()
            length = next(int(h[15:]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:"))
            while length:
                length -= len(await reader.read(min(length, 1 << 20)))
            await asyncio.sleep(delay_s)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER))
            await writer.drain()
            intervals.append((began, time.monotonic()))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    print(json.dumps(intervals), flush=True)
    server.close()


class Service:
    """That server in a process of its own."""

    def __init__(self, delay_s: float) -> None:
        call = [sys.executable, __file__, "serve", str(delay_s)]
        self._process = subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"

    def intervals(self) -> list[tuple[float, float]]:
        told, _ = self._process.communicate("\n")
        return sorted(tuple(each) for each in json.loads(told))


def _texts(count: int) -> Iterator[object]:
    from preflight import Text

    return (Text(f"This is text {n}, and none is like it.", name=f"text {n}") for n in range(count))


def _peak_of(count: int, journal: str) -> None:
    """In a process of its own: prints its peak memory in bytes and the seconds that it took."""
    from preflight.pipeline import Preflight
    from preflight.runs import Run
    from preflight.submitter import Client
    from preflight.submitter.journal import Journal

    service = Service(0.0)
    began = time.monotonic()
    with Client("any", base_url=service.url) as client:
        kept = Journal(journal) if journal else None
        with Run(Preflight(), client, _texts(count), journal=kept, workers=8) as run:
            assert sum(len(result.outcome) for result in run) == count
        if kept is not None:
            kept.close()
    took_s = time.monotonic() - began
    service.intervals()
    print(json.dumps([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, took_s]))


def memory() -> None:
    for journal in (False, True):
        for count in TEXTS:
            with tempfile.TemporaryDirectory() as folder:
                call = [sys.executable, __file__, "peak", str(count), f"{folder}/run.db" if journal else ""]
                done = subprocess.run(call, capture_output=True, text=True, check=True)
            peak, took_s = json.loads(done.stdout)
            name = "with a journal" if journal else "without"
            print(f"{name:16} {count:6} texts: peak {peak / 1e6:6.1f} MB, {count / took_s:6.0f} requests a second")


def _mixed(folder: Path) -> list[Path]:
    """20: eight texts, six images, three sounds, three videos that must be encoded; in turn."""
    from preflight.testing import catalogue

    texts = [folder / f"{n}.txt" for n in range(8)]
    for number, path in enumerate(texts):
        path.write_text(f"This is text {number}.\n")
    names = ["image/square_128", "image/gray_jpeg", "image/tiff_lzw", "image/square_127", "image/png_gray"]
    images = [catalogue.case(name).path for name in [*names, "image/width_129"]]
    samples = Path(__file__).resolve().parents[1] / "sample_media"
    sounds = [samples / name for name in ("field_recording.wav", "message.opus", "voice_memo.m4a")]
    videos = [samples / "small_240x180.mp4", samples / "phone_portrait.mp4", samples / "screen_recording.mp4"]
    left = [texts, images, sounds, videos]
    mixed: list[Path] = []
    while any(left):
        mixed += [kind.pop() for kind in left if kind]
    return mixed


def _idle(intervals: list[tuple[float, float]], began: float, ended: float) -> float:
    """Share of the time between in which none of them is."""
    busy, until = 0.0, began
    for start, end in intervals:
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return 1 - busy / (ended - began)


def idle(workers: int) -> None:
    from preflight.pipeline import Preflight
    from preflight.runs import Run
    from preflight.submitter import Client
    from preflight.submitter.journal import Journal

    with tempfile.TemporaryDirectory() as folder:
        inputs = _mixed(Path(folder))
        preflight = Preflight()
        began = time.monotonic()
        for path in inputs:
            for _ in preflight.prepare(path):
                pass
        print(f"to make all requests, one input after the other: {time.monotonic() - began:.1f} s")
        for name in ("one after the other", f"a run, {workers} uploads at once", "a run with a journal"):
            service = Service(DELAY_S)
            journal = f"{folder}/run.db" if "journal" in name else None
            with Client("any", base_url=service.url) as client:
                began = time.monotonic()
                if name.startswith("one"):
                    for path in inputs:
                        preflight.embed(path, client)
                else:
                    with ExitStack() as stack:
                        kept = stack.enter_context(Journal(journal)) if journal is not None else None
                        run = stack.enter_context(Run(preflight, client, inputs, journal=kept, workers=workers))
                        assert len(list(run)) == len(inputs)
                ended = time.monotonic()
            intervals = service.intervals()
            share = _idle(intervals, began, ended)
            print(f"{name:28} {ended - began:5.1f} s, {len(intervals)} requests, network idle {share:.1%}")


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(_serve(float(sys.argv[2])))
        return
    if sys.argv[1:2] == ["peak"]:
        _peak_of(int(sys.argv[2]), sys.argv[3])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["memory", "idle"])
    parser.add_argument("--workers", type=int, default=4)
    arguments = parser.parse_args()
    if arguments.what == "memory":
        memory()
    else:
        idle(arguments.workers)


if __name__ == "__main__":
    main()
