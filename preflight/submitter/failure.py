"""Why a task failed, as the service words it → our errors and rules, and whether to make it again (CONTRACT 2).

The messages are those of SDK:types/embedding_task_response_error.py. What to do about each is not documented: it is
this project's reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from preflight.errors import RequestRefusedError, ServiceUnavailableError, SubmitError
from preflight.submitter import refusal
from preflight.submitter.decision import Patience
from preflight.submitter.outcome import Answered
from preflight.submitter.refusal import Said

Again = Literal["never", "once", "bounded"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """One failed task."""

    message: str
    """As the service says it, made fit to be shown."""
    code: str | None
    """The local rule that should have caught it, or the service's code for the like; None where nothing fits."""
    again: Again
    next_step: str

    def outcome(self) -> Answered:
        """As the pure decisions see it: a trouble that passes, or a refusal."""
        status = 400 if self.again == "never" else 503
        return Answered(status=status, headers={}, said=Said(code=self.code, message=self.message))

    def patience(self, patience: Patience) -> Patience:
        return replace(patience, retries=min(patience.retries, 1)) if self.again == "once" else patience

    def error(self, task_id: str, *, retried: int) -> SubmitError:
        """200 is the status: the service answered, and says that it failed."""
        tried = f" It was made {retried + 1} times." if retried else ""
        message = f"The service failed the task {task_id}: {self.message.rstrip('.')}.{tried} {self.next_step}"
        permanent = self.again == "never"
        kind = RequestRefusedError if permanent else ServiceUnavailableError
        return kind(message, status=200, code=self.code, retried=retried, permanent=permanent)


_CHECK = "Run `preflight check` on the file; if it passes there, report that together with this message."
_BY_RULE = "The local rule `{}` should have caught this: run `preflight check` and report the file."
_LATER = "Run it again later; if it goes on, report it to the service."

# By what they begin with, or by their form where they hold numbers: the text may gain a link.
_TROUBLES: tuple[tuple[str, str | None, Again, str], ...] = (
    (r"The embedding service is temporarily unstable", None, "bounded", _LATER),
    (r"The embedding task failed", None, "bounded", _LATER),
    (r"The embedding task could not complete processing", None, "once", _LATER),
    (r"The embedding result is no longer available", None, "bounded", "Make it again: results are kept for 7 days."),
    (r"failed to fetch or materialize source media", None, "once", "Check that the asset is still there."),
    (r"The embedding request was invalid", "parameter_invalid", "never", _CHECK),
    (r"Content exceeds the model's context window", "token_limit_exceeded", "never", "Shorten it."),
    (r"The media exceeds the maximum allowed size", "{kind}_filesize_too_large", "never", _CHECK),
    (r"File size \(.*\) exceeds maximum limit", "{kind}_filesize_too_large", "never", _CHECK),
    (r"Duration \(.*\) exceeds maximum limit", "{kind}_duration_too_long", "never", _CHECK),
    (r"Document \(.*\) exceeds maximum limit", None, "never", "Send fewer pages."),
    (r"We could not process your media", "{kind}_file_broken", "never", _CHECK),
)


def read(message: str, *, kind: str) -> Failure:
    """`message`: without the API key. `kind`: audio or video. What is not in the list is never made again: a task that
    failed may have been billed.
    """
    shown = refusal.shown(message)
    for pattern, template, again, usual_step in _TROUBLES:
        if re.match(pattern, shown, re.IGNORECASE):
            code = template.format(kind=kind) if template is not None else None
            next_step = _BY_RULE.format(code) if code in refusal.LOCAL_RULES else usual_step
            return Failure(message=shown, code=code, again=again, next_step=next_step)
    return Failure(message=shown or "no reason is given", code=None, again="never", next_step=_CHECK)
