"""Videos: films that fit or break limits, and what is called .mp4 and is no film."""

from __future__ import annotations

from functools import cache
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from preflight.limits import DEFAULT_PROFILE, Limits
from preflight.testing.recipes.written import Written
from preflight.testing.strategies import films
from preflight.testing.strategies import geometry as shapes
from preflight.testing.strategies.interface import Drawn
from preflight.testing.strategies.wishes import Breakable, Breaks, Codes, pick
from preflight.testing.truth import VideoTruth, foreseen

_CLOCKLESS = "video_without_timestamps"
_BROKEN, _FOREIGN, _EMPTY = "video_file_broken", "unsupported_file_type", "file_empty"

_NO_VIDEO: Final = {
    _EMPTY: (("an empty file", b""),),
    _BROKEN: (
        ("MP4 without its index", b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x28mdat" + bytes(32)),
        ("MP4 that breaks off after its first bytes", b"\0\0\0\x18ftypisom\0\0\0\0isom"),
        ("Matroska that breaks off after its first bytes", bytes.fromhex("1a45dfa3 93 4282 88") + b"matroska"),
    ),
    _FOREIGN: (
        ("a playlist in the place of a film", b"#EXTM3U\n#EXTINF:4,\nhttp://localhost/1.ts\n"),
        ("a list of files in the place of a film", b"ffconcat version 1.0\nfile other.mp4\n"),
        ("an archive in the place of a film", b"PK\x03\x04" + bytes(60)),
    ),
}
"""Files that are called .mp4 and are no film."""


def videos(*, fits: bool | None = None, breaks: Breaks = None, profile: str = DEFAULT_PROFILE) -> SearchStrategy[Drawn]:
    """Small videos on all sides of the limits: sizes, rotation, pixels' ratio, durations, containers, codecs, sound.

        @given(videos(fits=True))
        def test_takes_what_fits(video):
            assert upload(video.path).ok

        @given(videos(breaks="video_resolution_too_low"))
        def test_says_what_is_wrong(video):
            assert "too small" in upload(video.path).message

    `fits`: True gives what passes `preflight.check` as it is (its verdict is "pass"; it may still be warned of), False
    what breaks a limit or two, None either. `breaks`: the codes of exactly the errors that are found. `profile` names
    the limits. What is drawn is a video with a `truth`, even if it breaks a limit: what is none any more (an empty
    file, one without its index) comes only where its code is asked for.

    The simplest, which failing examples shrink to, is H.264 in MP4 without sound, upright, at the smallest legal size,
    and as long as it must be; beyond a limit, the one next to it. Most are made in a millisecond, and those of other
    codecs and containers by FFmpeg.

    Raises UsageError for a code that no video breaks under that profile, with those that some do, and MissingExtraError
    where the `testing` extra is not installed.
    """
    limits = foreseen(profile)
    return breakable(limits).wanted(fits, breaks).flatmap(lambda codes: _videos(limits, codes))


@cache
def breakable(limits: Limits) -> Breakable:
    is_error = limits.video.min_duration_is_error.value
    geometry = (shapes.LOW, shapes.HIGH, shapes.RATIO)
    durations = (films.TOO_LONG, films.TOO_SHORT) if is_error else (films.TOO_LONG,)
    timed = (*durations, films.TOO_LARGE, films.TORN, films.MISMATCH, films.KEYLESS)
    return Breakable(
        kind="video",
        codes=(*geometry, *timed, _CLOCKLESS, _BROKEN, _FOREIGN, _EMPTY),
        alone=frozenset({_BROKEN, _FOREIGN, _EMPTY}),
        clashes=(
            frozenset({films.TOO_LONG, films.TOO_SHORT}),
            frozenset({films.TOO_LARGE, films.TORN}),  # what a file is grown by would stand where its end is missing
            frozenset({films.TOO_LARGE, films.MISMATCH}),
            *(frozenset({_CLOCKLESS, code}) for code in timed),
        ),
        unless=shapes.CODES_APART,
        gone=frozenset({_BROKEN, _FOREIGN, _EMPTY}),
        why_not={films.TOO_SHORT: f"under {limits.profile} it is a warning"},
    )


@st.composite
def _videos(draw: DrawFn, limits: Limits, codes: Codes) -> Drawn:
    for code in codes & _NO_VIDEO.keys():  # at most one: they go with no other
        what, data = draw(pick(_NO_VIDEO[code]))
        gone = Written(suffix=".mp4", data=data)
        return Drawn(recipe=gone, truth=None, stem="video", what=what, profile=limits.profile, breaks=codes)
    made = films.bare_streams if _CLOCKLESS in codes else films.films
    recipe, truth, notes = draw(made(limits.video, codes))
    what = ", ".join([_described(truth), *notes])
    return Drawn(recipe=recipe, truth=truth, stem="video", what=what, profile=limits.profile, breaks=codes)


def _described(truth: VideoTruth) -> str:
    ratio = truth.sample_aspect_ratio
    sound = {None: "silent", 1: "mono", 2: "stereo"}
    said = (
        f"{truth.codec} {truth.width}x{truth.height}",
        "" if ratio == 1 else f"with pixels of {ratio.numerator}:{ratio.denominator}",
        f"rotated {truth.rotation}" if truth.rotation else "",
        "" if truth.frame_rate is None else f"at {float(truth.frame_rate):.4g} fps",
    )
    heard = f"{truth.audio_codec} {sound[truth.channels]}" if truth.audio_codec else "no sound"
    return f"{' '.join(word for word in said if word)}, {truth.duration_s:.9g} s, {heard}"
