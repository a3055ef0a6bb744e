"""The header of a WAV as the standard has it, where FFmpeg does not.

FFmpeg opens RF64, BW64 and big-endian RIFX under the name of WAV, and reads the last of them the wrong way round; it
takes integers of 24 bits that are stored in 32 for floating point; and what the header says of the length it passes
over. So the header of uncompressed sound is read once more, here: a few chunk headers, and no samples.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import BinaryIO

from preflight.media import AudioFacts, Source, StreamFacts, Unprobed, VideoFacts
from preflight.probers.units import Unit

_FORMS = {"RIFF": "<", "RIFX": ">", "RF64": "<", "BW64": "<"}
_LONG_FORMS = ("RF64", "BW64")
"""With sizes of 64 bits in a chunk of their own (EBU Tech 3306, ITU-R BS.2088)."""
PCM, FLOAT, EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_SUBFORMAT_END = bytes.fromhex("800000aa00389b71")
"""What the GUIDs of all formats that have a number end in."""
_STORED_BITS = {False: (8, 16, 24, 32, 64), True: (32, 64)}
"""Of integers and of floating point: what FFmpeg has a name for."""
_PLAIN_BYTES, _EXTENSIBLE_BYTES = 16, 40
UNKNOWN = 0xFFFF_FFFF
# Programs that cannot go back to fill a size in write one near what 31 or 32 bits hold.
_PLACEHOLDERS = range(0x7FFF_0000, UNKNOWN + 1)
# What FFmpeg takes for the floating point of Adobe Audition, and others for integers, or for nothing.
_MOOT = {"pcm_f16le": "16 bits in 32", "pcm_f24le": "24 bits in 32"}
MOST_HZ = 1 << 24
"""No converter of sound is half as fast, and what FFmpeg resamples with grows with it."""
# Real files have a dozen; a hostile one of nothing else costs some milliseconds.
_MOST_CHUNKS = 4_096
# Readers take 4,096 bytes at once, or the power of two of samples that is nearest below a tenth of a second: a cut at
# these is between two blocks of either.
_BLOCK_BYTES, _BLOCKS_PER_S = 4_096, 10
_UNIT_BYTES, _MOST_UNITS = 1 << 20, 500_000


@dataclass(frozen=True, kw_only=True, slots=True)
class WavLayout:
    """What uncompressed samples are, and where in the file they lie."""

    form: str
    """RIFF, RIFX, RF64 or BW64."""
    is_float: bool
    sample_rate: int
    """Hz."""
    channels: int
    stored_bits: int
    """That a sample of one channel takes up."""
    valid_bits: int
    """Of those, the uppermost: all of them but in WAVE_FORMAT_EXTENSIBLE."""
    channel_mask: int | None
    """A bit a speaker; None where the header names none."""
    data_offset: int
    claimed_bytes: int
    """What the header says that the samples take up, true or not."""
    held_bytes: int
    """What they take up."""

    @property
    def block_bytes(self) -> int:
        """One sample of all channels."""
        return self.channels * self.stored_bits // 8

    @property
    def samples(self) -> int:
        """Of one channel: whole ones, that are there."""
        return self.held_bytes // self.block_bytes

    @property
    def duration_s(self) -> float:
        return self.samples / self.sample_rate

    @property
    def claimed_duration_s(self) -> float:
        return self.claimed_bytes // self.block_bytes / self.sample_rate

    @property
    def is_big_endian(self) -> bool:
        return self.form == "RIFX" and self.stored_bits > 8  # noqa: PLR2004 (a byte has no order)

    @property
    def codec(self) -> str:
        """As FFmpeg names it."""
        if self.stored_bits == 8:  # noqa: PLR2004 (bytes, alone, are unsigned)
            return "pcm_u8"
        return f"pcm_{'f' if self.is_float else 's'}{self.stored_bits}{'be' if self.is_big_endian else 'le'}"

    @property
    def dialect(self) -> str | None:
        """What it is that not every reader of WAV understands; None where there is nothing."""
        if self.form != "RIFF":
            return self.form
        # FFmpeg goes by the valid bits, as if no more were stored.
        is_read = self.valid_bits == self.stored_bits or (
            not self.is_float and -(-self.valid_bits // 8) * 8 == self.stored_bits
        )
        return None if is_read else f"{self.valid_bits} bits in {self.stored_bits}"

    @property
    def breaks_off(self) -> bool:
        """Whether samples, or a part of one, are missing that the header counts."""
        # Behind an odd number of bytes whose length was never filled in, the one that makes them even is none of them.
        left = self.held_bytes % self.block_bytes
        is_padding = left == 1 and self.held_bytes % 2 == 0 and _is_unknown(self.claimed_bytes)
        is_short = self.held_bytes < self.claimed_bytes and self.claimed_bytes not in _PLACEHOLDERS
        return is_short or bool(left and not is_padding)


def read_wav(source: Source) -> WavLayout | None:
    """None for anything but PCM and floating point in WAV, and for a header that FFmpeg had better judge.

    Raises UnreadableError.
    """
    with source.open() as file:
        return _read(file, source.size_bytes())


def layout_of(source: Source, facts: AudioFacts | VideoFacts) -> WavLayout | None:
    """None where `facts` are not those of a WAV whose header says where its samples are. Raises UnreadableError."""
    if not isinstance(facts, AudioFacts) or facts.container != "wav":
        return None
    layout = read_wav(source)
    return layout if layout is not None and layout.samples and layout.codec == facts.codec else None


def _is_unknown(claimed: int) -> bool:
    return claimed in (0, UNKNOWN)


def _read(file: BinaryIO, size_bytes: int) -> WavLayout | None:
    opening = file.read(12)
    form = opening[:4].decode("latin-1")
    order = _FORMS.get(form)
    if order is None or opening[8:] != b"WAVE":
        return None
    described, data, long_bytes = b"", None, None
    at, is_all_chunks = 12, True
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:  # noqa: PLR2004 (a chunk's own header)
            break
        name, size = head[:4], int(struct.unpack(f"{order}L", head[4:])[0])
        body = at + 8
        match name:
            case b"fmt " if not described:
                described = file.read(min(size, _EXTENSIBLE_BYTES))
            case b"ds64" if form in _LONG_FORMS:
                sizes = file.read(16)
                long_bytes = struct.unpack("<Q", sizes[8:])[0] if len(sizes) == 16 else None  # noqa: PLR2004 (two)
            case b"data" if data is not None:
                return None  # which of them is meant, FFmpeg decides
            case b"data":
                size = long_bytes if size == UNKNOWN and long_bytes is not None else size
                data = body, size
                if size == UNKNOWN:
                    break
        is_all_chunks = is_all_chunks and name.isascii() and name.decode().isprintable()
        at = body + size + size % 2
        if at >= size_bytes:
            break
    if data is None:
        return None
    offset, claimed = data
    held = max(size_bytes - offset, 0)
    if claimed and not _is_unknown(claimed):
        held = min(held, claimed)
    elif not claimed and is_all_chunks and at in (size_bytes, size_bytes + 1):
        held = 0  # no sound, and tags behind it
    return _layout(form, described, offset, claimed, held)


def _layout(form: str, described: bytes, offset: int, claimed: int, held: int) -> WavLayout | None:
    order = _FORMS[form]
    if len(described) < _PLAIN_BYTES:
        return None
    number, channels, sample_rate, _, block, bits = struct.unpack(f"{order}HHLLHH", described[:_PLAIN_BYTES])
    valid, mask = bits, None
    if number == EXTENSIBLE:
        if len(described) < _EXTENSIBLE_BYTES or not described.endswith(_SUBFORMAT_END):
            return None
        valid, mask, number = struct.unpack(f"{order}HLL", described[18:28])
    # Where more is stored than is stated, nobody can say what it is.
    is_whole = bool(channels) and block == channels * (-(-bits // 8))
    stored = -(-bits // 8) * 8
    if number not in (PCM, FLOAT) or not 0 < sample_rate <= MOST_HZ or not is_whole:
        return None
    if stored not in _STORED_BITS[number == FLOAT]:
        return None
    return WavLayout(
        form=form,
        is_float=number == FLOAT,
        sample_rate=sample_rate,
        channels=channels,
        stored_bits=stored,
        valid_bits=valid or bits,
        channel_mask=mask,
        data_offset=offset,
        claimed_bytes=claimed,
        held_bytes=held,
    )


def is_slow(layout: WavLayout | None) -> bool:
    """Whether FFmpeg would take a packet for every few samples of it, and minutes for a file of some megabytes."""
    return layout is not None and bool(layout.samples) and layout.sample_rate < _SLOW_HZ


_SLOW_HZ = 1_000
"""Nothing that is heard; recorders of earthquakes and the like."""


def by_header(facts: AudioFacts | Unprobed, layout: WavLayout | None) -> AudioFacts | Unprobed:
    """What FFmpeg found in a WAV, put right; of what it cannot open, such as RIFX of floating point, all there is."""
    if layout is None:
        return facts if isinstance(facts, Unprobed) else replace(facts, dialect=_MOOT.get(facts.codec))
    if not layout.samples:
        reason = "it holds no sound: not one sample is whole"
        return Unprobed(size_bytes=facts.size_bytes, code="audio_file_broken", reason=reason)
    if isinstance(facts, Unprobed):
        return facts if layout.dialect is None and not is_slow(layout) else _facts_of(layout, facts.size_bytes or 0)
    if not facts.codec.startswith("pcm_") or (facts.codec != layout.codec and layout.dialect is None):
        return facts  # compressed sound dressed up as samples, or something that only FFmpeg knows of
    claims = [layout.claimed_duration_s]
    if facts.codec == layout.codec and facts.claimed_duration_s is not None:
        claims.append(facts.claimed_duration_s)  # of a chunk of its own, `fact`
    stream = StreamFacts(index=0, type="audio", codec=layout.codec)
    return replace(
        _facts_of(layout, facts.size_bytes),
        claimed_duration_s=max(claims, key=lambda claimed: round(abs(claimed - layout.duration_s), 4)),
        streams=(stream, *facts.streams[1:]),
    )


def _facts_of(layout: WavLayout, size_bytes: int) -> AudioFacts:
    return AudioFacts(
        size_bytes=size_bytes,
        container="wav",
        dialect=layout.dialect,
        codec=layout.codec,
        duration_s=layout.duration_s,
        duration_source="packets",
        claimed_duration_s=layout.claimed_duration_s,
        start_s=0.0,
        damaged_packets=int(layout.breaks_off),
        sample_rate=layout.sample_rate,
        channels=layout.channels,
        bit_depth=layout.stored_bits,
        has_timestamps=True,
        streams=(StreamFacts(index=0, type="audio", codec=layout.codec),),
    )


def units_of_wav(layout: WavLayout) -> tuple[Unit, ...]:
    """Where it may be cut: at any sample, but rather where readers' blocks end."""
    rate, block_bytes = layout.sample_rate, layout.block_bytes
    each = 1 << max(rate // _BLOCKS_PER_S, 1).bit_length() - 1
    while each * block_bytes % _BLOCK_BYTES and 2 * each <= rate:
        each *= 2
    at_once = _BLOCK_BYTES // block_bytes
    if _BLOCK_BYTES % block_bytes and 0 < at_once <= rate:
        # 24 bits, six channels: as many whole samples as 4,096 bytes hold. No place suits those who count in powers
        # of two as well, but once in half a minute.
        each = at_once * max(rate // _BLOCKS_PER_S // at_once, 1)
    each = max(1, min(each, _UNIT_BYTES // block_bytes))
    while layout.samples > each * _MOST_UNITS:
        each *= 2
    counts = ((start, min(each, layout.samples - start)) for start in range(0, layout.samples, each))
    return tuple(Unit(start / rate, count / rate, count * block_bytes, 1) for start, count in counts)
