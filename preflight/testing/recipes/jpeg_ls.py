"""JPEG-LS, by the FFmpeg that makes media."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.interface import Kitchen, Recipe
from preflight.testing.recipes.still import drawing


@dataclass(frozen=True, kw_only=True)
class JpegLs(Recipe):
    suffix: str = ".jls"
    width: int = 192
    height: int = 144
    samples: Literal["rgb24", "gray", "gray16le"] = "rgb24"
    """FFmpeg's name of them."""

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        import numpy as np

        picture = drawing("corners", self.width, self.height)
        if self.samples != "rgb24":
            grey = (picture @ np.array([0.299, 0.587, 0.114])).round()
            picture = grey.astype("u1") if self.samples == "gray" else (grey * 257).astype("<u2")
        raw = ("-f", "rawvideo", "-pix_fmt", self.samples, "-s", f"{self.width}x{self.height}", "-i", "-")
        coded = run(*raw, "-c:v", "jpegls", "-f", "image2pipe", "-", data=picture.tobytes())
        path.write_bytes(coded)
