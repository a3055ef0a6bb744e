"""What inputs and requests are known by, whatever they are called: SHA-256 of all that their outcome hangs on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from pathlib import PurePath

import msgspec

from preflight import __version__
from preflight.errors import UnreadableError
from preflight.inputs import Opened, parts_of
from preflight.limits import Limits
from preflight.media import InvalidRequest, Kind, Media, MultiInput, Source, Text
from preflight.payload import Payload
from preflight.planner import Policy
from preflight.planner.route import Wish


def settings_key(limits: Limits, policy: Policy, route: str, wish: Wish, kind: Kind | None) -> bytes:
    """Of what is done to every input of a run, where it is sent, and how."""
    settings = {
        "limits": _numbers(msgspec.to_builtins(limits)),
        "policy": asdict(policy),
        "route": route,
        "wish": wish,
        "kind": kind,
    }
    return sha256(json.dumps(settings, sort_keys=True).encode()).digest()


def input_key(source: Opened, settings: bytes, check: Callable[[], object]) -> bytes:
    """Of an input's content, and of those settings. All of it is read; `check` is called now and then, and may raise.

    Raises UnreadableError.
    """
    digest = sha256(settings)

    def add(label: bytes, part: bytes) -> None:
        digest.update(b"%b %d\n" % (label, len(part)))
        digest.update(part)

    match source:
        case Source():
            add(b"source", _digest(source, check))
        case Text():
            add(b"text", _bytes(source.text))
        case InvalidRequest():
            add(b"no request", _bytes(source.reason))
        case _:
            add(b"request", b"multi_input" if isinstance(source, MultiInput) else b"text_image")
            if source.text is not None:
                add(b"text", _bytes(source.text))
            names = [part.name for part in source.parts] if isinstance(source, MultiInput) else [None]
            for name, (part, kind) in zip(names, parts_of(source), strict=True):
                if name is not None:
                    add(b"name", _bytes(name))
                add(_bytes(kind or "any"), _digest(part, check))
    return digest.digest()


def request_key(payload: Payload, route: str) -> bytes:
    """Of a request's body, byte for byte, of what is uploaded before it, and where it is sent, and how: the same key
    is the same question.
    """
    digest = sha256(_bytes(f"{payload.route} {payload.model_name} {payload.input_type} {route}"))
    for fragment in (*payload.fragments, *((payload.upload,) if payload.upload is not None else ())):
        if isinstance(fragment, Media):
            part = b"media %d %b" % (fragment.size_bytes, fragment.sha256.encode())
        else:
            part = b"bytes %d %b" % (len(fragment), fragment)
        digest.update(part)
    return digest.digest()


def made_by(name: str) -> str:
    """What our own judgement of an input hangs on besides its content: text that is named .mp4 is refused for that."""
    return f"preflight {__version__} {PurePath(name).suffix.lower()}".strip()


def held_bytes(source: Opened) -> int:
    """Memory that an input takes, as long as it is worked on: none where it is a file on a disk."""
    match source:
        case Source():
            return source.size_bytes() if source.path is None else 0
        case Text():
            return len(source.text)
        case InvalidRequest():
            return 0
        case _:
            return len(source.text or "") + sum(held_bytes(part) for part, _ in parts_of(source))


def state_of(source: Opened) -> tuple[tuple[int, int], ...]:
    """By which a file that is written to meanwhile betrays itself: size and time of each. Raises UnreadableError."""
    match source:
        case Source(path=None) | Text() | InvalidRequest():
            return ()
        case Source():
            assert source.path is not None
            size = source.size_bytes()
            try:
                return ((size, source.path.stat().st_mtime_ns),)
            except OSError as error:
                raise UnreadableError(f"{source.name} is gone ({error}). Check the path.") from error
        case _:
            return tuple(state for part, _ in parts_of(source) for state in state_of(part))


def _digest(source: Source, check: Callable[[], object]) -> bytes:
    media = Media(source, source.size_bytes())
    for _ in media.blocks():
        check()
    return bytes.fromhex(media.sha256)


def _bytes(text: str) -> bytes:
    # Lone surrogates, too: two texts that differ must not have one key.
    return text.encode("utf-8", "surrogatepass")


def _numbers(profile: object) -> object:
    """A profile without what only says where its numbers are from."""
    if isinstance(profile, dict):
        if profile.keys() == {"value", "source", "read_on"}:
            return profile["value"]
        return {key: _numbers(value) for key, value in profile.items() if key != "summary"}
    return profile
