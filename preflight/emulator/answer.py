"""A valid request → the body of its answer (CONTRACT 1.4), once its media passed every limit of the profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from preflight.emulator.decoding import Recording, decode_picture, decode_timed
from preflight.emulator.intake import Spooled
from preflight.emulator.picture import picture_vector
from preflight.emulator.schema import (
    AssetId,
    Fixed,
    Given,
    ImageRequest,
    MultiInputRequest,
    Request,
    TextImageRequest,
    TextRequest,
    TimedRequest,
)
from preflight.emulator.segments import Item, cut, items
from preflight.emulator.sound import HOP_S, sound_vector, speech_vector
from preflight.emulator.vectors import DIMENSIONS, Vector, blend
from preflight.emulator.wire import Refusal, invalid
from preflight.emulator.wording import wording_vector
from preflight.errors import BrokenMediaError
from preflight.media import (
    AudioFacts,
    ImageFacts,
    MultiInput,
    NamedImage,
    RequestFacts,
    Source,
    Span,
    Text,
    TextImage,
    VideoFacts,
)

if TYPE_CHECKING:
    from preflight.pipeline import Preflight
    from preflight.rules import Report

_SCENE_CHANGE = 0.6
"""Cosine of two consecutive pictures below which they show different things."""
_WINDOW_TOLERANCE_S = 0.5
"""How far `end_sec` may lie beyond the end: clients round, and containers do."""
_DECIMALS = 8


Stored = Callable[[AssetId], Source]
"""The file of an asset; raises Refusal where it cannot be had."""


def nothing_stored(asset: AssetId) -> Source:
    raise invalid(asset.parameter, f"There is no asset {asset.asset_id}.")


def taken(given: Given, name: str, stored: Stored = nothing_stored) -> Source:
    """What was given, wherever it lies. Raises Refusal where it cannot be had."""
    match given:
        case AssetId():
            return stored(given)
        case Spooled(path):
            return Source.of(path, name=name)
        case _:
            return Source.of(given, name=name)


def answer(
    request: Request,
    preflight: Preflight,
    *,
    stored: Stored = nothing_stored,
    of_assets: Preflight | None = None,
    admit: Callable[[float], None] = lambda _seconds: None,
) -> dict[str, object]:
    """`{"data": [...], "metadata": {...}}`; without metadata for a text. Raises Refusal (400).

    `of_assets` judges audio and video that lie in an asset, which may be larger; otherwise `preflight` does. `admit` is
    told the seconds of audio or video that are to be embedded before they are decoded, and may raise Refusal (429).
    """
    match request:
        case TextRequest(text):
            accepted(preflight.check(Text(text)))
            return {"data": [single(wording_vector(text))]}
        case ImageRequest(image):
            source = taken(image, "image", stored)
            report = accepted(preflight.check(source, kind="image"))
            assert isinstance(report.facts, ImageFacts)
            return described("image", [single(seen(source, report.facts))])
        case TextImageRequest(text, image):
            source = taken(image, "text_image", stored)
            report = accepted(preflight.check(TextImage(text, source)))
            vectors = [wording_vector(text), *_all_seen([source], report)]
            return described("text_image", [single(blend(vectors))])
        case MultiInputRequest(text, named):
            sources = [taken(part.image, f"media_sources[{n}]", stored) for n, part in enumerate(named)]
            images = [NamedImage(source, part.name) for source, part in zip(sources, named, strict=True)]
            report = accepted(preflight.check(MultiInput(images, text)))
            vectors = _all_seen(sources, report)
            vectors += [wording_vector(text)] if text is not None else []
            return described("multi_input", [single(blend(vectors))])
        case TimedRequest():
            judge = of_assets or preflight if isinstance(request.media, AssetId) else preflight
            found = examined(request, taken(request.media, request.kind, stored), judge)
            admit(found.window.duration_s)
            return timed(request, found)


def accepted(report: Report) -> Report:
    """The rules are the only judge of media here, as they are in `check`."""
    if not report.errors:
        return report
    first = report.errors[0]
    where = f"{first.part}: " if first.part else ""
    raise Refusal(400, first.code, where + first.message, first.docs)


def described(input_type: str, data: Sequence[object], **more: object) -> dict[str, object]:
    return {"data": data, "metadata": {"input_type": input_type, **more}}


def single(vector: Vector) -> dict[str, object]:
    """The one vector of a request without a timeline."""
    return _row(vector, None, None, None)


def _row(vector: Vector, option: str | None, scope: str | None, span: Span | None) -> dict[str, object]:
    return {
        "embedding": np.round(vector, _DECIMALS).tolist(),
        "embedding_option": option,
        "embedding_scope": scope,
        "start_sec": round(span.start_s, 3) if span else None,
        "end_sec": round(span.end_s, 3) if span else None,
    }


def seen(source: Source, facts: ImageFacts) -> Vector:
    try:
        return picture_vector(decode_picture(source, facts))
    except BrokenMediaError as error:
        raise unreadable("image", source, str(error)) from error


def _all_seen(sources: Sequence[Source], report: Report) -> list[Vector]:
    assert isinstance(report.facts, RequestFacts)
    pairs = zip(sources, report.facts.images, strict=True)
    return [seen(source, facts) for source, facts in pairs if isinstance(facts, ImageFacts)]


def unreadable(kind: str, source: Source, why: str) -> Refusal:
    message = f"Cannot read {source.name}: {why}. Please check the {kind} file is valid and try again."
    return Refusal(400, f"{kind}_file_broken", message)


@dataclass(frozen=True, slots=True)
class Examined:
    """Audio or video whose metadata passed, and what of it is asked for."""

    source: Source
    facts: AudioFacts | VideoFacts
    window: Span


def examined(request: TimedRequest, source: Source, judge: Preflight) -> Examined:
    """Raises Refusal (400), from metadata alone: what a task is refused for when it is created."""
    facts = accepted(judge.check(source, kind=request.kind)).facts
    assert isinstance(facts, AudioFacts | VideoFacts)
    if not facts.duration_s:
        raise unreadable(request.kind, source, "it has no length")
    return Examined(source, facts, _window(request, facts.duration_s))


def timed(request: TimedRequest, found: Examined) -> dict[str, object]:
    """Raises Refusal (400) for what only decoding can find."""
    source, facts, window = found.source, found.facts, found.window
    assert facts.duration_s is not None
    try:
        recording = decode_timed(source, facts, window.end_s, hears="loudness")
    except BrokenMediaError as error:
        raise unreadable(request.kind, source, str(error)) from error
    options = request.options if recording.loudness is not None else [o for o in request.options if o == "visual"]
    if not options:
        raise invalid(f"{request.kind}.embedding_option", "The video has no sound.")
    vectors = _Vectors(recording)
    clips = cut(window, request.segmentation, vectors.scene_changes_s())
    wanted = items(clips, window, options=options, scopes=request.scopes, types=request.types)
    data = [_row(vectors.of(item, options), item.option, item.scope, item.span) for item in wanted]
    more: dict[str, object] = {"embedding_options": options, "embedding_scopes": request.scopes}
    more["duration"] = round(facts.duration_s, 3)
    more |= {"start_offset_sec": request.start_s} if request.start_s is not None else {}
    more |= {"end_offset_sec": request.end_s} if request.end_s is not None else {}
    if request.kind == "video" and isinstance(request.segmentation, Fixed):
        more["clip_length"] = request.segmentation.duration_s
    return described(request.kind, data, **more)


def _window(request: TimedRequest, duration_s: float) -> Span:
    """What lies between `start_sec` and `end_sec`. Whether the service minds an end beyond the end is not
    documented; refusing it is the strict reading.
    """
    start_s = request.start_s or 0.0
    if start_s >= duration_s:
        raise invalid(f"{request.kind}.start_sec", f"The {request.kind} is {duration_s:.3f} seconds long.")
    if request.end_s is not None and request.end_s > duration_s + _WINDOW_TOLERANCE_S:
        raise invalid(f"{request.kind}.end_sec", f"The {request.kind} is {duration_s:.3f} seconds long.")
    return Span(start_s, min(request.end_s or duration_s, duration_s))


class _Vectors:
    """The vectors of any stretch of one recording."""

    def __init__(self, recording: Recording) -> None:
        self._times_s = np.array(recording.times_s)
        seen = [picture_vector(picture) for picture in recording.pictures]
        self._pictures = np.array(seen).reshape(-1, DIMENSIONS)
        self._heard = recording.loudness

    def scene_changes_s(self) -> list[float]:
        likeness = np.sum(self._pictures[1:] * self._pictures[:-1], axis=-1)
        changes: list[float] = self._times_s[1:][likeness < _SCENE_CHANGE].tolist()
        return changes

    def of(self, item: Item, options: Sequence[str]) -> Vector:
        each = options if item.option == "fused" else [item.option]
        return blend(self._of_option(option, item.span) for option in each)

    def _of_option(self, option: str, span: Span) -> Vector:
        if option == "visual":
            return self._visual(span)
        assert self._heard is not None
        heard = self._heard[round(span.start_s / HOP_S) : round(span.end_s / HOP_S)]
        return sound_vector(heard) if option == "audio" else speech_vector(heard)

    def _visual(self, span: Span) -> Vector:
        """Of the pictures shown meanwhile; where none was looked at, of the nearest."""
        shown = (self._times_s >= span.start_s) & (self._times_s < span.end_s)
        if not shown.any():
            shown[np.argmin(np.abs(self._times_s - (span.start_s + span.end_s) / 2))] = True
        return blend(self._pictures[shown])
