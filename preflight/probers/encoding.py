"""Bytes → text: by a byte order mark, as UTF-8, by the name that the caller gives, or by a detection that is sure."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from preflight.media import EncodingSource

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# ISO 2022 (Japanese mail) is ASCII to the letter, with these to say that the letters mean something else; terminals
# are told with one of them, ESC ( B, that they mean what they are. A NUL is in no text that anybody wrote, but in
# UTF-16 without a mark and in all binary data.
_NO_TEXT = re.compile(r"\x1b(?:\$|\((?!B))|\x00")

# Where these have controls that nobody writes, Windows has quotation marks and dashes.
_EXTENDED = {"iso8859-1": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874", "iso8859-11": "cp874"}
_C1 = re.compile("[\x80-\x9f]")

MIN_DETECTED_BYTES = 64
"""Of fewer, detection is wrong too often: 1 in 20 of 40 bytes."""
MIN_CONFIDENCE = 0.25
MIN_LEAD = 1.02
"""How much likelier the encoding must be than the next one that gives another text. `benchmarks/encodings.py`: of 2,316
excerpts of 100 to 2,000 characters in 31 encodings, 1,603 come so far, and none of them is wrong."""
_LOOKED_AT_BYTES = 1 << 18
# What text has: white space, and the escapes of terminals.
_CONTROLS = frozenset("\t\n\r\x0b\x0c\x1b\x85")


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded:
    """A text without its byte order mark, and how it was read."""

    text: str
    encoding: str
    """Python's name: utf-8, utf-16-le, cp1252, shift_jis, ..."""
    source: EncodingSource
    confidence: float | None = None
    """From 0 to 1, of what was detected."""


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding that is not sure enough."""

    encoding: str
    confidence: float


def decode(data: bytes, named: str | None = None) -> Decoded | Guess | None:
    """The text of `data`; None for anything that is not surely text, or what it most likely is but not surely.

    A byte order mark comes first, then UTF-8, for which nothing else is ever taken if it has a letter beyond ASCII;
    then `named`, and without it what is detected.
    """
    if (certain := decode_text(data)) is not None:
        text, encoding = certain
        is_marked = any(data.startswith(mark) for mark, _ in _MARKS)
        if is_marked or named is None or not data.isascii() or text_of(data, named) in (text, None):
            return Decoded(text=text, encoding=encoding, source="mark" if is_marked else "content")
    if named is not None:
        text_or_none = text_of(data, named)
        if text_or_none is None:
            return None
        return Decoded(text=text_or_none, encoding=codecs.lookup(named).name, source="named")
    return _detected(data)


def decode_text(data: bytes) -> tuple[str, str] | None:
    """The text without its byte order mark, and the name of its encoding; None for anything that is not
    surely text: UTF-8, or UTF-16 or UTF-32 with a mark. Other control characters
    than NUL are legal in all of them, and in JSON.
    """
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
    text = text_of(data, encoding)
    return None if text is None or _NO_TEXT.search(text) else (text, encoding)


def text_of(data: bytes, encoding: str) -> str | None:
    """What was found to be in this encoding, or given as text, without its byte order mark; None where it is not.

    Nobody is asked again whether it is text: what is given as one may hold a NUL.
    """
    mark = next((mark for mark, marked in _MARKS if marked == encoding and data.startswith(mark)), b"")
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeError:
        return None


def _detected(data: bytes) -> Decoded | Guess | None:
    if len(data) < MIN_DETECTED_BYTES:
        return None
    import chardet

    found = chardet.detect_all(data, ignore_threshold=True, max_bytes=_LOOKED_AT_BYTES)
    ranked = [(name, each["confidence"]) for each in found if (name := _known(each["encoding"])) is not None]
    if not ranked:
        return _unmarked_utf_16(data)
    (encoding, confidence), *others = ranked
    text = text_of(data, encoding)
    if encoding in _EXTENDED and text is not None and _C1.search(text):
        encoding = _EXTENDED[encoding]
        text = text_of(data, encoding)
    if text is None or not _is_written(text):
        return None
    # Looked at in part: whole texts of many megabytes would be decoded a dozen times.
    looked_at = data[:_LOOKED_AT_BYTES]
    here = looked_at.decode(encoding, "replace")
    rivals = (rated for name, rated in others if looked_at.decode(name, "replace") != here)
    if confidence < max(MIN_CONFIDENCE, MIN_LEAD * max(rivals, default=0.0)):
        return Guess(encoding, confidence)
    return Decoded(text=text, encoding=encoding, source="detected", confidence=confidence)


# Of Chinese, Japanese and Korean, and of everybody: the space, the end of a line, commas and full stops.
_PUNCTUATION = frozenset(" \n\u3000\u3001\u3002\uff0c\uff0e")
_MIN_PUNCTUATION = 0.01
_CONFIDENCE_OF_UTF_16 = 0.9
"""What chardet says of the like in Latin letters."""


def _unmarked_utf_16(data: bytes) -> Decoded | None:
    """In scripts whose letters have no zero byte, by which others are told. Sure where it makes sense in one order of
    bytes alone: turned around, the punctuation of East Asia and half of its letters are no characters.
    """
    read = []
    for encoding in ("utf-16-le", "utf-16-be"):
        text = text_of(data, encoding)
        if text is not None and _is_written(text):
            stops = sum(map(text.count, _PUNCTUATION))
            read.append((text, encoding, stops >= max(1, _MIN_PUNCTUATION * len(text))))
    match read:
        case [(text, encoding, True)]:
            return Decoded(text=text, encoding=encoding, source="detected", confidence=_CONFIDENCE_OF_UTF_16)
        case _:
            return None


def _known(name: str | None) -> str | None:
    """Python's name of an encoding; None where it is none that Python knows."""
    try:
        return codecs.lookup(name).name if name is not None else None
    except LookupError:
        return None


def _is_written(text: str) -> bool:
    """Whether all its characters are such as people write. Two bytes of anything are some Chinese character, but in
    binary data one soon meets controls, and places where there is none.
    """
    if not any(map(str.isspace, text)) and len(text) > _LONGEST_WITHOUT_SPACE:
        return False
    return all(c in _CONTROLS or unicodedata.category(c) not in ("Cc", "Cn", "Co", "Cs") for c in set(text))


_LONGEST_WITHOUT_SPACE = 2_000
"""Characters. No prose of any language has so many without a space or line break."""
