"""preflight makes any text, image, audio or video acceptable to a multimodal embedding API.

    report = preflight.check("talk.mp4")          # what it is, and what breaks the limits
    for payload in preflight.prepare("talk.mp4"):  # request bodies that are always accepted
        ...
    result = preflight.embed("talk.mp4")           # vectors on the source's own timeline

Everything is imported when it is first used: `import preflight` alone loads neither av nor numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from preflight import errors
    from preflight.calls import check, embed, plan, prepare
    from preflight.media import MultiInput, NamedImage, NamedSource, Source, Text, TextImage
    from preflight.payload import Payload
    from preflight.pipeline import Preflight
    from preflight.planner import Plan, Policy
    from preflight.results import write_embeddings
    from preflight.rules import Finding, Report
    from preflight.submitter import Embeddings

__version__ = "0.1.0"

_HOME = {
    "Embeddings": "preflight.submitter",
    "Finding": "preflight.rules",
    "MultiInput": "preflight.media",
    "NamedImage": "preflight.media",
    "NamedSource": "preflight.media",
    "Payload": "preflight.payload",
    "Plan": "preflight.planner",
    "Policy": "preflight.planner",
    "Preflight": "preflight.pipeline",
    "Progress": "preflight.progress",
    "Report": "preflight.rules",
    "Source": "preflight.media",
    "Text": "preflight.media",
    "TextImage": "preflight.media",
    "check": "preflight.calls",
    "embed": "preflight.calls",
    "plan": "preflight.calls",
    "prepare": "preflight.calls",
    "write_embeddings": "preflight.results",
}

__all__ = [
    "Embeddings",
    "Finding",
    "MultiInput",
    "NamedImage",
    "NamedSource",
    "Payload",
    "Plan",
    "Policy",
    "Preflight",
    "Progress",
    "Report",
    "Source",
    "Text",
    "TextImage",
    "check",
    "embed",
    "errors",
    "plan",
    "prepare",
    "write_embeddings",
]


def __getattr__(name: str) -> object:
    if name == "errors":
        return importlib.import_module("preflight.errors")
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'preflight' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
