"""What the numbers of a picture mean, by its profile or by what a PNG says instead → how they become sRGB."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import product
from typing import Any, Literal

from PIL import Image, ImageChops

from preflight.transformers.icc import SRGB_CURVE, Chromaticities, display_profile
from preflight.transformers.image_hdr import from_hdr

# What the samples of one space are called in ICC profiles (ICC.1:2022, table 19).
_PROFILE_SPACE = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab"}
_KEPT_PROFILES, _LARGEST_KEPT = 16, 1 << 20
_SAME = 2
"""Of 255: so far profiles that all mean sRGB are from each other, by rounding."""

_SRGB_CHROMATICITIES: Chromaticities = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_SRGB_GAMMA = 0.45455
_NEAR_GAMMA = 0.05
_NEAR_CHROMATICITY = 0.005
"""Programs round to two digits."""
_LEAST_GAMMA, _MOST_GAMMA = 0.1, 4.0

# H.273, tables 2 and 3, as far as there are pictures of them.
_D65 = (0.3127, 0.3290)
_SMPTE_170M: Chromaticities = (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)
_PRIMARIES: dict[int, Chromaticities] = {
    1: _SRGB_CHROMATICITIES,
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: _SMPTE_170M,
    7: _SMPTE_170M,
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
_BT_2020 = 9
# BT.709 and its like say how a camera codes light; what shows it takes it for sRGB.
_CURVES: dict[int, tuple[float, ...]] = {
    **dict.fromkeys((1, 6, 13, 14, 15), SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
}
_HDR: dict[int, Literal["pq", "hlg"]] = {16: "pq", 18: "hlg"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """From what a picture's numbers mean to sRGB."""

    step: str
    change: Callable[[Image.Image], Image.Image]

    def of(self, picture: Image.Image) -> Image.Image:
        """In mode L, RGB, CMYK or LAB, or in L or RGB with alpha, which stays → the same in L or RGB."""
        if picture.mode not in ("LA", "RGBA"):
            return self.change(picture)
        changed = self.change(picture.convert(picture.mode.removesuffix("A")))
        changed.putalpha(picture.getchannel("A"))
        return changed


_NONE = Conversion("", lambda picture: picture)
"""It is sRGB already."""


def conversion_of(mode: str, info: Mapping[str | tuple[int, int], Any]) -> Conversion | None:
    """`info` as Pillow has it, and `cicp`, the four bytes of a PNG's cICP. None where nothing is to be done: it is
    sRGB, or nothing says what it is, or what says so is broken or speaks of other samples than those of `mode`.
    """
    found = next((said for said in _said(mode.removesuffix("A"), info) if said is not None), None)
    return None if found is _NONE else found


def _said(mode: str, info: Mapping[str | tuple[int, int], Any]) -> Iterator[Conversion | None]:
    """What counts most comes first (PNG, third edition, 4.3); None for what cannot be used."""
    if (cicp := info.get("cicp")) is not None and mode in ("L", "RGB"):
        yield _by_cicp(mode, bytes(cicp))
    if icc := info.get("icc_profile"):
        yield _by_profile(mode, icc) if len(icc) <= _LARGEST_KEPT else _by_profile.__wrapped__(mode, icc)
    if "srgb" in info:
        yield _NONE
    if (gamma := info.get("gamma")) is not None and mode in ("L", "RGB"):
        yield _by_gamma(mode, float(gamma), info.get("chromaticity"))


@lru_cache(_KEPT_PROFILES)
def _by_profile(mode: str, icc: bytes, step: str = "convert its colour profile to sRGB") -> Conversion | None:
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space.strip() != _PROFILE_SPACE.get(mode):
            return None
        # Of grey all values are asked; to have it quick on many makes the darkest up to 10 of 255 too light.
        flags = ImageCms.Flags.NOOPTIMIZE if mode == "L" else ImageCms.Flags.NONE
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(profile, srgb, mode, "RGB", flags=flags)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    greys = list(transform.apply(_greys()).getchannel("R").tobytes()) if mode == "L" else []

    def change(picture: Image.Image) -> Image.Image:
        if mode == "L":
            return picture.point(greys)
        changed = transform.apply(picture)
        changed.info.clear()
        return changed

    # By what it does, not by its name: profiles of linear light call themselves sRGB, too.
    return _NONE if mode in ("L", "RGB") and _is_idle(mode, change) else Conversion(step, change)


def _is_idle(mode: str, change: Callable[[Image.Image], Image.Image]) -> bool:
    colours = _colours().convert(mode)
    histogram = ImageChops.difference(colours, change(colours)).histogram()
    return not any(count for difference, count in enumerate(histogram) if difference % 256 > _SAME)


def _greys() -> Image.Image:
    return Image.frombytes("L", (256, 1), bytes(range(256)))


@cache
def _colours() -> Image.Image:
    """All greys, and a lattice of colours, in mode RGB."""
    colours = [*((value,) * 3 for value in range(256)), *product(range(0, 256, 51), repeat=3)]
    return Image.frombytes("RGB", (len(colours), 1), b"".join(map(bytes, colours)))


def _by_gamma(mode: str, gamma: float, chromaticities: Chromaticities | None) -> Conversion | None:
    """PNG's gAMA, which is the exponent from light to coded values, and cHRM."""
    if not _LEAST_GAMMA <= gamma <= _MOST_GAMMA:
        return None
    usual = _SRGB_CHROMATICITIES
    if mode == "L" or chromaticities is None or _is_near(chromaticities):
        chromaticities = usual
    if chromaticities is usual and abs(gamma / _SRGB_GAMMA - 1) <= _NEAR_GAMMA:
        return _NONE
    profile = display_profile("L" if mode == "L" else "RGB", chromaticities, (1 / gamma,))
    if profile is None:
        return None
    return _by_profile(mode, profile, "convert its gamma and primaries (gAMA, cHRM) to sRGB")


def _is_near(chromaticities: Chromaticities) -> bool:
    pairs = zip(chromaticities, _SRGB_CHROMATICITIES, strict=True)
    return all(abs(one - other) <= _NEAR_CHROMATICITY for one, other in pairs)


def _by_cicp(mode: str, cicp: bytes) -> Conversion | None:
    """Primaries, curve, matrix and range by the numbers of H.273; in a PNG the matrix is 0: there is none."""
    if len(cicp) != 4 or cicp[2:] != b"\0\1":  # noqa: PLR2004
        return None
    primaries, curve = cicp[:2]
    if curve in _HDR:
        is_known = primaries == _BT_2020
        return Conversion("bring its HDR to sRGB", partial(from_hdr, curve=_HDR[curve])) if is_known else None
    if primaries not in _PRIMARIES or curve not in _CURVES:
        return None
    profile = display_profile("L" if mode == "L" else "RGB", _PRIMARIES[primaries], _CURVES[curve])
    return None if profile is None else _by_profile(mode, profile, "convert its colours (cICP) to sRGB")
