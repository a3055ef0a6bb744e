"""What is typed is converted as ever; what need not be converted loads nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from preflight.cli.app import COMMANDS, app_of
from preflight.cli.command import is_of
from preflight.media import Fidelity


@pytest.mark.parametrize(
    ("value", "annotation", "is_so"),
    [
        ("a", str, True),
        (("a", "b"), list[str], True),
        ((), list[str], False),
        (("a", 1), list[str], False),
        ("even", Literal["even", "quiet"], True),
        ("odd", Literal["even", "quiet"], False),
        (30.0, float, True),
        (30, float, False),
        ("30", float, False),
        (True, int, False),
        (Fidelity.LOSSLESS, Fidelity, True),
        ("lossless", Fidelity, False),
        ("a", Path, False),
        (None, str, False),
    ],
)
def test_what_needs_no_conversion(value: object, annotation: object, is_so: bool) -> None:
    assert is_of(value, annotation) is is_so


@pytest.mark.parametrize(
    ("option", "code"),
    [
        (["--max-loss", "transcoded"], 0),
        (["--max-loss", "none"], 2),
        (["--overlap", "1.5"], 0),
        (["--overlap", "long"], 2),
        (["--max-short-side", "480"], 0),
        (["--max-short-side", "4.5"], 2),
        (["--cut-at", "quiet"], 0),
        (["--cut-at", "loud"], 2),
        (["--as", "image"], 0),
        (["--as", "film"], 2),
    ],
)
def test_what_is_typed_is_converted(preflight, samples: Path, option: list[str], code: int) -> None:
    ended = preflight("plan", samples / "icon.png", *option)
    assert ended.code == code
    assert not code or option[0] in ended.err


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_asked_for_stands_alone(name: str) -> None:
    assert [each.callback.__name__ for each in app_of([name, "-h"]).registered_commands] == [name]


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--version"], ["chek"], ["--", "check"]])
def test_all_commands_where_none_is_asked_for(arguments: list[str]) -> None:
    assert [each.callback.__name__ for each in app_of(arguments).registered_commands] == list(COMMANDS)
