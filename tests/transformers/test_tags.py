"""Tags and pictures are taken out; what is coded stays to the byte, and the source is not touched."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

import preflight
from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Fidelity, Source
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.probers import probe
from preflight.testing.recipes import id3
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


NAMED = b"Somebody"
_FRAME = b"TPE1" + bytes([0, 0, 0, 1 + len(NAMED), 0, 0, 3]) + NAMED
_HEAD = b"\4\0\x10" + bytes([0, 0, 0, len(_FRAME)])
FOOTED = b"ID3" + _HEAD + _FRAME + b"3DI" + _HEAD
UNFOOTED = b"ID3\4\0\0" + _HEAD[3:] + _FRAME
V1 = b"TAG" + bytes(30) + NAMED.ljust(95, b"\0")
LONG_V1 = b"TAG+" + bytes(60) + NAMED.ljust(163, b"\0") + V1
APE = id3.ape(Artist=NAMED.decode())


@pytest.mark.parametrize(
    ("front", "between", "behind"),
    [
        (FOOTED, b"", b""),
        (FOOTED + UNFOOTED + FOOTED, b"", b""),
        (APE, b"", b""),
        (UNFOOTED + APE + UNFOOTED, b"", b""),
        (NAMED, b"", b""),
        (b"", V1, b""),
        (b"", V1 + UNFOOTED, V1),
        (b"", LONG_V1 + FOOTED + APE, b""),
        (b"", UNFOOTED, b""),
        (b"", b"", LONG_V1),
        (b"", b"", APE + LONG_V1),
        (b"", b"", FOOTED),
        (b"", b"", V1 + FOOTED),
        (b"", b"", V1 + NAMED),
    ],
)
def test_whatever_tags_an_mp3_has_its_frames_alone_are_left(media, tmp_path, front, between, behind):
    sound = frames_of(media("audio/mp3"))
    alone = sound + sound if between else sound
    data = front + sound + between + (sound if between else b"") + behind
    assert NAMED in data
    (payload,) = preflight.prepare(data, policy=Policy(strip_metadata=True, max_loss="lossless"))
    sent = payload.media[0].source.read()
    assert sent == alone
    path = tmp_path / "sent.mp3"
    path.write_bytes(sent)
    assert complaints(path) == ""


def frames_of(path: Path) -> bytes:
    """Of an MP3 with nothing behind them, as an FFmpeg that is not ours counts them: without the table in front."""
    return path.read_bytes()[-sum(packet.size for packet in coded_packets(path)) :]


@pytest.mark.parametrize("behind", [NAMED, NAMED * 40, FOOTED, V1 + NAMED, bytes(300_000) + NAMED])
@pytest.mark.parametrize("name", ["audio/flac", "audio/wav_s16"])
def test_what_hangs_behind_the_sound_goes(media, tmp_path, name, behind):
    whole = media(name).read_bytes()
    (payload,) = preflight.prepare(whole + behind, policy=Policy(strip_metadata=True, max_loss="lossless"))
    path = tmp_path / media(name).name
    path.write_bytes(payload.media[0].source.read())
    assert NAMED not in path.read_bytes()
    assert complaints(path) == ""
    assert [p.digest for p in coded_packets(path)] == [p.digest for p in coded_packets(media(name))]


@pytest.mark.parametrize("kind", [b"id3 ", b"ID3 ", b"bext", b"iXML", b"_PMX", b"LIST"])
@pytest.mark.parametrize("is_behind", [False, True])
def test_no_chunk_of_a_wav_is_left_but_its_sound(media, kind, is_behind):
    whole = media("audio/wav_s16").read_bytes()
    body = {b"LIST": b"INFOIART\x08\0\0\0", b"bext": bytes(594)}.get(kind, b"") + NAMED
    part = kind + struct.pack("<L", len(body)) + body
    told = whole + part if is_behind else whole[:12] + part + whole[12:]
    told = told[:4] + struct.pack("<L", len(told) - 8) + told[8:]
    sent, plain = (
        next(preflight.prepare(data, policy=Policy(strip_metadata=True))).media[0].source.read()
        for data in (told, whole)
    )
    assert sent == plain
    assert NAMED not in sent


@pytest.mark.parametrize(
    "name",
    ["mp3_id3v2_footer", "mp3_id3v1_enlarged", "mp3_ape_in_front", "mp3_joined_id3v1", "flac_trailing", "wav_trailing"],
)
def test_nobody_is_named_any_more(media, tmp_path, name):
    source = media(f"audio/{name}")
    assert NAMED in source.read_bytes()
    (payload,) = preflight.prepare(source, policy=Policy(strip_metadata=True, max_loss="lossless"))
    path = tmp_path / source.name
    path.write_bytes(payload.media[0].source.read())
    assert NAMED not in path.read_bytes()
    assert complaints(path) == ""
    # FFmpeg hands on what is beside a frame with that frame.
    pairs = list(zip(coded_packets(path), coded_packets(source), strict=True))
    beside = [(made, was) for made, was in pairs if made.digest != was.digest]
    assert len(beside) <= 1
    assert all(made.size < was.size for made, was in beside)


def test_where_nobody_can_say_where_the_sound_begins_its_packets_are_copied(media, tmp_path):
    """A tag whose footer is not where it says."""
    sound = frames_of(media("audio/mp3"))
    data = FOOTED[:-10] + bytes(10) + sound
    assert probe(Source.of(data)).tag_bytes is None
    (payload,) = preflight.prepare(data, policy=Policy(strip_metadata=True, max_loss="lossless"))
    path = tmp_path / "sent.mp3"
    path.write_bytes(payload.media[0].source.read())
    assert NAMED not in path.read_bytes()
    original = tmp_path / "sound.mp3"
    original.write_bytes(sound)
    assert [p.digest for p in coded_packets(path)] == [p.digest for p in coded_packets(original)]
