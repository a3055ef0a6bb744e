"""FLAC without decoding: the same samples, under a header and frame numbers that are true of the new file."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.errors import BrokenMediaError
from preflight.media import Fidelity, Source
from preflight.pipeline import Preflight
from preflight.testing.recipes.encoder import program, run
from preflight.transformers import Output
from preflight.transformers.flac import decode_frames, flac_file
from tests.judges import coded_packets, samples, strictest_duration_s
from tests.transformers.test_cut import limited

INFORMATION = bytes.fromhex("0400 0400 000000 000000 0ac442f0 00000000".replace(" ", "")) + bytes(16)


def prepared(source: Path | bytes, preflight: Preflight | None = None) -> list[Output]:
    preflight = preflight or Preflight()
    return [v.output for v in preflight.verified(Source.of(source), preflight.check(source))]


def written(outputs: list[Output], folder: Path) -> list[Path]:
    paths = [folder / f"{index}.flac" for index in range(len(outputs))]
    for path, output in zip(paths, outputs, strict=True):
        path.write_bytes(output.media.read())
    return paths


def complaints(path: Path) -> str:
    """Of the independent FFmpeg, which here compares every checksum and stops at the first that is wrong."""
    strict = ["-xerror", "-err_detect", "crccheck+bitstream+buffer+explode"]
    done = subprocess.run(
        [program(), "-v", "warning", *strict, "-i", str(path), "-f", "null", "-"], capture_output=True, check=False
    )
    return done.stderr.decode(errors="replace").strip()


def stated(path: Path) -> tuple[int, int, int, bytes]:
    """By STREAMINFO: the smallest and the largest frame, samples, MD5."""
    data = path.read_bytes()
    assert data[:4] == b"fLaC"
    assert data[4] in (0x00, 0x80)  # whether another block follows
    assert data[5:8] == b"\0\0\x22"
    packed = int.from_bytes(data[18:26])
    return int.from_bytes(data[12:15]), int.from_bytes(data[15:18]), packed & (1 << 36) - 1, data[26:42]


def digest(path: Path, bits: int = 16) -> bytes:
    """MD5 of the samples, as FLAC has it: little-endian, of all channels."""
    raw = run("-i", str(path), "-c:a", f"pcm_s{bits}le", "-f", f"s{bits}le", "-")
    return hashlib.md5(raw).digest()


REWRAPPED = ["audio/ogg_flac", "audio/mka_flac", "audio/mp4_flac"]


class TestWhole:
    @pytest.mark.parametrize("name", REWRAPPED)
    def test_every_sample_of_24_bits_is_the_same(self, media, name, tmp_path):
        outputs = prepared(media(name))
        (path,) = written(outputs, tmp_path)
        assert outputs[0].fidelity is Fidelity.LOSSLESS
        assert complaints(path) == ""
        assert digest(path, 24) == digest(media(name), 24)
        assert [p.digest for p in coded_packets(path)] == [p.digest for p in coded_packets(media(name))]
        assert strictest_duration_s(path) == 5.0

    @pytest.mark.parametrize("name", REWRAPPED)
    def test_the_header_is_true(self, media, name, tmp_path):
        (path,) = written(prepared(media(name)), tmp_path)
        smallest, largest, count, md5 = stated(path)
        sizes = [p.size for p in coded_packets(path)]
        assert (smallest, largest, count) == (min(sizes), max(sizes), 220_500)
        # Ogg was written as it came, before the checksum was known.
        assert md5 == (bytes(16) if name == "audio/ogg_flac" else digest(path, 24))

    @pytest.mark.parametrize("name", ["audio/flac_claims_an_hour", "audio/size_27000003_flac"])
    def test_what_is_wrong_with_the_header_is_left_behind(self, media, name, tmp_path):
        outputs = prepared(media(name))
        (path,) = written(outputs, tmp_path)
        assert outputs[0].fidelity is Fidelity.LOSSLESS
        assert complaints(path) == ""
        assert path.stat().st_size < 100_000
        assert strictest_duration_s(path) == 5.0
        assert np.array_equal(samples(path, 2), samples(media("audio/flac"), 2))
        assert stated(path)[2] == 220_500
        assert stated(path)[3] in (bytes(16), digest(path))


class TestCut:
    @pytest.mark.parametrize("name", ["audio/flac", *REWRAPPED])
    def test_clips_join_to_the_whole(self, media, name, tmp_path):
        outputs = prepared(media(name), Preflight(limits=limited(2.0)))
        paths = written(outputs, tmp_path)
        assert len(paths) == 4
        assert {o.fidelity for o in outputs} == {Fidelity.LOSSLESS}
        assert np.array_equal(np.concatenate([samples(p, 2) for p in paths]), samples(media(name), 2))
        for output, path in zip(outputs, paths, strict=True):
            assert complaints(path) == ""
            assert coded_packets(path)[0].pts_s == 0.0
            assert stated(path)[2] == len(samples(path, 2))
            assert stated(path)[3] == bytes(16)
            assert strictest_duration_s(path) == pytest.approx(output.span.duration_s, abs=0.02)

    def test_ten_minutes_and_a_little(self, media, tmp_path):
        """Thousands of frames: their numbers take one, two and three bytes."""
        source = media("audio/duration_600_1_flac")
        paths = written(prepared(source), tmp_path)
        assert [complaints(path) for path in paths] == ["", ""]
        assert all(strictest_duration_s(path) <= 600.0 for path in paths)
        assert np.array_equal(np.concatenate([samples(p, 1) for p in paths]), samples(source, 1))

    def test_frames_that_are_numbered_by_their_samples(self, media, tmp_path):
        """As FFmpeg writes none: the frames of one file, told so, with the numbers that go with it."""
        frames = [relabelled(f, i * 1_024) for i, f in enumerate(frames_of(media("audio/flac")))]
        path = tmp_path / "a.flac"
        path.write_bytes(flac_file(INFORMATION, frames))
        assert complaints(path) == ""
        assert np.array_equal(samples(path, 2), samples(media("audio/flac"), 2))
        path.write_bytes(flac_file(INFORMATION, frames[90:]))
        assert complaints(path) == ""
        assert coded_packets(path)[0].pts_s == 0.0
        assert np.array_equal(samples(path, 2), samples(media("audio/flac"), 2)[90 * 1_024 :])


BEHIND = [
    b"TAG" + b"Title".ljust(125, b"\0"),
    b"APETAGEX" + bytes(24) + b"item" * 10 + b"APETAGEX" + bytes(24),
    bytes(3_000_000),
]


class TestDamage:
    def test_a_torn_last_frame_is_left_out(self, media, tmp_path):
        whole = media("audio/flac").read_bytes()
        start = whole.index(b"\xff\xf8", 42)
        for kept in (0.3, 0.5, 0.7):
            outputs = prepared(whole[: start + int((len(whole) - start) * kept)])
            (path,) = written(outputs, tmp_path)
            assert outputs[0].fidelity is Fidelity.LOSSLESS
            assert outputs[0].steps[-1] == "left out the last frame, which is cut off"
            assert complaints(path) == ""
            found = samples(path, 2)
            assert len(found) % 1_024 == 0
            assert np.array_equal(found, samples(media("audio/flac"), 2)[: len(found)])

    def test_a_frame_that_does_not_decode_is_not_copied(self, media):
        data = bytearray(media("audio/flac").read_bytes())
        at = len(data) // 2
        data[at : at + 600] = bytes(range(200)) * 3
        with pytest.raises(BrokenMediaError):
            decode_frames(Source.of(bytes(data)))

    @pytest.mark.parametrize("behind", BEHIND)
    def test_something_behind_the_last_frame_is_neither_sound_nor_damage(self, media, behind, tmp_path):
        whole = media("audio/duration_600_1_flac").read_bytes() + behind
        assert decode_frames(Source.of(whole))
        outputs = prepared(whole)
        paths = written(outputs, tmp_path)
        assert {o.fidelity for o in outputs} == {Fidelity.LOSSLESS}
        assert [complaints(path) for path in paths] == ["", ""]
        assert np.array_equal(
            np.concatenate([samples(p, 1) for p in paths]), samples(media("audio/duration_600_1_flac"), 1)
        )
        assert sum(p.stat().st_size for p in paths) < len(whole) - len(behind)

    def test_a_damaged_frame_is_said_and_all_lasts_as_long_as_before(self, media, tmp_path):
        data = bytearray(media("audio/flac").read_bytes())
        frame = frames_of(media("audio/flac"))[100]
        data[data.index(frame) + len(frame) - 1] ^= 0x10  # of its checksum: FFmpeg itself says nothing
        (output,) = prepared(bytes(data))
        (path,) = written([output], tmp_path)
        assert output.fidelity is Fidelity.TRANSCODED
        assert any("damaged" in step for step in output.steps)
        assert len(samples(path, 2)) == 220_500

    @pytest.mark.parametrize("information", [None, b"", bytes(33), b"fLaC\0\0\0\x22" + bytes(20)])
    def test_without_its_header_there_is_no_file(self, media, information):
        with pytest.raises(BrokenMediaError, match="how its sound is coded"):
            flac_file(information, frames_of(media("audio/flac")))

    @pytest.mark.parametrize("frame", [b"", b"\xff", b"\xff\xf8\xc9\x18\0", b"\xff\xf8\x09\x18\0\0\0\0", bytes(100)])
    def test_what_is_no_frame_is_no_file(self, frame):
        with pytest.raises(BrokenMediaError, match="not stored in frames"):
            flac_file(INFORMATION, [frame])

    def test_a_stream_that_changes_its_format(self, media):
        stereo, mono = frames_of(media("audio/flac")), frames_of(media("audio/duration_600_flac"))
        with pytest.raises(BrokenMediaError, match="half-way"):
            flac_file(INFORMATION, [*stereo[:3], *mono[:3]])

    def test_a_frame_that_was_damaged_stays_so(self, media, tmp_path):
        """Its checksum is turned into the one that goes with its new number, and not made to fit."""
        frames = frames_of(media("audio/flac"))
        bad = bytearray(frames[100])
        bad[len(bad) // 2] ^= 0x10
        path = tmp_path / "a.flac"
        path.write_bytes(flac_file(INFORMATION, [*frames[90:100], *frames[101:]]))
        assert complaints(path) == ""
        path.write_bytes(flac_file(INFORMATION, [*frames[90:100], bytes(bad), *frames[101:]]))
        assert complaints(path) != ""


def frames_of(path: Path) -> list[bytes]:
    """Each begins with the same bits, and a checksum of all before it ends it."""
    data, frames = path.read_bytes(), []
    at = start = data.index(b"\xff\xf8", 42)
    while at < len(data):
        at = data.find(b"\xff\xf8", at + 2)
        at = len(data) if at < 0 else at
        if crc(data[start:at], 16, 0x8005) == 0:
            frames.append(data[start:at])
            start = at
    return frames


def crc(data: bytes, bits: int, polynomial: int) -> int:
    """Bit by bit, as the standard describes it."""
    value = 0
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1) ^ (polynomial if value >> (bits - 1) else 0)
            value &= (1 << bits) - 1
    return value


def relabelled(frame: bytes, sample: int) -> bytes:
    """A frame of a fixed size, as one of a varying size: told in its second byte, numbered by samples."""
    old = len(chr(frame_number(frame)).encode())
    header_end = 4 + old + {6: 1, 7: 2}.get(frame[2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(frame[2] & 15, 0)
    head = b"\xff\xf9" + frame[2:4] + chr(sample).encode("utf-8", "surrogatepass") + frame[4 + old : header_end]
    body = head + bytes([crc(head, 8, 0x07)]) + frame[header_end + 1 : -2]
    return body + crc(body, 16, 0x8005).to_bytes(2)


def frame_number(frame: bytes) -> int:
    size = next(n for n in range(1, 5) if _is_utf_8(frame[4 : 4 + n]))
    return ord(frame[4 : 4 + size].decode())


def _is_utf_8(data: bytes) -> bool:
    try:
        return len(data.decode()) == 1
    except UnicodeDecodeError:
        return False


@given(
    body=st.binary(min_size=0, max_size=300),
    number=st.integers(0, (1 << 31) - 1),
    before=st.integers(0, 200),
)
def test_checksums_are_those_that_would_be_computed_anew(body, number, before):
    """Of a frame at any number, put behind `before` others: bit by bit."""

    def frame(number: int) -> bytes:
        head = b"\xff\xf8\xc9\x18" + utf_8(number)
        made = head + bytes([crc(head, 8, 0x07)]) + body
        return made + crc(made, 16, 0x8005).to_bytes(2)

    made = flac_file(INFORMATION, [*(frame(i) for i in range(before)), frame(number)])
    assert made.endswith(frame(before))
    assert len(made) == 42 + sum(len(frame(i)) for i in range(before + 1))


def utf_8(number: int) -> bytes:
    """As UTF-8 was first defined, up to 31 bits."""
    if number < 128:
        return bytes([number])
    parts = []
    most = 63
    while number > most:
        parts.append(128 | number & 63)
        number >>= 6
        most >>= 1
    return bytes([(~most << 1) & 255 | number, *reversed(parts)])
