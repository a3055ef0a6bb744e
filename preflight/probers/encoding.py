"""Bytes → text: by a byte order mark, as UTF-8, by the name that the caller gives, or by a detection that is sure."""

from __future__ import annotations

import codecs
import math
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
excerpts of 100 to 2,000 characters in 31 encodings, 1,623 are taken, and none of them is wrong."""
MIN_LEAD_OF_FEW, FEW_WORDS = 1.1, 2
"""The same where so few different words have letters beyond ASCII, which one mistake would explain."""
MIN_WORDS = 5
"""So many of them are asked alone where, among all others, they do not give the encoding its lead. What they say counts
where the whole text says the same."""
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
    rival: str | None = None
    """One in which it makes about as much sense; None where it does not make much in any."""


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


def unmarked_wide(head: bytes) -> str:
    """The text that some bytes begin with, in UTF-16 or UTF-32 without a mark; nothing where they are none.

    ASCII letters and blanks have zero bytes there, most of them on the same side; in UTF-32 all characters have.
    """
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < len(head) * _MIN_BLANKS:
        return ""
    # Of the four bytes of a character, the highest is zero and the next one nearly always.
    high, next_to_it = (head[3::4], head[2::4]) if odd > even else (head[::4], head[1::4])
    is_wider = not any(high) and next_to_it.count(0) * 2 > len(next_to_it)
    if not is_wider and min(even, odd) * _MOSTLY > max(even, odd):
        return ""
    encoding = f"utf-{32 if is_wider else 16}-{'le' if odd > even else 'be'}"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)  # its last character may be cut off
    except UnicodeDecodeError:
        return ""
    return text if _is_written(text) else ""


def _detected(data: bytes) -> Decoded | Guess | None:
    if len(data) < MIN_DETECTED_BYTES:
        return None
    looked_at = data[:_LOOKED_AT_BYTES]
    if (likeliest := _likeliest(looked_at)) is None:
        return _unmarked_utf_16(data)
    encoding = likeliest.encoding
    text = text_of(data, encoding)
    if encoding in _EXTENDED and text is not None and _C1.search(text):
        encoding = _EXTENDED[encoding]
        text = text_of(data, encoding)
    if text is None or not _is_written(text):
        return None
    if not _is_sure(looked_at, likeliest):
        return Guess(encoding, likeliest.rival if likeliest.confidence >= MIN_CONFIDENCE else None)
    return Decoded(text=text, encoding=encoding, source="detected", confidence=likeliest.confidence)


@dataclass(frozen=True, slots=True)
class _Likeliest:
    encoding: str
    confidence: float
    lead: float
    """How much likelier it is than the next one that gives another text."""
    rival: str | None
    """That one."""


def _likeliest(data: bytes) -> _Likeliest | None:
    import chardet

    found = chardet.detect_all(data, ignore_threshold=True)
    ranked = [(name, each["confidence"]) for each in found if (name := _known(each["encoding"])) is not None]
    if not ranked:
        return None
    (encoding, confidence), *others = ranked
    here = data.decode(encoding, "replace")
    rival, rated = next(((name, c) for name, c in others if data.decode(name, "replace") != here), (None, 0.0))
    return _Likeliest(encoding, confidence, confidence / rated if rated else math.inf, rival)


# With the ASCII letters around them, of which each language has others.
_WORDS_BEYOND_ASCII = re.compile(rb"[A-Za-z']*[\x80-\xff][A-Za-z'\x80-\xff]*")


def _is_sure(data: bytes, found: _Likeliest) -> bool:
    """Most of a Western text is ASCII, which is the same in all code pages: the longer it is, the less do its other
    letters count in how likely each is. So they are asked alone, too.
    """
    words = _WORDS_BEYOND_ASCII.findall(data)
    different = len(set(words))
    if found.confidence < MIN_CONFIDENCE:
        return False
    if found.lead >= (MIN_LEAD if different > FEW_WORDS else MIN_LEAD_OF_FEW):
        return True
    if different < MIN_WORDS or (alone := _likeliest(b" ".join(words))) is None:
        return False
    is_same = data.decode(alone.encoding, "replace") == data.decode(found.encoding, "replace")
    return is_same and alone.lead >= MIN_LEAD


# Of Chinese, Japanese and Korean, and of everybody: the space, the end of a line, commas and full stops.
_PUNCTUATION = frozenset(" \n\u3000\u3001\u3002\uff0c\uff0e")
_MIN_PUNCTUATION = 0.01
_MIN_BLANKS = 0.02
"""Of the bytes of a text in UTF-16, those that are the zero byte of a blank: 1 in 25 in Chinese, 1 in 15 in Russian."""
_MOSTLY = 3
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
