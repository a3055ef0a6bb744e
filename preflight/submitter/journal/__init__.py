"""What a run over many inputs has done so far, in a file that survives anything: `Journal`, `read_status`."""

from preflight.submitter.journal.journal import Expected, Journal
from preflight.submitter.journal.known import Done, Failed, Failure, Known, Pending
from preflight.submitter.journal.origin import Origin
from preflight.submitter.journal.reader import JournalReader, Standing, journal_reader
from preflight.submitter.journal.status import InputCounts, RequestCounts, RunStatus, read_status

__all__ = [
    "Done",
    "Expected",
    "Failed",
    "Failure",
    "InputCounts",
    "Journal",
    "JournalReader",
    "Known",
    "Origin",
    "Pending",
    "RequestCounts",
    "RunStatus",
    "Standing",
    "journal_reader",
    "read_status",
]
