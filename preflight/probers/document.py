"""PDF → DocumentFacts: how many pages there may be, without rendering one.

Not through a PDF library: what those make of hostile files is bounded by nothing but the process, and all that is asked
here is how many pages there are. The objects of the file are looked at, those of compressed object streams too, each
byte once; what is decompressed is bounded. An object that nothing points at any more counts as well: a file that was
saved over and over may be found to have more pages than are shown, and never fewer.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from preflight.media import DocumentFacts, Source, Unprobed

_MOST_READ_BYTES = 40_000_000
"""No profile takes a document of so many; of a larger one nothing but its size matters."""
_MOST_UNPACKED_BYTES = 64_000_000
"""Of all object streams of one file: a page is a hundred bytes or two, so that is some 300,000 pages."""

# Bounded everywhere: nothing in a hostile file makes one of them look at a byte more than a few times.
_TOKEN = re.compile(rb"(?<!\d)(\d{1,10})\s{1,8}\d{1,5}\s{1,8}obj\b|endobj|(endstream)|(stream)\r?\n")
_TYPE = re.compile(rb"/Type\s{0,8}/(Pages|Page|ObjStm)(?![A-Za-z0-9])")
_COUNT = re.compile(rb"/Count\s{1,8}(\d{1,9})(?!\s{1,8}\d{1,5}\s{1,8}R)")
_NUMBER_OF = {key: re.compile(rb"/" + key + rb"\s{1,8}(\d{1,9})") for key in (b"N", b"First")}
_FILTER = re.compile(rb"/Filter\s{0,8}(\[[^\]]{0,200}\]|/[A-Za-z0-9]{1,40})")
_ENCRYPTED = re.compile(rb"/Encrypt\s{0,8}(?:\d{1,10}\s{1,8}\d{1,5}\s{1,8}R|<<)")
_VERSION = re.compile(rb"%PDF-(\d\.\d)")


def probe_document(source: Source) -> DocumentFacts | Unprobed:
    """Raises UnreadableError where the bytes cannot be had."""
    size = source.size_bytes()
    head = source.head(1024)
    if b"%PDF-" not in head:
        return Unprobed(size_bytes=size, code="document_file_broken", reason="it is no PDF")
    version = _VERSION.search(head)
    data = source.read() if size <= _MOST_READ_BYTES else b""
    encrypted = _ENCRYPTED.search(data) is not None
    pages = None if encrypted else _pages(data)
    if data and not encrypted and not pages:
        return Unprobed(size_bytes=size, code="document_file_broken", reason="no page can be found in it")
    return DocumentFacts(
        size_bytes=size, version=version[1].decode() if version else None, pages=pages, encrypted=encrypted
    )


def _pages(data: bytes) -> int | None:
    """The larger of what its page trees claim and the pages that are there."""
    claimed = 0
    there: set[int] = set()
    for number, text in _objects(data):
        match _TYPE.search(text):
            case re.Match() as found if found[1] == b"Pages":
                claimed = max([claimed, *(int(count) for count in _COUNT.findall(text))])
            case re.Match() as found if found[1] == b"Page":
                there.add(number)
    return max(claimed, len(there)) or None


def _objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The number and the dictionary of each object, those inside object streams after the stream."""
    left = _MOST_UNPACKED_BYTES
    number = begin = -1
    within = -1
    """Where the stream that is passed over begins; -1 outside of streams."""
    text = b""
    for token in _TOKEN.finditer(data):
        if token[2]:  # endstream
            if within >= 0 and (kind := _TYPE.search(text)) is not None and kind[1] == b"ObjStm":
                unpacked = _unpacked(text, data[within : token.start()], left)
                left -= len(unpacked)
                yield from _packed_objects(text, unpacked)
            within = number = -1
        elif within >= 0:
            continue  # whatever it looks like, it is data
        elif token[3]:
            if number >= 0:
                text, within = data[begin : token.start()], token.end()
                yield number, text
        elif token[1]:
            number, begin = int(token[1]), token.end()
        elif number >= 0:  # endobj
            yield number, data[begin : token.start()]
            number = -1


def _unpacked(text: bytes, packed: bytes, most_bytes: int) -> bytes:
    """Nothing where it is packed in another way than by Flate, which nobody does, or does not unpack."""
    named = _FILTER.search(text)
    if named is None:
        return packed[:most_bytes]
    if named[1].strip(b"[] \r\n\t") != b"/FlateDecode" or most_bytes <= 0:
        return b""
    try:
        return zlib.decompressobj().decompress(packed, most_bytes)
    except zlib.error:
        return b""


def _packed_objects(text: bytes, unpacked: bytes) -> Iterator[tuple[int, bytes]]:
    count, first = (_NUMBER_OF[key].search(text) for key in (b"N", b"First"))
    if count is None or first is None:
        return
    numbers = unpacked[: int(first[1])].split()[: 2 * int(count[1])]
    pairs = [(int(a), int(b)) for a, b in zip(numbers[::2], numbers[1::2], strict=False) if a.isdigit() and b.isdigit()]
    if not pairs:
        return
    ends = [*(offset for _, offset in pairs[1:]), len(unpacked)]
    reached = 0
    for (number, offset), end in zip(pairs, ends, strict=True):
        if offset < reached:
            return  # offsets that go back would have the same bytes looked at again and again
        reached = end
        yield number, unpacked[int(first[1]) + offset : int(first[1]) + end]
