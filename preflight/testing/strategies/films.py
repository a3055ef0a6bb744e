"""Films: H.264 in MP4 that is written byte by byte, and sometimes copied or encoded into something else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from preflight.limits import VideoLimits
from preflight.testing.recipes.grey import Grey, RawGrey
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.padding import Padded
from preflight.testing.recipes.silence import SilentAac
from preflight.testing.recipes.tiny_mp4 import TinyMp4
from preflight.testing.strategies import geometry as shapes
from preflight.testing.strategies import vessels
from preflight.testing.strategies.geometry import UPRIGHT, Geometry, Shapes, geometries
from preflight.testing.strategies.lengths import Aim, Length, lengths
from preflight.testing.strategies.vessels import Vessel
from preflight.testing.strategies.wishes import Codes, pick, spread
from preflight.testing.truth import MOV, VideoTruth

TOO_LONG, TOO_SHORT = "video_duration_too_long", "video_duration_too_short"
TOO_LARGE, TORN, MISMATCH = "video_filesize_too_large", "video_packets_damaged", "video_duration_mismatch"
KEYLESS = "video_starts_without_keyframe"

_RATES: Final = tuple(Fraction(*rate) for rate in ((25, 1), (30_000, 1001), (24, 1), (30, 1), (50, 1), (15, 1), (1, 1)))
_SLOW_RATES: Final = tuple(Fraction(*rate) for rate in ((1, 1), (5, 2), (1000, 1001), (1, 10)))
"""For what is long or large: the fewer frames, the sooner it is made, and decoded by whoever has to."""
_LARGE_PIXELS: Final = 1_500_000
_MOST_MISSING: Final = 50

Made = tuple[Recipe, VideoTruth, list[str]]
"""And what is odd about it, in words."""


@dataclass(frozen=True, kw_only=True)
class _Extras:
    sound: SilentAac | None
    start_s: float
    has_cover: bool
    is_index_last: bool
    is_full: bool
    """Grown to the largest size that is allowed."""


_EXTRAS = st.builds(
    _Extras,
    sound=pick((None, SilentAac(), SilentAac(channels=2, sample_rate=44_100))),
    start_s=pick((0.0, 0.0, 0.5, 10.0)),
    has_cover=st.booleans(),
    is_index_last=st.booleans(),
    is_full=pick((False,) * 15 + (True,)),
)


@st.composite
def bare_streams(draw: DrawFn, limits: VideoLimits, codes: Codes) -> Made:
    """H.264 in no container, which has no place for a rotation, sound and a clock.

    Its pixels are square: few readers look for their ratio there.
    """
    draw(st.tuples(_EXTRAS, pick((None,))))  # see `pick`
    geometry = draw(geometries(limits, codes & shapes.CODES, UPRIGHT))
    length = draw(lengths(limits, "ordinary", (Fraction(25),), _SLOW_RATES))
    truth = replace(_truth(geometry, length), container="h264", frame_rate=None)
    return RawGrey(picture=_grey(geometry, length)), truth, ["a bare stream"]


@st.composite
def films(draw: DrawFn, limits: VideoLimits, codes: Codes) -> Made:
    """In a container."""
    extras = draw(_EXTRAS)
    others = vessels.VESSELS if codes <= vessels.CODES else ()
    # What is written byte by byte comes three times as often as all that FFmpeg makes.
    vessel = draw(pick((*[None] * (3 * len(others) + 1), *others)))
    geometry = draw(geometries(limits, codes & shapes.CODES, vessel.shapes if vessel else Shapes()))
    if vessel is not None:
        fitting = shapes.even(limits, codes, geometry)
        vessel, geometry = (vessel, fitting) if fitting is not None else (None, geometry)
    length = draw(_lengths(limits, codes, geometry, vessel))
    flaws = draw(_flaws(length, codes)) if codes & {TORN, MISMATCH, KEYLESS} else _Flaws()
    larger = draw(spread(0, limits.max_media_bytes // 10)) if TOO_LARGE in codes else 0

    sound = extras.sound
    if sound is not None:
        rate = 48_000 if vessel is not None else sound.sample_rate
        sound = replace(sound, sample_rate=rate, frames=int(length.seconds * rate) // sound.SAMPLES)
        if not sound.frames or flaws.missing_frames:  # whole sound would last longer than what is left of the picture
            sound = None
    truth = _truth(geometry, length, sound)
    film = TinyMp4(picture=_grey(geometry, length), sound=sound, rotation=geometry.rotation)
    if vessel is not None:
        return vessel.recipe(film), vessel.truth(truth), list(vessel.notes)

    start_s = extras.start_s
    # The header's duration counts what is before the start.
    if MISMATCH in codes or (TOO_LONG not in codes and start_s + length.seconds > limits.max_duration_s.value):
        start_s = 0.0
    film = flaws.applied(film)
    film = replace(
        film,
        start_s=start_s,
        has_cover=extras.has_cover,
        is_index_first=flaws.is_torn_off or not extras.is_index_last,
    )
    truth = replace(truth, start_s=start_s, cover_art=extras.has_cover)
    notes = [*film.oddities(), *flaws.notes]
    if TOO_LARGE in codes or (extras.is_full and not flaws.is_torn_off):
        size = limits.max_media_bytes + (1 + larger if TOO_LARGE in codes else 0)
        return Padded(suffix=film.suffix, of=film, size_bytes=size), truth, [*notes, f"grown to {size:,} bytes"]
    return film, truth, notes


@st.composite
def _lengths(draw: DrawFn, limits: VideoLimits, codes: Codes, geometry: Geometry, vessel: Vessel | None) -> Length:
    aim: Aim = "allowed"
    if TOO_LONG in codes:
        aim = "too_long"
    elif TOO_SHORT in codes:
        aim = "too_short"
    elif vessel is not None or codes & {TORN, MISMATCH, KEYLESS}:
        aim = "ordinary"
    rates, slow = _RATES, _SLOW_RATES
    if geometry.width * geometry.height > _LARGE_PIXELS:
        rates, slow = _SLOW_RATES[:2], _SLOW_RATES[-1:]
    elif vessel is not None:
        rates = (vessel.frame_rate,)
    length = draw(lengths(limits, aim, rates, slow))
    # Clocks of other containers are coarse, and some encoders cut a little off.
    return length if vessel is None else replace(length, count=length.count + ceil(length.rate / 2))


@dataclass(frozen=True, kw_only=True)
class _Flaws:
    """What is wrong with the packets of a film."""

    first_keyframe: int = 0
    missing_frames: int = 0
    is_torn: bool = False

    @property
    def is_torn_off(self) -> bool:
        return bool(self.missing_frames or self.is_torn)

    def applied(self, film: TinyMp4) -> TinyMp4:
        assert film.picture is not None
        frames = film.picture.frames + self.missing_frames
        picture = replace(film.picture, frames=frames, first_keyframe=self.first_keyframe)
        return replace(
            film,
            picture=picture,
            missing_frames=self.missing_frames,
            is_torn=self.is_torn,
        )

    @property
    def notes(self) -> list[str]:
        said = {
            f"first keyframe is frame {self.first_keyframe}": self.first_keyframe,
            f"breaks off {self.missing_frames} frames early": self.missing_frames,
            "last frame torn": self.is_torn,
        }
        return [note for note, is_so in said.items() if is_so]


@st.composite
def _flaws(draw: DrawFn, length: Length, codes: Codes) -> _Flaws:
    """Of a film that has so many frames left."""
    more, first = draw(st.integers(0, _MOST_MISSING)), draw(st.integers(1, 5))
    # More than a second, and than a fiftieth of the whole: less is no mismatch.
    missing = floor(length.rate) + 1 + ceil(length.count * 0.03) + more
    return _Flaws(
        first_keyframe=min(first, length.count - 1) if KEYLESS in codes else 0,
        missing_frames=missing if MISMATCH in codes else 0,
        is_torn=TORN in codes,
    )


def _grey(geometry: Geometry, length: Length) -> Grey:
    return Grey(
        width=geometry.width,
        height=geometry.height,
        sample_aspect_ratio=geometry.sample_aspect_ratio,
        frames=length.count,
        frame_rate=length.rate,
        # A keyframe of a large picture has some ten thousand bytes.
        keyframe_every=max(round(length.rate), length.count // 10, 1),
    )


def _truth(geometry: Geometry, length: Length, sound: SilentAac | None = None) -> VideoTruth:
    return VideoTruth(
        container=MOV,
        codec="h264",
        audio_codec=None if sound is None else "aac",
        duration_s=length.seconds,
        width=geometry.width,
        height=geometry.height,
        rotation=geometry.rotation,
        sample_aspect_ratio=geometry.sample_aspect_ratio,
        frame_rate=length.rate,
        sample_rate=None if sound is None else sound.sample_rate,
        channels=None if sound is None else sound.channels,
        audio_tracks=0 if sound is None else 1,
        slack_s=0.001,
    )
