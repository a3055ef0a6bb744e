"""A request body of `POST /v1.3/embed-v2` → a typed request, or the Refusal that names the offending key.

Strict where the contract is: unknown keys are refused everywhere, integers are not floats, null is not absent
(CONTRACT 1.1 to 1.3). What a medium must be like is not judged here: that is the rules' business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec
import pybase64

from preflight.emulator.intake import KEYS, Medium, NoMedium, Spooled
from preflight.emulator.wire import Refusal, invalid, missing, unknown

TimedKind = Literal["audio", "video"]

INPUT_TYPES = ("text", "image", "text_image", "audio", "video", "multi_input")
OPTIONS: Mapping[TimedKind, tuple[str, ...]] = {
    "audio": ("audio", "transcription"),
    "video": ("visual", "audio", "transcription"),
}
SCOPES = ("clip", "asset")
TYPES: tuple[str, ...] = ("separate_embedding", "fused_embedding")

_ONLY_IN_3_5 = ("auto_truncate", "embedding_uncertainty", "embedding_dimension")
_ONE_OF = ("base64_string", "url", "asset_id")
_SEGMENT_LENGTHS_S = {"fixed": ("duration_sec", (2, 10)), "dynamic": ("min_duration_sec", (2, 5))}
_NO_MEDIUM = {
    "empty": "It must not be empty.",
    "prefixed": "It must be bare base64, without a data: prefix.",
    "not base64": "It must be standard base64, padded, without white space.",
}
_JSON_TYPES = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AssetId:
    """A medium that was uploaded before, instead of one in the request."""

    asset_id: str
    parameter: str
    """Where it stands in the request."""


Given = bytes | Spooled | AssetId


@dataclass(frozen=True, slots=True)
class TextRequest:
    text: str


@dataclass(frozen=True, slots=True)
class ImageRequest:
    image: Given


@dataclass(frozen=True, slots=True)
class TextImageRequest:
    text: str
    image: Given


@dataclass(frozen=True, slots=True)
class NamedSource:
    """One of the `media_sources` of a multi_input request."""

    name: str | None
    image: Given


@dataclass(frozen=True, slots=True)
class MultiInputRequest:
    text: str | None
    sources: tuple[NamedSource, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Segments of `duration_s`; the last one may be shorter."""

    duration_s: int


@dataclass(frozen=True, slots=True)
class Dynamic:
    """Segments that follow the content, none shorter than `min_duration_s`."""

    min_duration_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TimedRequest:
    """Of `audio` or `video`."""

    kind: TimedKind
    media: Given
    start_s: float | None
    """None where the request does not say: from the beginning."""
    end_s: float | None
    """None where the request does not say: to the end."""
    segmentation: Fixed | Dynamic
    options: tuple[str, ...]
    scopes: tuple[str, ...]
    types: tuple[str, ...]


Request = TextRequest | ImageRequest | TextImageRequest | TimedRequest | MultiInputRequest


def parse(body: bytes, *, model_name: str, media: Mapping[str, Medium] | None = None) -> Request:
    """The request that a body states, its media decoded. Raises Refusal (400).

    `media`: those that were decoded before, by what stands in their place (see Intake).
    """
    value = json_object(body, media)
    for key in _ONLY_IN_3_5:
        if key in value:
            raise invalid(key, f"It needs marengo3.5; this endpoint serves {model_name}.")
    # Before the other keys, because it says which of them are known.
    input_type = choice(value.get("input_type", ...), "input_type", INPUT_TYPES)
    top = Object(value, "", known=("input_type", "model_name", input_type))
    choice(top.required("model_name"), "model_name", (model_name,))
    inner = top.required(input_type)
    match input_type:
        case "text":
            return TextRequest(_input_text(Object(inner, "text", known=("input_text",))))
        case "image":
            return ImageRequest(_media_source(Object(inner, "image", known=("media_source",))))
        case "text_image":
            both = Object(inner, "text_image", known=("media_source", "input_text"))
            return TextImageRequest(_input_text(both), _media_source(both))
        case "multi_input":
            return _multi_input(Object(inner, "multi_input", known=("input_text", "media_sources")))
        case "audio" | "video":
            return _timed(inner, input_type)
    raise AssertionError(input_type)


def json_object(body: bytes, media: Mapping[str, Medium] | None = None) -> dict[str, object]:
    """With the media back in their places. Raises Refusal (400) where it is none."""
    try:
        value = msgspec.json.decode(body)
        if media:
            _put_back(value, media)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # ValueError: bad UTF-8 in a string
        raise Refusal(400, "parameter_invalid", f"The request body is not valid JSON ({error}).") from error
    if not isinstance(value, dict):
        raise Refusal(400, "parameter_invalid", "The request body must be a JSON object.")
    return value


def _put_back(value: object, media: Mapping[str, Medium]) -> None:
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _put_back(inner, media)
    if isinstance(value, dict):
        for key in map(bytes.decode, KEYS):
            word = value.get(key)
            if isinstance(word, str) and word in media:
                value[key] = media[word]


class Object:
    """A JSON object with its place in the request: refuses keys that are not `known`, names keys in full."""

    def __init__(self, value: object, path: str, *, known: Collection[str]) -> None:
        if not isinstance(value, dict):
            raise invalid(path, f"It must be an object, not {_json_type(value)}.")
        self._value = value
        self._path = path
        strangers = [self.path(key) for key in value if key not in known]
        if strangers:
            raise unknown(strangers)

    def path(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def required(self, key: str) -> object:
        if key not in self._value:
            raise missing(self.path(key))
        value: object = self._value[key]
        return value

    def optional(self, key: str, read: Callable[[object, str], T], default: T) -> T:
        """What `read` makes of the value and its path; `default` where there is no such key."""
        return read(self._value[key], self.path(key)) if key in self._value else default


def _timed(value: object, kind: TimedKind) -> TimedRequest:
    known = ["media_source", "start_sec", "end_sec", "segmentation"]
    known += ["embedding_option", "embedding_scope", "embedding_type"]
    given = Object(value, kind, known=known)
    start_s = given.optional("start_sec", _seconds, None)
    end_s = given.optional("end_sec", _seconds, None)
    if end_s is not None and end_s <= (start_s or 0):
        raise invalid(given.path("end_sec"), "It should be greater than `start_sec`.")
    options = given.optional("embedding_option", _unique(OPTIONS[kind]), OPTIONS[kind])
    separate: tuple[str, ...] = ("separate_embedding",)
    types = given.optional("embedding_type", _unique(TYPES), separate)
    if "embedding_type" in given and len(options) == 1:
        raise invalid(given.path("embedding_type"), "It needs two values of `embedding_option`.")
    default = Fixed(6) if kind == "audio" else Dynamic(4)
    strategies = ("fixed",) if kind == "audio" else ("dynamic", "fixed")
    return TimedRequest(
        kind=kind,
        start_s=start_s,
        end_s=end_s,
        segmentation=given.optional("segmentation", _segmentation(*strategies), default),
        options=options,
        scopes=given.optional("embedding_scope", _unique(SCOPES), SCOPES),
        types=types,
        media=_media_source(given),
    )


def _segmentation(*strategies: str) -> Callable[[object, str], Fixed | Dynamic]:
    def read(value: object, path: str) -> Fixed | Dynamic:
        given = Object(value, path, known=("strategy", *strategies))
        strategy = choice(given.required("strategy"), given.path("strategy"), strategies)
        for other in strategies:
            if other != strategy and other in given:
                raise invalid(given.path(other), f"The strategy is `{strategy}`.")
        key, (low, high) = _SEGMENT_LENGTHS_S[strategy]
        inner = Object(given.required(strategy), given.path(strategy), known=(key,))
        seconds = inner.required(key)
        if isinstance(seconds, bool) or not isinstance(seconds, int) or not low <= seconds <= high:
            raise invalid(inner.path(key), f"It must be an integer from {low} to {high}.")
        return Fixed(seconds) if strategy == "fixed" else Dynamic(seconds)

    return read


def _multi_input(given: Object) -> MultiInputRequest:
    text = given.optional("input_text", string, None)
    path = given.path("media_sources")
    sources = listed(given.required("media_sources"), path)
    # How many there may be and how they may be named is for the rules.
    return MultiInputRequest(text, tuple(_named(source, f"{path}[{n}]") for n, source in enumerate(sources)))


def _named(value: object, path: str) -> NamedSource:
    """The keys of a source are flat here, not nested in `media_source`."""
    given = Object(value, path, known=("name", "media_type", *_ONE_OF))
    choice(given.required("media_type"), given.path("media_type"), ("image",))
    return NamedSource(given.optional("name", string, None), one_of(given))


def _media_source(given: Object) -> Given:
    return one_of(Object(given.required("media_source"), given.path("media_source"), known=_ONE_OF))


def one_of(given: Object) -> Given:
    present = [key for key in _ONE_OF if key in given]
    if not present:
        raise missing(given.path("base64_string"))
    if len(present) > 1:
        raise invalid(given.path(present[1]), f"Only one of {', '.join(_ONE_OF)} may be given.")
    path = given.path(present[0])
    value = given.required(present[0])
    if present == ["asset_id"]:
        return AssetId(string(value, path), path)
    if present == ["url"]:
        string(value, path)
        raise invalid(path, "The emulator takes base64_string or asset_id: it fetches no URL.")
    return medium(value, path)


def medium(value: object, path: str) -> bytes | Spooled:
    """What stands at a `base64_string`: decoded on its way in, or not yet."""
    match value:
        case bytes() | Spooled():
            return value
        case NoMedium(why):
            raise invalid(path, _NO_MEDIUM[why])
        case _:
            return base64_bytes(string(value, path), path)


def base64_bytes(text: str, path: str) -> bytes:
    """Bare, standard, padded (CONTRACT 1.2): what other decoders let pass is refused."""
    if text.startswith("data:"):
        raise invalid(path, _NO_MEDIUM["prefixed"])
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError as error:
        raise invalid(path, _NO_MEDIUM["not base64"]) from error


def _input_text(given: Object) -> str:
    return string(given.required("input_text"), given.path("input_text"))


def string(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise invalid(path, f"It must be a string, not {_json_type(value)}.")
    if not value:
        raise invalid(path, _NO_MEDIUM["empty"])
    return value


def listed(value: object, path: str) -> list[object]:
    if not isinstance(value, list):
        raise invalid(path, f"It must be an array, not {_json_type(value)}.")
    return value


def _seconds(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise invalid(path, "It must be a number of seconds, 0 or more.")
    return value


def choice(value: object, path: str, choices: Collection[str]) -> str:
    if value is ...:
        raise missing(path)
    if not isinstance(value, str) or value not in choices:
        raise invalid(path, f"It must be one of: {', '.join(choices)}.")
    return value


def _unique(choices: tuple[str, ...]) -> Callable[[object, str], tuple[str, ...]]:
    def read(value: object, path: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            raise invalid(path, f"It must be an array of one or more of: {', '.join(choices)}.")
        chosen = tuple(choice(item, f"{path}[{n}]", choices) for n, item in enumerate(value))
        if len(set(chosen)) < len(chosen):
            raise invalid(path, "Its values must be unique.")
        return chosen

    return read


def _json_type(value: object) -> str:
    return _JSON_TYPES.get(type(value), "null" if value is None else "an object")
