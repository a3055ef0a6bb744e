"""Limits that short media break, so that what is done to long ones can be tried on them."""

from __future__ import annotations

from typing import TypeVar

from msgspec import structs

from preflight import limits
from preflight.limits import Limits
from preflight.limits.profile import TimedLimits

T = TypeVar("T", bound=TimedLimits)


def lowered(*, max_s: float, max_bytes: int = 27_000_000, min_s: float = 1.0, any_shape: bool = False) -> Limits:
    """The strict profile with other lengths and sizes of audio and video; `any_shape`: and no bound on the picture."""
    strict = limits.load()
    video = _lowered(strict.video, max_s, max_bytes, min_s)
    if any_shape:
        side = structs.replace(video.min_side, value=16)
        ratio = structs.replace(video.max_aspect_ratio, value=100.0)
        video = structs.replace(video, min_side=side, max_aspect_ratio=ratio)
    return structs.replace(strict, audio=_lowered(strict.audio, max_s, max_bytes, min_s), video=video)


def _lowered(of: T, max_s: float, max_bytes: int, min_s: float) -> T:
    sizes = {
        name: structs.replace(getattr(of, name), value=value)
        for name, value in (("max_file_bytes", max_bytes), ("max_base64_bytes", max_bytes // 3 * 4))
        if getattr(of, name) is not None
    }
    longest = structs.replace(of.max_duration_s, value=max_s)
    shortest = structs.replace(of.min_duration_s, value=min_s)
    return structs.replace(of, max_duration_s=longest, min_duration_s=shortest, **sizes)
