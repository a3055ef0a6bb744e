"""Bytes → TextFacts: the encoding is found from the bytes, never guessed."""

from __future__ import annotations

import codecs
import re
import unicodedata

from preflight.media import Source, TextFacts, Unprobed
from preflight.probers.tokens import count_tokens

__all__ = ["count_tokens", "decode_text", "facts_of_text", "is_blank", "probe_text", "text_of", "well_formed"]

# A text is held whole; this many bytes are over a hundred thousand requests.
MAX_TEXT_BYTES = 64_000_000

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
_SURROGATES = re.compile("[\ud800-\udfff]")


def probe_text(source: Source) -> TextFacts | Unprobed:
    """Read a text file of at most 64 MB. Raises UnreadableError where its bytes cannot be had."""
    size = source.size_bytes()
    if size == 0:
        return Unprobed(size_bytes=0, code="file_empty", reason="the file is empty")
    if size > MAX_TEXT_BYTES:
        return Unprobed(
            size_bytes=size,
            code="unsupported_file_type",
            reason=f"a text of {size:,} bytes is too long to be read; {MAX_TEXT_BYTES:,} is the most",
        )
    decoded = decode_text(source.read())
    if decoded is None:
        return Unprobed(
            size_bytes=size,
            code="text_encoding_unknown",
            reason="it is not plain text in UTF-8, nor in UTF-16 or UTF-32 with a byte order mark",
        )
    text, encoding = decoded
    return facts_of_text(text, size, encoding)


def facts_of_text(text: str, size_bytes: int | None = None, encoding: str = "utf-8") -> TextFacts:
    """Of a text at hand; `size_bytes` is that of its file, and of its UTF-8 where there is no file."""
    if size_bytes is None:
        size_bytes = len(well_formed(text).encode())
    return TextFacts(
        size_bytes=size_bytes,
        encoding=encoding,
        characters=len(text),
        tokens=count_tokens(text),
        blank=is_blank(text),
    )


def is_blank(text: str) -> bool:
    """Nearly every text shows something at once; of the rest, each character is asked for once, however often it
    stands there.
    """
    return not any(map(_is_visible, text[:_AT_ONCE])) and not any(map(_is_visible, set(text[_AT_ONCE:])))


_AT_ONCE = 1_000


def _is_visible(character: str) -> bool:
    """Not white space, a control, or a format character such as the space without width."""
    category = unicodedata.category(character)
    return category[0] != "Z" and category not in ("Cc", "Cf")


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
    except UnicodeDecodeError:
        return None


def well_formed(text: str) -> str:
    """`text` with U+FFFD for each lone surrogate, which has no UTF-8; every other character keeps its index."""
    return _SURROGATES.sub("\ufffd", text)
