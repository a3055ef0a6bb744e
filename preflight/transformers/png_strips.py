"""A PNG of RGB or grey, eight bits a sample → its rows, strip by strip: it is never held whole."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import BinaryIO

from PIL import Image, ImageFile

from preflight.errors import BrokenMediaError
from preflight.media import Source
from preflight.probers.png_rows import PngData
from preflight.probers.png_structure import PngChunk, png_chunks
from preflight.transformers.image_colour import strip_to_srgb
from preflight.transformers.image_profile import conversion_of
from preflight.transformers.jpeg_strips import STRIP_ROWS

_MODES = {(8, 0, 0, 0, 0): "L", (8, 2, 0, 0, 0): "RGB"}
"""By depth, colour type, compression, filters and interlacing (PNG, third edition, 11.2.1)."""
_NOT_HERE = frozenset({b"tRNS", b"acTL"})
_SMALL_PIXELS = 1_000_000
_MOST_STORED = 0xFFFF


class PngRows:
    """Of a PNG, as a picture that is encoded strip by strip. It is decoded each time anew."""

    def __init__(self, source: Source, chunks: Sequence[PngChunk], image: ImageFile.ImageFile) -> None:
        self.size = image.size
        self._source = source
        self._chunks = chunks
        self._mode = image.mode
        self._conversion = conversion_of(image.mode, image.info)
        self.colour_steps = () if self._conversion is None else (self._conversion.step,)

    @classmethod
    def of(cls, source: Source, image: ImageFile.ImageFile, file: BinaryIO) -> PngRows | None:
        """None of other kinds, and of small ones. Only the header of `image` was read."""
        if image.format != "PNG" or image.width * image.height < _SMALL_PIXELS:
            return None
        chunks = png_chunks(file)
        if [chunks[0].kind, chunks[-1].kind] != [b"IHDR", b"IEND"] or any(c.kind in _NOT_HERE for c in chunks):
            return None
        file.seek(chunks[0].start + 8)
        width, height, *kind = struct.unpack(">IIBBBBB", file.read(13))
        is_known = _MODES.get(tuple(kind)) == image.mode and (width, height) == image.size
        return cls(source, chunks, image) if is_known else None

    def strips(self) -> Iterator[Image.Image]:
        """From the top, of `STRIP_ROWS` each but the last. Raises BrokenMediaError where data are damaged or end."""
        try:
            with self._source.open() as file:
                for strip in self._strips(file):
                    yield strip_to_srgb(strip, self._conversion)
        except (zlib.error, ValueError) as error:
            raise BrokenMediaError(f"its pixels cannot be decoded ({error})") from error

    def _strips(self, file: BinaryIO) -> Iterator[Image.Image]:
        width, height = self.size
        row_bytes = 1 + width * len(self._mode)
        data = PngData(file, self._chunks)
        strips = [min(STRIP_ROWS, height - top) for top in range(0, height, STRIP_ROWS)]
        above = bytes(row_bytes)
        # Unpacking takes longest: it is a strip ahead.
        with ThreadPoolExecutor(max_workers=1) as beside:
            ahead = beside.submit(data.read, strips[0] * row_bytes)
            for rows, next_rows in pairwise([*strips, 0]):
                pieces = ahead.result()
                ahead = beside.submit(data.read, next_rows * row_bytes)
                # Each row says how it differs from the one above. That one is put in front as it is, unfiltered, and
                # all go to Pillow's decoder, which undoes the filters.
                stored = _stored([above, *pieces])
                decoded = Image.frombytes(self._mode, (width, rows + 1), stored, "zip", self._mode, 0)
                above = b"\0" + decoded.crop((0, rows, width, rows + 1)).tobytes()
                yield decoded.crop((0, 1, width, rows + 1))


def _stored(pieces: Iterable[bytes]) -> bytes:
    """As zlib's format has what is not compressed (RFC 1950, 2.2; RFC 1951, 3.2.4), without its end, which the decoder
    does not wait for.
    """
    parts = [b"\x78\x01"]
    for piece in pieces:
        for at in range(0, len(piece), _MOST_STORED):
            part = piece[at : at + _MOST_STORED]
            parts += (struct.pack("<BHH", 0, len(part), len(part) ^ _MOST_STORED), part)
    return b"".join(parts)
