"""What can go wrong between a client and the service, by name: each makes a Reply that does it.

`preflight emulate --faults list` prints them with their options; `faulty.py` says when one happens, and
`fault_spec.py` how that is written. Those that spoil an answer spoil one that was made: the media were embedded, and
with the real service paid for. The others come instead of an answer.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import msgspec

from preflight.emulator import rate_headers
from preflight.emulator.rate_headers import STYLES, Spent
from preflight.emulator.reply import Reply, Reset
from preflight.emulator.wire import Refusal, nested
from preflight.errors import UsageError

HEADER = "X-Emulator-Fault"
"""In a request: the fault that it asks for. In an answer: the fault that it owes its shape to."""

_NEVER_S = 86_400.0
_MOST_S = 7 * 86_400.0
_FIRST_NUMBER = re.compile(rb'("embedding":\[)[^,\]]+')
_PAGE = "<html>\n<head><title>{0}</title></head>\n<body><center><h1>{0}</h1></center></body>\n</html>\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """An option that is one of several words; the first is the default."""

    of: tuple[str, ...]

    @property
    def default(self) -> str:
        return self.of[0]

    def read(self, text: str) -> str:
        """Raises UsageError."""
        if text not in self.of:
            raise UsageError(f"it must be one of: {', '.join(self.of)}.")
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """An option that is a number between bounds."""

    default: float
    most: float = _MOST_S

    def read(self, text: str) -> float:
        """Raises UsageError."""
        try:
            value = float(text)
        except ValueError:
            value = -1
        if not 0 <= value <= self.most:  # which NaN is not either
            raise UsageError(f"it must be a number from 0 to {self.most:g}.")
        return value


class Options:
    """The options of one fault, each read already."""

    def __init__(self, values: Mapping[str, str | float], *, now: float) -> None:
        self._values = values
        self.now = now
        """Seconds since 1970."""

    def number(self, name: str) -> float:
        value = self._values[name]
        assert isinstance(value, float | int)
        return float(value)

    def word(self, name: str) -> str:
        value = self._values[name]
        assert isinstance(value, str)
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One way to fail."""

    name: str
    says: str
    """What the client sees, in a line."""
    make: Callable[[Options], Reply]
    options: Mapping[str, Choice | Number] = field(default_factory=dict)

    def reply(self, given: Mapping[str, str | float], *, now: float) -> Reply:
        """`given` options were read by their own `read`; the rest have their defaults."""
        defaults = {name: option.default for name, option in self.options.items()}
        made = self.make(Options({**defaults, **given}, now=now))
        return replace(made, headers={**made.headers, HEADER: self.name})


def _rate_limited(options: Options) -> Reply:
    style = cast("rate_headers.Style", options.word("headers"))
    dimension: rate_headers.Dimension = "Duration" if options.word("dimension") == "duration" else "Request"
    wait_s = options.number("retry_after")
    limit, per = (36_000, "1 hour") if dimension == "Duration" else (25, "1 minute")
    spent = Spent(dimension=dimension, limit=limit, per=per, wait_s=wait_s)
    return Reply(
        status=429,
        body=rate_headers.body(style, spent),
        headers=rate_headers.headers(style, spent, now=options.now),
    )


def _error_500(options: Options) -> Reply:
    message = "Something went wrong. Please try again later."
    if options.word("body") == "nested":
        return Reply(status=500, body=nested("INTERNAL_SERVER_ERROR", message))
    return Reply(status=500, body=Refusal(500, "internal_server_error", message).body())


def _error_503(options: Options) -> Reply:
    wait_s = options.number("retry_after")
    headers = {"Retry-After": f"{wait_s:g}"} if wait_s else {}
    return replace(Reply.unavailable(), headers=headers)


def _error_408(_options: Options) -> Reply:
    return Reply.refused("request_canceled_or_timed_out", "The request was canceled or timed out.", status=408)


def _page(status: int, title: str) -> Reply:
    return Reply(status=status, body=_PAGE.format(title), headers={"Content-Type": "text/html"})


def _page_200(_options: Options) -> Reply:
    """A login page, or that of a captive portal."""
    return replace(_page(200, "Sign in"), headers={"Content-Type": "text/html; charset=utf-8"})


def _after(name: str) -> Callable[[Options], Reply]:
    """A reply that does something for `seconds`."""

    def make(options: Options) -> Reply:
        seconds = options.number("seconds")
        match name:
            case "delay":
                return Reply(delay_s=seconds)
            case "reading":
                return Reply(reading_s=seconds)
            case "trickle":
                return Reply(trickle_s=seconds)
            case _:
                return Reply(pause_s=seconds)

    return make


def _cut(where: Reset) -> Callable[[Options], Reply]:
    return lambda _options: Reply(reset=where)


def _truncated(_options: Options) -> Reply:
    return Reply(body=lambda own: own[: len(own) // 2])


def _wrong_length(options: Options) -> Reply:
    numbers = int(options.number("numbers"))

    def change(item: dict[str, object]) -> None:
        item["embedding"] = [0.0] * numbers

    return Reply(body=_of_each(change))


def _number(text: bytes) -> Callable[[Options], Reply]:
    """In place of the first number of each vector. Not through an encoder of JSON, which would refuse it."""
    return lambda _options: Reply(body=lambda own: _FIRST_NUMBER.sub(rb"\g<1>" + text, own))


def _missing_keys(options: Options) -> Reply:
    key = options.word("key")
    if key == "data":
        return Reply(body=lambda own: own if _items(own) is None else b'{"metadata":{}}')
    return Reply(body=_of_each(lambda item: item.pop(key, None)))


def _no_embeddings(_options: Options) -> Reply:
    return Reply(body=lambda own: own if _items(own) is None else b'{"data":[]}')


def _wrong_type(_options: Options) -> Reply:
    return Reply(headers={"Content-Type": "text/plain; charset=utf-8"})


def _broken_gzip(_options: Options) -> Reply:
    def squeezed(own: bytes) -> bytes:
        whole = gzip.compress(own, 1)
        return whole[:10] + bytes(len(whole) - 10)  # its header, and then nothing that deflate knows

    return Reply(body=squeezed, headers={"Content-Encoding": "gzip"})


def _of_each(change: Callable[[dict[str, object]], object]) -> Callable[[bytes], bytes]:
    """A change of every item of an answer's `data`. What has none, such as a refusal, stays as it is."""

    def changed(own: bytes) -> bytes:
        items = _items(own)
        if items is None:
            return own
        for item in items:
            change(item)
        return msgspec.json.encode({**msgspec.json.decode(own), "data": items})

    return changed


def _items(own: bytes) -> list[dict[str, object]] | None:
    try:
        return msgspec.json.decode(own, type=_Answer).data
    except msgspec.MsgspecError:
        return None


class _Answer(msgspec.Struct):
    data: list[dict[str, object]]


def _seconds(default: float) -> dict[str, Choice | Number]:
    return {"seconds": Number(default=default)}


_ALL = (
    # Instead of an answer.
    Fault(
        name="rate_limited",
        says="429; `headers` says how it tells when to come back",
        make=_rate_limited,
        options={
            "headers": Choice(of=STYLES),
            "retry_after": Number(default=1.0),
            "dimension": Choice(of=("request", "duration")),
        },
    ),
    Fault(name="error_500", says="500 in JSON", make=_error_500, options={"body": Choice(of=("nested", "flat"))}),
    Fault(name="html_502", says="502 with a gateway's page", make=lambda _options: _page(502, "502 Bad Gateway")),
    Fault(
        name="error_503",
        says="503 in JSON, with `Retry-After` unless that is 0",
        make=_error_503,
        options={"retry_after": Number(default=0.0)},
    ),
    Fault(name="error_504", says="504 with a gateway's page", make=lambda _options: _page(504, "504 Gateway Time-out")),
    Fault(name="error_408", says="408: it was cancelled or took too long", make=_error_408),
    Fault(name="html_200", says="200 with a page to sign in", make=_page_200),
    Fault(name="reset", says="the connection is reset when the request is there", make=_cut("before")),
    Fault(name="reset_upload", says="the connection is reset when half of the body was read", make=_cut("upload")),
    # Late.
    Fault(name="slow", says="the answer comes after `seconds`", make=_after("delay"), options=_seconds(2.0)),
    Fault(name="slow_reading", says="the body is read over `seconds`", make=_after("reading"), options=_seconds(2.0)),
    Fault(
        name="slow_answer", says="the answer dribbles in, over `seconds`", make=_after("trickle"), options=_seconds(2.0)
    ),
    Fault(
        name="stalled",
        says="no answer, and no end of it, for `seconds`",
        make=_after("delay"),
        options=_seconds(_NEVER_S),
    ),
    Fault(
        name="stalled_midway",
        says="half an answer, and then nothing for `seconds`",
        make=_after("pause"),
        options=_seconds(_NEVER_S),
    ),
    # Spoilt answers.
    Fault(name="reset_midway", says="the connection is reset in the middle of the answer", make=_cut("midway")),
    Fault(name="cut_short", says="the answer ends before its Content-Length", make=_cut("short")),
    Fault(name="truncated_json", says="half of the JSON, as if it were all", make=_truncated),
    Fault(
        name="wrong_length",
        says="vectors of `numbers` numbers",
        make=_wrong_length,
        options={"numbers": Number(default=511, most=100_000)},
    ),
    Fault(name="not_a_number", says="vectors that hold NaN, which is no JSON", make=_number(b"NaN")),
    Fault(name="huge_number", says="vectors that hold a number which no float32 can", make=_number(b"1e39")),
    Fault(
        name="missing_keys",
        says="items without `embedding`, or an answer without `data`",
        make=_missing_keys,
        options={"key": Choice(of=("embedding", "data"))},
    ),
    Fault(name="no_embeddings", says="`data` is empty", make=_no_embeddings),
    Fault(name="wrong_type", says="the right answer, with a Content-Type of text/plain", make=_wrong_type),
    Fault(name="broken_gzip", says="an answer that claims to be gzip and cannot be decompressed", make=_broken_gzip),
)
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _ALL}
"""By name, those that come instead of an answer first."""


def listed() -> str:
    """A line a fault: its name, what it does, and its options with their defaults."""
    lines = []
    for fault in _ALL:
        options = [_shown(name, option) for name, option in fault.options.items()]
        lines.append(f"{fault.name:<15} {fault.says}" + (f" ({'; '.join(options)})" if options else ""))
    return "\n".join(lines)


def _shown(name: str, option: Choice | Number) -> str:
    return f"{name}={'|'.join(option.of)}" if isinstance(option, Choice) else f"{name}={option.default:g}"
