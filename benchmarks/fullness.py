"""How near the caps encoded clips come, and whether any was made twice: ``python benchmarks/fullness.py [FOLDER ...]``.

Of every edge case of audio and video that has to be encoded, and of the files in each FOLDER. How full a clip is: its
share of the seconds or of the bytes that are allowed, whichever is more; the last clip of a source is left out, as it
holds what is left. An encode that is begun a second time, or a clip over a cap, would be an overshoot.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from preflight import Preflight, pipeline
from preflight.errors import PreflightError
from preflight.limits import load
from preflight.media import Facts, Kind
from preflight.planner import EncodeAudio, EncodeVideo, Plan
from preflight.testing import catalogue
from preflight.transformers import Output, transform

LIMITS = load()
encodes: list[Plan] = []
"""Begun of the source at hand."""


def counted(source: object, facts: Facts, plan: Plan, *arguments: object, **known: object) -> Iterator[Output]:
    if isinstance(plan.recipe, EncodeAudio | EncodeVideo):
        encodes.append(plan)
    return transform(source, facts, plan, *arguments, **known)  # type: ignore[arg-type]  # as it was called


def fullness(path: Path, kind: Kind | None) -> list[float] | None:
    """Of each clip; None where it was not encoded."""
    shares = []
    for payload in Preflight().prepare(path, kind=kind):
        if payload.fidelity != "transcoded" or payload.span is None:
            return None
        bounds = LIMITS.video if payload.input_type == "video" else LIMITS.audio
        by_time = payload.span.duration_s / bounds.max_duration_s.value
        shares.append(max(by_time, payload.media_bytes / bounds.max_media_bytes))
    return shares


def main(folders: list[str]) -> None:
    sources: list[tuple[Path, Kind | None]] = [
        (case.path, case.as_kind) for case in catalogue.cases("audio/*", "video/*") if case.is_file
    ]
    sources += [(path, None) for folder in folders for path in sorted(Path(folder).iterdir())]
    pipeline.transform = counted  # type: ignore[assignment]  # to see what it is asked for
    encoded, clips, twice, full = 0, 0, 0, {}
    for path, kind in sources:
        encodes.clear()
        try:
            shares = fullness(path, kind)
        except PreflightError:  # rejected
            shares = None
        twice += len(encodes) > 1
        if shares:
            encoded, clips = encoded + 1, clips + len(shares)
            if len(shares) > 1:
                full[path.name] = shares
    print(f"{len(sources)} sources, {encoded} encoded into {clips} clips; {twice} were encoded more than once")
    for name, shares in full.items():
        print(f"{name:32} {' '.join(f'{share:6.1%}' for share in shares)}")
    inner = [share for shares in full.values() for share in shares[:-1]]
    print(f"{len(inner)} clips with one after them: median {statistics.median(inner):.1%}, least {min(inner):.1%}")
    print(f"the fullest clip of all: {max(max(shares) for shares in full.values()):.1%}")


if __name__ == "__main__":
    main(sys.argv[1:])
