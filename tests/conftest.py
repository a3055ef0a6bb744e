"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media_factory import Library

_CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real media of public test suites, beside the project; they may not be copied into it."""
    if not _CORPUS.is_dir():
        pytest.skip("the corpus is not there")
    return _CORPUS


@pytest.fixture(scope="session")
def media(tmp_path_factory) -> Library:
    """Small coded media of known truth: `media("h264_aac.mp4")` is a path. See `media_factory`."""
    return Library(tmp_path_factory.mktemp("media"))
