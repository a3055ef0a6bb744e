"""TIFF as Pillow reads it, but for the samples of more than eight bits that it mistakes for others."""

from __future__ import annotations

from PIL import ImageFile
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    IMAGELENGTH,
    IMAGEWIDTH,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    SAMPLEFORMAT,
    TiffImageFile,
)

_WHITE_IS_ZERO, _BLACK_IS_ZERO = 0, 1
_UNSIGNED, _SIGNED = 1, 2
_SEPARATE_PLANES = 2
_DEEPER_THAN_A_BYTE = frozenset({(16,), (32,)})
# What libtiff has unpacked is in the machine's own order, whatever that of the file.
_IN_OWN_ORDER = {
    f"{kind}{order}{sort}": f"{kind}N{sort}"
    for kind, sort in (("I;16", "S"), ("I;32", "S"), ("F;32", "F"))
    for order in ("", "B")
}


class TiffFile(TiffImageFile):
    """Opens it as a kind that Pillow knows; `white_is_zero` and `is_unsigned` say what else is to be known of it."""

    white_is_zero = False
    """Of the samples that `load` gives: they are still to be turned about."""
    is_unsigned = False
    """Its samples come in mode I, which has 32 bits with a sign, but have none."""

    def _setup(self) -> None:
        tags = self.tag_v2
        bits = tags.get(BITSPERSAMPLE, (1,))
        if bits in _DEEPER_THAN_A_BYTE and tags.get(PHOTOMETRIC_INTERPRETATION) == _WHITE_IS_ZERO:
            self.white_is_zero = True
            tags[PHOTOMETRIC_INTERPRETATION] = _BLACK_IS_ZERO
        if bits == (32,) and tags.get(SAMPLEFORMAT, (_UNSIGNED,)) == (_UNSIGNED,):
            self.is_unsigned = True
            tags[SAMPLEFORMAT] = _SIGNED
        super()._setup()
        codecs = {tile.codec_name for tile in self.tile}
        if codecs == {"libtiff"}:
            self.tile = [_in_own_order(tile) for tile in self.tile]
        elif set(bits) == {16} and tags.get(PLANAR_CONFIGURATION) == _SEPARATE_PLANES and codecs == {"raw"}:
            self._leave_it_to_libtiff()

    def _leave_it_to_libtiff(self) -> None:
        """Of separate planes that are not compressed, Pillow itself takes a byte a sample, whatever the depth."""
        bands = "".join(dict.fromkeys(str(tile.args[0]) for tile in self.tile if tile.args))
        extents = (0, 0, int(self.tag_v2[IMAGEWIDTH]), int(self.tag_v2[IMAGELENGTH]))
        args = (f"{bands};16N", False, self.tag_v2.offset)
        self.tile = [self.tile[0]._replace(codec_name="libtiff", extents=extents, offset=0, args=args)]
        self.use_load_libtiff = True


def _in_own_order(tile: ImageFile._Tile) -> ImageFile._Tile:
    if not isinstance(tile.args, tuple):
        return tile
    coding, *rest = tile.args
    return tile._replace(args=(_IN_OWN_ORDER.get(coding, coding), *rest))
