"""Options that several commands have."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest

from preflight.cli import options
from preflight.cli.embed import embed
from preflight.cli.plan import plan
from preflight.cli.prepare import prepare
from preflight.media import Fidelity
from preflight.planner import Policy


@pytest.mark.parametrize("command", [plan, prepare, embed])
def test_each_wish_has_an_option_with_its_own_default(command):
    parameters = inspect.signature(command).parameters
    assert "policy" not in parameters
    assert {each.name for each in fields(Policy)} < set(parameters)
    assert parameters["overlap_s"].default == Policy().overlap_s
    assert parameters["max_loss"].default is Policy().max_loss


def given(**options_given) -> Policy:
    seen = []

    @options.with_policy
    def command(*, policy: Policy) -> int:
        seen.append(policy)
        return 0

    defaults = {name: each.default for name, each in inspect.signature(command).parameters.items()}
    assert command(**{**defaults, **options_given}) == 0
    return seen[0]


def test_defaults_make_the_default_policy():
    assert given() == Policy()


def test_every_option_reaches_the_policy():
    wanted = {
        "prefer": "requests",
        "max_loss": Fidelity.LOSSLESS,
        "cut_at": "quiet",
        "overlap_s": 3.0,
        "min_clip_s": 7.0,
        "strip_metadata": True,
        "fit": "crop",
        "audio": "mp3",
        "max_short_side": 480,
        "max_frame_rate": 12.5,
        "text": "truncate",
        "overlap_tokens": 20,
        "encoding": "koi8-r",
    }
    assert given(**wanted, verify=True) == Policy(**wanted, verify="decode")


def test_zero_is_no_bound():
    policy = given(max_short_side=0, max_frame_rate=0.0)
    assert (policy.max_short_side, policy.max_frame_rate) == (None, None)
