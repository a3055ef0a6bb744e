"""A request of several parts as a small file: `preflight prepare look.json --as request --out DIR`.

It is read only where `--as request` says so: a file that somebody uploads must not make this program open others.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from preflight.errors import MissingExtraError, UnreadableError, UsageError
from preflight.media import MediaType, MultiInput, NamedImage, NamedSource, Source, TextImage

MAX_REQUEST_BYTES = 1_000_000
"""A text of 500 tokens and ten names are under 10 kB."""
_MOST_IMAGES = 100
"""More than ten are refused by name later; this is so that nobody opens a million."""

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


def read_request(path: str) -> TextImage | MultiInput:
    """From a file of JSON or YAML, or JSON on standard input (-), whose images lie in the current folder.

    Raises UsageError with the field that is wrong, also for an image that is outside that folder, by whatever way.
    """
    name = "<stdin>" if path == "-" else path
    folder = Path.cwd() if path == "-" else Path(path).parent
    given = _decoded(_bytes_of(path, name), name)
    match given:
        case RequestFile(text=str(text), image=str(image), images=None, sources=None):
            return TextImage(text, _medium(image, folder, name), name)
        case RequestFile(text=text, image=None, images=None, sources=list(sources)):
            each = [SourceEntry(one) if isinstance(one, str) else one for one in sources]
            found = [NamedSource(_medium(one.path, folder, name), one.name, one.media_type) for one in each]
            return MultiInput(text=text, name=name, sources=found)
        case RequestFile(text=text, image=None, images=list(images), sources=None):
            entries = [ImageEntry(each) if isinstance(each, str) else each for each in images]
            named = [NamedImage(_medium(each.path, folder, name), each.name) for each in entries]
            return MultiInput(named, text, name)
        case _:
            raise UsageError(
                f"{name} is no request: it needs `text` and `image`, or `images` (or `sources`) with or without "
                "`text`. "
                "`preflight explain request` prints its schema."
            )


def _bytes_of(path: str, name: str) -> bytes:
    if path == "-" and sys.stdin is None:
        raise UsageError("standard input is closed. Name a file, or open it.")
    source = Source.of(sys.stdin.buffer, name=name) if path == "-" else Source.of(path)
    try:
        data = source.head(MAX_REQUEST_BYTES + 1)
    except UnreadableError as error:
        raise UsageError(str(error)) from error
    if len(data) > MAX_REQUEST_BYTES:
        raise UsageError(f"{name} has over {MAX_REQUEST_BYTES:,} bytes, which no request needs. Give a smaller one.")
    return data


def _decoded(data: bytes, name: str) -> RequestFile:
    try:
        if name.lower().endswith((".yaml", ".yml")):
            return _of_yaml(data)
        return msgspec.json.decode(data, type=RequestFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:  # a ValidationError is one
        said = str(error).strip().replace("\n", " ").rstrip(".")
        raise UsageError(f"{name} is no request: {said}. `preflight explain request` prints its schema.") from error


def _of_yaml(data: bytes) -> RequestFile:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError("a request in YAML", "yaml") from error
    try:
        for event in yaml.parse(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.AliasEvent):
                # Ten lines of references to references become a billion words when they are built.
                raise msgspec.DecodeError("it has an alias (`*name`), and no request needs one: write it out")
    except yaml.YAMLError as error:
        raise msgspec.DecodeError(str(error)) from error
    return msgspec.yaml.decode(data, type=RequestFile)


def _medium(written: str, folder: Path, name: str) -> Source:
    """A medium in the file's folder or below it: whoever wrote the file may not name what else is on this disk."""
    try:
        root = folder.resolve()
        place = (root / written).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # a NUL byte; links in a circle
        raise UsageError(f"{name} names {written!r}, which is no path ({error}). Correct it.") from error
    if not place.is_relative_to(root):
        raise UsageError(f"{name} names {written!r}, which is outside its own folder. Put it beside the file.")
    return Source.of(place, name=written)
