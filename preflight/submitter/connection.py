"""What must be right before the first byte is sent: the key, the address, proxies and certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from preflight import __version__
from preflight.errors import AuthenticationError, UsageError

if TYPE_CHECKING:
    import httpx2


def checked_key(api_key: str | None) -> str:
    """The key as it is. Raises AuthenticationError (that does not quote it) where no header can carry it."""
    if not api_key or not api_key.strip():
        raise AuthenticationError(
            "There is no API key. Set TWELVELABS_API_KEY to yours, or pass api_key; nothing was sent."
        )
    if not re.fullmatch(r"[!-~]+", api_key):
        raise AuthenticationError(
            "The API key holds a line break, a space or another character that no key has. "
            "Set TWELVELABS_API_KEY to the key alone; nothing was sent."
        )
    return api_key


def checked_url(base_url: str) -> str:
    """Without a slash at its end, nor the version, which the official SDK's base URL ends with."""
    import httpx2

    wrong = UsageError("The base URL must look like https://api.twelvelabs.io. Check it, or leave it out.")
    try:
        url = httpx2.URL(base_url)
        # What the resolver does first; it raises this where nobody expects it.
        url.host.encode("idna")
    except (httpx2.InvalidURL, UnicodeError):
        raise wrong from None
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise wrong
    if url.port is not None and not 0 < url.port < 65_536:  # noqa: PLR2004 (TCP)
        raise wrong
    if url.userinfo:
        # httpx2 logs the URL of each request.
        raise UsageError("The base URL holds a user name or password. Take it out.")
    return str(url).rstrip("/").removesuffix("/v1.3")


def connect() -> httpx2.Client:
    """A pool of connections. Raises UsageError where the environment's proxies or certificates are bad."""
    import httpx2

    with _from_environment():
        return httpx2.Client(
            headers=_HEADERS,
            mounts=dict.fromkeys(_THIS_MACHINE),
            limits=httpx2.Limits(max_keepalive_connections=_KEPT),
            follow_redirects=False,
        )


def connect_async() -> httpx2.AsyncClient:
    """A pool of connections of an event loop. Raises as `connect` does."""
    import httpx2

    with _from_environment():
        return httpx2.AsyncClient(
            headers=_HEADERS,
            mounts=dict.fromkeys(_THIS_MACHINE),
            limits=httpx2.Limits(max_keepalive_connections=_KEPT),
            follow_redirects=False,
        )


_HEADERS = {"User-Agent": f"embed-preflight/{__version__}", "Accept": "application/json"}
# The emulator runs here; HTTP_PROXY seldom excepts the machine itself.
_THIS_MACHINE = ("all://localhost", "all://127.0.0.0/8", "all://[::1]")
_KEPT = 64
"""Connections: more than are ever used at once, so that none is opened anew for each request."""


@contextmanager
def _from_environment() -> Iterator[None]:
    import httpx2

    try:
        yield
    except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
        # Not quoted: a proxy's URL may hold a password.
        raise UsageError(
            f"The proxy or certificates of the environment cannot be used ({type(error).__name__}). "
            "Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY (SOCKS needs `pip install httpx2[socks]`), "
            "SSL_CERT_FILE and SSL_CERT_DIR."
        ) from None
