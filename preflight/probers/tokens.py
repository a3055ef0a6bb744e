"""Counting tokens, offline: cl100k_base stands in for the service's tokenizer, which is published nowhere
(CONTRACT 1.7).
"""

from __future__ import annotations

import base64
import hashlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import TYPE_CHECKING

import regex

from preflight.errors import PreflightError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import tiktoken

_RANKS = "cl100k_base.tiktoken"
_RANKS_SHA256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
# As published with the ranks: which stretches of a text are merged on their own.
_PIECES = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)

TokenCounter = Callable[[str], int]
"""How many tokens a text is."""

LONGEST_TOKEN_BYTES = 128
"""No token of cl100k_base is longer, so a text of n bytes has at least n / 128 tokens."""

# tiktoken panics, with an exception that is no `Exception`, on a million white-space characters before a word, and
# takes 50 bytes of memory for each of a word: no more than this many characters are given to it at once. It is also
# fastest by blocks of about this size.
_BLOCK = 1 << 18
_PIECE = regex.compile(_PIECES)
# Where one piece ends and the next one begins, whatever else stands around it: behind letters, behind digits, between a
# sign and a space or digit, and behind the end of a line.
_SEAM = r"(?:(?<=\p{L})(?=\P{L})|(?<=\p{N})(?=\P{N})|(?<=[^\s\p{L}\p{N}])(?=[^\S\r\n]|\p{N})|(?<=[\r\n])(?=\S))"
_NEXT_SEAM, _LAST_SEAM = regex.compile(_SEAM), regex.compile(f"(?r){_SEAM}")


def count_tokens(text: str) -> int:
    """How many tokens of cl100k_base `text` is; special tokens are ordinary text, lone surrogates count as U+FFFD."""
    encode = _tokenizer()[0].encode_ordinary
    if len(text) <= _BLOCK:
        return len(encode(text))
    return sum(map(len, _encoded(text)))


def token_byte_ends(text: str) -> npt.NDArray[np.int64]:
    """Where each token of `text`, which holds no lone surrogates, ends in its UTF-8."""
    import numpy as np

    lengths = np.frombuffer(_tokenizer()[1], np.uint8)
    found = (lengths[np.asarray(tokens, np.int64)] for tokens in _encoded(text))
    return np.cumsum(np.concatenate([np.empty(0, np.uint8), *found]), dtype=np.int64)


def next_seam(text: str, start: int, end: int) -> int | None:
    """The first place behind `start` and before `end` at which a token ends for sure, in `text` and in any part of it
    that holds what is on both sides of the place. None where there is none.
    """
    found = _NEXT_SEAM.search(text, start + 1, end)
    return found.start() if found else None


def last_seam(text: str, start: int, end: int) -> int | None:
    """The last such place."""
    found = _LAST_SEAM.search(text, start + 1, end)
    return found.start() if found else None


def _encoded(text: str) -> Iterator[Sequence[int]]:
    """The tokens of all of it, in parts that fit into memory."""
    encode = _tokenizer()[0].encode_ordinary
    for block in _blocks(text):
        if len(block) <= _BLOCK:
            yield encode(block)
        else:
            yield from _encoded_piece(block)


def _blocks(text: str) -> Iterator[str]:
    """`text` in parts that have the same tokens alone: each is as long as `_BLOCK` at most, or a single piece."""
    start = 0
    while len(text) - start > _BLOCK:
        seam = last_seam(text, start, start + _BLOCK + 1)
        if seam is not None:
            yield text[start:seam]
        else:
            seam = next_seam(text, start + _BLOCK, len(text)) or len(text)
            yield from _pieces(text[start:seam])
        start = seam
    if start < len(text):
        yield text[start:]


def _pieces(stretch: str) -> Iterator[str]:
    """Parts of a stretch without seams, such as a million letters, signs or blanks."""
    start = 0
    for piece in _PIECE.finditer(stretch):
        begin, end = piece.span()
        is_blank = stretch[begin:end].isspace()
        # Blanks are a part of their own: at the end of a longer one, two pieces of them would be one.
        if is_blank or end - start > _BLOCK:
            if start < begin:
                yield stretch[start:begin]
            start = begin
        if is_blank:
            yield stretch[begin:end]
            start = end
    if start < len(stretch):
        yield stretch[start:]


def _encoded_piece(piece: str) -> Iterator[Sequence[int]]:
    """The tokens of a piece that is longer than a block, by windows."""
    size = _BLOCK
    while (parts := _windows(piece, size)) is None:
        size *= 2
    yield from parts


def _windows(piece: str, size: int) -> list[array[int]] | None:
    """The tokens of `piece`, by so many characters at once; None where they are too few to tell.

    A row of tokens is that of the whole if each two neighbours are what the two of them become alone. So it is where
    each window begins with the token that the one before has at that place: then any two neighbours are neighbours in
    one of them.
    """
    (encoding, lengths), parts = _tokenizer(), []
    start, tokens = 0, encoding.encode_ordinary(piece[:size])
    while start + size < len(piece):
        coded = piece[start : start + size].encode()
        ends = list(accumulate(map(lengths.__getitem__, tokens)))
        for eighths in _HANDOVERS:
            # A window begins with a whole character.
            kept = next((n for n in range(len(tokens) * eighths // 8, 0, -1) if coded[ends[n - 1]] & 0xC0 != 0x80), 0)  # noqa: PLR2004 (UTF-8)
            following_start = start + len(coded[: ends[kept - 1]].decode())
            following = encoding.encode_ordinary(piece[following_start : following_start + size])
            if kept and following[0] == tokens[kept]:
                break
        else:
            return None
        parts.append(array("I", tokens[:kept]))
        start, tokens = following_start, following
    return [*parts, array("I", tokens)]


_HANDOVERS = 7, 6, 4
"""Eighths of a window behind which the next one may begin: the tokens near its end are those of a cut."""


@cache
def _tokenizer() -> tuple[tiktoken.Encoding, bytes]:
    """The tokenizer, and how many bytes each of its tokens has."""
    # Built from the shipped ranks: by name, tiktoken would look for plugins and download.
    import tiktoken

    data = resources.files(__package__).joinpath(_RANKS).read_bytes()
    if hashlib.sha256(data).hexdigest() != _RANKS_SHA256:
        raise PreflightError(f"{_RANKS} is damaged. Install embed-preflight again.")
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in data.splitlines())}
    lengths = bytearray(max(ranks.values()) + 1)
    for token, rank in ranks.items():
        lengths[rank] = len(token)
    encoding = tiktoken.Encoding("cl100k_base", pat_str=_PIECES, mergeable_ranks=ranks, special_tokens={})
    return encoding, bytes(lengths)
