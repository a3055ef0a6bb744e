"""512 numbers for a picture, a sound or a text. **This is not Marengo.**

The vectors are cheap descriptions of what a signal looks or sounds like, made so that tests of code around
embeddings mean something: the same content always gives the same vector, a re-encoded or resized copy lies
close to its original (cosine above 0.95), unrelated content lies far away. They know nothing of meaning: a
text is not near the picture that it describes, and two photographs of dogs need not be near.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 512

Vector = NDArray[np.float64]
"""Shape (512,), unit length."""


def unit(values: Vector) -> Vector:
    """Scaled to length 1; of nothing but zeros, the first axis."""
    length = float(np.linalg.norm(values))
    scaled: Vector = values / length if length else np.eye(DIMENSIONS)[0]
    return scaled


def blend(vectors: Iterable[Vector]) -> Vector:
    """The vector between several: of a whole, its parts; of a fused embedding, its options."""
    return unit(np.sum(list(vectors), axis=0))


def spread(features: NDArray[np.float64], kind: str) -> Vector:
    """At most 512 features, turned by a fixed orthogonal matrix: their cosines are kept, their meaning is not
    to be read off single numbers. Each `kind` has its own matrix, so that different kinds lie at right angles.
    """
    padded = np.zeros(DIMENSIONS)
    padded[: features.size] = features
    return unit(_hadamard(_signs(f"{kind} 2") * _hadamard(_signs(f"{kind} 1") * padded)))


def cosines(count: int, size: int) -> NDArray[np.float64]:
    """The `count` lowest waves of the cosine transform over `size` samples, one a row, each of length 1."""
    angles = np.pi / size * np.outer(np.arange(count), np.arange(size) + 0.5)
    waves: NDArray[np.float64] = np.cos(angles) * math.sqrt(2 / size)
    waves[0] /= math.sqrt(2)
    return waves


def bounded(values: NDArray[np.float64], faint: float) -> NDArray[np.float64]:
    """Scaled to length 1, but where they are shorter than `faint`, left below it in proportion."""
    scaled: NDArray[np.float64] = values / max(float(np.linalg.norm(values)), faint)
    return scaled


def _hadamard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The fast Walsh-Hadamard transform: sums and differences only, so the same bits on every machine."""
    step = 1
    while step < DIMENSIONS:
        pairs = values.reshape(-1, 2, step)
        values = np.empty_like(pairs)
        np.add(pairs[:, 0], pairs[:, 1], out=values[:, 0])
        np.subtract(pairs[:, 0], pairs[:, 1], out=values[:, 1])
        step *= 2
    return values.reshape(-1)


@cache
def _signs(seed: str) -> NDArray[np.float64]:
    """512 fixed coin tosses, for a handful of seeds. Not NumPy's random numbers, which may change with its version."""
    toss = np.frombuffer(hashlib.shake_256(seed.encode()).digest(DIMENSIONS // 8), np.uint8)
    return np.where(np.unpackbits(toss), 1.0, -1.0)
