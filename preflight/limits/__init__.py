"""Documented limits as dated data: one TOML file a profile, and the type that reads them.

Every number stands with its source and the day that the source was read. MB is 10^6 everywhere.
"""

from preflight.limits.profile import (
    DEFAULT_PROFILE,
    AudioLimits,
    DocumentLimits,
    ImageLimits,
    Limit,
    Limits,
    RequestLimits,
    Route,
    TextLimits,
    TimedLimits,
    VideoLimits,
    load,
    names,
    profiles_taking,
)

__all__ = [
    "DEFAULT_PROFILE",
    "AudioLimits",
    "DocumentLimits",
    "ImageLimits",
    "Limit",
    "Limits",
    "RequestLimits",
    "Route",
    "TextLimits",
    "TimedLimits",
    "VideoLimits",
    "load",
    "names",
    "profiles_taking",
]
