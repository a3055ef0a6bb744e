"""Audio or video cut between units, or put into a new container: every coded packet is copied, none decoded."""

from __future__ import annotations

from collections.abc import Iterator

from preflight.media import AudioFacts, Fidelity, Source, Span, VideoFacts
from preflight.planner import CutBetweenUnits
from preflight.probers.container import open_media
from preflight.probers.timed import pick_streams
from preflight.probers.units import opening_test, units_of
from preflight.transformers.audio import decode_fully
from preflight.transformers.interface import Output
from preflight.transformers.muxing import mux
from preflight.transformers.packer import clips_at


def cut(source: Source, facts: AudioFacts | VideoFacts, recipe: CutBetweenUnits) -> Iterator[Output]:
    """One output a clip, in order; only the clip at hand is in memory. Raises BrokenMediaError."""
    if recipe.container == "mp3":
        # A frame that is damaged would fail in the service; decoding an hour of it takes some seconds.
        decode_fully(source)
    with open_media(source) as container:
        video, audio = pick_streams(container)
        kept = [s for s in (video if facts.kind == "video" else None, audio) if s is not None]
        templates = {s.index: s for s in kept}
        steps = _steps(facts, recipe, len(kept))
        units = units_of(
            (p for p in container.demux(*kept) if not p.is_corrupt),
            video.index if video is not None and facts.kind == "video" else None,
            with_audio=audio is not None,
            start_s=facts.start_s,
            opens=opening_test(video),
        )
        start_s = 0.0
        cuts_s = [c + facts.start_s for c in recipe.cuts_s]
        for index, clip in enumerate(clips_at(units, cuts_s)):
            is_last = index == len(recipe.cuts_s)
            end_s = facts.duration_s if is_last else recipe.cuts_s[index]
            base_s = facts.start_s + start_s
            data = mux(recipe.container, templates, [p for unit in clip for p in unit.coded], base_s)
            yield Output(
                media=Source.of(data, name=source.name),
                span=Span(start_s, end_s) if end_s is not None else None,
                fidelity=Fidelity.LOSSLESS,
                steps=steps,
            )
            start_s = end_s if end_s is not None else start_s


def _steps(facts: AudioFacts | VideoFacts, recipe: CutBetweenUnits, kept: int) -> tuple[str, ...]:
    steps = [f"cut into {recipe.container}" if recipe.cuts_s else f"remuxed into {recipe.container}"]
    if facts.damaged_packets:
        steps.append(f"left out {facts.damaged_packets} packets that are cut off")
    if dropped := len(facts.streams) - kept:
        steps.append(f"left out {dropped} other stream{'s' if dropped > 1 else ''}")
    return tuple(steps)
