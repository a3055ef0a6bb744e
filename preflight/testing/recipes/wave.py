"""WAV files written chunk by chunk: the flavours and mistakes that no encoder writes.

Their sound is that of `film.Tone`: a beep at the start of every second, in all channels.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from preflight.testing.recipes.film import FLASH_S, TONE_HZ
from preflight.testing.recipes.interface import Kitchen, Recipe

if TYPE_CHECKING:
    import numpy as np

Coding = Literal["u8", "s16", "s24", "s20in24", "s24in32", "s32", "f32", "f64", "gsm"]
Chunk = tuple[bytes, bytes]
"""Name of four letters, and content."""

_PCM, _FLOAT, _GSM, _EXTENSIBLE = 0x0001, 0x0003, 0x0031, 0xFFFE
_SUBFORMAT = bytes.fromhex("0000 0000 1000 8000 00aa 0038 9b71")
"""What follows the format's number in the GUID of WAVE_FORMAT_EXTENSIBLE, two bytes of zero first."""
_UNKNOWN = 0xFFFF_FFFF
_GSM_BLOCK_BYTES, _GSM_BLOCK_SAMPLES = 65, 320


@dataclass(frozen=True, kw_only=True)
class _Format:
    number: int
    bits: int
    """That a sample of one channel takes up."""
    valid_bits: int
    """Of those: the uppermost."""


_FORMATS: dict[Coding, _Format] = {
    "u8": _Format(number=_PCM, bits=8, valid_bits=8),
    "s16": _Format(number=_PCM, bits=16, valid_bits=16),
    "s24": _Format(number=_PCM, bits=24, valid_bits=24),
    "s20in24": _Format(number=_PCM, bits=24, valid_bits=20),
    "s24in32": _Format(number=_PCM, bits=32, valid_bits=24),
    "s32": _Format(number=_PCM, bits=32, valid_bits=32),
    "f32": _Format(number=_FLOAT, bits=32, valid_bits=32),
    "f64": _Format(number=_FLOAT, bits=64, valid_bits=64),
    "gsm": _Format(number=_GSM, bits=0, valid_bits=0),
}


@dataclass(frozen=True, kw_only=True)
class Wave(Recipe):
    """One WAV file, true to the standard unless a field says otherwise."""

    suffix: str = ".wav"
    coding: Coding = "s16"
    """`s24in32`: 24 bits that count in 32 that are stored; `gsm`: blocks of 20 ms of near silence."""
    samples: int = 220_500
    """Of one channel."""
    sample_rate: int = 44_100
    channels: int = 2
    form: Literal["RIFF", "RIFX", "RF64", "BW64"] = "RIFF"
    """RIFX is big-endian throughout; RF64 and BW64 have room for sizes of 64 bits."""
    channel_mask: int | None = None
    """Speaker positions; not None makes it WAVE_FORMAT_EXTENSIBLE."""
    before: tuple[Chunk, ...] = ()
    """Chunks between format and data."""
    after: tuple[Chunk, ...] = ()
    claims: int | None = None
    """What the header says that the data chunk holds, bytes; None: the truth."""
    has_fact: bool = True
    """Whether the number of samples is stated in a chunk of its own, as it must be for all but integer PCM."""
    is_padded: bool = True
    """Whether data of an odd length are followed by the byte that makes them even."""
    cut_bytes: int = 0
    """Left out at the end of the data, and not counted in the header."""
    is_silent: bool = False
    holds: Recipe | None = None
    """What is passed off as samples: the data are the bytes of this file."""

    def write(self, path: Path, kitchen: Kitchen) -> None:
        data = self._data() if self.holds is None else kitchen.path(self.holds).read_bytes()
        head = b"".join(self._chunk(*chunk) for chunk in (*self._head(len(data)), *self.before))
        pad = bytes(len(data) % 2) if self.is_padded else b""
        tail = b"".join(self._chunk(*chunk) for chunk in self.after)
        told = len(data) if self.claims is None else self.claims
        is_long = self.form in ("RF64", "BW64")
        size = 4 + len(head) + 8 + len(data) + len(pad) + len(tail)
        if is_long:
            sizes = struct.pack("<QQQL", size + 8 + 28, told, self.samples, 0)
            head = self._chunk(b"ds64", sizes) + head
            told = _UNKNOWN
        if told == _UNKNOWN:
            size = _UNKNOWN
        opening = self.form.encode() + self._pack("L", size) + b"WAVE"
        path.write_bytes(b"".join([opening, head, b"data", self._pack("L", told), data, pad, tail]))

    def _head(self, data_bytes: int) -> list[Chunk]:
        made = _FORMATS[self.coding]
        number = made.number if self.channel_mask is None else _EXTENSIBLE
        is_gsm = self.coding == "gsm"
        block = _GSM_BLOCK_BYTES if is_gsm else self.channels * made.bits // 8
        per_second = self.sample_rate * block // (_GSM_BLOCK_SAMPLES if is_gsm else 1)
        body = self._pack("HHLLHH", number, self.channels, self.sample_rate, per_second, block, made.bits)
        if self.channel_mask is not None:
            body += self._pack("HHLH", 22, made.valid_bits, self.channel_mask, made.number) + _SUBFORMAT
        elif is_gsm:
            body += self._pack("HH", 2, _GSM_BLOCK_SAMPLES)
        elif number != _PCM:
            body += self._pack("H", 0)
        chunks = [(b"fmt ", body)]
        if self.has_fact and made.number != _PCM:
            blocks = data_bytes // block
            chunks.append((b"fact", self._pack("L", blocks * (_GSM_BLOCK_SAMPLES if is_gsm else 1))))
        return chunks

    def _data(self) -> bytes:
        if self.coding == "gsm":
            return bytes(_GSM_BLOCK_BYTES * (self.samples // _GSM_BLOCK_SAMPLES))
        size = self.samples * self.channels * _FORMATS[self.coding].bits // 8
        second = self._second()
        return (second * -(-size // len(second)))[: size - self.cut_bytes]

    def _second(self) -> bytes:
        """One second of all channels, which is repeated."""
        import numpy as np

        time_s = np.arange(self.sample_rate) / self.sample_rate
        loud = 0.0 if self.is_silent else 0.5
        tone = loud * np.sin(2 * np.pi * TONE_HZ * time_s) * (time_s < FLASH_S)
        return self._coded(np.repeat(tone, self.channels)).tobytes()

    def _coded(self, values: np.ndarray) -> np.ndarray:
        """From -1 to 1 → what is stored."""
        order = ">" if self.form == "RIFX" else "<"
        match self.coding:
            case "u8":
                return (values * 127 + 128).round().astype("u1")
            case "f32" | "f64":
                return values.astype(f"{order}f{_FORMATS[self.coding].bits // 8}")
            case _:
                made = _FORMATS[self.coding]
                loudest = (1 << (made.valid_bits - 1)) - 1
                whole = (values * loudest).round().astype("i8") << (made.bits - made.valid_bits)
                wide = whole.astype(f"{order}i8").view("u1").reshape(-1, 8)
                stored = made.bits // 8
                return wide[:, -stored:] if order == ">" else wide[:, :stored]

    def _chunk(self, name: bytes, body: bytes) -> bytes:
        return name + self._pack("L", len(body)) + body + bytes(len(body) % 2)

    def _pack(self, layout: str, *values: int) -> bytes:
        return struct.pack((">" if self.form == "RIFX" else "<") + layout, *values)
