"""Request bodies, byte for byte."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.errors import UnreadableError
from preflight.media import Fidelity, Media, Source
from preflight.payload import (
    Fragment,
    Payload,
    base64_length,
    media_body,
    multi_input_body,
    text_body,
    text_image_body,
)

BLOCK = 192 * 1024
MAX_CHUNK = 256 * 1024


def media(data: bytes) -> Media:
    return Media(Source.of(data), len(data))


def payload(*fragments: Fragment) -> Payload:
    return Payload(
        source="x",
        input_type="image",
        fragments=fragments,
        span=None,
        offset=None,
        fidelity=Fidelity.IDENTICAL,
        steps=(),
    )


def body(made: Payload) -> bytes:
    return b"".join(made.chunks())


# The bodies of CONTRACT 1.3, written out by hand: "abc" is YWJj, "ab" is YWI=, "a" is YQ==.
LITERALS: dict[str, tuple[tuple[Fragment, ...], bytes]] = {
    "text": (
        text_body("marengo3.0", "man walking a dog"),
        b'{"input_type":"text","model_name":"marengo3.0","text":{"input_text":"man walking a dog"}}',
    ),
    "text with everything that JSON escapes": (
        text_body("marengo3.0", '"\\\n\t\x01\u2028é日👍'),
        b'{"input_type":"text","model_name":"marengo3.0","text":{"input_text":"\\"\\\\\\n\\t\\u0001'
        + "\u2028é日👍".encode()
        + b'"}}',
    ),
    "text with a lone surrogate": (
        text_body("marengo3.0", "é\ud83d"),
        b'{"input_type":"text","model_name":"marengo3.0","text":{"input_text":"\\u00e9\\ud83d"}}',
    ),
    "image": (
        media_body("marengo3.0", "image", media(b"abc")),
        b'{"input_type":"image","model_name":"marengo3.0","image":{"media_source":{"base64_string":"YWJj"}}}',
    ),
    "audio": (
        media_body("marengo3.0", "audio", media(b"ab")),
        b'{"input_type":"audio","model_name":"marengo3.0","audio":{"media_source":{"base64_string":"YWI="}}}',
    ),
    "video": (
        media_body("marengo3.0", "video", media(b"a")),
        b'{"input_type":"video","model_name":"marengo3.0","video":{"media_source":{"base64_string":"YQ=="}}}',
    ),
    "text_image": (
        text_image_body("marengo3.0", 'a "red" dress', media(b"abc")),
        (
            b'{"input_type":"text_image","model_name":"marengo3.0","text_image":{"media_source":{"base64_string":"YWJj"},'
            b'"input_text":"a \\"red\\" dress"}}'
        ),
    ),
    "multi_input": (
        multi_input_body("marengo3.0", "<@outfit> and <@hat>", [("outfit", media(b"abc")), ("hat", media(b"a"))]),
        (
            b'{"input_type":"multi_input","model_name":"marengo3.0","multi_input":{"input_text":"<@outfit> and <@hat>",'
            b'"media_sources":[{"name":"outfit","media_type":"image","base64_string":"YWJj"},'
            b'{"name":"hat","media_type":"image","base64_string":"YQ=="}]}}'
        ),
    ),
    "multi_input without a text or names": (
        multi_input_body("marengo3.0", None, [(None, media(b"ab")), (None, media(b""))]),
        (
            b'{"input_type":"multi_input","model_name":"marengo3.0","multi_input":{'
            b'"media_sources":[{"media_type":"image","base64_string":"YWI="},{"media_type":"image","base64_string":""}]}}'
        ),
    ),
}


@pytest.mark.parametrize("name", LITERALS)
def test_a_body_is_what_the_contract_says(name: str) -> None:
    fragments, literal = LITERALS[name]
    made = payload(*fragments)
    assert body(made) == literal
    assert made.content_length == len(literal)
    assert json.loads(literal)["model_name"] == "marengo3.0"


@given(st.text())
def test_any_text_comes_back_from_its_body(text: str) -> None:
    for fragments in (text_body("m", text), text_image_body("m", text, media(b"x")), multi_input_body("m", text, [])):
        made = payload(*fragments)
        read = json.loads(body(made))
        assert read[read["input_type"]]["input_text"] == text
        assert made.content_length == len(body(made))


@settings(deadline=None)
@given(st.sampled_from([3, BLOCK]), st.integers(0, 3), st.integers(-2, 2))
def test_base64_around_every_seam(unit: int, times: int, more: int) -> None:
    size = max(0, unit * times + more)
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    made = payload(*media_body("m", "video", media(data)))
    chunks = list(made.chunks())
    encoded = json.loads(b"".join(chunks))["video"]["media_source"]["base64_string"]
    assert base64.b64decode(encoded, validate=True) == data
    assert len(encoded) == base64_length(size) == made.base64_bytes
    assert made.content_length == sum(map(len, chunks))
    assert made.media_bytes == size
    assert max(map(len, chunks)) <= MAX_CHUNK


@settings(deadline=None)
@given(st.integers(1, 7), st.integers(0, 40))
def test_a_file_that_gives_little_at_a_time_is_encoded_the_same(piece: int, size: int) -> None:
    class Dribble(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(piece if wanted is None or wanted < 0 else min(piece, wanted))

    data = bytes(range(size))
    made = payload(Media(Source.of(Dribble(data)), size))
    assert body(made) == base64.b64encode(data)


def test_a_long_text_is_handed_over_in_pieces_too() -> None:
    made = payload(*text_body("m", "x" * 600_000))
    chunks = list(made.chunks())
    assert max(map(len, chunks)) <= MAX_CHUNK
    assert json.loads(b"".join(chunks))["text"]["input_text"] == "x" * 600_000


def test_a_retry_begins_at_the_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(256)) * 2000)
    for source in (Source.of(path), Source.of(io.BytesIO(path.read_bytes())), Source.of(path.read_bytes())):
        made = payload(*media_body("m", "video", Media(source, 512_000)))
        broken_off = made.chunks()
        assert [len(next(broken_off)) for _ in range(3)][1:] == [MAX_CHUNK, MAX_CHUNK]
        whole = body(made)
        assert base64.b64encode(path.read_bytes()) in whole
        assert body(made) == whole


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000, BLOCK, 2 * BLOCK + 1])
@pytest.mark.parametrize("change", [-1, 1, 3, BLOCK])
def test_media_that_change_their_length_are_noticed(tmp_path: Path, size: int, change: int) -> None:
    if size + change < 0:
        change = -size
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(size))
    made = payload(Media(Source.of(path), size))
    assert len(body(made)) == made.content_length
    path.write_bytes(bytes(size + change))
    if change == 0:
        assert len(body(made)) == made.content_length
        return
    word = "shorter" if change < 0 else "longer"
    with pytest.raises(UnreadableError, match=f"became {word} while it was read. Prepare it again"):
        body(made)


def test_written_out_it_is_the_same() -> None:
    fragments, literal = LITERALS["multi_input"]
    file = io.BytesIO()
    payload(*fragments).write_to(file)
    assert file.getvalue() == literal


def test_what_it_says_of_its_media() -> None:
    fragments, _ = LITERALS["multi_input"]
    made = payload(*fragments)
    assert [m.size_bytes for m in made.media] == [3, 1]
    assert (made.media_bytes, made.base64_bytes) == (4, 8)
    text = payload(*LITERALS["text"][0])
    assert (text.media, text.media_bytes, text.base64_bytes) == ((), 0, 0)


def test_the_largest_body_takes_hardly_any_memory(tmp_path: Path) -> None:
    path = tmp_path / "largest.mp4"
    with path.open("wb") as file:
        file.truncate(27_000_000)
    with path.open("rb") as borrowed:
        for source in (Source.of(path), Source.of(borrowed)):
            made = payload(*media_body("m", "video", Media(source, 27_000_000)))
            tracemalloc.start()
            try:
                sent = sum(len(chunk) for chunk in made.chunks())
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert sent == made.content_length == 36_000_000 + len(b"".join(made.fragments[::2]))
            assert peak < 2_000_000


class Counted(Source):
    """Counts how often it is opened."""

    opened = 0

    def open(self) -> BinaryIO:
        Counted.opened += 1
        return super().open()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, 3 * BLOCK + 2])
def test_the_hash_costs_no_read_of_its_own(size: int) -> None:
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    whole = Media(Counted("x", path=None, data=data, file=None), size)
    made = dataclasses.replace(payload(*media_body("m", "video", whole)), verified=(whole,))
    Counted.opened = 0
    body(made)
    assert made.sha256 == made.sha256 == hashlib.sha256(data).hexdigest()
    assert Counted.opened == 1
    assert body(made) == body(made)


def test_the_hash_before_anything_was_read() -> None:
    one, other = media(b"abc"), media(b"a")
    made = dataclasses.replace(payload(one, other), verified=(one,))
    assert made.sha256 == hashlib.sha256(b"abc").hexdigest()
    joined = "".join(hashlib.sha256(data).hexdigest() for data in (b"abc", b"a"))
    assert dataclasses.replace(made, verified=(one, other)).sha256 == hashlib.sha256(joined.encode()).hexdigest()


def test_half_a_read_is_no_hash() -> None:
    whole = media(bytes(3 * BLOCK))
    next(iter(whole.blocks(BLOCK)))
    assert whole.sha256 == hashlib.sha256(bytes(3 * BLOCK)).hexdigest()


@pytest.mark.parametrize(("size", "word"), [(3, "longer"), (5, "shorter")])
def test_what_changed_its_length_has_no_hash(size: int, word: str) -> None:
    with pytest.raises(UnreadableError, match=f"became {word}"):
        _ = Media(Source.of(b"abcd"), size).sha256


def test_a_fingerprint_is_of_all_that_is_asked_for() -> None:
    """Worked out by hand: the body with the hash of each medium in its place."""
    made = replace(payload(*text_image_body("marengo3.0", "a dog", media(b"abc"))), input_type="text_image")
    inside = hashlib.sha256(b"abc").hexdigest()
    plain = json.dumps(
        {
            "input_type": "text_image",
            "model_name": "marengo3.0",
            "text_image": {"media_source": {"base64_string": inside}, "input_text": "a dog"},
        },
        separators=(",", ":"),
    )
    assert made.fingerprint == hashlib.sha256(plain.encode()).hexdigest()
    others = [
        text_image_body("marengo3.5", "a dog", media(b"abc")),
        text_image_body("marengo3.0", "a cat", media(b"abc")),
        text_image_body("marengo3.0", "a dog", media(b"abd")),
    ]
    assert made.fingerprint not in {replace(payload(*each), input_type="text_image").fingerprint for each in others}


@pytest.mark.parametrize("uploaded", [False, True])
def test_a_fingerprint_of_one_medium_is_the_same_whichever_way_it_goes(uploaded: bool) -> None:
    """The id of an asset is another with each upload."""
    medium = media(b"abc")
    fragments = (b'{"asset_id":"65f0"}',) if uploaded else media_body("marengo3.0", "audio", medium)
    made = replace(payload(*fragments), input_type="audio", verified=(medium,))
    inside = hashlib.sha256(b"abc").hexdigest()
    assert made.fingerprint == hashlib.sha256(f"marengo3.0 audio {inside}".encode()).hexdigest()
