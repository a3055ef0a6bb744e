"""Payloads whose media lie at the service already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from preflight.media import Media
from preflight.payload import Payload

_INLINE, _BY_ID = b'"base64_string":"', b'"asset_id":"'


@dataclass(frozen=True, kw_only=True, slots=True)
class AssetPayload(Payload):
    """A request that refers to assets. Its body is small, and holds no media."""

    filenames: tuple[str, ...]
    """Of its assets, in order: names that no other asset of the account has."""


def referring(payload: Payload, assets: Sequence[tuple[str, str]]) -> AssetPayload:
    """The same request with assets, by id and name, in place of its media, in order (CONTRACT 1.2: exactly one of
    `base64_string`, `url`, `asset_id`).
    """
    same = {each.name: getattr(payload, each.name) for each in fields(Payload)}
    filenames = tuple(filename for _, filename in assets)
    if payload.upload is not None:
        ((asset_id, _),) = assets
        told = payload.with_asset(asset_id)
        return AssetPayload(**same | {"fragments": told.fragments, "upload": None}, filenames=filenames)
    body = b""
    ids = iter([asset_id for asset_id, _ in assets])
    for fragment in payload.fragments:
        if isinstance(fragment, Media):
            assert body.endswith(_INLINE), "a medium stands where no base64 does"
            body = body.removesuffix(_INLINE) + _BY_ID + next(ids).encode()
        else:
            body += fragment
    return AssetPayload(**same | {"fragments": (body,)}, filenames=filenames)
