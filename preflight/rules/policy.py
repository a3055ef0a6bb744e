"""What the user does not allow, held against what would be needed: asked of plans, where all other rules ask facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar, Literal

from preflight.limits import Limits
from preflight.media import Facts, Fidelity, ImageFacts, VideoFacts
from preflight.rules import examples, text
from preflight.rules.interface import Example, Finding, Rule

TextPolicy = Literal["split", "truncate", "reject"]


class PolicyMaxLoss(Rule):
    """What it takes to make an input acceptable is at most what `Policy.max_loss` (`--max-loss`) allows.

    Not a limit of the service but one of yours: `identical` lets only the source's own bytes through, `lossless` also
    what is remuxed, cut between units or stripped of baggage, `transcoded` everything. It is found when a plan is
    made, and half-way where only copying shows that the coded data are damaged.
    """

    code = "policy_max_loss"
    accepted: ClassVar = (Example("an hour of MP3 with max_loss=lossless: it is cut between frames", examples.audio()),)
    refused: ClassVar = (
        Example(
            "a video of 320x240 with max_loss=lossless: it has to be scaled", examples.video(width=320, height=240)
        ),
        Example("25 minutes of video with max_loss=identical: it has to be cut", examples.video(duration_s=1_500.0)),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002 (of facts alone nothing can be said)
        return None

    def hold(self, needed: Fidelity, allowed: Fidelity, why: str) -> Finding | None:
        """None where it is allowed. `why` is what makes it needed, as a sentence, if that was not said."""
        ladder = list(Fidelity)
        if ladder.index(needed) <= ladder.index(allowed):
            return None
        return self.finding(
            f"It would have to be {_DONE[needed]}, and the policy allows {allowed.value} at most.{why and f' {why}'} "
            f"Allow max_loss={needed.value}, or bring it in another form.",
            measured=needed.value,
            limit=allowed.value,
        )


_DONE = {
    Fidelity.IDENTICAL: "sent as it is",
    Fidelity.LOSSLESS: "cut or copied into a new file",
    Fidelity.TRANSCODED: "decoded and encoded again",
}


class PolicyStripMetadata(Rule):
    """Where `Policy.strip_metadata` (`--strip-metadata`) is set, no video that is made holds tags, chapters or other
    streams, and no image EXIF (but for how it stands), XMP, IPTC, comments or texts.

    Not a limit of the service but a wish of yours, held against every output before it is handed on.
    """

    code = "policy_strip_metadata"
    accepted: ClassVar = (
        Example("a video without tags, with strip_metadata", examples.video()),
        Example("a photograph without EXIF, with strip_metadata", examples.image()),
    )
    refused: ClassVar = (
        Example(
            "a video that says where it was taken, with strip_metadata", replace(examples.video(), has_metadata=True)
        ),
        Example(
            "a photograph with the camera's EXIF, with strip_metadata", replace(examples.image(), has_metadata=True)
        ),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002 (it is no matter of facts alone)
        return None

    def hold(self, facts: Facts) -> Finding | None:
        match facts:
            case VideoFacts(has_metadata=True):
                left = "tags, chapters or other streams"
            case ImageFacts(has_metadata=True):
                left = "EXIF, XMP, IPTC, comments, texts or other things beside the picture"
            case _:
                return None
        return self.finding(f"It still holds {left}.", measured="metadata", limit=None)


class TextTruncated(Rule):
    """Nothing of a text that can be seen is left out, unless `Policy.text` (`--text`) is `truncate`: then what is
    behind its first 500 tokens is, and this says so.

    White space is left out where no two chunks can hold a half of it each: from about a thousand tokens on, which may
    be 128,000 blanks. That the plan and the manifest say.
    """

    code = "text_truncated"
    severity = "warning"
    accepted: ClassVar = (
        Example("501 tokens with text=split: they are cut into chunks", examples.text(tokens=501)),
        Example("500 tokens with text=truncate", examples.text(tokens=500)),
    )
    refused: ClassVar = (Example("501 tokens with text=truncate", examples.text(tokens=501)),)

    def check(self, facts: Facts, limits: Limits) -> Finding | None:  # noqa: ARG002 (of facts alone nothing can be said)
        return None

    def applied(self, findings: Iterable[Finding], wanted: TextPolicy) -> Iterator[Finding]:
        """What was found, as it is under that policy: what is over the token limit is cut, truncated or rejected."""
        for finding in findings:
            if finding.code != text.TOO_LONG or wanted == "split":
                yield finding
            elif wanted == "reject":
                message = _instead(finding, "The policy (text=reject) lets nothing be cut: shorten it.")
                yield replace(finding, fixable=False, message=message)
            else:
                yield replace(finding, fixable=True, message=_instead(finding, text.TRUNCATE_IT))
                yield replace(
                    self.finding(
                        f"What is behind the first {finding.limit} tokens is left out. Allow text=split to keep it"
                        f"{', which a request of several parts cannot' if finding.part else ''}.",
                        measured=finding.measured,
                        limit=finding.limit,
                    ),
                    part=finding.part,
                )


def _instead(finding: Finding, next_step: str) -> str:
    return finding.message.replace(text.CUT_IT, next_step).replace(text.SHORTEN_IT, next_step)


MAX_LOSS, STRIP_METADATA, TEXT = PolicyMaxLoss(), PolicyStripMetadata(), TextTruncated()
PLAN_RULES: tuple[Rule, ...] = (MAX_LOSS, STRIP_METADATA, TEXT)
