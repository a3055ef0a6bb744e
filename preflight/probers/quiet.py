"""Pillow's warnings, kept from the user's program."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_filters = threading.RLock()


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow's warnings about what is odd in a file: they would be printed, or raised, in the user's program.

    The filters belong to the whole process until Python 3.14, hence the lock: two threads that changed them at
    the same time could leave them changed.
    """
    with _filters, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
