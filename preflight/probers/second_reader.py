"""Pictures of a format that Pillow knows, in a kind that it does not read: the header read here, and the pixels by
another decoder, or by Pillow's own put to another use.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from PIL import Image, ImageFile

if TYPE_CHECKING:
    from PIL._imaging import PixelAccess


class NotReadError(Exception):
    """A picture that is well-formed, and of a kind that nothing here reads: which one, and what to do."""

    def __init__(self, kind: str, next_step: str = "Save it as PNG or JPEG.") -> None:
        super().__init__(f"it is {kind}, which is not read here. {next_step}")


class SecondReader(ImageFile.ImageFile):
    """A picture as Pillow's own plugins give it: `_open` sets mode, size and info from the header and raises
    NotReadError, or nearly anything else where the header is damaged.
    """

    _is_decoded = False

    def load(self) -> PixelAccess | None:
        """Raises nearly anything where the pixels are not whole, as Pillow does."""
        if not self._is_decoded:
            picture = self.decoded()
            assert (picture.mode, picture.size) == (self.mode, self.size)
            self.im, self.palette = picture.im, picture.palette
            self._is_decoded = True
        return Image.Image.load(self)

    @abstractmethod
    def decoded(self) -> Image.Image:
        """The pixels, all of them, of the mode and size that the header was said to tell."""
