"""Facts, findings, limits and policy → Plan: the ladder, the cuts and the geometry, without touching a byte."""

from preflight.planner.interface import (
    ConvertImage,
    CutBetweenUnits,
    CutOutPicture,
    EncodeAudio,
    EncodeVideo,
    Geometry,
    Muxer,
    Plan,
    PlannedOutput,
    Policy,
    Recipe,
    SendAsIs,
    SplitText,
    StripPicture,
    StripTags,
)

__all__ = [
    "ConvertImage",
    "CutBetweenUnits",
    "CutOutPicture",
    "EncodeAudio",
    "EncodeVideo",
    "Geometry",
    "Muxer",
    "Plan",
    "PlannedOutput",
    "Policy",
    "Recipe",
    "SendAsIs",
    "SplitText",
    "StripPicture",
    "StripTags",
]
