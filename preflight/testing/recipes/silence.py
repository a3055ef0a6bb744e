"""Silence, coded byte by byte: AAC, MP3 and FLAC of any length, in a thousandth of an encoder's time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from preflight.testing.recipes.interface import Kitchen, Recipe


@dataclass(frozen=True, kw_only=True)
class SilentAac:
    """Packets for MP4, all of them the same."""

    frames: int = 188
    sample_rate: int = 48_000
    channels: int = 1

    SAMPLES: ClassVar[int] = 1024
    """Of one frame and channel."""
    RATES: ClassVar[tuple[int, ...]] = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000)

    @property
    def packet(self) -> bytes:
        """An element with no coefficients (ISO/IEC 14496-3)."""
        return bytes.fromhex("01 18 20 07" if self.channels == 1 else "21 10 04 60 8c 1c")

    @property
    def configuration(self) -> bytes:
        """AudioSpecificConfig: AAC LC, rate, channels."""
        index = (96_000, 88_200, 64_000, *self.RATES).index(self.sample_rate)
        return (2 << 11 | index << 7 | self.channels << 3).to_bytes(2)


@dataclass(frozen=True, kw_only=True)
class SilentMp3(Recipe):
    """MPEG audio of a constant bit rate, without a tag."""

    suffix: str = ".mp3"
    frames: int = 100
    sample_rate: int = 48_000
    channels: int = 1
    size_bytes: int | None = None
    """Grown to so many by a tag in front that holds nothing; None: as it is."""

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        sound = self._frame() * self.frames
        with path.open("wb") as file:
            if self.size_bytes is not None:
                empty = self.size_bytes - len(sound) - 10
                assert empty >= 0, "the sound alone is longer"
                file.write(b"ID3\x04\x00\x00" + bytes((empty >> shift) & 0x7F for shift in (21, 14, 7, 0)))
                file.seek(empty, 1)
            file.write(sound)

    @classmethod
    def samples(cls, sample_rate: int) -> int:
        """Of one frame and channel."""
        return 1152 if sample_rate in cls._RATES[0b11] else 576

    _RATES: ClassVar[dict[int, tuple[int, ...]]] = {
        0b11: (44_100, 48_000, 32_000),
        0b10: (22_050, 24_000, 16_000),
        0b00: (11_025, 12_000, 8_000),
    }
    """By version: MPEG 1, 2 and 2.5."""

    def _frame(self) -> bytes:
        """Its side information is all zeros: no part of it holds coefficients."""
        version, index = next(
            (v, rates.index(self.sample_rate)) for v, rates in self._RATES.items() if self.sample_rate in rates
        )
        # The fourth bit rate: 56 kbit/s in MPEG 1, 32 in MPEG 2 and 2.5.
        is_first = version == 0b11  # noqa: PLR2004
        bits_a_second = 56_000 if is_first else 32_000
        size = (144 if is_first else 72) * bits_a_second // self.sample_rate
        mode = 0b11 if self.channels == 1 else 0b00
        header = bytes([0xFF, 0xE0 | version << 3 | 0b011, 4 << 4 | index << 2, mode << 6])
        return header.ljust(size, b"\0")


@dataclass(frozen=True, kw_only=True)
class SilentFlac(Recipe):
    """Subframes that say: all samples are 0."""

    suffix: str = ".flac"
    samples: int = 192_000
    """Of one channel."""
    sample_rate: int = 48_000
    channels: int = 1
    bit_depth: int = 16
    claims: int | None = None
    """What the header says that the samples of a channel are; None: the truth."""
    size_bytes: int | None = None
    """Grown to so many by padding, which FLAC has for that; None: as it is."""

    BLOCK: ClassVar[int] = 4096
    """Samples of a frame and channel."""
    _RATES: ClassVar[tuple[int, ...]] = (
        88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
    )  # fmt: skip
    """From code 1 on."""
    _DEPTHS: ClassVar[dict[int, int]] = {8: 1, 12: 2, 16: 4, 20: 5, 24: 6}

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        frames = b"".join(self._frames())
        claimed = self.samples if self.claims is None else self.claims
        packed = self.sample_rate << 44 | (self.channels - 1) << 41 | (self.bit_depth - 1) << 36 | claimed
        # Sizes of frames and MD5 are zeros: not known.
        information = self.BLOCK.to_bytes(2) * 2 + bytes(6) + packed.to_bytes(8) + bytes(16)
        padding = [] if self.size_bytes is None else _paddings(self.size_bytes - 42 - len(frames))
        with path.open("wb") as file:
            file.write(b"fLaC" + bytes([0x00 if padding else 0x80, 0, 0, 34]) + information)
            for number, size in enumerate(padding, start=1):
                file.write(bytes([0x81 if number == len(padding) else 0x01]) + size.to_bytes(3))
                file.seek(size, 1)
            file.write(frames)

    def _frames(self) -> list[bytes]:
        whole, rest = divmod(self.samples, self.BLOCK)
        made = [self._frame(number, self.BLOCK) for number in range(whole)]
        return [*made, self._frame(whole, rest)] if rest else made

    def _frame(self, number: int, samples: int) -> bytes:
        rate = self._RATES.index(self.sample_rate) + 1
        size = 0b1100 if samples == self.BLOCK else 0b0111  # 4096, or: see below, 16 bits less 1
        header = bytes([0xFF, 0xF8, size << 4 | rate, (self.channels - 1) << 4 | self._DEPTHS[self.bit_depth] << 1])
        header += _coded_number(number) + (b"" if samples == self.BLOCK else (samples - 1).to_bytes(2))
        header += _crc(header, 8, 0x07).to_bytes()
        constant = "00000000" + "0" * self.bit_depth
        digits = constant * self.channels
        digits += "0" * (-len(digits) % 8)
        body = header + bytes(len(digits) // 8)
        return body + _crc(body, 16, 0x8005).to_bytes(2)


def _coded_number(number: int) -> bytes:
    """As UTF-8 codes a character."""
    return chr(number).encode("utf-8", "surrogatepass")


def _paddings(size: int) -> list[int]:
    """The lengths of blocks that take up `size` bytes with their four bytes of header each."""
    assert size >= 4, "a block of padding has four bytes at least"  # noqa: PLR2004
    most = (1 << 24) - 1 + 4
    count = -(-size // most)
    return [size // count + (1 if i < size % count else 0) - 4 for i in range(count)]


def _crc(data: bytes, width: int, polynomial: int) -> int:
    table = _crc_table(width, polynomial)
    crc = 0
    for byte in data:
        crc = (crc << 8 ^ table[crc >> (width - 8) ^ byte]) & ((1 << width) - 1)
    return crc


@cache
def _crc_table(width: int, polynomial: int) -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << (width - 8)
        for _ in range(8):
            crc = crc << 1 ^ (polynomial if crc >> (width - 1) & 1 else 0)
        table.append(crc & ((1 << width) - 1))
    return tuple(table)


@dataclass(frozen=True, kw_only=True)
class SilentAu(Recipe):
    """Sun's format: 16 bits, big-endian."""

    suffix: str = ".au"
    samples: int = 32_000
    """Of one channel."""
    sample_rate: int = 8_000
    channels: int = 1

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        size = self.samples * self.channels * 2
        pcm_16 = 3
        with path.open("wb") as file:
            file.write(b".snd" + b"".join(n.to_bytes(4) for n in (24, size, pcm_16, self.sample_rate, self.channels)))
            file.truncate(24 + size)
