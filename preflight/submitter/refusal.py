"""What the service says when it refuses → our errors, each with what to do next (CONTRACT 5.1 to 5.3)."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import msgspec

from preflight.errors import (
    AuthenticationError,
    BadResponseError,
    RequestRefusedError,
    ServiceUnavailableError,
    SubmitError,
)
from preflight.rules import RULES
from preflight.rules.text import TOO_LONG

LOCAL_RULES = frozenset(rule.code for rule in RULES)
"""Our rules are spelled as the service spells its codes: what passed `check` should never meet one of these."""

UNPAID = "usage_limit_exceeded"
"""Billing (CONTRACT 5.3): whatever its status, waiting does not mend it."""

_CHECK = "Run `preflight check` on the file; if it passes there, report that together with this message."
_OURS = "preflight formed that request: please report this message."
_NEXT_BY_CODE = {
    UNPAID: "Add a payment method to the account, then run it again.",
    "api_allowed_for_paid_plan": "Move the account to a plan that includes this, or use another key.",
    "region_not_allowed": "Call from a region that the service is offered in.",
    "resource_not_exist": "It was deleted, or is of another account: make it again.",
    "asset_not_ready": "Wait until the asset is ready, then run it again.",
    "parameter_not_provided": _OURS,
    "parameter_unknown": _OURS,
    "content_type_invalid": _OURS,
}
_NEXT_BY_STATUS = {
    401: "Set TWELVELABS_API_KEY to a valid key.",
    403: "Check that the plan and region of the key allow Marengo embeddings, or use another key.",
    404: "Check the base URL: it is https://api.twelvelabs.io unless you mean another server.",
    405: "Check the base URL: it is https://api.twelvelabs.io unless you mean another server.",
    407: "Put the proxy's user name and password into HTTPS_PROXY.",
    409: "Wait until what it clashes with is done, then run it again.",
}

_OF_THE_REQUEST = frozenset({400, 413, 415, 422})
_NOT_OF_THE_REQUEST = frozenset({UNPAID, "asset_not_ready", "video_not_ready", "resource_not_exist"})

_GENERAL = frozenset({"parameter_invalid", "VALIDATION_ERROR"})
_TOKENS = re.compile(r"\btokens?\b.*\b(length|limit|most|less than|exceed)|\b(maximum|max) token", re.IGNORECASE)

_MESSAGE_CHARACTERS = 300
_FIELD_CHARACTERS = 80
_DETAILS = 4
_HTML = re.compile(r"<!doctype html|<html|<head|<body", re.IGNORECASE)
_HTML_TITLE = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the body of a refusal says: printable, cut to size, and without the API key."""

    code: str | None = None
    message: str = ""
    """Empty where the body explains nothing."""
    docs_url: str | None = None
    retry_after: str | None = None
    """`details.retryAfter` as it stands: seconds, as a rule."""


def read(body: bytes, *, secret: str = "") -> Said:
    """Both shapes of JSON that are real, {"error": {...}} and flat; else HTML or plain text. Never raises.

    `secret` is replaced wherever it occurs, before anything is cut.
    """
    try:
        whole: object = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        whole = None
    error = _error_object(whole)
    if error is None:
        return Said(message=_printable(_plain(body), secret, _MESSAGE_CHARACTERS))
    details = error.get("details")
    details = dict(details) if isinstance(details, dict) else {}
    retry_after = _printable(_scalar(details.pop("retryAfter", None)), secret, _FIELD_CHARACTERS)
    message = _printable(_scalar(error.get("message")), secret, _MESSAGE_CHARACTERS)
    named = [
        f"{_printable(name, secret, _FIELD_CHARACTERS)}={_printable(text, secret, _FIELD_CHARACTERS)}"
        for name, value in details.items()
        if (text := _scalar(value))
    ]
    if named:
        message = f"{message} ({', '.join(named[:_DETAILS])})".strip()
    docs_url = _printable(_scalar(error.get("docs_url")), secret, _MESSAGE_CHARACTERS)
    return Said(
        code=_printable(_scalar(error.get("code")), secret, _FIELD_CHARACTERS) or None,
        message=message,
        docs_url=docs_url if re.fullmatch(r"https://\S+", docs_url) else None,
        retry_after=retry_after or None,
    )


def refused(status: int, said: Said, *, retried: int = 0, redirected_to: str | None = None) -> SubmitError:
    """The error for an answer that is neither embeddings nor worth asking for again.

    `redirected_to` is the host that a redirect points at, where the answer is one.
    """
    told = quoted(status, said)
    kind: type[SubmitError]
    match status:
        case 401 | 403:
            kind, what = AuthenticationError, f"The service does not accept the API key for this ({told})."
        case _ if status < 300:  # noqa: PLR2004 (2xx)
            kind, what = BadResponseError, f"The service answered without embeddings ({told})."
        case _ if status < 400:  # noqa: PLR2004 (3xx)
            where = f" to {redirected_to}" if redirected_to else ""
            kind = RequestRefusedError
            what = f"The service redirects{where} ({status}); the API key is not sent after it."
        case 413:
            kind, what = RequestRefusedError, f"The service finds the request too large ({told})."
        case _ if status < 500:  # noqa: PLR2004 (4xx)
            kind, what = RequestRefusedError, f"The service refused the request ({told})."
        case _:
            kind, what = ServiceUnavailableError, f"The service failed ({told})."
    sentences = [what, _next(status, said)]
    if said.docs_url:
        sentences.append(f"See {said.docs_url}")
    permanent = kind is RequestRefusedError and is_permanent(status, said.code)
    return kind(" ".join(sentences), status=status, code=said.code, retried=retried, permanent=permanent)


def is_permanent(status: int, code: str | None) -> bool:
    """Whether the cause of a refusal is what was sent.

    Of a wrong base URL (404, 405), a proxy (407) or a clash (409) it is not, whatever the code; nor of a bill that is
    not paid, or an asset that is not ready, whatever the status.
    """
    return status in _OF_THE_REQUEST and code not in _NOT_OF_THE_REQUEST


def quoted(status: int, said: Said) -> str:
    """Status, code and message for a sentence of ours: "429 too_many_requests: You have exceeded ..."."""
    head = f"{status} {said.code}" if said.code else str(status)
    return f"{head}: {said.message.rstrip('.')}" if said.message else head


def without(text: str, secret: str) -> str:
    """`text` with every occurrence of the API key replaced."""
    return text.replace(secret, "[API key]") if secret else text


def shown(text: str, secret: str = "") -> str:
    """What a stranger wrote, made fit for a terminal or a log: printable, and cut to size."""
    return _printable(text, secret, _MESSAGE_CHARACTERS)


def _next(status: int, said: Said) -> str:
    # Of a text that is too long, a general code was seen, too: "The text token length should be ..." (CONTRACT 5.3).
    is_general = said.code in _GENERAL and _TOKENS.search(said.message)
    code = TOO_LONG if is_general else said.code
    if code in LOCAL_RULES:
        return f"The local rule `{code}` should have caught this: run `preflight check` and report the file."
    if code in _NEXT_BY_CODE:
        return _NEXT_BY_CODE[code]
    if status in _NEXT_BY_STATUS:
        return _NEXT_BY_STATUS[status]
    if status < 400:  # noqa: PLR2004 (2xx and 3xx come from something else than embed-v2)
        return "Check the base URL, and that no proxy or login page stands before it."
    return _CHECK if status < 500 else "Run it again later; if it goes on, report it to the service."  # noqa: PLR2004


def _error_object(whole: object) -> dict[str, object] | None:
    match whole:
        case {"error": dict(nested)}:
            return nested
        case {"error": str(message), **rest}:
            return {"message": message} | {str(key): value for key, value in rest.items()}
        case dict() if "code" in whole or "message" in whole:
            return whole
        case _:
            return None


def _plain(body: bytes) -> str:
    text = body.decode("utf-8", errors="replace")
    if not _HTML.search(text[:1024]):
        return text
    # A gateway's page: its title says as much as the rest ("502 Bad Gateway").
    found = _HTML_TITLE.search(text)
    title = " ".join(html.unescape(found[1]).split()) if found else ""
    return f'an HTML page, "{title}"' if title else "an HTML page"


def _scalar(value: object) -> str:
    """Strings and numbers as text; "" for whatever else stands there."""
    return str(value) if isinstance(value, str | int | float) else ""


def _printable(text: str, secret: str, characters: int) -> str:
    # Escape sequences and bidirectional overrides of a stranger have no place in a terminal or a log.
    shown = "".join(c if c.isprintable() else " " for c in without(text, secret))
    shown = " ".join(shown.split())
    return shown if len(shown) <= characters else shown[: characters - 1] + "…"
