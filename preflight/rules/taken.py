"""Whether a profile takes such an input at all. Where it does not, nothing else is asked."""

from __future__ import annotations

from preflight.limits import Limits, profiles_taking
from preflight.media import DocumentFacts, Facts, InputType, Kind, Unprobed
from preflight.rules import examples
from preflight.rules.interface import Example, Finding, Rule

_NAMES: dict[Kind | InputType, str] = {
    "text": "a text",
    "image": "an image",
    "audio": "audio",
    "video": "video",
    "document": "a PDF document",
    "text_image": "a text with an image",
    "multi_input": "several sources in one request",
}


class InputTypeUnsupported(Rule):
    """The route of the profile takes such an input at all.

    Tasks (marengo3.0-async, marengo3.0-asset) take audio and video and nothing else; Amazon Bedrock's InvokeModel takes
    texts and images. The finding names the profiles that take it.
    """

    code = "input_type_unsupported"
    accepted = (
        Example("a video in a task", examples.video(), "marengo3.0-async"),
        Example("an image at Bedrock", examples.image(), "bedrock-marengo3.0"),
        Example("a text with an image in marengo3.5, as a multi_input", examples.text_image(), "marengo3.5"),
    )
    refused = (
        Example("a text in a task", examples.text(), "marengo3.0-async"),
        Example("several images in a task", examples.multi_input(), "marengo3.0-asset"),
        Example("a video at Bedrock", examples.video(), "bedrock-marengo3.0"),
    )

    def check(self, facts: Facts, limits: Limits) -> Finding | None:
        if isinstance(facts, Unprobed | DocumentFacts) or limits.takes(facts.kind):
            return None  # of documents `unsupported_file_type` says it
        return self.finding(
            f"The profile {limits.profile} does not take {_NAMES[facts.kind]}. {which_takes(facts.kind)}",
            measured=facts.kind,
            limit=", ".join(kind for kind in _NAMES if limits.takes(kind)),
        )


def which_takes(kind: Kind | InputType) -> str:
    """The next step, for what a profile does not take."""
    match profiles_taking(kind):
        case ():
            return "No profile does."
        case (only,):
            return f"Use the one that does: --profile {only}."
        case several:
            return f"Use one that does: --profile {', '.join(several[:-1])} or {several[-1]}."


INPUT_TYPE = InputTypeUnsupported()
RULES: tuple[Rule, ...] = (INPUT_TYPE,)
