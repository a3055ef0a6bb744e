"""A double of the service on loopback, that answers from a script and keeps what it received."""

import logging

import pytest

from preflight.emulator import Double


@pytest.fixture
def double(caplog):
    with Double() as served:
        yield served
    assert not served.left, "the client asked less often than the script expects"
    defects = [record for record in caplog.get_records("call") if record.name.startswith("uvicorn")]
    assert [record for record in defects if record.levelno >= logging.WARNING] == []


@pytest.fixture(autouse=True)
def _no_proxy_of_ours(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
