"""Room on a disk, asked for before it is needed: what was paid for is not lost where it runs out."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

_RESERVE_BYTES = 32 * 1024 * 1024
_RESERVE_SHARE = 64
"""Of a disk so small that this is less."""


def require_room(folder: Path, size_bytes: int, *, with_reserve: bool = False) -> None:
    """Raises OSError (ENOSPC) where so many bytes are not free. `with_reserve`: nor something besides, for what is on
    its way already. Of a file system that does not say how large it is, nothing is known.
    """
    usage = shutil.disk_usage(folder)
    reserve_bytes = min(_RESERVE_BYTES, usage.total // _RESERVE_SHARE) if with_reserve else 0
    if usage.total and usage.free < size_bytes + reserve_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
