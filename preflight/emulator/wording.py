"""How a text is worded, as a vector: its words, and the letters that follow each other in them. Not Marengo."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter

import numpy as np

from preflight.emulator.vectors import DIMENSIONS, Vector, spread

_NGRAMS = (2, 3, 4)
_WORD_WEIGHT = 2.0


def wording_vector(text: str) -> Vector:
    """The same for any case, spacing or Unicode form; near for texts with most of their words in common."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = re.findall(r"\w+", folded) or re.findall(r"\S", folded)
    # Short words are in every text; a word counts by its length, and a repeated one by the root of its count.
    whole = {f"word {word}": _WORD_WEIGHT * count * min(len(word), 8) for word, count in Counter(words).items()}
    spaced = f" {' '.join(words)} "
    parts = Counter(f"part {spaced[at : at + size]}" for size in _NGRAMS for at in range(len(spaced) - size + 1))
    values = [0.0] * DIMENSIONS
    for feature, count in [*whole.items(), *parts.items()]:
        # Not Python's hash(), which differs from process to process.
        number = int.from_bytes(hashlib.blake2b(feature.encode(errors="surrogatepass"), digest_size=4).digest())
        values[number % DIMENSIONS] += math.sqrt(count) * (1 if number >> 31 else -1)
    return spread(np.array(values), "wording")
