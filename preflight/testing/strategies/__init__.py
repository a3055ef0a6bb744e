"""Hypothesis strategies: small media that fit, break a limit, or are damaged, for property tests of your own code.

    from hypothesis import given
    from preflight.testing.strategies import damaged, videos

    @given(videos(fits=True))
    def test_takes_what_fits(video):
        assert upload(video.path).ok

    @given(videos(breaks="video_resolution_too_low"))
    def test_says_what_is_wrong(video):
        assert "too small" in upload(video.path).message

    @given(damaged(videos()))
    def test_never_falls_over(wreck):
        assert upload(wreck.path).status in (200, 422)

`images`, `audio` and `videos` draw files (`Drawn`), `texts` strings, `requests` a `preflight.TextImage` or
`preflight.MultiInput`. All of them take `fits`, `breaks` and `profile`, and shrink to the simplest that fails. Most
files are written byte by byte in a millisecond and not encoded, so that hundreds of examples take seconds.

They need the `testing` extra.
"""

from __future__ import annotations

from importlib.util import find_spec

from preflight.errors import MissingExtraError

if find_spec("hypothesis") is None:
    raise MissingExtraError("drawing media", "testing")

from preflight.testing.strategies.damage import FlipAt, damaged
from preflight.testing.strategies.image import images
from preflight.testing.strategies.interface import Drawn
from preflight.testing.strategies.request import requests
from preflight.testing.strategies.sound import audio
from preflight.testing.strategies.text import texts
from preflight.testing.strategies.video import videos

__all__ = ["Drawn", "FlipAt", "audio", "damaged", "images", "requests", "texts", "videos"]
