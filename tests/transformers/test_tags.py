"""Tags and pictures are taken out; what is coded stays to the byte, and the source is not touched."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Fidelity, Source
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.probers import probe
from preflight.testing.recipes.encoder import run
from preflight.transformers.tags import strip_tags
from tests.judges import coded_packets, complaints
from tests.probers.test_tags import ID3V1, ape, id3v2


def picture_block(size: int) -> bytes:
    """FLAC's block of type 6 (RFC 9639, 8.8), not the last, with what begins like a JPEG."""
    drawn = b"\xff\xd8\xff" + bytes(size - 3)
    body = struct.pack(">LL", 3, 10) + b"image/jpeg" + bytes(20) + struct.pack(">L", size) + drawn
    return b"\x06" + len(body).to_bytes(3) + body


def tagged(path: Path, size: int) -> bytes:
    whole = path.read_bytes()
    match path.suffix:
        case ".mp3":
            return id3v2(size) + whole + ape(header=True) + ID3V1
        case ".flac":
            information = whole[:4] + bytes([0]) + whole[5:42]
            rest = whole[42:] if not whole[4] >> 7 else b"\x81\0\0\0" + whole[42:]
            blocks = b"".join(picture_block(min(size, 16_000_000)) for _ in range(-(-size // 16_000_000)))
            return information + blocks + rest + ID3V1
        case _:
            return whole[:12] + b"LIST" + struct.pack("<L", size) + b"INFO" + bytes(size - 4) + whole[12:]


NAMES = ["audio/mp3", "audio/mp3_vbr", "audio/flac", "audio/wav_s16"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("size", "policy"), [(28_000_000, Policy()), (50_000, Policy(strip_metadata=True))])
def test_what_is_coded_stays(media, name, size, policy, tmp_path):
    source = tmp_path / media(name).name
    source.write_bytes(tagged(media(name), size))
    before = source.read_bytes()
    (verified,) = Preflight(policy=policy).verified(Source.of(source), Preflight().check(source))
    output = verified.output
    assert output.fidelity is Fidelity.LOSSLESS
    assert [step.split(",")[0] for step in output.steps] == ["removed tags and pictures"]
    path = tmp_path / f"stripped{source.suffix}"
    path.write_bytes(output.media.read())
    assert path.stat().st_size <= media(name).stat().st_size
    assert [(p.pts_s, p.digest) for p in coded_packets(path)] == [
        (p.pts_s, p.digest) for p in coded_packets(media(name))
    ]
    assert complaints(path) == ""
    written = run("-i", str(path), "-f", "ffmetadata", "-").decode()
    assert [line for line in written.splitlines() if not line.startswith((";", "encoder="))] == []
    assert source.read_bytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_what_fits_is_sent_with_its_tags(media, name):
    (verified,) = Preflight().verified(
        Source.of(tagged(media(name), 50_000)), Preflight().check(tagged(media(name), 50_000))
    )
    assert verified.output.fidelity is Fidelity.IDENTICAL


@pytest.mark.parametrize("name", ["audio/mp3", "audio/flac"])
def test_whatever_is_in_the_tags_only_our_error_comes_out(media, name):
    """Bytes of a seed, so that a failure comes again: most of them hit headers, as those are what is parsed."""
    whole = tagged(media(name), 2_000)
    facts = probe(Source.of(whole))
    assert isinstance(facts, AudioFacts)
    drawn = random.Random(4)
    for _ in range(150):
        bad = bytearray(whole)
        for _ in range(drawn.randint(1, 8)):
            at = drawn.choice((drawn.randrange(120), -1 - drawn.randrange(250)))
            bad[at] = drawn.choice((0x00, 0x7F, 0x80, 0xFF, drawn.randrange(256)))
        try:
            output = strip_tags(Source.of(bytes(bad[: drawn.choice((None, drawn.randrange(1, len(bad))))])), facts)
        except BrokenMediaError:
            continue
        assert len(output.media.read()) <= len(whole)


@pytest.mark.parametrize(("size", "policy"), [(28_000_000, Policy()), (50_000, Policy(strip_metadata=True))])
def test_tags_that_nobody_can_read_are_left_behind_unread(media, size, policy, tmp_path):
    """A comment that claims more than its block holds."""
    whole = media("audio/flac").read_bytes()
    assert whole[4] & 0x7F == 0, "STREAMINFO is first"
    rest = whole[42:] if not whole[4] >> 7 else b"\x81\0\0\0" + whole[42:]
    comment = b"\xff\xff\xff\x7f" + bytes(96)
    padding = b"".join(b"\x01" + (15_000_000).to_bytes(3) + bytes(15_000_000) for _ in range(size // 14_000_000))
    source = tmp_path / "odd.flac"
    source.write_bytes(whole[:4] + b"\0" + whole[5:42] + b"\x04" + len(comment).to_bytes(3) + comment + padding + rest)
    facts = probe(Source.of(source))
    assert isinstance(facts, AudioFacts)
    assert strip_tags(Source.of(source), facts).fidelity is Fidelity.LOSSLESS
    (verified,) = Preflight(policy=policy).verified(Source.of(source), Preflight(policy=policy).check(source))
    assert verified.output.fidelity is Fidelity.LOSSLESS
    path = tmp_path / "copied.flac"
    path.write_bytes(verified.output.media.read())
    assert complaints(path) == ""
    assert [p.digest for p in coded_packets(path)] == [p.digest for p in coded_packets(media("audio/flac"))]
