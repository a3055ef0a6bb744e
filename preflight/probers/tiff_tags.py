"""The first directory of a TIFF, before Pillow reads it, with all that its tags hold: Photoshop keeps layers in one."""

from __future__ import annotations

from typing import BinaryIO, Literal

from preflight.probers.header_reads import HeaderTooLargeError

_MOST_ENTRIES = 4_096
_MOST_STRIPS = 200_000
"""Pillow makes an object of each, which takes a second for so many. No picture that is decoded here needs them."""
_LARGE_BYTES = 1 << 20
_STRIPS = frozenset({273, 279, 324, 325})
_XMP, _FIRST_PRIVATE, _PROFILE = 700, 32768, 34675
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


def without_large_additions(file: BinaryIO) -> dict[int, bytes]:
    """By position, what is to be read in place of what the file holds, so that the megabytes of tags that no picture
    needs are left alone: such a tag has no values then.

    Raises HeaderTooLargeError where the picture is in more strips or tiles than can be true.
    """
    file.seek(0)
    head = file.read(16)
    order: Literal["little", "big"] = "little" if head.startswith(b"II") else "big"
    big = head[2:4] in (b"+\0", b"\0+")
    word, entry_bytes = (8, 20) if big else (4, 12)
    start = int.from_bytes(head[8:16] if big else head[4:8], order) + (8 if big else 2)
    file.seek(start)
    table = file.read(_MOST_ENTRIES * entry_bytes)
    file.seek(start - (8 if big else 2))
    entries = int.from_bytes(file.read(8 if big else 2), order)
    replaced = {}
    for at in range(0, min(entries * entry_bytes, len(table) - entry_bytes + 1), entry_bytes):
        tag, kind = int.from_bytes(table[at : at + 2], order), int.from_bytes(table[at + 2 : at + 4], order)
        count = int.from_bytes(table[at + 4 : at + 4 + word], order)
        if tag in _STRIPS and count > _MOST_STRIPS:
            raise HeaderTooLargeError
        is_addition = tag == _XMP or (tag >= _FIRST_PRIVATE and tag != _PROFILE)
        if is_addition and count * _TYPE_BYTES.get(kind, 1) > _LARGE_BYTES:
            replaced[start + at + 4] = bytes(word)
    return replaced
