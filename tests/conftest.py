"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

_CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real media of public test suites, beside the project; they may not be copied into it."""
    if not _CORPUS.is_dir():
        pytest.skip("the corpus is not there")
    return _CORPUS
