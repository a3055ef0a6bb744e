"""Photoshop's own format, byte by byte: no layers, only the picture that it keeps for other programs."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from preflight.testing.recipes.interface import Kitchen, Recipe
from preflight.testing.recipes.still import drawing

_RGB, _RAW = 3, 0


@dataclass(frozen=True, kw_only=True)
class Psd(Recipe):
    suffix: str = ".psd"
    width: int = 640
    height: int = 480

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, self.height, self.width, 8, _RGB)
        palette, resources, layers = bytes(4), bytes(4), bytes(4)
        planes = drawing("corners", self.width, self.height).transpose(2, 0, 1).tobytes()
        path.write_bytes(head + palette + resources + layers + struct.pack(">H", _RAW) + planes)
