"""Texts."""

from __future__ import annotations

from preflight.limits import Limits
from preflight.media import Facts, TextFacts
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule

CUT_IT = "`preflight prepare` cuts it at sentence ends."
SHORTEN_IT = "Shorten it: a text that belongs to an image cannot be cut in two."


class TextEmpty(Rule):
    """A text must hold something that can be seen: the API wants at least one character, a model a word.

    White space, control characters and characters without width cannot.
    """

    code = "text_empty"
    accepted = (Example("a sentence", examples.text()),)
    refused = (Example("three line breaks", examples.text(blank=True)),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if isinstance(facts, TextFacts) and facts.blank:
            return self.finding("The text holds nothing that can be seen. Give it some words.", measured=0, limit=1)
        return None


class TokenLimitExceeded(Rule):
    """A text has at most 500 tokens.

    The service does not publish its tokenizer. Tokens are counted with cl100k_base, which is an estimate; the
    true count may differ by some per cent either way.
    """

    code = "token_limit_exceeded"
    accepted = (Example("500 tokens", examples.text(tokens=500)),)
    refused = (Example("501 tokens", examples.text(tokens=501)),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        most = limits.text.max_tokens.value
        if not isinstance(facts, TextFacts) or facts.tokens <= most:
            return None
        return self.finding(
            f"The text has {facts.tokens} tokens, the limit is {most}. {CUT_IT}",
            measured=facts.tokens,
            limit=most,
            fixable=True,
        )


RULES: tuple[Rule, ...] = (TextEmpty(), TokenLimitExceeded())
