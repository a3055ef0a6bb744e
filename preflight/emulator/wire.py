"""What a refusal looks like on the wire, in both shapes that the service uses (CONTRACT 5.1 to 5.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

DOCS_ERRORS = "https://docs.twelvelabs.io/api-reference/error-codes"


class Refusal(Exception):  # noqa: N818 (it is an answer of the service, not a failure of ours)
    """A request that is answered with an error instead of embeddings."""

    def __init__(self, status: int, code: str, message: str, docs_url: str = DOCS_ERRORS) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.docs_url = docs_url
        self.headers: Mapping[str, str] = {}
        """Besides those of every answer."""

    def body(self) -> Mapping[str, object]:
        """Flat, as the service answers live; nested for 413, where the official SDK parses nothing else."""
        if self.status == 413:  # noqa: PLR2004 (Content Too Large)
            return nested(self.code, self.message)
        return {"code": self.code, "message": self.message, "docs_url": self.docs_url}


def nested(code: str, message: str, details: Mapping[str, str] | None = None) -> dict[str, object]:
    return {"error": {"code": code, "message": message, "details": details or {}}}


def invalid(parameter: str, why: str) -> Refusal:
    return Refusal(400, "parameter_invalid", f"The `{parameter}` parameter is invalid. {why}")


def missing(parameter: str) -> Refusal:
    return Refusal(400, "parameter_not_provided", f"The `{parameter}` parameter is required but was not provided.")


def unknown(parameters: Sequence[str]) -> Refusal:
    """Of one or more keys that the contract does not name."""
    if len(parameters) == 1:
        return Refusal(400, "parameter_unknown", f"The `{parameters[0]}` parameter is unknown.")
    listed = ", ".join(f"`{parameter}`" for parameter in parameters)
    return Refusal(400, "parameter_unknown", f"The following parameters are unknown: {listed}.")
