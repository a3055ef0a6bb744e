"""Where the text of a request points at its images and sources: `<@name>`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OPENING = "<@"
_STRAY = re.compile(r"<@[^\s<>]{0,40}>?")


@dataclass(frozen=True, slots=True)
class Placeholders:
    """Of one text, in order, each once."""

    names: tuple[str, ...] = ()
    """What stands in `<@name>`, whether it may be a name or not."""
    strays: tuple[str, ...] = ()
    """What begins as one does and is none, as much of it as shows which: `<@>`, `<@name` without its end."""


def placeholders_of(text: str) -> Placeholders:
    """In time that grows with the text's length alone, whatever stands in it."""
    names: dict[str, None] = {}
    strays: dict[str, None] = {}
    at = 0
    while (start := text.find(_OPENING, at)) >= 0:
        end = text.find(">", start)
        if end < 0:
            strays |= dict.fromkeys(_STRAY.findall(text, start))
            break
        if name := text[start + len(_OPENING) : end]:
            names[name] = None
        else:
            strays[text[start : end + 1]] = None
        at = end + 1
    return Placeholders(tuple(names), tuple(strays))
