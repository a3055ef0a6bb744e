"""Pictures of known content, whose every corner can be recognised again; saved by Pillow.

They show what `film` shows: a colour in each corner (red, lime / blue, yellow) and a box in the middle.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from preflight.testing.recipes.film import CORNERS
from preflight.testing.recipes.icc import display_p3
from preflight.testing.recipes.interface import Kitchen, Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

Shows = Literal["corners", "noise", "blank"]
"""`noise`: nothing is harder to encode; `blank`: nothing but white is easier."""
Setting = str | int | float | bool | bytes | tuple[int, ...] | tuple[tuple[int, int], ...] | None

_DEEP = {"I;16": ("uint16", 65_535), "I": ("int32", 2**31 - 256), "F": ("float32", 1.0)}
"""Kind of sample, and what is white."""
_SEED = 1
_LIES_ON_ITS_SIDE = 5
_TURNED_BACK = {
    1: (False, 0),
    2: (True, 0),
    3: (False, 2),
    4: (True, 2),
    5: (True, 1),
    6: (False, 1),
    7: (True, 3),
    8: (False, 3),
}
"""By EXIF orientation, to get what is coded: whether it is mirrored, and then quarter turns against the clock."""


@dataclass(frozen=True, kw_only=True)
class Still(Recipe):
    """One picture, or the frames or pages of one."""

    suffix: str = ".jpg"
    shows: Shows = "corners"
    width: int = 640
    """Pixels, as coded."""
    height: int = 480
    mode: str = "RGB"
    """Pillow's: RGB, L, 1, P, LA, RGBA, CMYK, YCbCr, LAB, I;16, I, F, and PA and RGBa, in which nothing is clear. In LA
    and RGBA the box is."""
    format: str | None = None
    """Pillow's name of it; None: what the suffix says."""
    save: Mapping[str, Setting] = field(default_factory=dict)
    """Pillow's options of that format."""
    exif_orientation: int | None = None
    """The corners are where they belong once the picture is turned so; None: no EXIF at all."""
    profile: Literal["display_p3"] | None = None
    frames: int = 1
    """The box grows darker from one to the next."""

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        first, *others = [self._frame(number) for number in range(self.frames)]
        more: dict[str, object] = {"save_all": True, "append_images": others} if others else {}
        if self.exif_orientation is not None:
            more["exif"] = exif(self.exif_orientation)
        if self.profile is not None:
            more["icc_profile"] = display_p3()
        first.save(path, self.format or _format(self.suffix), **{**self.save, **more})

    def _frame(self, number: int) -> Image.Image:
        import numpy as np
        from PIL import Image

        box = 255 - 255 * number // max(self.frames - 1, 1)
        drawn = drawing(self.shows, self.width, self.height, box=box, orientation=self.exif_orientation or 1)
        picture = Image.fromarray(drawn)
        match self.mode:
            case "RGB":
                return picture
            case "RGBA" | "LA":
                picture.putalpha(Image.fromarray(np.where(box_of(self.width, self.height), np.uint8(0), np.uint8(255))))
                return picture.convert(self.mode)
            case "P":
                return picture.quantize(dither=Image.Dither.NONE)
            case "PA" | "RGBa":
                between = "P" if self.mode == "PA" else "RGBA"
                return picture.convert(between).convert(self.mode)
            case "LAB":
                from PIL import ImageCms

                spaces = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
                lab = ImageCms.profileToProfile(picture, *spaces, outputMode="LAB")
                assert lab is not None
                return lab
            case "I;16" | "I" | "F":
                kind, most = _DEEP[self.mode]
                return Image.fromarray((np.asarray(picture.convert("L")) * (most / 255)).astype(kind))
            case _:
                return picture.convert(self.mode)


def drawing(shows: Shows, width: int, height: int, *, box: int = 255, orientation: int = 1) -> NDArray[np.uint8]:
    """Height x width x RGB, as it is coded: turned by `orientation` it looks as it should. `box` is 0 to 255."""
    import numpy as np

    if orientation >= _LIES_ON_ITS_SIDE:
        width, height = height, width
    picture: NDArray[np.uint8]
    match shows:
        case "noise":
            picture = np.random.default_rng(_SEED).integers(0, 256, (height, width, 3), np.uint8)
        case "blank":
            picture = np.full((height, width, 3), 255, np.uint8)
        case "corners":
            rows, columns = (np.arange(height) * 2 >= height), (np.arange(width) * 2 >= width)
            picture = np.array(CORNERS, np.uint8)[rows[:, None] * 2 + columns]
            picture[box_of(width, height)] = box
    return _turned_back(picture, orientation)


def box_of(width: int, height: int) -> NDArray[np.bool_]:
    """Where the box is: height x width."""
    import numpy as np

    rows, columns = (np.abs(np.arange(side) * 2 + 1 - side) * 4 < side for side in (height, width))
    return rows[:, None] & columns


def _turned_back(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    import numpy as np

    is_mirrored, turns = _TURNED_BACK[orientation]
    return np.ascontiguousarray(np.rot90(picture[:, ::-1] if is_mirrored else picture, turns))


def exif(orientation: int, thumbnail: bytes = b"") -> bytes:
    """An EXIF block with that orientation and, if wanted, a small JPEG of the picture."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    first = b"MM\0*" + struct.pack(">IH", 8, 1) + entry
    if not thumbnail:
        return b"Exif\0\0" + first + bytes(4)
    second_at = len(first) + 4
    thumbnail_at = second_at + 2 + 3 * 12 + 4
    second = struct.pack(">H", 3) + b"".join(
        struct.pack(">HHII", tag, kind, 1, value)
        for tag, kind, value in (
            (0x0103, 3, 6 << 16),  # its compression: JPEG
            (0x0201, 4, thumbnail_at),
            (0x0202, 4, len(thumbnail)),
        )
    )
    return b"Exif\0\0" + first + struct.pack(">I", second_at) + second + bytes(4) + thumbnail


def located_exif(latitude: int, longitude: int) -> bytes:
    """An EXIF block with that place, in whole degrees north and east, and nothing else."""
    head = b"MM\0*" + struct.pack(">IHHHIII", 8, 1, 0x8825, 4, 1, 26, 0)
    values_at = 26 + 2 + 4 * 12 + 4
    rows = (
        struct.pack(">HHI4s", 1, 2, 2, b"N" if latitude >= 0 else b"S"),
        struct.pack(">HHII", 2, 5, 3, values_at),
        struct.pack(">HHI4s", 3, 2, 2, b"E" if longitude >= 0 else b"W"),
        struct.pack(">HHII", 4, 5, 3, values_at + 24),
    )
    values = struct.pack(">12I", abs(latitude), 1, 0, 1, 0, 1, abs(longitude), 1, 0, 1, 0, 1)
    return b"Exif\0\0" + head + struct.pack(">H", 4) + b"".join(rows) + bytes(4) + values


def _format(suffix: str) -> str:
    from PIL import Image

    return Image.registered_extensions()[suffix]
