"""What a `Preflight` was made with, handed to whoever works for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from preflight.limits import Limits
from preflight.media import AudioFacts, VideoFacts
from preflight.planner import Policy
from preflight.probers.tokens import TokenCounter
from preflight.progress import Meter, Progress, Stage
from preflight.rules import Report


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    limits: Limits
    policy: Policy
    on_progress: Callable[[Progress], None]
    workers: int | None
    """Threads that encode a video side by side; None is one a core."""
    token_counter: TokenCounter

    def meter(self, report: Report, stage: Stage = "prepare") -> Meter:
        total_s = report.facts.duration_s if isinstance(report.facts, AudioFacts | VideoFacts) else None
        return Meter(report.source, total_s, self.on_progress, stage=stage)
