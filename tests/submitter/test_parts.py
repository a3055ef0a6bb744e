"""What is uploaded, byte for byte: held against python-multipart, which the emulator reads with."""

import asyncio
import re

import pytest

from preflight.emulator.form import received
from preflight.errors import UnreadableError
from preflight.media import Media, Source
from preflight.submitter import parts


def media_of(path):
    return Media(source=Source.of(path), size_bytes=path.stat().st_size)


@pytest.mark.parametrize("size", [0, 1, 1000, 256 * 1024, 1_000_001])
def test_a_form_is_as_long_as_it_says_and_holds_the_file(tmp_path, size):
    path = tmp_path / "a.wav"
    path.write_bytes(bytes(n % 251 for n in range(size)) if size < 2000 else b"\r\n--preflight" * (size // 13 + 1))
    body = parts.form(media_of(path), "a-1.wav", {"method": "direct", "filename": "a-1.wav"})

    for _ in range(2):  # it can be sent again
        chunks = list(body.chunks())
        assert sum(map(len, chunks)) == body.content_length
        assert max(map(len, chunks)) <= 256 * 1024

        async def stream(chunks=chunks):
            for chunk in chunks:
                yield chunk

        into = tmp_path / "received"
        form = asyncio.run(received(stream(), body.content_type, into, most_file_bytes=1 << 30))
        assert form.fields == {"method": "direct", "filename": "a-1.wav"}
        assert form.filename == "a-1.wav"
        assert into.read_bytes() == path.read_bytes()


def test_chunks_make_up_the_file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(bytes(n % 253 for n in range(1_000_000)))
    media = media_of(path)
    cut = [parts.chunk(media, start, min(300_000, 1_000_000 - start), "a/b") for start in range(0, 1_000_000, 300_000)]

    assert [body.content_length for body in cut] == [300_000, 300_000, 300_000, 100_000]
    assert b"".join(b"".join(body.chunks()) for body in cut) == path.read_bytes()


@pytest.mark.parametrize("size", [10, 30])
def test_a_file_that_changes_its_length_is_not_sent_on(tmp_path, size):
    path = tmp_path / "a.mp4"
    path.write_bytes(bytes(20))
    media = media_of(path)
    path.write_bytes(bytes(size))
    for body in (parts.form(media, "a", {}), parts.chunk(media, 5, 15, "a/b")):
        with pytest.raises(UnreadableError, match="Prepare it again"):
            list(body.chunks())


@pytest.mark.parametrize(
    ("source", "content", "name"),
    [
        ("talks/Öffnung 1.mov", b"\0\0\0\x18ftypqt  ", r"ffnung-1-[0-9a-f]{16}\.mp4"),
        ("song.mp3", b"RIFF....WAVE", r"song-[0-9a-f]{16}\.wav"),
        ('a"\r\nb.mpg', b"\0\0\1\xba", r"a---b-[0-9a-f]{16}\.mpg"),
        ("x" * 300, b"", r"x{60}-[0-9a-f]{16}"),
        ("<bytes>", b"fLaC", r"bytes-[0-9a-f]{16}\.flac"),
        ("日本", b"", r"media-[0-9a-f]{16}"),
    ],
)
def test_names_are_plain_unique_and_end_as_their_content_does(source, content, name):
    media = Media(source=Source.of(content), size_bytes=len(content))
    made = parts.unique_name(media, source)

    assert re.fullmatch(name, made)
    assert parts.unique_name(media, source) != made
