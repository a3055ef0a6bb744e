"""Small files that would take all memory, or minutes: known by their headers, in milliseconds, and never decoded."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

import preflight
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

_PEAK = """
import json, pathlib, sys, time
import preflight

def peak():  # not getrusage, which begins at what the process had that started this one
    return int(pathlib.Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024

preflight.check(sys.argv[1])  # what is imported once
"""
_MEASURED = """
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


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")


@on_linux
def test_bombs_are_refused_in_milliseconds_and_next_to_no_memory() -> None:
    paths = [str(catalogue.case(name).path) for name in BOMBS]
    warm = str(catalogue.case("image/webp_lossy").path)
    done = subprocess.run([sys.executable, "-c", _PEAK + _MEASURED, warm, *paths], capture_output=True, check=True)
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


GIF = b"GIF89a" + struct.pack("<HHBBB", 9000, 9000, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
FRAME = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"


def test_a_gif_of_many_frames_is_counted_and_not_decoded() -> None:
    facts = probe_image(Source.of(GIF + FRAME * 20_000 + b"\x3b"))
    assert isinstance(facts, ImageFacts)
    assert facts.frames == 20_000


def jpeg() -> bytes:
    return encoded(noise(64, 64), "JPEG")


def png(*before: bytes) -> bytes:
    whole = encoded(noise(64, 64), "PNG")
    return whole[:33] + b"".join(before) + whole[33:]


def webp(**chunks: bytes) -> bytes:
    whole = encoded(noise(64, 64), "WEBP", lossless=True, icc_profile=bytes(200))
    more = b"".join(name.encode() + struct.pack("<I", len(body)) + body for name, body in chunks.items())
    return whole[:4] + struct.pack("<I", len(whole) - 8 + len(more)) + whole[8:] + more


def tiff(strips: int, *more: tuple[int, int, int], data: bytes = b"", size: int = 64) -> bytes:
    """Grey. `more`: tag, type and number of further values, which begin where `data` does, as the picture does."""
    entries = [(256, 4, 1), (257, 4, 1), (258, 3, 1), (259, 3, 1), (262, 3, 1), (273, 4, strips), (277, 3, 1)]
    entries += [(278, 4, 1), (279, 4, strips), *more]
    values = {256: size, 257: size, 258: 8, 259: 1, 262: 1, 277: 1, 278: size if strips == 1 else 1, 279: size * size}
    end = 10 + 12 * len(entries) + 4
    table = b"".join(
        struct.pack("<HHII", tag, kind, many, values.get(tag, end) if many == 1 else end) for tag, kind, many in entries
    )
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4) + data


MEGABYTE = 1_000_000
ENDLESS = {
    "JPEG of fill bytes": lambda: jpeg()[:2] + b"\xff" * 12 * MEGABYTE + jpeg()[2:],
    "JPEG of starts": lambda: b"\xff\xd8" * 12 * MEGABYTE,
    "JPEG of empty comments": lambda: jpeg()[:2] + b"\xff\xfe\0\2" * 4 * MEGABYTE + jpeg()[2:],
    "JPEG of 60 MB of profile": lambda: jpeg()[:2] + (b"\xff\xe2\xff\xff" + bytes(65_533)) * 960 + jpeg()[2:],
    "PNG of empty chunks": lambda: png(chunk(b"abCd", b"") * 2 * MEGABYTE),
    "PNG of 60 MB of EXIF": lambda: png(chunk(b"eXIf", b"MM\0*" + bytes(60 * MEGABYTE))),
    "GIF of empty blocks": lambda: GIF + bytes(40 * MEGABYTE) + FRAME + b"\x3b",
    "PPM of a comment": lambda: b"P6\n#" + b"c" * 12 * MEGABYTE + b"\n64 64 255\n" + bytes(64 * 64 * 3),
    "PSD of empty resources": lambda: (
        b"8BPS\0\1"
        + bytes(6)
        + struct.pack(">HIIHHII", 3, 64, 64, 8, 3, 0, 12 * MEGABYTE)
        + b"8BIM\4\4"
        + bytes(6) * 2 * MEGABYTE
    ),
    "TIFF of a million strips": lambda: tiff(MEGABYTE, data=bytes(4 * MEGABYTE)),
    "TIFF of 60 MB of profile": lambda: tiff(1, (34675, 7, 60 * MEGABYTE), data=bytes(60 * MEGABYTE)),
    "WebP of 60 MB of EXIF": lambda: webp(EXIF=bytes(60 * MEGABYTE)),
    "ICNS of empty parts": lambda: b"icns" + struct.pack(">I", 8 + 16 * MEGABYTE) + b"abcd\0\0\0\x08" * 2 * MEGABYTE,
}
BUSY = {
    "PNG of 60 MB of text": lambda: png(chunk(b"tEXt", b"a\0" + b"b" * 60 * MEGABYTE)),
    "PNG of 60 MB of XMP": lambda: png(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"b" * 60 * MEGABYTE)),
    "PNG of a packed profile": lambda: png(chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200 * MEGABYTE)))),
    "PNG of texts that end in damage": lambda: png(
        chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(MEGABYTE))[:-4]) * 9_000
    ),
    "GIF of frames": lambda: GIF + FRAME * 2 * MEGABYTE + b"\x3b",
    "GIF of empty blocks behind a frame": lambda: GIF + FRAME + bytes(40 * MEGABYTE) + FRAME + b"\x3b",
    "GIF of comments": lambda: GIF + FRAME + b"\x21\xfe" + (b"\xff" + b"c" * 255) * 200_000 + b"\0" + FRAME + b"\x3b",
    "TIFF of 60 MB of layers": lambda: tiff(1, (37724, 7, 60 * MEGABYTE), data=bytes(60 * MEGABYTE)),
}
MOST_CPU_S = 3.0
"""On any machine; most take half a second."""

_TAKEN = """
before, start = peak(), time.process_time()
report = preflight.check(sys.argv[2], kind="image")
print(json.dumps([[f.code for f in report.errors], time.process_time() - start, peak() - before]))
"""


@on_linux
@pytest.mark.parametrize("kind", [*ENDLESS, *BUSY])
def test_a_header_costs_no_more_than_a_real_one_could(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile"
    path.write_bytes((ENDLESS | BUSY)[kind]())
    warm = str(catalogue.case("image/webp_lossy").path)
    done = subprocess.run([sys.executable, "-c", _PEAK + _TAKEN, warm, str(path)], capture_output=True, check=True)
    codes, took_s, grown_mb = json.loads(done.stdout)
    assert took_s < MOST_CPU_S
    assert grown_mb < MOST_MB
    assert ("image_file_broken" in codes) == (kind in ENDLESS)


@pytest.mark.parametrize("kind", ["JPEG of fill bytes", "JPEG of starts"])
def test_what_begins_as_a_jpeg_is_no_text(kind: str) -> None:
    assert [finding.code for finding in preflight.check(ENDLESS[kind]()).errors] == ["image_file_broken"]


def test_a_jpeg_is_looked_through_for_its_end_up_to_256_mib(tmp_path: Path) -> None:
    path = tmp_path / "endless.jpg"
    with path.open("wb") as file:
        file.write(jpeg()[:-2])
        file.truncate(20 << 30)
        file.seek(0, 2)
        file.write(b"\xff\xd9")
    start = time.process_time()
    assert "image_file_broken" in [finding.code for finding in preflight.check(path).errors]
    assert time.process_time() - start < MOST_CPU_S


def test_layers_in_a_tiff_change_nothing() -> None:
    picture = bytes(range(256)) * 16
    plain = tiff(1, data=picture)
    layered = tiff(1, (37724, 7, 2 * MEGABYTE), data=picture + bytes(2 * MEGABYTE))
    (from_plain,), (from_layered,) = preflight.prepare(plain), preflight.prepare(layered)
    assert from_plain.media[0].source.read() == from_layered.media[0].source.read()
    assert from_layered.span is None
