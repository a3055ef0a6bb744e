"""What is put right of single formats when they are opened and loaded."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from preflight.probers.image_decoded import load_whole, opened
from preflight.testing.recipes.encoder import run

INK = np.zeros((24, 40), bool)
INK[4:9, 3:30] = True
INK[12:20, 33:40] = True


def xbm(ink: np.ndarray) -> bytes:
    """By the X Consortium's format: what is set is drawn, the first pixel in the lowest bit."""
    height, width = ink.shape
    data = ",".join(f"0x{byte:02x}" for byte in np.packbits(ink, axis=1, bitorder="little").ravel())
    return f"#define t_width {width}\n#define t_height {height}\nstatic char t_bits[] = {{\n{data}}};\n".encode()


def test_ink_of_an_xbm_is_black(tmp_path: Path) -> None:
    file = io.BytesIO(xbm(INK))
    image = opened(file, "picture")
    load_whole(image, file, "picture")
    found = np.asarray(image.convert("L"))
    assert np.array_equal(found, np.where(INK, 0, 255))
    path = tmp_path / "t.xbm"
    path.write_bytes(xbm(INK))
    raw = run("-i", str(path), "-f", "rawvideo", "-pix_fmt", "gray", "-")
    assert np.array_equal(np.frombuffer(raw, np.uint8).reshape(INK.shape), found)
