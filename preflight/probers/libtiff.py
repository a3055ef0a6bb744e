"""libtiff writes what is wrong with a file to the process's standard error, past Python. This has it be quiet."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import PIL


@contextmanager
def quiet_libtiff() -> Iterator[None]:
    """Only the libtiff that comes with Pillow's wheels, and that nobody else uses, is quieted, and only meanwhile.

    Without one nothing is changed. The handler belongs to the whole process: call it under a lock.
    """
    library = _library()
    if library is None:
        yield
        return
    handler = library.TIFFSetErrorHandler(None)
    try:
        yield
    finally:
        library.TIFFSetErrorHandler(handler)


@cache
def _library() -> ctypes.CDLL | None:
    package = Path(PIL.__file__).parent
    folders = (package.parent / "pillow.libs", package / ".dylibs")
    for path in (found for folder in folders for found in folder.glob("libtiff*")):
        try:
            library = ctypes.CDLL(str(path))
            library.TIFFSetErrorHandler.restype = ctypes.c_void_p
            library.TIFFSetErrorHandler.argtypes = [ctypes.c_void_p]
        except (OSError, AttributeError):
            continue
        return library
    return None
