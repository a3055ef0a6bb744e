"""Where bytes come from: a path, bytes or a file object, read in one way and failing in one way."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from preflight.errors import OutOfSpaceError, PreflightError, UnreadableError

if TYPE_CHECKING:
    from typing_extensions import Buffer

_SPOOL_IN_MEMORY_BYTES = 64 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024


_URL = re.compile(r"(?:[a-z][a-z0-9+.-]+:/|data:)", re.IGNORECASE)
_SHOWN_CHARACTERS = 80


def not_there(name: str) -> str:
    """Of a path at which there is nothing: that, and what to do next. URLs are the commonest of them."""
    if not _URL.match(name):
        return f"{name} is not there. Check the path."
    shown = name if len(name) <= _SHOWN_CHARACTERS else f"{name[:_SHOWN_CHARACTERS]}..."
    return f"{shown} is a URL, and nothing is fetched here. Download it, and give the path of the file."


class Source:
    """One input's bytes: a path, bytes, or a binary file object.

    Nothing is opened before it is needed. A path must be that of a regular file: a pipe, a device or a folder
    raises `UnreadableError` instead of hanging. A file object is read from its first byte, wherever it stands;
    one that cannot seek is read to its end once, into memory up to 64 MiB and into a nameless temporary file
    beyond that. The caller keeps its own file objects open; what preflight opened, preflight closes.

    Whatever goes wrong while bytes are read is raised as `UnreadableError`, also by the files of `open()`.
    """

    __slots__ = ("__weakref__", "_data", "_failure", "_file", "_may_seek", "name", "path")

    def __init__(self, name: str, *, path: Path | None, data: bytes | None, file: BinaryIO | None) -> None:
        self.name = name
        self.path = path
        self._data = data
        self._file = file
        self._may_seek = False
        self._failure: str | None = None

    @classmethod
    def of(cls, source: str | os.PathLike[str] | bytes | BinaryIO | Source, *, name: str | None = None) -> Source:
        """From whatever the caller has. Raises TypeError for anything else."""
        match source:
            case Source():
                return source
            case bytes():
                return cls(name or "<bytes>", path=None, data=source, file=None)
            case str() | os.PathLike():
                path = Path(source)
                return cls(name or str(path), path=path, data=None, file=None)
            case _ if hasattr(source, "read"):
                if _is_text(source):
                    raise TypeError("the file object is open as text; open it with mode 'rb'")
                own = getattr(source, "name", None)  # a number for a file that has no name
                return cls(name or (own if isinstance(own, str) else "<file>"), path=None, data=None, file=source)
            case _:
                raise TypeError(f"not a path, bytes or a binary file object: {type(source).__name__}")

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    def size_bytes(self) -> int:
        """Raises UnreadableError where the file is gone, forbidden or not a regular file."""
        if self._data is not None:
            return len(self._data)
        if self._file is not None:
            file = self._seekable(self._file)
            with _readable(self.name):
                file.seek(0, os.SEEK_END)
                return file.tell()
        return self._regular_file().st_size

    def open(self) -> BinaryIO:
        """A binary file object at the first byte, to be closed by the caller.

        Its `read(n)` gives less than n bytes only at the end.
        """
        if self._data is not None:
            return io.BytesIO(self._data)
        if self._file is not None:
            return io.BufferedReader(_Borrowed(self._seekable(self._file), self.name))
        self._regular_file()
        assert self.path is not None
        with _readable(self.name):
            return io.BufferedReader(_Opened(self.path, self.name))

    @property
    def opens_anew(self) -> bool:
        """Whether each `open()` has a position of its own. All views of one file object share that of the object."""
        return self._file is None

    def head(self, size: int) -> bytes:
        """The first `size` bytes, or fewer where the source is shorter."""
        with self.open() as file:
            return file.read(size)

    def read(self) -> bytes:
        """All of it: for texts and images, whose size was checked before."""
        if self._data is not None:
            return self._data
        return self.head(-1)

    def _seekable(self, file: BinaryIO) -> BinaryIO:
        """The caller's file object, or what was kept of one that cannot seek."""
        if self._may_seek:
            return file
        if self._failure is not None:  # a second try would take the rest for the whole
            raise UnreadableError(self._failure)
        try:
            with _readable(self.name):
                self._file = file if getattr(file, "seekable", bool)() else _spooled(file, self.name)
        except UnreadableError as error:
            self._failure = str(error)
            raise
        self._may_seek = True
        return self._file

    def _regular_file(self) -> os.stat_result:
        assert self.path is not None
        with _readable(self.name):
            found = self.path.stat()
        if not stat.S_ISREG(found.st_mode):
            what = "a folder" if stat.S_ISDIR(found.st_mode) else "not a regular file"
            raise UnreadableError(f"{self.name} is {what}. Give the path of a media file.")
        return found


_BLOCK_BYTES = 256 * 1024
"""Small enough to be hashed where the processor still has it."""


class Media:
    """Bytes to be sent as base64, and how many they were when they were verified.

    They are hashed while they are read for the first time, by whoever that is: to read 400 MB for nothing else took a
    quarter of the time that it takes to cut them.
    """

    __slots__ = ("_sha256", "size_bytes", "source")

    def __init__(self, source: Source, size_bytes: int) -> None:
        self.source = source
        self.size_bytes = size_bytes
        self._sha256: str | None = None

    def __repr__(self) -> str:
        return f"Media({self.source!r}, {self.size_bytes})"

    @property
    def sha256(self) -> str:
        """Of all bytes, in hexadecimal; they are read for it where nobody has read them. Raises UnreadableError."""
        if self._sha256 is None:
            deque(self.blocks(), maxlen=0)
        assert self._sha256 is not None
        return self._sha256

    def blocks(self, block_bytes: int = _BLOCK_BYTES) -> Iterator[memoryview]:
        """All bytes, each block but the last of the same size. Each is overwritten by the next: what is written anew
        each time costs more than what is done with it.

        Raises UnreadableError where there are no longer as many as were verified.
        """
        digest = sha256() if self._sha256 is None else None
        whole = memoryview(bytearray(block_bytes))
        left = self.size_bytes
        with self.source.open() as file:
            while left:
                block = whole[: min(block_bytes, left)]
                if file.readinto(block) < len(block):  # type: ignore[attr-defined]  # BinaryIO lacks what all of ours have
                    raise UnreadableError(f"{self.source.name} became shorter while it was read. Prepare it again.")
                left -= len(block)
                if digest is not None:
                    digest.update(block)
                yield block
            if file.read(1):
                raise UnreadableError(f"{self.source.name} became longer while it was read. Prepare it again.")
        if digest is not None:
            self._sha256 = digest.hexdigest()


class _Opened(io.FileIO):
    """A file on disk, whose failures are ours."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path)
        self._shown = name

    def readinto(self, buffer: Buffer, /) -> int | None:
        with _readable(self._shown):
            return super().readinto(buffer)

    def readall(self) -> bytes:
        with _readable(self._shown):
            return super().readall() or b""


class _Borrowed(io.RawIOBase):
    """A view of the caller's file object: it has a position of its own, and closes itself and not the file."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._shown = name
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        with _readable(self._shown):
            self._file.seek(self._position)
            data = _bytes(self._file.read(len(view)), self._shown)
            view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        match whence:
            case os.SEEK_SET:
                base = 0
            case os.SEEK_CUR:
                base = self._position
            case _:
                with _readable(self._shown):
                    self._file.seek(0, os.SEEK_END)
                    base = self._file.tell()
        if base + offset < 0:
            raise OSError(errno.EINVAL, "a position before the first byte")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position


def _is_text(file: object) -> bool:
    return isinstance(file, io.TextIOBase) or hasattr(file, "encoding")


class _Spool(tempfile.SpooledTemporaryFile[bytes]):
    """Lives as long as a Source, or a view of it, and then closes itself."""

    def __del__(self) -> None:
        self.close()


def _spooled(file: BinaryIO, name: str) -> BinaryIO:
    spool = _Spool(max_size=_SPOOL_IN_MEMORY_BYTES)
    try:
        while block := _bytes(file.read(_BLOCK_BYTES), name):
            spool.write(block)
    except BaseException as error:
        spool.close()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            why = f"no space left to keep {name} while it is worked on ({error.strerror})"
            raise OutOfSpaceError(f"{why}. Free some, or give a path.") from error
        raise
    return spool  # type: ignore[return-value]  # a spool is a BinaryIO in all but name


def _bytes(data: bytes | str | None, name: str) -> bytes:
    """What a caller's file object gave: text where it was opened so, None where it does not wait for bytes."""
    if isinstance(data, bytes):
        return data
    what = "text" if isinstance(data, str) else "nothing"
    raise UnreadableError(f"{name} gives {what} instead of bytes. Open it with mode 'rb', blocking.")


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Whatever a file says is wrong becomes UnreadableError, with the next step; a caller's own may raise anything."""
    try:
        yield
    except (PreflightError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise UnreadableError(not_there(name)) from error
    except PermissionError as error:
        raise UnreadableError(f"{name} may not be read. Check its permissions.") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG and _URL.match(name):
            raise UnreadableError(not_there(name)) from error
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            next_step = "Check the path; give a text as preflight.Text."
        else:
            next_step = "Check that it is whole and that its disk or share is there, and try again."
        why = str(error) or type(error).__name__
        raise UnreadableError(f"{name} cannot be read ({why}). {next_step}") from error
