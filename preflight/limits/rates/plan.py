"""The types of a plan's rates and of prices, and how they are read."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from preflight.errors import UsageError
from preflight.media import InputType

DEFAULT_PLAN = "free"
"""The least that anybody has."""

Group = Literal["media", "still", "upload"]
"""What the service meters together: audio and video; texts, images and both in one; uploads of assets."""

_SHIPPED = Path(__file__).with_name("plans.toml")


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one group may use; None where nothing is metered. Each number is more than 0."""

    requests_a_minute: int | None = None
    requests_a_day: int | None = None
    media_minutes_an_hour: float | None = None
    """Minutes of media: what is cut into clips counts once."""
    media_minutes_a_day: float | None = None

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            if (value := getattr(self, field)) is not None and value <= 0:
                raise ValueError(f"{field} must be more than 0; leave it out where nothing is metered")


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan of the service may use."""

    summary: str
    source: str
    read_on: dt.date
    media: Quota = Quota()
    still: Quota = Quota()
    upload: Quota = Quota()

    def quota(self, group: Group) -> Quota:
        match group:
            case "media":
                return self.media
            case "still":
                return self.still
            case "upload":
                return self.upload


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Published prices in US dollars."""

    source: str
    read_on: dt.date
    video_usd_a_minute: float
    audio_usd_a_minute: float
    image_usd_a_request: float
    text_usd_a_request: float

    def usd(self, input_type: InputType, *, requests: int, media_s: float) -> float:
        """Of so many requests that hold so many seconds of media in all.

        What a text and an image together cost is published nowhere: they count as both here.
        """
        match input_type:
            case "video":
                return self.video_usd_a_minute * media_s / 60
            case "audio":
                return self.audio_usd_a_minute * media_s / 60
            case "text":
                return self.text_usd_a_request * requests
            case "image":
                return self.image_usd_a_request * requests
            case "text_image" | "multi_input":
                return (self.text_usd_a_request + self.image_usd_a_request) * requests


class _Shipped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    plans: dict[str, Rates]
    prices: Prices


def group_of(input_type: InputType) -> Group:
    """Which of the service's groups a request counts in."""
    return "media" if input_type in ("audio", "video") else "still"


def names() -> tuple[str, ...]:
    """The plans that ship with preflight, the smallest first."""
    return tuple(_shipped().plans)


def prices() -> Prices:
    return _shipped().prices


def load(plan: str | Path = DEFAULT_PLAN) -> Rates:
    """A plan by its name, or from a TOML or JSON file of one's own, as `plans.toml` has them (without `plans.`).

    Raises UsageError where there is no such plan or file, or it is not as it should be.
    """
    if isinstance(plan, str) and plan in _shipped().plans:
        return _shipped().plans[plan]
    path = Path(plan)
    if path.suffix not in (".toml", ".json"):
        raise UsageError(
            f"There is no plan {str(plan)!r}. Choose one of: {', '.join(names())}; or give a .toml or .json file."
        )
    try:
        decode = msgspec.json.decode if path.suffix == ".json" else msgspec.toml.decode
        return decode(path.read_bytes(), type=Rates)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}). Check the path.") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise UsageError(
            f"{path} is not a plan's rates ({error}). See what `preflight limits` says of a plan."
        ) from error


@cache
def _shipped() -> _Shipped:
    return msgspec.toml.decode(_SHIPPED.read_bytes(), type=_Shipped)
