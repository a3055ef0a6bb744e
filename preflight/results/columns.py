"""What stands beside each vector, in the forms that have columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from preflight.probers.text import well_formed
from preflight.submitter import Row

Value = str | float | int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    name: str
    holds: Literal["text", "seconds", "count"]
    of: Callable[[Row], Value]


def _text(name: str, of: Callable[[Row], str | None]) -> Column:
    def value(row: Row) -> str | None:
        text = of(row)
        return None if text is None else well_formed(text)  # a file's name that is not UTF-8

    return Column(name=name, holds="text", of=value)


def _seconds(name: str, of: Callable[[Row], float | None]) -> Column:
    return Column(name=name, holds="seconds", of=of)


def _count(name: str, of: Callable[[Row], int | None]) -> Column:
    return Column(name=name, holds="count", of=of)


COLUMNS = (
    _text("id", lambda row: row.id),
    _text("source", lambda row: row.source),
    _text("input_type", lambda row: row.input_type),
    _text("embedding_option", lambda row: row.embedding_option),
    _text("embedding_scope", lambda row: row.embedding_scope),
    _seconds("start_s", lambda row: row.start_s),
    _seconds("end_s", lambda row: row.end_s),
    _count("request", lambda row: row.request),
    _seconds("request_start_s", lambda row: row.request_span.start_s if row.request_span else None),
    _seconds("request_end_s", lambda row: row.request_span.end_s if row.request_span else None),
    _count("offset", lambda row: row.offset),
    _text("model_name", lambda row: row.model_name),
    _text("fidelity", lambda row: row.fidelity.value if row.fidelity else None),
    _text("media_sha256", lambda row: row.media_sha256),
    _text("fingerprint", lambda row: row.fingerprint),
)
"""`Row`'s own names and meanings; `id` is what a store of vectors keys by."""
