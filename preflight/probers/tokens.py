"""Counting tokens, offline: cl100k_base stands in for the service's tokenizer, which is published nowhere
(CONTRACT 1.7).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

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

# tiktoken panics, with an exception that is no `Exception`, on a million white-space characters before a word,
# and older ones take quadratic time on a million letters. No word of any language is this long, so that a cut
# here changes no count that matters.
_RUN = 1024
_LONG_RUN = re.compile(rf"(?<!\S)\S{{{_RUN}}}\S*|(?<!\s)\s{{{_RUN}}}\s*")
# Keeps the list of tokens small where the text is not.
_BLOCK = 1 << 18


def count_tokens(text: str) -> int:
    """How many tokens of cl100k_base `text` is; special tokens are ordinary text, lone surrogates count as U+FFFD."""
    encoding, _ = _tokenizer()
    return sum(len(encoding.encode_ordinary(block)) for block in _blocks(text))


def token_byte_ends(text: str) -> npt.NDArray[np.int64]:
    """Where each token of `text`, which holds no lone surrogates, ends in its UTF-8."""
    import numpy as np

    encoding, lengths = _tokenizer()
    found = (np.asarray(encoding.encode_ordinary(block), np.int64) for block in _blocks(text))
    return np.cumsum(np.frombuffer(lengths, np.uint8)[np.concatenate([np.empty(0, np.int64), *found])], dtype=np.int64)


def _blocks(text: str) -> Iterator[str]:
    start = 0
    for run in _LONG_RUN.finditer(text):
        yield from _lines(text, start, run.start())
        for at in range(run.start(), run.end(), _RUN):
            yield text[at : min(at + _RUN, run.end())]
        start = run.end()
    yield from _lines(text, start, len(text))


def _lines(text: str, start: int, end: int) -> Iterator[str]:
    """`text[start:end]` in blocks that end with a line where there is one: a token never crosses its end."""
    while end - start > _BLOCK:
        cut = text.rfind("\n", start, start + _BLOCK) + 1 or start + _BLOCK
        yield text[start:cut]
        start = cut
    if start < end:
        yield text[start:end]


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
