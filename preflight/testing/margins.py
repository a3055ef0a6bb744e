"""How far an input is from a limit, inside or beyond: what a failed assertion says besides yes and no.

Found from facts and limits alone and not by asking the rules, which the assertions are there to hold to account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from preflight.limits import Limits
from preflight.media import AudioFacts, DocumentFacts, Facts, ImageFacts, RequestFacts, TextFacts, Unprobed, VideoFacts
from preflight.rules.image import counted_pixels


@dataclass(frozen=True, kw_only=True, slots=True)
class Margin:
    """One number, and the limit that it is held against."""

    measured: float
    limit: float
    unit: str
    is_least: bool = False
    """True where the limit is a minimum."""

    @property
    def beyond(self) -> float:
        """How far it is on the wrong side of the limit, in units; 0 or less where it is on the right one."""
        return self.limit - self.measured if self.is_least else self.measured - self.limit

    def __str__(self) -> str:
        if self.beyond > 0:
            where = "short" if self.is_least else "too many" if self.unit in _COUNTED else "over"
        else:
            where = "inside"
        off = f"{_number(abs(self.beyond))} {self._unit(abs(self.beyond))}".strip()
        return f"measured {self._amount(self.measured)}, limit {self._amount(self.limit)}, {off} {where}"

    def _amount(self, value: float) -> str:
        return f"{_number(value)} {self._unit(value)}".strip()

    def _unit(self, value: float) -> str:
        return self.unit.removesuffix("s") if value == 1 and len(self.unit) > 1 else self.unit


_COUNTED = frozenset({"tokens", "frames", "images"})


def _number(value: float) -> str:
    """Thousands set apart, and what is not whole with as many decimals as it has, up to six."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6f}".rstrip("0").rstrip(".")


def margin(code: str, facts: Facts, limits: Limits) -> Margin | None:
    """How far `facts` are from the limit behind the finding `code`; the worst part of a request of several.

    None where that finding is not about a number, or not about such an input.
    """
    if code not in _MARGINS:
        return None
    found = [m for each in _parts(facts) if (m := _MARGINS[code](each, limits)) is not None]
    return max(found, key=lambda m: m.beyond, default=None)


def _parts(facts: Facts) -> Iterator[Facts]:
    yield facts
    if isinstance(facts, RequestFacts):
        yield from (part for part in (facts.text, *facts.parts) if part is not None and not isinstance(part, Unprobed))


def _tokens(facts: Facts, limits: Limits) -> Margin | None:
    if isinstance(facts, TextFacts):
        return Margin(measured=facts.tokens, limit=limits.text.max_tokens.value, unit="tokens")
    return None


def _image_side(facts: Facts, limits: Limits) -> Margin | None:
    if isinstance(facts, ImageFacts):
        side = min(facts.width, facts.height)
        return Margin(measured=side, limit=limits.image.min_side.value, unit="pixels", is_least=True)
    return None


def _image_bytes(facts: Facts, limits: Limits) -> Margin | None:
    if isinstance(facts, ImageFacts):
        return Margin(measured=facts.size_bytes, limit=limits.image.max_file_bytes.value, unit="bytes")
    return None


def _document_bytes(facts: Facts, limits: Limits) -> Margin | None:
    if isinstance(facts, DocumentFacts) and limits.takes("document"):
        return Margin(measured=facts.size_bytes, limit=limits.document.max_file_bytes.value, unit="bytes")
    return None


def _image_pixels(facts: Facts, limits: Limits) -> Margin | None:
    if isinstance(facts, ImageFacts):
        return Margin(measured=counted_pixels(facts), limit=limits.image.max_pixels.value, unit="pixels")
    return None


def _frames(facts: Facts, limits: Limits) -> Margin | None:  # noqa: ARG001 (of every profile)
    if isinstance(facts, ImageFacts) and facts.frames is not None:
        return Margin(measured=facts.frames, limit=1, unit="frames")
    return None


def _images(facts: Facts, limits: Limits) -> Margin | None:
    if not isinstance(facts, RequestFacts) or facts.kind != "multi_input":
        return None
    count, unit = len(facts.parts), "images" if limits.request.media_types.value == ("image",) else "sources"
    if count < (least := max(limits.request.min_sources.value, int(facts.text is None))):
        return Margin(measured=count, limit=least, unit=unit, is_least=True)
    return Margin(measured=count, limit=limits.request.max_sources.value, unit=unit)


def _duration(facts: Facts, limits: Limits) -> Margin | None:
    """The longer of what the header claims and what the packets add up to: the service may believe either."""
    if isinstance(facts, AudioFacts | VideoFacts):
        bounds = limits.video if isinstance(facts, VideoFacts) else limits.audio
        longest = max(facts.duration_s or 0.0, facts.claimed_duration_s or 0.0)
        return Margin(measured=longest, limit=bounds.max_duration_s.value, unit="s")
    return None


def _shortness(facts: Facts, limits: Limits) -> Margin | None:
    if isinstance(facts, AudioFacts | VideoFacts) and facts.duration_s is not None:
        bounds = limits.video if isinstance(facts, VideoFacts) else limits.audio
        return Margin(measured=facts.duration_s, limit=bounds.min_duration_s.value, unit="s", is_least=True)
    return None


def _timed_bytes(facts: Facts, limits: Limits) -> Margin | None:
    if isinstance(facts, AudioFacts | VideoFacts):
        bounds = limits.video if isinstance(facts, VideoFacts) else limits.audio
        return Margin(measured=facts.size_bytes, limit=bounds.max_media_bytes, unit="bytes")
    return None


def _shapes(facts: VideoFacts) -> tuple[tuple[int, int], ...]:
    """As displayed and as coded: which of the two the service measures is not documented."""
    return (facts.displayed_width, facts.displayed_height), (facts.width, facts.height)


def _video_side(facts: Facts, limits: Limits) -> Margin | None:
    if isinstance(facts, VideoFacts):
        side = min(min(shape) for shape in _shapes(facts))
        return Margin(measured=side, limit=limits.video.min_side.value, unit="pixels", is_least=True)
    return None


def _video_box(facts: Facts, limits: Limits) -> Margin | None:
    """The side that comes nearest to its maximum, or is furthest beyond it."""
    if not isinstance(facts, VideoFacts):
        return None
    sides = [pair for shape in _shapes(facts) for pair in zip(shape, limits.video.max_size(*shape), strict=True)]
    return max((Margin(measured=m, limit=most, unit="pixels") for m, most in sides), key=lambda m: m.beyond)


def _ratio(facts: Facts, limits: Limits) -> Margin | None:
    if isinstance(facts, VideoFacts):
        ratio = max(max(shape) / min(shape) for shape in _shapes(facts))
        return Margin(measured=ratio, limit=limits.video.max_aspect_ratio.value, unit="")
    return None


def _of(kind: type[AudioFacts | VideoFacts], measure: _Measure) -> _Measure:
    return lambda facts, limits: measure(facts, limits) if isinstance(facts, kind) else None


_Measure = Callable[[Facts, Limits], Margin | None]

_MARGINS: dict[str, _Measure] = {
    "token_limit_exceeded": _tokens,
    "image_resolution_too_low": _image_side,
    "image_filesize_too_large": _image_bytes,
    "image_pixels_too_many": _image_pixels,
    "document_filesize_too_large": _document_bytes,
    "image_animated": _frames,
    "media_sources_count": _images,
    "video_resolution_too_low": _video_side,
    "video_resolution_too_high": _video_box,
    "video_resolution_invalid_aspect_ratio": _ratio,
    **{
        f"{kind}_{name}": _of(facts, measure)
        for kind, facts in (("audio", AudioFacts), ("video", VideoFacts))
        for name, measure in (
            ("duration_too_long", _duration),
            ("duration_too_short", _shortness),
            ("filesize_too_large", _timed_bytes),
        )
    },
}
