"""PNG files written chunk by chunk: the depths, the interlacing and the chunks that Pillow does not write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from preflight.testing.recipes.film import CORNERS
from preflight.testing.recipes.interface import Kitchen, Recipe
from preflight.testing.recipes.still import box_of, drawing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Colour = Literal["gray", "rgb", "palette", "gray_alpha", "rgba"]
Chunk = tuple[bytes, bytes]
"""Type of four letters, and content."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPE = {"gray": 0, "rgb": 2, "palette": 3, "gray_alpha": 4, "rgba": 6}
_PALETTE = (*CORNERS, (255, 255, 255), (0, 0, 0))
_LUMA = (0.299, 0.587, 0.114)
# First column and row, and the steps from there (PNG third edition, 8.1).
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_WHOLE = ((0, 0, 1, 1),)
_BYTE, _TWO_BYTES = 8, 16


@dataclass(frozen=True, kw_only=True)
class Png(Recipe):
    """One picture with a colour in each corner, as far as its kind of colour has them."""

    suffix: str = ".png"
    width: int = 640
    height: int = 480
    colour: Colour = "rgb"
    depth: int = 8
    """Bits of a sample: 1, 2, 4, 8 or 16; the standard does not allow all with all colours."""
    is_interlaced: bool = False
    is_blank: bool = False
    """Nothing but black, so that the largest picture needs no memory."""
    parts: int = 1
    """In so many IDAT chunks."""
    before: tuple[Chunk, ...] = ()
    """Between header (and palette) and picture."""
    after: tuple[Chunk, ...] = ()
    """Between picture and end."""
    claims: tuple[int, int] | None = None
    """Width and height that the header states; None: the truth."""

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        width, height = self.claims or (self.width, self.height)
        head = struct.pack(
            ">LLBBBBB", width, height, self.depth, _COLOUR_TYPE[self.colour], 0, 0, int(self.is_interlaced)
        )
        colours = tuple(value for colour in _PALETTE[: 1 << self.depth] for value in colour)
        palette = ((b"PLTE", bytes(colours)),) if self.colour == "palette" else ()
        coded = zlib.compress(b"".join(self._rows()), 6)
        step = -(-len(coded) // self.parts)
        picture = [(b"IDAT", coded[at : at + step]) for at in range(0, len(coded), step)]
        chunks = ((b"IHDR", head), *palette, *self.before, *picture, *self.after, (b"IEND", b""))
        path.write_bytes(SIGNATURE + b"".join(chunk(*each) for each in chunks))

    def _rows(self) -> Iterator[bytes]:
        """Each after its filter's number, which is 0: none."""
        if self.is_blank:
            yield from (bytes(1 + -(-self.width * self.depth // 8)) for _ in range(self.height))
            return
        samples = self._samples()
        for x, y, across, down in _ADAM7 if self.is_interlaced else _WHOLE:
            part = samples[y::down, x::across]
            if part.size:
                yield from (b"\0" + row.tobytes() for row in _packed(part.reshape(len(part), -1), self.depth))

    def _samples(self) -> NDArray[np.uint16]:
        """Height x width x channels, each from 0 to the most that `depth` allows."""
        import numpy as np

        seen = drawing("corners", self.width, self.height).astype(np.float64)
        clear = 255.0 * ~box_of(self.width, self.height)[..., None]
        gray = (seen @ np.array(_LUMA))[..., None]
        match self.colour:
            case "palette":
                whole = (seen[:, :, None, :] == np.array(_PALETTE)).all(axis=-1).argmax(axis=-1)[..., None]
                return np.asarray(whole % (1 << self.depth), np.uint16)
            case "gray":
                channels = gray
            case "rgb":
                channels = seen
            case "gray_alpha":
                channels = np.concatenate([gray, clear], axis=-1)
            case "rgba":
                channels = np.concatenate([seen, clear], axis=-1)
        return np.asarray(np.rint(channels / 255 * ((1 << self.depth) - 1)), np.uint16)


def _packed(rows: NDArray[np.uint16], depth: int) -> NDArray[np.generic]:
    """Samples of less than a byte share one, the first in its upper bits."""
    import numpy as np

    if depth == _TWO_BYTES:
        return rows.astype(">u2")
    if depth == _BYTE:
        return rows.astype(np.uint8)
    bits = rows[..., None] >> np.arange(depth - 1, -1, -1, dtype=np.uint16) & 1
    return np.packbits(bits.reshape(len(rows), -1), axis=1)


def chunk(kind: bytes, body: bytes) -> bytes:
    """With its length and checksum."""
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))


_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Vast(Recipe):
    """A black PNG of one bit a pixel, of any size: it is true, but nobody should decode it."""

    suffix: str = ".png"
    width: int = 20_000
    height: int = 20_000

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        head = struct.pack(">LLBBBBB", self.width, self.height, 1, 0, 0, 0, 0)
        # A row is the number of its filter, which is 0, and its pixels.
        coded = _deflated_zeros((1 + -(-self.width // 8)) * self.height)
        chunks = ((b"IHDR", head), (b"IDAT", coded), (b"IEND", b""))
        path.write_bytes(SIGNATURE + b"".join(chunk(*each) for each in chunks))


def _deflated_zeros(count: int) -> bytes:
    """What zlib makes of so many, without going through them: a block of them is coded once, and repeated."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = compressor.compress(bytes(_BLOCK)) + compressor.flush(zlib.Z_FULL_FLUSH)
    blocks, rest = divmod(count, _BLOCK)
    last = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    end = last.compress(bytes(rest)) + last.flush()
    # Adler-32 of zeros: the sum of all bytes is 1, and the sum of those sums is how many there were.
    adler = count % 65_521 << 16 | 1
    return b"\x78\xda" + block * blocks + end + adler.to_bytes(4)
