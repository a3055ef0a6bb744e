"""HEIC photographs: one HEVC picture in boxes that say where it is (ISO/IEC 23008-12), as phones write them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Literal

from preflight.testing.recipes.film import Film, Scene
from preflight.testing.recipes.interface import Kitchen, Recipe

_FLIPS = {"top_bottom": "vflip", "left_right": "hflip"}
_AXES = {"top_bottom": 0, "left_right": 1}
_X265: Mapping[str, str | int] = {
    "c:v": "libx265",
    "tag:v": "hvc1",
    "pix_fmt": "yuv420p",
    "x265-params": "log-level=none",
    "frames:v": 1,
}
_NOTES = b"what a camera noted"


@dataclass(frozen=True, kw_only=True)
class Heic(Recipe):
    """The corners are where they belong once the picture is turned."""

    suffix: str = ".heic"
    width: int = 640
    """Pixels, as coded."""
    height: int = 480
    quarter_turns: int = 0
    """Against the clock, that a viewer has to turn it by: what phones held upright write."""
    then_mirrored: Literal["top_bottom", "left_right"] | None = None
    """What a viewer has to do after turning it: what front cameras write."""
    notes_type: bytes = b""
    """Four bytes: what kind of metadata stands beside the picture, without any where it is empty."""

    def write(self, path: Path, kitchen: Kitchen) -> None:
        is_upright = self.quarter_turns % 2 == 0
        width, height = (self.width, self.height) if is_upright else (self.height, self.width)
        back = [_FLIPS[self.then_mirrored]] if self.then_mirrored else []
        back += ["transpose"] * self.quarter_turns
        filters = tuple((name, {"dir": "clock"} if name == "transpose" else {}) for name in back)
        scene = Scene(width=width, height=height, seconds=1.0, frame_rate=Fraction(1), filters=filters)
        film = kitchen.path(Film(suffix=".mp4", scene=scene, tones=(), options=_X265)).read_bytes()
        picture = _body(film, b"mdat")
        before = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
        # The place of the picture stands before it, in a box whose length does not depend on it.
        sizes = [len(picture), *([len(_NOTES)] if self.notes_type else [])]
        meta = self._meta(film, 0, sizes)
        meta = self._meta(film, len(before) + len(meta) + 8, sizes)
        path.write_bytes(before + meta + _box(b"mdat", picture, _NOTES[: sum(sizes[1:])]))

    def _meta(self, film: bytes, start: int, sizes: Sequence[int]) -> bytes:
        """Of items that lie one behind the other from `start` on: the picture, and what is noted of it."""
        properties = [
            _box(b"hvcC", _body(film, b"hvcC")),
            _full_box(b"ispe", struct.pack(">II", self.width, self.height)),
            *([_box(b"irot", bytes([self.quarter_turns]))] if self.quarter_turns else []),
            *([_box(b"imir", bytes([_AXES[self.then_mirrored]]))] if self.then_mirrored else []),
        ]
        # Essential are the decoder's settings, the turn and the mirroring; they are done in this order.
        used = bytes([0x81, 2, 0x83, 0x84])[: len(properties)]
        kinds = [b"hvc1", self.notes_type][: len(sizes)]
        starts = accumulate(sizes, initial=start)
        places = [struct.pack(">HHHII", n, 0, 1, *place) for n, place in enumerate(zip(starts, sizes, strict=False), 1)]
        items = [_full_box(b"infe", struct.pack(">HH", n, 0), k, b"\0", version=2) for n, k in enumerate(kinds, 1)]
        describes = _full_box(b"iref", _box(b"cdsc", struct.pack(">HHH", 2, 1, 1)))
        return _full_box(
            b"meta",
            _full_box(b"hdlr", bytes(4) + b"pict" + bytes(13)),
            _full_box(b"pitm", struct.pack(">H", 1)),
            _full_box(b"iloc", struct.pack(">BBH", 0x44, 0, len(places)), *places),
            _full_box(b"iinf", struct.pack(">H", len(items)), *items),
            describes if self.notes_type else b"",
            _box(
                b"iprp",
                _box(b"ipco", *properties),
                _full_box(b"ipma", struct.pack(">IHB", 1, 1, len(used)), used),
            ),
        )


def _body(film: bytes, kind: bytes) -> bytes:
    """Of the first box of that kind, wherever it lies."""
    at = film.index(kind)
    return film[at + 4 : at - 4 + int.from_bytes(film[at - 4 : at])]


def _box(kind: bytes, *body: bytes) -> bytes:
    content = b"".join(body)
    return struct.pack(">I", len(content) + 8) + kind + content


def _full_box(kind: bytes, *body: bytes, version: int = 0) -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]), *body)
