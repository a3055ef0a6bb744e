"""The pytest plugin: fixtures for media on the edge, a stand-in for the API, and assertions about media.

Pytest loads this wherever preflight is installed, so nothing is imported before a test asks for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from preflight.emulator import Double
    from preflight.rules import Finding, Report

_MARKER = "embed_emulator"
_TAKES = ("profile", "api_key", "faults", "latency_s", "settings")
_PASSED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(profile='marengo3.0', api_key=None, faults='', latency_s=0, settings=None): the limits that the "
        f"fixture `{_MARKER}` enforces, the only key that it takes, what is to go wrong ('rate_limited%5,html_502@3'), "
        "how long its answers take, and the rest of `preflight.emulator.Settings`",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test itself passed: a fixture has no other way to know."""
    report = yield
    if call.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture
def media_case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """`media_case("video/rotated_90_hevc")`: a copy of that edge case's file, for this test alone.

    The test may change, move or delete it. `preflight.testing.catalogue.case(name)` knows what is true of it;
    `preflight cases` lists the names. Raises UsageError for an unknown name, and for requests, which are no files.
    """
    from preflight.testing import catalogue

    folders = []

    def copied(name: str) -> Path:
        case = catalogue.case(name)
        folders.append(tmp_path_factory.mktemp("media_case"))
        return case.copy_into(folders[-1])

    yield copied
    for folder in folders:  # some have 36 MB, and pytest keeps folders for three runs
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def embed_emulator(request: pytest.FixtureRequest) -> Iterator[Double]:
    """A local embed-v2 on a free port of this machine: give `embed_emulator.url` to the code under test.

    It enforces the limits and answers with vectors (**not Marengo's**) of which the same media always give the same.
    `embed_emulator.will(Reply.rate_limited())` scripts its next answers, `on_call(3, Reply(status=503))` that of the
    third request; `requests` are those that came. See `preflight.emulator.Double` and `Reply`.

    `@pytest.mark.embed_emulator(profile="marengo3.0-2026-08", api_key="secret")` sets its limits and its key,
    `faults="rate_limited:retry_after=0%5,html_502@3"` what goes wrong; `embed_emulator.tally` counts what was embedded.
    A test that passes but did not play its script to the end fails: its client asked less often than was expected.
    """
    from preflight.emulator import Double

    marker = request.node.get_closest_marker(_MARKER)
    if marker is not None and (marker.args or not marker.kwargs.keys() <= set(_TAKES)):
        raise pytest.UsageError(f"the marker {_MARKER} takes {'=..., '.join(_TAKES)}=..., and nothing else.")
    with Double(**(marker.kwargs if marker is not None else {})) as double:
        yield double
        if double.left and request.node.stash.get(_PASSED, False):
            replies = ", ".join(f"{reply.status or 'its own answer'}" for reply in double.left)
            pytest.fail(
                f"no request came for {len(double.left)} replies of the script ({replies}); "
                f"{len(double.requests)} requests did.",
                pytrace=False,
            )


@pytest.fixture
def assert_fits() -> Callable[..., Report]:
    """`assert_fits(path, profile=...)`: fail unless it would be accepted; see `preflight.testing.assert_fits`."""
    from preflight.testing.assertions import assert_fits as function

    return function


@pytest.fixture
def assert_refused() -> Callable[..., Finding]:
    """`assert_refused(path, code)`: fail unless it would be refused so; see `preflight.testing.assert_refused`."""
    from preflight.testing.assertions import assert_refused as function

    return function
