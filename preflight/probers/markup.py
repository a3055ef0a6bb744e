"""Text → the element that an XML or HTML document begins with: what tells a drawing or a playlist from a text.

Not a parser: only what may stand before that element is read, each character once, and nothing is built of it.
"""

from __future__ import annotations

import re

# No part of it is tried in two ways: what has no end is given up where it begins, so that time grows with length alone.
_PROLOG = re.compile(
    r"""
    (?: [\s\ufeff]++
      | <!-- .*? -->
      | <\? .*? \?>
      | <!DOCTYPE (?: [^'"\[>]++ | '[^']*+' | "[^"]*+" )*+
          (?: \[ (?: [^'"\]<]++ | '[^']*+' | "[^"]*+" | <!-- .*? --> | <\? .*? \?> | <(?!!--|\?) )*+ \] )?+
          \s*+ >
    )*+
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_BEGUN = re.compile(r"\Z|<!--|<\?|<!DOCTYPE", re.IGNORECASE)
_ROOT = re.compile(r"<([^\s<>/=?!&'\"]+)")


def root_element(text: str) -> str | None:
    """Its name in small letters, without a prefix: `svg`, `html`, ...; None where the text begins with anything else
    than comments, instructions, a DOCTYPE and then an element, or ends before that.
    """
    root = _ROOT.match(text, _prolog_end(text))
    return root.group(1).rpartition(":")[2].lower() if root is not None else None


def ends_in_prolog(text: str) -> bool:
    """Whether more of the text could tell more."""
    return _BEGUN.match(text, _prolog_end(text)) is not None


def _prolog_end(text: str) -> int:
    prolog = _PROLOG.match(text)
    return prolog.end() if prolog is not None else 0
