"""A request's body as it comes in: its media are decoded on the way and go to disk, the rest of the JSON stays.

Eight bodies of 36 MB that arrive at once so take a few megabytes instead of half a gigabyte.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Literal

import pybase64

KEYS = (b"base64_string", b"base64String")
"""What precedes a medium, in any request: the service's word, and Bedrock's (CONTRACT 1.2, 4)."""
_MOST_KEY_BYTES = max(map(len, KEYS))

_IN_MEMORY_BYTES = 256 * 1024
"""Decoded media up to this size are not worth a file."""
_TOKEN = re.compile(rb'[^"\\]+|\\u[0-9a-fA-F]{4}|\\[^u]|"')
_UNESCAPED = {b"/": b"/", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b'"': b'"', b"\\": b"\\"}
_PREFIX = b"data:"


@dataclass(frozen=True, slots=True)
class Spooled:
    """A medium that lies on disk until its request is answered."""

    path: Path
    digest: bytes
    """SHA-256."""


@dataclass(frozen=True, slots=True)
class NoMedium:
    """A `base64_string` that is none."""

    why: Literal["empty", "prefixed", "not base64"]


Medium = bytes | Spooled | NoMedium


@dataclass(frozen=True, slots=True)
class Taken:
    """A whole body."""

    json: bytes
    """With a word that nobody could guess in place of each medium."""
    media: Mapping[str, Medium] = field(default_factory=dict)
    """By that word."""

    def close(self) -> None:
        """Remove what lies on disk."""
        for medium in self.media.values():
            if isinstance(medium, Spooled):
                medium.path.unlink(missing_ok=True)


class Intake:
    """Is fed a body chunk by chunk. `new_file` gives paths for media that are too large for memory.

    What is JSON is for the parser to say: here it is only cut into strings and what lies between them.
    """

    def __init__(self, new_file: Callable[[], Path]) -> None:
        self._new_file = new_file
        self._nonce = secrets.token_hex(16)
        self._rest = bytearray()
        self._state: Literal["outside", "string", "medium"] = "outside"
        self._string = bytearray()
        """The last or current string, as far as it may be one of KEYS; longer ones are cut."""
        self._between = bytearray()
        """What followed it, as far as it may be a colon."""
        self._half = b""
        """Of an escape sequence that the end of a chunk cut off."""
        self._decoder: _Decoder | None = None
        self._media: dict[str, Medium] = {}

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        chunk, self._half = self._half + chunk, b""
        at = 0
        while at < len(chunk):
            match self._state:
                case "outside":
                    at = self._outside(chunk, at)
                case "string":
                    at = self._in_string(chunk, at)
                case "medium":
                    at = self._in_medium(chunk, at)

    def finish(self) -> Taken:
        """After the last chunk. A body that breaks off within a string is no JSON, as the parser will find."""
        self._rest += self._half
        self._drop_decoder()
        return Taken(bytes(self._rest), self._media)

    def abandon(self) -> None:
        """Instead of `finish`: nothing is kept."""
        self._drop_decoder()
        Taken(b"", self._media).close()

    def _drop_decoder(self) -> None:
        if self._decoder is not None:
            unfinished = self._decoder.finish()
            self._decoder = None
            Taken(b"", {"": unfinished}).close()

    def _outside(self, chunk: bytes, at: int) -> int:
        quote = chunk.find(b'"', at)
        end = quote if quote >= 0 else len(chunk)
        if len(self._between) <= _MOST_KEY_BYTES:
            self._between += chunk[at:end].strip(b" \t\r\n")[: _MOST_KEY_BYTES + 1]
        self._rest += chunk[at : end + 1]
        if quote >= 0:
            if self._string in KEYS and self._between == b":":
                self._state, self._decoder = "medium", _Decoder(self._new_file)
            else:
                self._state = "string"
            self._string.clear()
            self._between.clear()
        return end + 1

    def _in_string(self, chunk: bytes, at: int) -> int:
        while True:
            match = _TOKEN.match(chunk, at)
            if match is None:  # an escape that is cut off, or none that JSON has
                return self._cut_off(chunk, at)
            found, at = match[0], match.end()
            self._rest += found
            if found == b'"':
                self._state = "outside"
                return at
            if len(self._string) <= _MOST_KEY_BYTES:
                self._string += found[: _MOST_KEY_BYTES + 1]
            if at == len(chunk):
                return at

    def _in_medium(self, chunk: bytes, at: int) -> int:
        assert self._decoder is not None
        while True:
            match = _TOKEN.match(chunk, at)
            if match is None:
                return self._cut_off(chunk, at)
            found, at = match[0], match.end()
            if found == b'"':
                word = f"{self._nonce} {len(self._media)}"
                self._media[word] = self._decoder.finish()
                self._rest += word.encode() + b'"'
                self._decoder, self._state = None, "outside"
                return at
            self._decoder.feed(_plain(found) if found[:1] == b"\\" else found)
            if at == len(chunk):
                return at

    def _cut_off(self, chunk: bytes, at: int) -> int:
        if len(chunk) - at < len(rb"\u0000"):
            self._half = chunk[at:]
            return len(chunk)
        # No JSON. Left as it is, it will be refused as such.
        self._rest += chunk[at : at + 1]
        return at + 1


def _plain(escape: bytes) -> bytes:
    r"""Some encoders escape the solidus, others the plus sign: `\/`, `\u002B`."""
    if escape[1:2] == b"u":
        return chr(int(escape[2:], base=16)).encode(errors="surrogatepass")  # noqa: FURB166 (`\\u` is no prefix of int's)
    return _UNESCAPED.get(escape[1:], escape)


class _Decoder:
    """Base64 piece by piece, as strict as on the whole: standard, padded, nothing else among it (CONTRACT 1.2)."""

    def __init__(self, new_file: Callable[[], Path]) -> None:
        self._new_file = new_file
        self._head = b""
        self._left = b""
        """Fewer than four characters."""
        self._is_padded = False
        self._is_broken = False
        self._digest = sha256()
        self._small = bytearray()
        self._path: Path | None = None
        self._file: IO[bytes] | None = None

    def feed(self, text: bytes) -> None:
        if len(self._head) < len(_PREFIX):
            self._head += text[: len(_PREFIX) - len(self._head)]
        if self._is_broken:
            return
        text = self._left + text if self._left else text
        whole = len(text) - len(text) % 4
        self._left = text[whole:]
        if whole == len(text):
            self._take(text)
        elif whole:
            self._take(text[:whole])

    def _take(self, text: bytes) -> None:
        if self._is_padded:
            self._is_broken = True
            return
        try:
            decoded = pybase64.b64decode(text, validate=True)
        except ValueError:
            self._is_broken = True
            return
        self._is_padded = text.endswith(b"=")
        self._digest.update(decoded)
        if self._file is not None:
            self._file.write(decoded)
            return
        self._small += decoded
        if len(self._small) > _IN_MEMORY_BYTES:
            self._path = self._new_file()
            self._file = self._path.open("wb")
            self._file.write(self._small)
            self._small.clear()

    def finish(self) -> Medium:
        if self._file is not None:
            self._file.close()
        if not self._head:
            return NoMedium("empty")
        if self._is_broken or self._left:
            if self._path is not None:
                with suppress(OSError):
                    self._path.unlink()
            return NoMedium("prefixed" if self._head == _PREFIX else "not base64")
        if self._path is None:
            return bytes(self._small)
        return Spooled(self._path, self._digest.digest())
