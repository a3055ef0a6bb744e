"""A multipart/form-data body, as it comes in: its one file goes to disk, its fields into memory (RFC 7578)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from preflight.emulator.wire import Refusal, invalid

_MOST_PARTS = 32
_MOST_FIELD_BYTES = 64 * 1024
_DRAINED = 2
"""Times the largest file: how much of one that is too large is read before it is refused. A client that is cut off
while it still sends sees a broken connection and never the refusal."""


@dataclass(slots=True)
class Form:
    """What a form held."""

    fields: dict[str, str] = field(default_factory=dict)
    filename: str | None = None
    """Of the file as the client names it; None where there is no file, or it has no name."""
    has_file: bool = False
    file_bytes: int = 0
    """Beyond the limit, only counted."""


async def received(body: AsyncIterator[bytes], content_type: str, into: Path, *, most_file_bytes: int) -> Form:
    """The form; its part `file` is then at `into`. Raises Refusal (400); what is at `into` is then for the caller
    to remove.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise Refusal(400, "content_type_invalid", "The Content-Type header must be multipart/form-data.")
    with into.open("wb") as file:
        reading = _Reading(file.write, most_file_bytes)
        # python-multipart's own callbacks; held in memory is one chunk of the body at a time.
        parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": reading.begin,
                "on_header_field": reading.header_name,
                "on_header_value": reading.header_value,
                "on_header_end": reading.header_end,
                "on_headers_finished": reading.headers_finished,
                "on_part_data": reading.data,
                "on_part_end": reading.end,
                "on_end": reading.finish,
            },
        )
        try:
            async for chunk in body:
                parser.write(chunk)
                if reading.form.file_bytes > _DRAINED * most_file_bytes:
                    return reading.form
            parser.finalize()
        except MultipartParseError as error:
            raise Refusal(400, "parameter_invalid", f"The form cannot be read ({error}).") from error
        except UnicodeDecodeError as error:
            raise Refusal(400, "parameter_invalid", "A field of the form is not UTF-8.") from error
    if not reading.is_whole:
        raise Refusal(400, "parameter_invalid", "The form breaks off before its last boundary.")
    return reading.form


class _Reading:
    """The state between python-multipart's callbacks."""

    def __init__(self, write: Callable[[memoryview], object], most_file_bytes: int) -> None:
        self.form = Form()
        self.is_whole = False
        self._write = write
        self._most_file_bytes = most_file_bytes
        self._parts = 0
        self._name = ""
        self._is_file = False
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._text = bytearray()

    def begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise Refusal(400, "parameter_invalid", f"The form has more than {_MOST_PARTS} parts.")
        self._disposition = b""
        self._text = bytearray()

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode()
        self._is_file = self._name == "file"
        if self._is_file:
            if self.form.has_file:
                raise invalid("file", "There may be one file only.")
            self.form.has_file = True
            self.form.filename = options[b"filename"].decode() if options.get(b"filename") else None

    def data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_file:
            self._text += data[start:end]
            if len(self._text) > _MOST_FIELD_BYTES:
                raise invalid(self._name, f"It is longer than {_MOST_FIELD_BYTES} bytes.")
            return
        self.form.file_bytes += end - start
        if self.form.file_bytes <= self._most_file_bytes:
            self._write(memoryview(data)[start:end])

    def end(self) -> None:
        if not self._is_file:
            self.form.fields[self._name] = self._text.decode()

    def finish(self) -> None:
        self.is_whole = True
