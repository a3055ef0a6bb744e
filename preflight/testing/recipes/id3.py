"""Tags around MPEG audio, byte by byte: ID3v2 and its chapters, ID3v1 and what enlarges it, APE, Lyrics3."""

from __future__ import annotations

import struct

_UTF_8 = b"\x03"
_HAS_FOOTER = 0x10
_NOWHERE = 0xFFFF_FFFF


def id3v2(*frames: bytes, footer: bool = False) -> bytes:
    """An ID3v2.4 tag, which stands before the sound; with a footer it may stand behind it, too."""
    body = b"".join(frames)
    head = b"\x04\x00" + bytes([_HAS_FOOTER * footer]) + _synchsafe(len(body))
    return b"ID3" + head + body + (b"3DI" + head if footer else b"")


def frame(name: str, body: bytes) -> bytes:
    return name.encode() + _synchsafe(len(body)) + b"\0\0" + body


def text(name: str, value: str) -> bytes:
    """A frame such as TIT2."""
    return frame(name, _UTF_8 + value.encode())


def chapters(*starts_s: float, end_s: float) -> tuple[bytes, ...]:
    """A table of contents and a frame for each chapter; each lasts until the next."""
    names = [f"chapter{number}" for number in range(len(starts_s))]
    listed = b"".join(name.encode() + b"\0" for name in names)
    contents = frame("CTOC", b"toc\0\x03" + bytes([len(names)]) + listed)
    ends_s = (*starts_s[1:], end_s)
    return (
        contents,
        *(
            frame("CHAP", name.encode() + b"\0" + _milliseconds(start_s, end_s) + text("TIT2", name))
            for name, start_s, end_s in zip(names, starts_s, ends_s, strict=True)
        ),
    )


def id3v1(title: str) -> bytes:
    """128 bytes, which stand behind the sound."""
    return b"TAG" + title.encode("latin-1").ljust(124, b"\0") + b"\xff"


def enlarged(artist: str) -> bytes:
    """227 bytes that some put before an ID3v1: title, artist and album of 60 bytes each, and four more fields."""
    return b"TAG+" + bytes(60) + artist.encode("latin-1").ljust(60, b"\0") + bytes(103)


def ape(**items: str) -> bytes:
    """An APEv2 tag with header and footer, which stands behind the sound, or before it."""
    body = b""
    for key, value in items.items():
        coded = value.encode()
        body += struct.pack("<LL", len(coded), 0) + key.encode() + b"\0" + coded
    has_header, is_header = 1 << 31, 1 << 29
    size = len(body) + 32
    ends = (
        b"APETAGEX" + struct.pack("<LLLL", 2000, size, len(items), flags) + bytes(8)
        for flags in (has_header | is_header, has_header)
    )
    return next(ends) + body + next(ends)


def lyrics3(words: str) -> bytes:
    """A Lyrics3 2.00 tag, which stands behind the sound and before an ID3v1."""
    coded = words.encode("latin-1")
    body = b"LYRICSBEGININD0000211" + b"LYR%05d" % len(coded) + coded
    return body + b"%06d" % len(body) + b"LYRICS200"


def _milliseconds(start_s: float, end_s: float) -> bytes:
    return struct.pack(">LLLL", round(start_s * 1000), round(end_s * 1000), _NOWHERE, _NOWHERE)


def _synchsafe(size: int) -> bytes:
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
