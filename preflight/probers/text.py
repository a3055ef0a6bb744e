"""Bytes → TextFacts: in what encoding, how many tokens, and whether there is anything to be seen."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from preflight.media import MAX_TEXT_BYTES, Source, TextFacts, Unprobed
from preflight.probers.encoding import Decoded, Guess, decode
from preflight.probers.tokens import TokenCounter, count_tokens

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How texts are read: what the caller knows better."""

    encoding: str | None = None
    """Of texts that are neither UTF-8 nor marked; None has it detected."""
    token_counter: TokenCounter = count_tokens


AS_FOUND = Reading()


def probe_text(source: Source, reading: Reading = AS_FOUND) -> TextFacts | Unprobed:
    """Read a text file of at most 64 MB. Raises UnreadableError where its bytes cannot be had."""
    size = source.size_bytes()
    if size == 0:
        return Unprobed(size_bytes=0, code="file_empty", reason="the file is empty")
    if size > MAX_TEXT_BYTES:
        return Unprobed(
            size_bytes=size,
            code="text_filesize_too_large",
            reason=f"a text of {size:,} bytes is too long to be read at once; {MAX_TEXT_BYTES:,} is the most",
        )
    match decode(source.read(), reading.encoding):
        case Decoded() as decoded:
            return facts_of_text(decoded.text, size, decoded, token_counter=reading.token_counter)
        case guess:
            return Unprobed(size_bytes=size, code="text_encoding_unknown", reason=_why_unknown(guess, reading.encoding))


def _why_unknown(guess: Guess | None, named: str | None) -> str:
    reason = "it is not plain text in UTF-8, nor in UTF-16 or UTF-32 with a byte order mark"
    if named is not None:
        return f"{reason}, nor in {named}"
    match guess:
        case Guess(encoding, None):
            return f"{reason}; it may be in {encoding}, but does not make much sense in that"
        case Guess(encoding, rival):
            return f"{reason}; it may be in {encoding}, but makes as much sense in {rival}"
        case None:
            return reason


def facts_of_text(
    text: str,
    size_bytes: int | None = None,
    decoded: Decoded | None = None,
    *,
    token_counter: TokenCounter = count_tokens,
) -> TextFacts:
    """Of a text at hand; `size_bytes` is that of its file, and of its UTF-8 where there is no file."""
    carried = well_formed(text)
    return TextFacts(
        size_bytes=len(carried.encode()) if size_bytes is None else size_bytes,
        encoding=decoded.encoding if decoded else "utf-8",
        encoding_source=decoded.source if decoded else "content",
        encoding_confidence=decoded.confidence if decoded else None,
        characters=len(text),
        tokens=token_counter(carried),
        blank=is_blank(text),
        lone_surrogates=0 if carried == text else len(_SURROGATES.findall(text)),
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


def well_formed(text: str) -> str:
    """`text` with U+FFFD for each lone surrogate, which has no UTF-8; every other character keeps its index."""
    return _SURROGATES.sub("\ufffd", text)
