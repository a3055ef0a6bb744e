"""Plan → Outputs: text, image, audio and video, each made as it is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from preflight.errors import BrokenMediaError
from preflight.limits import Limits, TimedLimits
from preflight.media import AudioFacts, Fidelity, ImageFacts, MediaFacts, Source, Span, TextFacts, VideoFacts
from preflight.planner import (
    ConvertImage,
    CutBetweenUnits,
    CutOutPicture,
    EncodeAudio,
    EncodeVideo,
    PackPicture,
    Plan,
    SendAsIs,
    SplitText,
    StripPicture,
    StripTags,
)
from preflight.planner.cuts import Caps, caps_for
from preflight.transformers.interface import Output, Verified, Watch, unwatched

__all__ = ["Output", "Verified", "Watch", "transform"]


def transform(
    source: Source,
    facts: MediaFacts,
    plan: Plan,
    limits: Limits,
    watch: Watch = unwatched,
    *,
    workers: int | None = None,
) -> Iterator[Output]:
    """Carry out `plan`; an output is made when it is asked for. Raises BrokenMediaError where the media are.

    `workers`: threads that encode video; None is one a core.
    """
    match plan.recipe, facts:
        case SendAsIs(), _:
            yield _as_it_is(source, facts)
        case SplitText() as recipe, TextFacts():
            from preflight.transformers.text import split_text

            yield from split_text(_text(source, facts), facts, recipe)
        case ConvertImage() | CutOutPicture() | StripPicture() | PackPicture() as recipe, ImageFacts():
            from preflight.transformers.image import convert_image

            yield convert_image(source, facts, recipe, max_bytes=limits.image.max_file_bytes.value)
        case CutBetweenUnits() as recipe, AudioFacts() | VideoFacts():
            from preflight.transformers.cut import cut

            yield from cut(source, facts, recipe, watch)
        case StripTags(), AudioFacts():
            from preflight.transformers.tags import strip_tags

            yield strip_tags(source, facts)
        case EncodeVideo() as recipe, VideoFacts():
            from preflight.transformers.video import encode_video

            yield from encode_video(source, facts, recipe, _caps("mp4", limits.video), watch, workers=workers)
        case EncodeAudio() as recipe, AudioFacts():
            from preflight.transformers.audio import encode_audio
            from preflight.transformers.wav import readable

            caps = _caps(recipe.container, limits.audio)
            sound = readable(source, facts)
            yield from encode_audio(sound, facts, recipe, caps, watch, predicted_clips=len(plan.outputs))
        case recipe, _:
            raise TypeError(f"{type(recipe).__name__} is no recipe for {facts.kind}")


def _as_it_is(source: Source, facts: MediaFacts) -> Output:
    span = None
    match facts:
        case TextFacts():
            _text(source, facts)
        case ImageFacts():
            # A header says nothing of the pixels; to decode them costs less than to upload them in vain.
            from preflight.probers.image_decoded import decode_fully

            decode_fully(source)
        case AudioFacts(decoded=None):
            # Ten minutes of sound are decoded in under a second.
            from preflight.transformers.sound import decode_fully as decode_sound

            decode_sound(source)
            span = _whole_span(facts)
        case AudioFacts() | VideoFacts():
            span = _whole_span(facts)
    offset = 0 if isinstance(facts, TextFacts) else None
    return Output(media=source, span=span, fidelity=Fidelity.IDENTICAL, steps=(), offset=offset)


def _whole_span(facts: AudioFacts | VideoFacts) -> Span | None:
    return Span(0.0, facts.duration_s) if facts.duration_s is not None else None


def _text(source: Source, facts: TextFacts) -> str:
    from preflight.probers.encoding import text_of

    text = text_of(source.read(), facts.encoding)
    if text is None:  # changed since it was probed
        raise BrokenMediaError("it is no text any more")
    return text


def _caps(container: str, limits: TimedLimits) -> Caps:
    return caps_for(container, limits.max_media_bytes, limits.max_duration_s.value, limits.min_duration_s.value)
