"""Facts, findings, limits and policy → Plan: the ladder, the cuts and the geometry, without touching a byte."""

from preflight.planner.interface import (
    Chunk,
    ConvertImage,
    CutBetweenUnits,
    CutOutPicture,
    EncodeAudio,
    EncodeVideo,
    FitParts,
    Geometry,
    Muxer,
    Plan,
    PlannedOutput,
    Policy,
    Recipe,
    SendAsIs,
    SplitText,
    StripTags,
)

__all__ = [
    "Chunk",
    "ConvertImage",
    "CutBetweenUnits",
    "CutOutPicture",
    "EncodeAudio",
    "EncodeVideo",
    "FitParts",
    "Geometry",
    "Muxer",
    "Plan",
    "PlannedOutput",
    "Policy",
    "Recipe",
    "SendAsIs",
    "SplitText",
    "StripTags",
]
