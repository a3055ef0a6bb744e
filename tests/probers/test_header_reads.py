"""A header that goes on and on is given up, whatever the format, and what follows a real one is read at will."""

from __future__ import annotations

import io

import pytest

from preflight.probers.header_reads import HeaderReads, HeaderTooLargeError


def test_it_reads_what_the_file_holds() -> None:
    file = HeaderReads(io.BytesIO(b"abcdef")).as_file
    assert (file.read(2), file.tell(), file.read(), file.read(1)) == (b"ab", 2, b"cdef", b"")
    file.seek(-3, io.SEEK_END)
    assert file.read(100) == b"def"


@pytest.mark.parametrize("size", [-1, 1 << 25, 1 << 62])
def test_no_more_than_16_mebibytes_are_read_however_they_are_asked_for(size: int) -> None:
    file = HeaderReads(io.BytesIO(bytes(1 << 25))).as_file
    with pytest.raises(HeaderTooLargeError):
        file.read(size)
    assert file.tell() == (1 << 24) + 1


def test_a_claim_that_is_longer_than_the_file_costs_nothing() -> None:
    assert HeaderReads(io.BytesIO(b"abc")).as_file.read(1 << 40) == b"abc"


def test_no_more_than_200_000_times_is_read() -> None:
    file = HeaderReads(io.BytesIO(bytes(300_000))).as_file
    assert all(file.read(1) for _ in range(200_000))
    with pytest.raises(HeaderTooLargeError):
        file.read(1)


def test_what_follows_the_header_is_not_counted() -> None:
    reads = HeaderReads(io.BytesIO(bytes(1 << 25)))
    reads.as_file.read(1000)
    reads.release()
    assert len(reads.as_file.read()) == (1 << 25) - 1000
