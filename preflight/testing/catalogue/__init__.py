"""Named edge cases: every bound of every limit from both sides, and the oddities of real files.

    from preflight.testing import catalogue

    upload = catalogue.case("video/rotated_90_hevc")
    upload.path                # the file, made when it is first asked for, and kept
    upload.truth.duration_s    # what is true of it because of how it was made
    upload.expected["marengo3.0"].codes  # what `preflight.check` must say

`preflight cases` lists them.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache

from preflight.errors import UsageError
from preflight.testing.catalogue.interface import Case as Case

__all__ = ["Case", "case", "cases"]


def case(name: str) -> Case:
    """The case of that name: its `path` (or `input`, where it is no file), its `truth`, and what is `expected` of it.

    Raises UsageError where there is none, with the names that are near.
    """
    known = _by_name()
    if name not in known:
        raise UsageError(f"there is no case {name!r}. {_hint(name)}")
    return known[name]


def cases(*patterns: str) -> tuple[Case, ...]:
    """All cases, or those whose name matches one of the patterns (`video/*`, `*/*_cut*`), in order.

    Raises UsageError for a pattern that matches nothing: a test over no case would pass.
    """
    everything = tuple(_by_name().values())
    for pattern in patterns:
        if not any(fnmatchcase(each.name, pattern) for each in everything):
            raise UsageError(f"no case matches {pattern!r}. {_hint(pattern)}")
    return tuple(c for c in everything if not patterns or any(fnmatchcase(c.name, p) for p in patterns))


def _hint(name: str) -> str:
    from difflib import get_close_matches

    kinds = {known.partition("/")[0] for known in _by_name()}
    if (kind := name.strip("/").lower()) in kinds:
        return f"Perhaps you mean '{kind}/*'."
    near = get_close_matches(name.lower(), _by_name(), n=3, cutoff=0.6)
    return f"Perhaps you mean {' or '.join(near)}." if near else "`preflight cases` lists them."


@cache
def _by_name() -> dict[str, Case]:
    """Read when it is first asked for: a hundred recipes are a few milliseconds."""
    from preflight.testing.catalogue import audio, bad, image, request, text, video

    found: dict[str, Case] = {}
    for room in (text, image, audio, video, request, bad):
        for each in room.CASES:
            assert each.name not in found, f"two cases are called {each.name}"
            found[each.name] = each
    return found
