"""Where bytes come from: paths, bytes and file objects, and every way in which they can fail."""

from __future__ import annotations

import errno
import gzip
import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from http.client import IncompleteRead
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import preflight
from preflight import source as sources
from preflight.errors import OutOfSpaceError, PreflightError, UnreadableError
from preflight.media import Source
from preflight.probers import probe
from preflight.testing import catalogue

DATA = bytes(range(256)) * 40


class Pipe(io.RawIOBase):
    """Bytes that come once, in pieces, as from a socket; `breaks_at` is where it breaks off."""

    def __init__(self, data: bytes, *, breaks_at: int | None = None) -> None:
        self._rest = data if breaks_at is None else data[:breaks_at]
        self._breaks = breaks_at is not None
        self.reads = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        self.reads += 1
        piece = self._rest[: min(len(buffer), 1000)]
        if not piece and self._breaks:
            self._breaks = False  # whoever reads on would find an end where there was none
            raise ConnectionResetError(errno.ECONNRESET, "reset by peer")
        self._rest = self._rest[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def as_path(folder: Path) -> Source:
    path = folder / "data.bin"
    path.write_bytes(DATA)
    return Source.of(path)


def as_zip_member(folder: Path) -> Source:
    with zipfile.ZipFile(folder / "data.zip", "w") as archive:
        archive.writestr("data.bin", DATA)
    return Source.of(zipfile.ZipFile(folder / "data.zip").open("data.bin"))


def as_gzip(folder: Path) -> Source:
    (folder / "data.gz").write_bytes(gzip.compress(DATA))
    return Source.of(gzip.open(folder / "data.gz"))


def as_spool(_: Path) -> Source:
    spool = tempfile.SpooledTemporaryFile()  # noqa: SIM115 (the source needs it open)
    spool.write(DATA)
    return Source.of(spool)


WAYS: dict[str, Callable[[Path], Source]] = {
    "path": as_path,
    "path as text": lambda folder: Source.of(str(as_path(folder).path)),
    "bytes": lambda _: Source.of(DATA),
    "BytesIO": lambda _: Source.of(io.BytesIO(DATA)),
    "unbuffered file": lambda folder: Source.of(as_path(folder).path.open("rb", buffering=0)),
    "pipe": lambda _: Source.of(Pipe(DATA)),
    "zip member": as_zip_member,
    "gzip": as_gzip,
    "upload spool": as_spool,
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the files are the caller's, and the caller is this test
@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_gives_the_same_bytes(way: str, tmp_path: Path) -> None:
    source = WAYS[way](tmp_path)
    assert source.size_bytes() == len(DATA)
    assert source.head(10) == DATA[:10]
    assert source.read() == DATA
    with source.open() as file:
        assert file.seek(-6, os.SEEK_END) == len(DATA) - 6
        assert file.read() == DATA[-6:]
        file.seek(3)
        file.seek(2, os.SEEK_CUR)
        assert (file.read(4), file.tell()) == (DATA[5:9], 9)
    assert source.head(len(DATA) * 2) == DATA


def test_a_source_stays_itself() -> None:
    source = Source.of(b"x", name="upload 7")
    assert Source.of(source) is source
    assert repr(source) == "Source('upload 7')"


def test_names_say_where_bytes_are_from(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    path.touch()
    assert Source.of(path).name == str(path)
    assert Source.of(b"x").name == "<bytes>"
    assert Source.of(io.BytesIO(b"x")).name == "<file>"
    with path.open("rb") as file, tempfile.TemporaryFile() as nameless:
        assert Source.of(file).name == str(path)
        assert Source.of(nameless).name == "<file>"  # its own name is a number


@pytest.mark.parametrize("thing", [7, None, bytearray(b"x"), ["a.mp4"]])
def test_what_is_no_source_is_refused(thing: object) -> None:
    with pytest.raises(TypeError, match=type(thing).__name__):
        Source.of(thing)


def test_a_file_that_is_open_as_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("hello")
    with path.open() as file, tempfile.SpooledTemporaryFile(mode="w+", encoding="utf-8") as spool:
        for text in (file, spool, io.StringIO("hello")):
            with pytest.raises(TypeError, match="'rb'"):
                Source.of(text)


def test_a_path_is_not_opened_before_it_is_needed(tmp_path: Path) -> None:
    source = Source.of(tmp_path / "later.bin")
    (tmp_path / "later.bin").write_bytes(DATA)
    assert source.read() == DATA


def test_a_borrowed_file_stays_open_and_what_was_opened_is_closed(tmp_path: Path) -> None:
    mine = io.BytesIO(DATA)
    with Source.of(mine).open() as view:
        assert view.read(1) == DATA[:1]
    assert view.closed
    assert not mine.closed
    (tmp_path / "data.bin").write_bytes(DATA)
    with Source.of(tmp_path / "data.bin").open() as file:
        file.read(1)
    assert file.closed


def test_views_of_one_file_do_not_disturb_each_other() -> None:
    mine = io.BytesIO(DATA * 10)
    source = Source.of(mine)
    with source.open() as one, source.open() as other:
        assert one.read(9000) == (DATA * 10)[:9000]
        assert other.read(9000) == (DATA * 10)[:9000]
        mine.seek(5)  # the caller is free to use it, too
        assert one.read(20_000) == (DATA * 10)[9000:29_000]


def test_no_position_is_before_the_first_byte() -> None:
    with Source.of(io.BytesIO(DATA)).open() as file, pytest.raises(OSError, match="before the first byte"):
        file.seek(-1)


class TestUnreadable:
    """Each message ends with what to do."""

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("missing.mp4", "is not there. Check the path"),
            ("folder", "is a folder. Give the path"),
            ("fifo", "is not a regular file. Give the path"),
            ("dangling", "is not there. Check the path"),
            ("nul\0byte", "Check that it is whole"),
            ("x" * 5000, "give a text as preflight.Text"),
        ],
    )
    def test_path(self, tmp_path: Path, name: str, words: str) -> None:
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "fifo")
        (tmp_path / "dangling").symlink_to("nowhere")
        source = Source.of(f"{tmp_path}/{name}")
        for use in (source.size_bytes, source.open, source.read):
            with pytest.raises(UnreadableError, match=words):
                use()

    def test_device(self) -> None:
        with pytest.raises(UnreadableError, match="not a regular file"):
            Source.of("/dev/zero").read()

    def test_permission(self, tmp_path: Path) -> None:
        path = tmp_path / "secret.mp4"
        path.write_bytes(DATA)
        path.chmod(0)
        am_root = os.geteuid() == 0  # whom no permission stops
        if am_root:
            os.seteuid(65534)
        try:
            with pytest.raises(UnreadableError, match=r"may not be read\. Check its permissions"):
                Source.of(path).open()
        finally:
            if am_root:
                os.seteuid(0)

    @pytest.mark.skipif(sys.platform != "linux", reason="its first byte can be opened and not read")
    def test_a_disk_that_fails_while_it_is_read(self) -> None:
        source = Source.of("/proc/self/mem")
        with source.open() as file, pytest.raises(UnreadableError, match="Input/output error"):
            file.read(10)
        with pytest.raises(UnreadableError, match="Input/output error"):
            source.read()

    def test_closed_file(self) -> None:
        file = io.BytesIO(DATA)
        source = Source.of(file)
        file.close()
        for use in (source.size_bytes, source.read):
            with pytest.raises(UnreadableError, match="closed file"):
                use()

    def test_a_file_that_gives_text_after_all(self) -> None:
        class Deceiver(io.BytesIO):
            def read(self, size: int | None = -1, /) -> str:
                return super().read(size).decode("latin-1")

        with pytest.raises(UnreadableError, match=r"gives text instead of bytes\. Open it with mode 'rb'"):
            Source.of(Deceiver(DATA)).read()

    def test_a_file_that_does_not_wait(self) -> None:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        with (
            open(reading, "rb", buffering=0) as file,  # noqa: PTH123 (no path)
            open(writing, "wb"),  # noqa: PTH123
            pytest.raises(UnreadableError, match="gives nothing instead of bytes"),
        ):
            Source.of(file).read()

    def test_more_bytes_than_asked_for(self) -> None:
        class Generous(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                return super().read(-1)

        with pytest.raises(UnreadableError):
            Source.of(Generous(DATA * 100)).read()


class TestPipes:
    def test_are_read_when_first_needed_and_once(self) -> None:
        pipe = Pipe(DATA)
        source = Source.of(pipe)
        assert pipe.reads == 0
        assert source.read() == DATA
        reads = pipe.reads
        assert source.size_bytes() == len(DATA)
        assert source.read() == DATA
        assert pipe.reads == reads
        assert not pipe.closed

    def test_go_to_disk_beyond_what_memory_should_hold(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sources, "_SPOOL_IN_MEMORY_BYTES", 100)
        source = Source.of(Pipe(DATA))
        assert source.read() == DATA
        assert source._file._rolled

    def test_half_of_one_is_never_taken_for_the_whole(self) -> None:
        source = Source.of(Pipe(DATA, breaks_at=2500))
        for _ in range(2):  # the second time, the pipe itself would give an end
            with pytest.raises(UnreadableError, match="reset by peer"):
                source.read()
        assert probe(source).code == "file_unreadable"

    def test_full_disk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Full(io.BytesIO):
            def write(self, data, /) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(sources, "_Spool", lambda **_: Full())
        with pytest.raises(OutOfSpaceError, match="Free some"):
            Source.of(Pipe(DATA), name="upload").read()


class FailingFile(io.BytesIO):
    """Fails at its n-th operation and, if it is `for_good`, ever after."""

    def __init__(self, data: bytes, *, at: int, error: str, for_good: bool, seekable: bool) -> None:
        super().__init__(data)
        self._left, self._error, self._for_good, self._seekable = at, error, for_good, seekable

    def _operate(self) -> None:
        self._left -= 1
        if self._left == 0 or (self._for_good and self._left < 0):
            kind, *arguments = ERRORS[self._error]
            raise kind(*arguments)

    def seekable(self) -> bool:
        return self._seekable

    def read(self, size: int | None = -1, /) -> bytes:
        self._operate()
        return super().read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._operate()
        return super().seek(offset, whence)

    def tell(self) -> int:
        self._operate()
        return super().tell()


MEDIA = {
    "image to convert": "image/width_127",
    "audio to send": "audio/wav_8_khz",
    "audio to convert": "audio/opus",
    "video to send": "video/silent_mp4",
    "text to split": "text/501_tokens",
}
ERRORS = {
    "disk": (OSError, errno.EIO, "Input/output error"),
    "no number": (OSError, "without a number"),
    "network": (ConnectionResetError, errno.ECONNRESET, "Connection reset by peer"),
    "slow": (TimeoutError, "timed out"),
    "closed": (ValueError, "I/O operation on closed file."),
    "unsupported": (io.UnsupportedOperation, "seek"),
    "half a body": (IncompleteRead, b"x", 10),
    "end": (EOFError, "Compressed file ended before the end-of-stream marker was reached"),
    "missing": (KeyError, "part 7"),
    "no words": (RuntimeError,),
}
FILES = {
    "data": st.sampled_from(sorted(MEDIA)),
    "at": st.integers(1, 80),
    "error": st.sampled_from(sorted(ERRORS)),
    "for_good": st.booleans(),
    "seekable": st.booleans(),
}


@cache
def content(name: str) -> bytes:
    return catalogue.case(MEDIA[name]).path.read_bytes()


def bodies(file: BinaryIO) -> str:
    """One hash for all of what is made of it."""
    return sha256(b"".join(chunk for payload in preflight.prepare(file) for chunk in payload.chunks())).hexdigest()


@pytest.fixture(scope="module")
def whole() -> dict[str, str]:
    return {name: bodies(io.BytesIO(content(name))) for name in MEDIA}


@settings(max_examples=100, deadline=None)
@given(**FILES)
def test_a_file_that_fails_gives_a_report(data: str, at: int, error: str, for_good: bool, seekable: bool) -> None:
    file = FailingFile(content(data), at=at, error=error, for_good=for_good, seekable=seekable)
    report = preflight.check(file)
    if report.facts.kind == "unknown":
        assert report.verdict == "rejected"
        assert report.findings
    else:
        assert report.facts == preflight.check(content(data)).facts  # it failed later than that, or not at all
    assert not file.closed


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("data", MEDIA)
def test_whatever_a_file_fails_with_is_said_once_and_not_printed(
    data: str, error: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for at in (1, 3):
        report = preflight.check(FailingFile(content(data), at=at, error=error, for_good=True, seekable=True))
        assert report.verdict == "rejected"
        assert [finding.code for finding in report.findings] == ["file_unreadable"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_what_is_no_fault_of_a_file_goes_through(error: type[BaseException]) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise error

    with pytest.raises(error):
        preflight.check(Failing(b"some text"))


@settings(max_examples=100, deadline=None)
@given(**FILES)
def test_a_file_that_fails_gives_our_error_or_the_right_bodies(
    whole: dict[str, str], data: str, at: int, error: str, for_good: bool, seekable: bool
) -> None:
    file = FailingFile(content(data), at=at, error=error, for_good=for_good, seekable=seekable)
    try:
        made = bodies(file)
    except PreflightError:
        return
    assert made == whole[data]
