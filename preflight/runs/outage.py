"""When a service is down, and not one input bad: the run ends, rather than failing all that is left."""

from __future__ import annotations

import threading

from preflight.errors import PreflightError, ServiceUnavailableError, StillProcessingError, SubmitError

ROUNDS = 3
"""Of all workers. A request is tried for half a minute, as a rule: a minute or two of nothing but failures."""
LEAST = 12
"""Inputs, however few workers there are."""
_SERVER, _TIMEOUT = 500, 408


def is_outage(error: PreflightError) -> bool:
    """Whether the service could not be reached, or failed itself: by the network, or with a 5xx."""
    if not isinstance(error, ServiceUnavailableError) or isinstance(error, StillProcessingError):
        return False
    return error.status is None or error.status == _TIMEOUT or error.status >= _SERVER


class Outage:
    """Counts inputs that ended so, one after the other, with nothing answered in between. For any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._failed = 0
        self._lock = threading.Lock()

    def heard(self) -> None:
        """The service answered a request."""
        with self._lock:
            self._failed = 0

    def failed(self, error: PreflightError) -> ServiceUnavailableError | None:
        """An input failed: what ends the run, where it is one too many."""
        if not isinstance(error, SubmitError):
            return None  # of a file, as a rule: it says nothing of the service
        with self._lock:
            self._failed = self._failed + 1 if is_outage(error) else 0
            if self._failed < self._most:
                return None
        return ServiceUnavailableError(
            f"{self._most} inputs failed one after the other, and nothing was answered in between: the run was ended, "
            f"or all the others would fail, too. The last: {error}",
            status=error.status,
        )
