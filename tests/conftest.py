"""What all tests share."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from preflight.testing import catalogue

_CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real media of public test suites, beside the project; they may not be copied into it."""
    if not _CORPUS.is_dir():
        pytest.skip("the corpus is not there")
    return _CORPUS


@pytest.fixture(scope="session")
def media() -> Callable[[str], Path]:
    """`media("video/h264_aac_mp4")`: the file of that case, which all tests share; `media_case` gives a copy of it."""
    return lambda name: catalogue.case(name).path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 200 KB, where one may be mounted."""
    place = tmp_path / "small_disk"
    place.mkdir()
    mount = shutil.which("mount")
    call = [str(mount), "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)]
    if mount is None or subprocess.run(call, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield place
    # A reader's thread may still be about to let go of a file.
    subprocess.run(["umount", "--lazy", place], check=True)
