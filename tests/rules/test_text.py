"""Texts: up to 500 tokens (CONTRACT 1.5), and not of nothing that can be seen."""

from __future__ import annotations

import pytest

from preflight.rules import examples
from tests.rules.asking import BOTH, codes, error, findings, mendable, warning


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("tokens", "expected"),
    [(0, []), (1, []), (499, []), (500, []), (501, ["token_limit_exceeded"]), (10**9, ["token_limit_exceeded"])],
)
def test_tokens(tokens, expected, profile):
    assert codes(examples.text(tokens=tokens), profile) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            examples.text(tokens=501),
            mendable(
                "token_limit_exceeded",
                "The text has 501 tokens, the limit is 500. `preflight prepare` cuts it at sentence ends.",
                measured=501,
                limit=500,
            ),
        ),
        (
            examples.text(lone_surrogates=2),
            mendable(
                "text_lone_surrogate",
                "Lone surrogates in the text, halves of characters that no encoding can carry: 2. "
                "`preflight prepare` sends U+FFFD for each.",
                measured=2,
                limit=0,
            ),
        ),
        (
            examples.text(encoding="koi8-r", source="detected", confidence=0.806),
            warning(
                "text_encoding_detected",
                "The text was found to be in koi8-r, and is sent as UTF-8. "
                "Name its encoding (`--encoding`) if that is wrong.",
                measured="koi8-r",
                limit="utf-8",
            ),
        ),
        (
            examples.text(blank=True),
            error(
                "text_empty",
                "The text holds nothing that can be seen. Give it some words.",
                measured=0,
                limit=1,
            ),
        ),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_what_is_said(facts, expected):
    assert findings(facts) == (expected,)


def test_white_space_beyond_the_limit_is_both():
    assert codes(examples.text(tokens=501, blank=True)) == ["text_empty", "token_limit_exceeded"]
