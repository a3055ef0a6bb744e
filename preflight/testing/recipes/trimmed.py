"""An MP4 whose end was trimmed by its edit list alone, as phones and editors trim without coding anew."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from preflight.testing.recipes.interface import Kitchen, Recipe

_U32 = struct.Struct(">I")
# Behind a box's name, of version 0: `mvhd` has its clock and its duration after two dates, `tkhd` its duration after
# two dates, the track's number and a reserved word, `elst` the number of its entries of 12 bytes.
_CLOCK, _MOVIE_DURATION, _TRACK_DURATION, _ENTRIES, _ENTRY_BYTES = 16, 20, 24, 8, 12


@dataclass(frozen=True, kw_only=True)
class TrimmedEnd(Recipe):
    """The same file, all tracks of which are shown up to `shown_s` and no more."""

    of: Recipe
    shown_s: float

    def write(self, path: Path, kitchen: Kitchen) -> None:
        data = bytearray(kitchen.path(self.of).read_bytes())
        (clock,) = _U32.unpack_from(data, data.index(b"mvhd") + _CLOCK)
        ticks = round(self.shown_s * clock)
        _U32.pack_into(data, data.index(b"mvhd") + _MOVIE_DURATION, ticks)
        at = 0
        while (at := data.find(b"tkhd", at + 1)) > 0:
            _U32.pack_into(data, at + _TRACK_DURATION, ticks)
        while (at := data.find(b"elst", at + 1)) > 0:
            (entries,) = _U32.unpack_from(data, at + _ENTRIES)
            _U32.pack_into(data, at + _ENTRIES + 4 + (entries - 1) * _ENTRY_BYTES, ticks)
        path.write_bytes(data)
