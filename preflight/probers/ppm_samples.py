"""The samples of a binary PPM or PGM whose white is no whole byte, such as the 12 bits of a camera: Pillow takes them
one by one in Python, 4 s a megapixel.
"""

from __future__ import annotations

from PIL import Image, ImageFile

_ROWS = 64
_ONE_BYTE, _TWO_BYTES = 0xFF, 0xFFFF


def are_taken_one_by_one(image: ImageFile.ImageFile) -> bool:
    """Whether Pillow's own decoder would."""
    return image.format == "PPM" and [tile.codec_name for tile in image.tile] == ["ppm"]


def load_samples(image: ImageFile.ImageFile) -> None:
    """Load it, to the same values as Pillow does. Raises EOFError where some are missing."""
    import numpy as np

    (tile,) = image.tile
    assert isinstance(tile.args, tuple)
    assert image.fp is not None
    width, height = image.size
    bands = len(image.getbands())
    white = int(tile.args[1])
    stored = np.dtype(">u2" if white > _ONE_BYTE else "u1")
    most, kind = (_TWO_BYTES, np.int32) if image.mode == "I" else (_ONE_BYTE, np.uint8)
    values = np.arange(np.iinfo(stored).max + 1) / white * most
    table = np.rint(values).clip(0, most).astype(kind)
    image.load_prepare()
    image.tile = []
    image.fp.seek(tile.offset)
    for top in range(0, height, _ROWS):
        rows = min(_ROWS, height - top)
        wanted = rows * width * bands * stored.itemsize
        data = image.fp.read(wanted)
        if len(data) < wanted:
            raise EOFError("the file breaks off")
        strip = table[np.frombuffer(data, stored)]
        image.paste(Image.fromarray(strip.reshape(rows, width, *(bands,) * (bands > 1)), image.mode), (0, top))
