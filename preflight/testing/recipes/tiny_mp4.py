"""MP4, MOV and M4A put together box by box (ISO/IEC 14496-12), from packets that were written byte by byte."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

from preflight.testing.recipes.grey import Grey
from preflight.testing.recipes.interface import Kitchen, Recipe
from preflight.testing.recipes.silence import SilentAac

_TICKS = 1000
"""A second, on the movie's own clock; tracks have at least as many."""
_ONE = 1 << 16
_HIGH_PROFILE = 100
_TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
_BRANDS = {".mov": b"qt  ", ".m4a": b"M4A "}


@dataclass(frozen=True, kw_only=True)
class TinyMp4(Recipe):
    """Sound lies before picture, so that the file's last packet is a frame."""

    suffix: str = ".mp4"
    picture: Grey | None = None
    sound: SilentAac | None = None
    rotation: int = 0
    """Degrees, clockwise, that a player turns the coded picture by."""
    start_s: float = 0.0
    """Where both tracks start, by an edit that is empty."""
    has_cover: bool = False
    is_index_first: bool = True
    missing_frames: int = 0
    """So many at the end are announced but not there: the file breaks off before them."""
    is_torn: bool = False
    """It breaks off within the last frame that is left."""

    def oddities(self) -> list[str]:
        """What is not usual about how it is put together, in words."""
        said = {
            f"starts at {self.start_s:g} s": self.start_s,
            "with cover art": self.has_cover,
            "index at the end": not self.is_index_first,
        }
        return [word for word, is_so in said.items() if is_so]

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        tracks = self._tracks()
        kind = _box(b"ftyp", _BRANDS.get(self.suffix, b"isom") + bytes(4) + b"isommp42")
        data = _box(b"mdat", b"".join(track.data for track in tracks))
        # The index says where the data are, and is of the same length wherever they are.
        before = len(kind) + (len(self._index(tracks, 0)) if self.is_index_first else 0)
        index = self._index(tracks, before + 8)
        whole = b"".join([kind, index, data] if self.is_index_first else [kind, data, index])
        path.write_bytes(whole[: len(whole) - self._missing_bytes()])

    def _missing_bytes(self) -> int:
        if not self.missing_frames and not self.is_torn:
            return 0
        assert self.picture is not None, "sound lies in front and is whole"
        assert self.is_index_first, "without its index nothing is left of a film"
        lengths = [len(packet) + 4 for packet in self.picture.packets()]
        kept = len(lengths) - self.missing_frames
        return sum(lengths[kept:]) + int(self.is_torn)

    def _tracks(self) -> list[_Track]:
        made = []
        if self.sound is not None:
            made.append(_sound_track(self.sound))
        if self.picture is not None:
            made.append(_picture_track(self.picture, _TURNS[self.rotation]))
        return made

    def _index(self, tracks: list[_Track], offset: int) -> bytes:
        lasts = round((max(track.seconds for track in tracks) + Fraction(self.start_s)) * _TICKS)
        header = struct.pack(">4xLLLLLH10x", 0, 0, _TICKS, lasts, _ONE, 0x100)
        header += _matrix((1, 0, 0, 1)) + bytes(24) + (len(tracks) + 1).to_bytes(4)
        boxes = [_box(b"mvhd", header)]
        for number, track in enumerate(tracks, start=1):
            boxes.append(track.box(number, offset, round(self.start_s * _TICKS)))
            offset += len(track.data)
        if self.has_cover:
            boxes.append(_COVER)
        return _box(b"moov", *boxes)


@dataclass(frozen=True, kw_only=True)
class _Track:
    """Samples of one kind, and what describes them."""

    handler: bytes
    media_header: bytes
    entry: bytes
    """Of the sample description."""
    data: bytes
    sizes: bytes
    """The body of `stsz` behind version and flags."""
    count: int
    timescale: int
    delta: int
    """Ticks that a sample lasts."""
    keyframes: tuple[int, ...] | None = None
    """Counted from 1; None: all are."""
    size: tuple[int, int] = (0, 0)
    turn: tuple[int, int, int, int] = _TURNS[0]

    SOUND: ClassVar[bytes] = b"soun"

    @property
    def seconds(self) -> Fraction:
        return Fraction(self.count * self.delta, self.timescale)

    def box(self, number: int, offset: int, start: int) -> bytes:
        lasts = round(self.seconds * _TICKS)
        is_sound = self.handler == self.SOUND
        header = struct.pack(">LLLL4xL8xHHHxx", 7, 0, 0, number, lasts + start, 0, 0, 0x100 if is_sound else 0)
        header += _matrix(self.turn) + struct.pack(">LL", *(side << 16 for side in self.size))
        edits = [(start, -1), (lasts, 0)]
        listed = b"".join(struct.pack(">LlL", *edit, _ONE) for edit in edits)
        media = struct.pack(">4xLLLLHxx", 0, 0, self.timescale, self.count * self.delta, 0x55C4)
        handler = bytes(8) + self.handler + bytes(13)
        return _box(
            b"trak",
            _box(b"tkhd", header),
            _box(b"edts", _box(b"elst", bytes(4) + len(edits).to_bytes(4) + listed)) if start else b"",
            _box(b"mdia", _box(b"mdhd", media), _box(b"hdlr", handler), _box(b"minf", *self._information(offset))),
        )

    def _information(self, offset: int) -> list[bytes]:
        here = _box(b"url ", (1).to_bytes(4))
        tables = [
            _listed(b"stsd", self.entry),
            _listed(b"stts", struct.pack(">LL", self.count, self.delta)),
            _listed(b"stsc", struct.pack(">LLL", 1, self.count, 1)),
            _box(b"stsz", bytes(4) + self.sizes),
            _listed(b"stco", offset.to_bytes(4)),
        ]
        if self.keyframes is not None:
            listed = struct.pack(f">{len(self.keyframes)}L", *self.keyframes)
            tables.append(_box(b"stss", bytes(4) + len(self.keyframes).to_bytes(4) + listed))
        return [self.media_header, _box(b"dinf", _listed(b"dref", here)), _box(b"stbl", *tables)]


def _picture_track(picture: Grey, turn: tuple[int, int, int, int]) -> _Track:
    packets = picture.packets()
    sps, pps = picture.parameter_sets()
    described = b"\x01" + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2) + sps + b"\x01" + len(pps).to_bytes(2) + pps
    if sps[1] == _HIGH_PROFILE:
        described += b"\xfc\xf8\xf8\x00"  # no colour, 8 bits
    width, height, ratio = picture.width, picture.height, picture.sample_aspect_ratio
    entry = struct.pack(">6xH16xHHLL4xH32xHH", 1, width, height, 72 << 16, 72 << 16, 1, 24, 0xFFFF)
    pixels = _box(b"pasp", struct.pack(">LL", ratio.numerator, ratio.denominator)) if ratio != 1 else b""
    lengths = [len(packet) + 4 for packet in packets]
    times = -(-_TICKS // picture.frame_rate.numerator)
    return _Track(
        handler=b"vide",
        media_header=_box(b"vmhd", (1).to_bytes(4) + bytes(8)),
        entry=_box(b"avc1", entry, _box(b"avcC", described), pixels),
        data=b"".join(_with_length(packets)),
        sizes=struct.pack(f">LL{len(lengths)}L", 0, len(lengths), *lengths),
        count=len(packets),
        timescale=picture.frame_rate.numerator * times,
        delta=picture.frame_rate.denominator * times,
        keyframes=tuple(n + 1 for n in range(len(packets)) if picture.is_keyframe(n)),
        size=(round(width * ratio), height),
        turn=turn,
    )


def _with_length(packets: list[bytes]) -> list[bytes]:
    """Each behind its length, once for all of the same."""
    made: dict[bytes, bytes] = {}
    return [made.setdefault(p, len(p).to_bytes(4) + p) for p in packets]


def _sound_track(sound: SilentAac) -> _Track:
    packet, configuration = sound.packet, sound.configuration
    decoder = _descriptor(4, b"\x40\x15" + bytes(11) + _descriptor(5, configuration))
    stream = _descriptor(3, bytes(3) + decoder + _descriptor(6, b"\x02"))
    entry = struct.pack(">6xH8xHH4xL", 1, sound.channels, 16, sound.sample_rate << 16)
    return _Track(
        handler=_Track.SOUND,
        media_header=_box(b"smhd", bytes(8)),
        entry=_box(b"mp4a", entry, _box(b"esds", bytes(4) + stream)),
        data=packet * sound.frames,
        sizes=struct.pack(">LL", len(packet), sound.frames),
        count=sound.frames,
        timescale=sound.sample_rate,
        delta=sound.SAMPLES,
    )


def _box(kind: bytes, *body: bytes) -> bytes:
    content = b"".join(body)
    return (len(content) + 8).to_bytes(4) + kind + content


def _listed(kind: bytes, entry: bytes) -> bytes:
    """A table with one entry."""
    return _box(kind, bytes(4), (1).to_bytes(4), entry)


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes([tag, len(body)]) + body


def _matrix(turn: tuple[int, int, int, int]) -> bytes:
    a, b, c, d = (number * _ONE for number in turn)
    return struct.pack(">9l", a, b, 0, c, d, 0, 0, 0, 1 << 30)


def _png(side: int) -> bytes:
    rows = zlib.compress(bytes(side * (3 * side + 1)))
    chunks = ((b"IHDR", struct.pack(">LLBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4) for kind, body in chunks
    )


_COVER = _box(
    b"udta",
    _box(
        b"meta",
        bytes(4),
        _box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9)),
        _box(b"ilst", _box(b"covr", _box(b"data", (14).to_bytes(4) + bytes(4) + _png(16)))),
    ),
)
"""As iTunes keeps it: 14 says that it is a PNG."""
