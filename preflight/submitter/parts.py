"""Media as they are uploaded: whole in a form, or in chunks; never held in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from preflight.errors import UnreadableError
from preflight.media import Media
from preflight.submitter.allowance import Cost
from preflight.submitter.service import Body

_BLOCK_BYTES = 256 * 1024
_NAME_CHARACTERS = 60

# What prepared media begin with, and how their files are called; what is sent as it is keeps its own name's ending.
_ENDINGS = (
    (0, b"RIFF", ".wav"),
    (0, b"fLaC", ".flac"),
    (0, b"ID3", ".mp3"),
    (0, b"\xff\xfb", ".mp3"),
    (4, b"ftyp", ".mp4"),
    (0, b"\x1aE\xdf\xa3", ".mkv"),
    (0, b"\xff\xd8\xff", ".jpg"),
    (0, b"\x89PNG", ".png"),
)


def unique_name(media: Media, source: str) -> str:
    """A file name that no other asset has: by it an upload is found again whose answer was lost.

    It holds the source's own name, in what any service takes: ASCII letters, digits, dots and hyphens.
    """
    head = media.source.head(12)
    ending = next((e for at, magic, e in _ENDINGS if head[at : at + len(magic)] == magic), "")
    path = PurePath(source)
    ending = ending or _plain(path.suffix.lstrip(".")[:8], prefix=".")
    return f"{_plain(path.stem)[:_NAME_CHARACTERS] or 'media'}-{secrets.token_hex(8)}{ending}"


def form(media: Media, filename: str, fields: Mapping[str, str]) -> Body:
    """multipart/form-data (RFC 7578) of some fields and the part `file`. `filename` holds no quotes."""
    boundary = f"preflight-{secrets.token_hex(16)}"
    disposed = f"--{boundary}\r\nContent-Disposition: form-data; name="
    head = "".join(f'{disposed}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    head += f'{disposed}"file"; filename="{filename}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    before, after = head.encode(), f"\r\n--{boundary}--\r\n".encode()

    def chunks() -> Iterator[bytes]:
        yield before
        yield from _blocks(media, 0, media.size_bytes)
        yield after

    return Body(
        name=media.source.name,
        content_type=f"multipart/form-data; boundary={boundary}",
        content_length=len(before) + media.size_bytes + len(after),
        chunks=chunks,
        cost=Cost(group="upload"),
    )


def chunk(media: Media, start: int, size_bytes: int, content_type: str) -> Body:
    """A stretch of a file."""
    return Body(
        name=media.source.name,
        content_type=content_type,
        content_length=size_bytes,
        chunks=lambda: _blocks(media, start, size_bytes),
    )


def _blocks(media: Media, start: int, size_bytes: int) -> Iterator[bytes]:
    """Raises UnreadableError where the file changed its length since it was verified."""
    left = size_bytes
    with media.source.open() as file:
        file.seek(start)
        while left:
            block = file.read(min(_BLOCK_BYTES, left))
            if not block:
                raise UnreadableError(f"{media.source.name} became shorter while it was sent. Prepare it again.")
            left -= len(block)
            yield block
        if start + size_bytes == media.size_bytes and file.read(1):
            raise UnreadableError(f"{media.source.name} became longer while it was sent. Prepare it again.")


def _plain(text: str, prefix: str = "") -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "-" for c in text).strip("-.")
    return prefix + kept if kept else ""
