"""Documented limits as dated data: one TOML file a profile, and the type that reads them.

Every number stands with its source and the day that the source was read. MB is 10^6 everywhere.
"""

from preflight.limits.profile import (
    DEFAULT_PROFILE,
    AudioLimits,
    ImageLimits,
    Limit,
    Limits,
    RequestLimits,
    TextLimits,
    TimedLimits,
    VideoLimits,
    load,
    names,
)

__all__ = [
    "DEFAULT_PROFILE",
    "AudioLimits",
    "ImageLimits",
    "Limit",
    "Limits",
    "RequestLimits",
    "TextLimits",
    "TimedLimits",
    "VideoLimits",
    "load",
    "names",
]
