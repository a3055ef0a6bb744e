"""A request of several parts as a small file: `preflight prepare look.json --as request --out DIR`.

It is read only where `--as request` says so: a file that somebody uploads must not make this program open others.
"""

from __future__ import annotations

import codecs
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from preflight.errors import MissingExtraError, UnreadableError, UsageError
from preflight.media import InvalidRequest, MediaType, MultiInput, NamedImage, NamedSource, Source, TextImage

MAX_REQUEST_BYTES = 1_000_000
"""A text of 500 tokens and ten names are under 10 kB."""
_MOST_IMAGES = 100
"""More than ten are refused by name later; this is so that nobody opens a million."""

_STDIN = "<stdin>"

_Path = Annotated[
    str,
    Meta(min_length=1, description="An image, relative to this file and in its folder or below it."),
]
_Text = Annotated[str, Meta(description="In multi_input it may point at images: <@name>.")]


class ImageEntry(Struct, forbid_unknown_fields=True):
    path: _Path
    name: Annotated[str, Meta(description="Letters, digits and underscores.")] | None = None


class SourceEntry(Struct, forbid_unknown_fields=True):
    path: Annotated[
        str,
        Meta(min_length=1, description="A medium of any kind, relative to this file and in its folder or below it."),
    ]
    name: Annotated[str, Meta(description="Letters, digits and underscores.")] | None = None
    media_type: Annotated[MediaType, Meta(description="What it is to be read as, if not as what it is.")] | None = None


class RequestFile(Struct, forbid_unknown_fields=True):
    """Either `text` and `image` (text_image), or `images`, or `sources` of any kind (marengo3.5), and perhaps a `text`
    that names them (multi_input).
    """

    text: _Text | None = None
    image: _Path | None = None
    images: Annotated[list[_Path | ImageEntry], Meta(max_length=_MOST_IMAGES)] | None = None
    sources: Annotated[list[_Path | SourceEntry], Meta(max_length=_MOST_IMAGES)] | None = None


def schema() -> dict[str, Any]:
    """JSON Schema of a request file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(RequestFile)}


def read_request(path: str) -> TextImage | MultiInput | InvalidRequest:
    """From a file of JSON or YAML, or JSON on standard input (-), whose images lie in the current folder.

    In YAML every value is text as it is written, `no` and `2024-01-01` too, but for `null` and what is left empty.

    What is no request comes back with the field that is wrong, also for an image that is outside that folder, by
    whatever way. Raises UsageError where standard input is closed.
    """
    name = _STDIN if path == "-" else path
    folder = Path.cwd() if path == "-" else Path(path).parent
    try:
        return _request(_decoded(_bytes_of(path, name), name), folder, name)
    except _NoRequestError as error:
        return InvalidRequest(str(error), name)


class _NoRequestError(Exception):
    """Says what is wrong with the file, and what to do next."""


def _request(given: RequestFile, folder: Path, name: str) -> TextImage | MultiInput:
    match given:
        case RequestFile(text=str(text), image=str(image), images=None, sources=None):
            return TextImage(text, _medium(image, folder), name)
        case RequestFile(text=text, image=None, images=None, sources=list(sources)):
            each = [SourceEntry(one) if isinstance(one, str) else one for one in sources]
            found = [NamedSource(_medium(one.path, folder), one.name, one.media_type) for one in each]
            return MultiInput(text=text, name=name, sources=found)
        case RequestFile(text=text, image=None, images=list(images), sources=None):
            entries = [ImageEntry(each) if isinstance(each, str) else each for each in images]
            named = [NamedImage(_medium(each.path, folder), each.name) for each in entries]
            return MultiInput(named, text, name)
        case _:
            raise _no_request("it needs `text` and `image`, or `images` (or `sources`) with or without `text`")


def _no_request(why: str) -> _NoRequestError:
    return _NoRequestError(f"It is no request: {why}. `preflight explain request` prints its schema.")


def _bytes_of(path: str, name: str) -> bytes:
    if path == "-" and sys.stdin is None:
        raise UsageError("standard input is closed. Name a file, or open it.")
    source = Source.of(sys.stdin.buffer, name=name) if path == "-" else Source.of(path)
    try:
        data = source.head(MAX_REQUEST_BYTES + 1)
    except UnreadableError as error:
        raise _NoRequestError(str(error)) from error
    if len(data) > MAX_REQUEST_BYTES:
        raise _NoRequestError(f"It has over {MAX_REQUEST_BYTES:,} bytes, which no request needs. Give a smaller one.")
    return data


def _decoded(data: bytes, name: str) -> RequestFile:
    if not data.strip():
        raise _no_request("it is empty")
    is_yaml = name.lower().endswith((".yaml", ".yml"))
    try:
        return msgspec.convert(_of_yaml(data) if is_yaml else _of_json(data), RequestFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:  # a ValidationError is one
        aside = " (standard input is read as JSON)" if name == _STDIN else ""
        raise _no_request(" ".join(str(error).split()).rstrip(".") + aside) from error


def _of_json(data: bytes) -> object:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        raise _NoRequestError("It is in UTF-16 or UTF-32, and JSON is UTF-8. Save it as UTF-8.")
    data = data.removeprefix(codecs.BOM_UTF8)
    msgspec.json.decode(data)  # which knows JSON more strictly, and says where it is not
    return json.loads(data, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    _require_each_once([key for key, _ in pairs])
    return dict(pairs)


def _require_each_once(keys: Sequence[object]) -> None:
    """Of a key that stands twice, whichever value counted would be a guess."""
    if twice := [key for key, count in Counter(keys).items() if count > 1]:
        raise msgspec.DecodeError(f"the key {', '.join(f'`{key}`' for key in twice)} stands in it twice, keep one")


def _of_yaml(data: bytes) -> object:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError("a request in YAML", "yaml") from error

    # Builds nothing but text, lists and objects: no tag and no shape of a value can make it fail, or a name a number.
    class Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]  # PyYAML has no types
        def construct_scalar(self, node: yaml.ScalarNode) -> str | None:
            text: str = super().construct_scalar(node)
            return None if not node.style and text.lower() in _NULLS else text

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
            _require_each_once([key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)])
            built: dict[object, object] = super().construct_mapping(node, deep)
            return built

    try:
        for event in yaml.parse(data, Loader=Loader):
            if isinstance(event, yaml.AliasEvent):
                # Ten lines of references to references become a billion words when they are built.
                raise msgspec.DecodeError("it has an alias (`*name`), and no request needs one: write it out")
            if (tag := getattr(event, "tag", None)) is not None and tag not in _TAGS:
                shown = tag.replace(_YAML_TAG, "!!")
                raise msgspec.DecodeError(f"it has a tag (`{shown}`), and no request needs one: leave it out")
        return yaml.load(data, Loader=Loader)  # noqa: S506 (a loader of text alone)
    except yaml.YAMLError as error:
        raise msgspec.DecodeError(str(error)) from error


_NULLS = frozenset(("", "~", "null"))
_YAML_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset(("!", f"{_YAML_TAG}str", f"{_YAML_TAG}seq", f"{_YAML_TAG}map"))


def _medium(written: str, folder: Path) -> Source:
    """A medium in the file's folder or below it: whoever wrote the file may not name what else is on this disk."""
    try:
        root = folder.resolve()
        place = (root / written).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a NUL byte; links in a circle
        raise _NoRequestError(f"It names {written!r}, which is no path ({error}). Correct it.") from error
    if not place.is_relative_to(root):
        raise _NoRequestError(f"It names {written!r}, which is outside its own folder. Put it beside the file.")
    return Source.of(place, name=written)
