"""Texts."""

from __future__ import annotations

from preflight.limits import Limits
from preflight.media import MAX_TEXT_BYTES, Facts, TextFacts, Unprobed
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule

TOO_LONG = "token_limit_exceeded"
CUT_IT = "`preflight prepare` cuts it at sentence ends."
TRUNCATE_IT = "`preflight prepare` sends its beginning alone."
SHORTEN_IT = (
    "Shorten it, or have its beginning sent alone (`--text truncate`): "
    "a text that belongs to an image cannot be cut in two."
)


class TextEncodingDetected(Rule):
    """The text is in an encoding that only its letters tell: it is decoded by it, and sent as UTF-8.

    Taken is what no other encoding comes near to, by the whole text or by its letters beyond ASCII alone: of 1,623
    excerpts of real texts in 31 encodings that were, none was wrong. `--encoding` names the right one where it is.
    """

    code = "text_encoding_detected"
    severity = "warning"
    accepted = (
        Example("UTF-8", examples.text()),
        Example("UTF-16 with a byte order mark", examples.text(encoding="utf-16-le", source="mark")),
        Example("an encoding that the caller names", examples.text(encoding="cp1252", source="named")),
    )
    refused = (Example("a page of Shift JIS", examples.text(encoding="shift_jis", source="detected", confidence=0.8)),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, TextFacts) or facts.encoding_source != "detected":
            return None
        return self.finding(
            f"The text was found to be in {facts.encoding}, and is sent as UTF-8. "
            "Name its encoding (`--encoding`) if that is wrong.",
            measured=facts.encoding,
            limit="utf-8",
        )


class TextLoneSurrogate(Rule):
    """Every character of a text is whole: half of one (a lone surrogate) has no UTF-8, and so no place in a request.

    JavaScript and Windows leave them behind where they cut a text within an emoji. U+FFFD is sent for each.
    """

    code = "text_lone_surrogate"
    accepted = (Example("a whole emoji", examples.text()),)
    refused = (Example("half of one", examples.text(lone_surrogates=1)),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, TextFacts) or not facts.lone_surrogates:
            return None
        return self.finding(
            f"Lone surrogates in the text, halves of characters that no encoding can carry: {facts.lone_surrogates}. "
            "`preflight prepare` sends U+FFFD for each.",
            measured=facts.lone_surrogates,
            limit=0,
            fixable=True,
        )


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
    """A text has at most 500 tokens (2,000 in marengo3.5).

    The service does not publish its tokenizer. Tokens are counted with cl100k_base in its place, which is an upper
    estimate: it makes more tokens than the tokenizers of such models usually do, above all outside English. That is not
    proven; `Preflight(token_counter=...)` takes another.
    """

    code = TOO_LONG
    accepted = (
        Example("500 tokens", examples.text(tokens=500)),
        Example("2,000 tokens in marengo3.5", examples.text(tokens=2_000), "marengo3.5"),
    )
    refused = (
        Example("501 tokens", examples.text(tokens=501)),
        Example("2,001 tokens in marengo3.5", examples.text(tokens=2_001), "marengo3.5"),
        Example("501 tokens at Bedrock", examples.text(tokens=501), "bedrock-marengo3.0"),
    )

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


class TextFilesizeTooLarge(Rule):
    """A file of text has at most 64 MB: it is read whole, and becomes over a hundred thousand requests.

    Not a limit of the service but one of preflight.
    """

    code = "text_filesize_too_large"
    accepted = (Example("a sentence", examples.text()),)
    refused = (
        Example(
            "65 MB", Unprobed(size_bytes=65_000_000, code="text_filesize_too_large", reason="it has 65,000,000 bytes")
        ),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002
        if not isinstance(facts, Unprobed) or facts.code != self.code:
            return None
        return self.finding(
            f"{facts.reason[:1].upper()}{facts.reason[1:]}. Split it into several files.",
            measured=facts.size_bytes,
            limit=MAX_TEXT_BYTES,
        )


RULES: tuple[Rule, ...] = (
    TextEncodingDetected(),
    TextLoneSurrogate(),
    TextEmpty(),
    TokenLimitExceeded(),
    TextFilesizeTooLarge(),
)
