"""Small files that would take all memory, or minutes: known by their headers, in milliseconds, and never decoded."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys

import pytest

from preflight.media import ImageFacts, Source
from preflight.probers.image import probe_image
from preflight.probers.image_structure import jpeg_segments
from preflight.testing import catalogue
from preflight.testing.recipes.png import SIGNATURE, chunk
from tests.probers.test_image import encoded, noise

BOMBS = (
    "bad/png_claims_60000",
    "bad/jpeg_claims_65500",
    "bad/webp_claims_16383",
    "bad/gif_claims_65535",
    "image/pixels_178962432",
)
MOST_MS, MOST_MB = 50.0, 50.0
"""On any machine that is not standing still; most take one."""

_MEASURED = """
import json, resource, sys, time
import preflight
preflight.check(sys.argv[1])  # what is imported once
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
rows = []
for path in sys.argv[2:]:
    best = 1e9
    for _ in range(3):
        start = time.perf_counter()
        report = preflight.check(path)
        best = min(best, time.perf_counter() - start)
    rows.append([report.verdict, [f.code for f in report.errors], best * 1e3])
print(json.dumps([rows, peak() - before]))
"""


def test_bombs_are_refused_in_milliseconds_and_next_to_no_memory() -> None:
    pytest.importorskip("resource")
    paths = [str(catalogue.case(name).path) for name in BOMBS]
    warm = str(catalogue.case("image/webp_lossy").path)
    done = subprocess.run([sys.executable, "-c", _MEASURED, warm, *paths], capture_output=True, check=True)
    rows, grown_mb = json.loads(done.stdout)
    for name, (verdict, codes, took_ms) in zip(BOMBS, rows, strict=True):
        assert verdict == "rejected", name
        assert "image_pixels_too_many" in codes, name
        assert took_ms < MOST_MS, name
    assert grown_mb < MOST_MB


def damage_of(data: bytes) -> str | None:
    facts = probe_image(Source.of(data))
    assert isinstance(facts, ImageFacts)
    return facts.damage


def test_a_jpeg_of_a_thousand_scans_is_not_decoded() -> None:
    whole = encoded(noise(64, 64), "JPEG", progressive=True)
    scan = [s for s in jpeg_segments(io.BytesIO(whole)) if s.marker == 0xDA][-1]
    more = whole[scan.start : scan.end]
    assert damage_of(whole[: scan.end] + more * 50 + whole[scan.end :]) is None
    assert "more scans" in str(damage_of(whole[: scan.end] + more * 1000 + whole[scan.end :]))


def test_a_png_of_a_million_parts_is_not_read_to_its_end() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 200, 200, 8, 0, 0, 0, 0))
    parts = chunk(b"IDAT", b"") * 300_000
    assert "more parts" in str(damage_of(SIGNATURE + header + parts + chunk(b"IEND", b"")))


def test_a_gif_of_many_frames_is_counted_and_not_decoded() -> None:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    head = b"GIF89a" + struct.pack("<HHBBB", 9000, 9000, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    facts = probe_image(Source.of(head + frame * 20_000 + b"\x3b"))
    assert isinstance(facts, ImageFacts)
    assert facts.frames == 20_000
