"""WAV under a true and plain header: samples are copied from where they lie, whatever their own header says of them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from preflight.media import AudioFacts, Fidelity, Source, Span
from preflight.planner import CutBetweenUnits
from preflight.probers.wav import EXTENSIBLE, FLOAT, PCM, UNKNOWN, WavLayout, layout_of
from preflight.transformers.interface import Output

if TYPE_CHECKING:
    from typing_extensions import Buffer

_SUBFORMAT_END = bytes.fromhex("0000 1000 8000 00aa 0038 9b71")
_USUAL_SPEAKERS = (None, 0x0, 0x3, 0x4)
"""Of one and two channels: these need not be named."""


def copy_samples(source: Source, layout: WavLayout, facts: AudioFacts, recipe: CutBetweenUnits) -> Iterator[Output]:
    """One output a clip, in order, cut at any sample; only the clip at hand is in memory. Raises UnreadableError."""
    cuts = [round(cut_s * layout.sample_rate) for cut_s in recipe.cuts_s]
    begins = [round(begin_s * layout.sample_rate) for begin_s in recipe.begins_s] or cuts
    for first, end in zip((0, *begins), (*cuts, layout.samples), strict=True):
        with _plain(source, layout, first, end) as file:
            data = file.read()
        yield Output(
            media=Source.of(data, name=source.name),
            span=Span(first / layout.sample_rate, end / layout.sample_rate),
            # Every sample keeps its value; but what is coded are other bytes.
            fidelity=Fidelity.TRANSCODED if layout.is_big_endian else Fidelity.LOSSLESS,
            steps=_steps(layout, facts, recipe),
        )


def _steps(layout: WavLayout, facts: AudioFacts, recipe: CutBetweenUnits) -> tuple[str, ...]:
    steps = ["cut into wav" if recipe.cuts_s else "copied the samples under a new header"]
    if recipe.begins_s:
        steps.append("repeated the end of each clip in the next")
    if layout.is_big_endian:
        steps.append("turned the bytes of each sample round; no sample changes its value")
    if layout.held_bytes % layout.block_bytes:
        steps.append("left out the last sample, which is not whole")
    if others := len(facts.streams) - 1:
        steps.append(f"left out {others} other stream{'s' if others > 1 else ''}")
    return tuple(steps)


def readable(source: Source, facts: AudioFacts) -> Source:
    """For FFmpeg, which takes some dialects of WAV for what they are not: the same sound under a header that it
    understands. Nothing is copied: the samples are read from where they are.
    """
    if facts.dialect is None or (layout := layout_of(source, facts)) is None:
        return source
    return Source.of(_plain(source, layout, 0, layout.samples), name=source.name)


def _plain(source: Source, layout: WavLayout, first: int, end: int) -> BinaryIO:
    """The samples from `first` to before `end`, as a file of their own."""
    start = layout.data_offset + first * layout.block_bytes
    size = (end - first) * layout.block_bytes
    swapped_bytes = layout.stored_bits // 8 if layout.is_big_endian else 1
    return io.BufferedReader(_Samples(source.open(), _header(layout, end - first), start, size, swapped_bytes))


def _header(layout: WavLayout, samples: int) -> bytes:
    """As plain as can be: one that names no speakers, unless they are others than everybody takes them for."""
    size = samples * layout.block_bytes
    number = FLOAT if layout.is_float else PCM
    is_usual = layout.channel_mask is None or (layout.channels <= 2 and layout.channel_mask in _USUAL_SPEAKERS)  # noqa: PLR2004 (stereo)
    rate, block, bits = layout.sample_rate, layout.block_bytes, layout.stored_bits
    described = struct.pack("<HLLHH", layout.channels, rate, min(rate * block, UNKNOWN), block, bits)
    if not is_usual:
        described = struct.pack("<H", EXTENSIBLE) + described
        described += struct.pack("<HHLL", 22, bits, layout.channel_mask, number) + _SUBFORMAT_END
    else:
        described = struct.pack("<H", number) + described + (bytes(2) if layout.is_float else b"")
    chunks = b"fmt " + struct.pack("<L", len(described)) + described
    if layout.is_float:  # as all that is not PCM must
        chunks += b"fact" + struct.pack("<LL", 4, min(samples, UNKNOWN))
    whole = 4 + len(chunks) + 8 + size + size % 2
    if whole > UNKNOWN:  # read by FFmpeg alone, which then reads to the end
        whole = size = UNKNOWN
    return b"RIFF" + struct.pack("<L", whole) + b"WAVE" + chunks + b"data" + struct.pack("<L", size)


class _Samples(io.RawIOBase):
    """A file that is a header, a part of another file, and what makes it even. It closes the other file with itself."""

    def __init__(self, file: BinaryIO, header: bytes, start: int, size: int, swapped_bytes: int) -> None:
        self._file, self._header = file, header
        self._start, self._size = start, size
        self._swapped_bytes = swapped_bytes
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        whole = len(self._header) + self._size + self._size % 2
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: whole}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        data = self._read(len(view))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _read(self, size: int) -> bytes:
        at = self._position - len(self._header)
        if at < 0:
            return self._header[self._position : self._position + size]
        if at >= self._size:
            return bytes(self._size % 2)[at - self._size :][:size]
        each = self._swapped_bytes
        first, end = at // each * each, min(-(-(at + size) // each) * each, self._size)
        self._file.seek(self._start + first)
        data = self._file.read(end - first)
        return _swapped(data, each)[at - first :][:size]

    def close(self) -> None:
        self._file.close()
        super().close()


def _swapped(data: bytes, each: int) -> bytes:
    """The bytes of every `each` the other way round."""
    if each == 1:
        return data
    import numpy as np

    whole = len(data) // each * each
    return np.frombuffer(data[:whole], np.uint8).reshape(-1, each)[:, ::-1].tobytes()
