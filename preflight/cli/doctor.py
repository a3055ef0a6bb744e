"""`preflight doctor`: whether everything that preflight needs is there."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import tempfile
from collections.abc import Callable

from preflight.cli.talk import tell
from preflight.errors import ExitCode, PreflightError


def doctor() -> int:
    """Check the installation: libraries, encoders, optional parts, disk, key. Exit code 2 where a part is missing."""
    is_whole = True
    for name, look in _PARTS:
        try:
            tell(f"  ok       {name}: {look()}")
        except (PreflightError, ImportError, ValueError, OSError) as error:
            is_whole = False
            tell(f"  MISSING  {name}: {error}")
    for name, modules, extra in _OPTIONAL:
        there = all(importlib.util.find_spec(module) for module in modules)
        tell(f"  ok       {name}" if there else f"  without  {name}: pip install 'embed-preflight[{extra}]'")
    key = "is set" if os.environ.get("TWELVELABS_API_KEY") else "is not set; `embed` needs it, `embed --emulator` not"
    tell(f"  key      TWELVELABS_API_KEY {key}")
    return ExitCode.OK if is_whole else ExitCode.USAGE


def _python() -> str:
    return f"{platform.python_version()} on {platform.system()} {platform.machine()}"


def _ffmpeg() -> str:
    import av

    return f"PyAV {av.__version__}, libavformat {'.'.join(map(str, av.library_versions['libavformat']))}"


def _encoders() -> str:
    import av.codec

    encoders = ("libx264", "aac", "flac", "pcm_s16le")
    for encoder in encoders:
        av.codec.Codec(encoder, "w")
    return ", ".join(encoders)


def _pillow() -> str:
    import PIL
    from PIL import features

    missing = [name for name in ("jpg", "zlib", "webp", "avif", "littlecms2") if not features.check(name)]
    if missing:
        raise ImportError(f"Pillow was built without {', '.join(missing)}; install its wheel: pip install -U pillow")
    return f"{PIL.__version__} with AVIF, WebP and colour management"


def _tokens() -> str:
    from preflight.probers.tokens import count_tokens

    return f"cl100k_base, its hash is right ({count_tokens('man walking a dog')} tokens in `man walking a dog`)"


def _space() -> str:
    return f"{shutil.disk_usage(tempfile.gettempdir()).free // 10**9:,} GB free in {tempfile.gettempdir()}"


_PARTS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("Python", _python),
    ("FFmpeg's libraries", _ffmpeg),
    ("encoders", _encoders),
    ("Pillow", _pillow),
    ("token ranks", _tokens),
    ("space", _space),
)
_OPTIONAL = (
    ("HEIC photographs", ("pillow_heif",), "heic"),
    ("Parquet", ("pyarrow",), "parquet"),
    ("the emulator", ("starlette", "uvicorn", "python_multipart"), "serve"),
    ("edge cases for tests", ("ffmpeg", "imageio_ffmpeg", "hypothesis", "platformdirs"), "testing"),
)
