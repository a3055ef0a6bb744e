"""What coded pictures say of themselves, where their container says nothing or something else."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from preflight.media import Source, VideoFacts
from preflight.probers import probe
from preflight.testing.corrupt import FlipBits, LieAboutSize
from preflight.testing.recipes.film import X264, Copy, Film, Scene
from preflight.testing.recipes.grey import Grey, RawGrey
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.tiny_mp4 import TinyMp4
from preflight.testing.store import Store

ANAMORPHIC = Scene(seconds=1, sample_aspect_ratio=Fraction(4, 3))


def facts_of(media: Path | bytes) -> VideoFacts:
    facts = probe(Source.of(media))
    assert isinstance(facts, VideoFacts)
    return facts


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.mark.parametrize(
    "recipe",
    [
        RawGrey(picture=Grey(sample_aspect_ratio=Fraction(4, 3))),
        Copy(suffix=".ts", of=TinyMp4(picture=Grey(sample_aspect_ratio=Fraction(4, 3)))),
        Film(suffix=".ts", scene=ANAMORPHIC, options=X264),
        Film(suffix=".ts", scene=ANAMORPHIC, options={"c:v": "mpeg2video", "c:a": "mp2"}),
        Film(suffix=".mpg", scene=ANAMORPHIC, options={"c:v": "mpeg2video", "c:a": "mp2"}),
        Film(suffix=".mxf", scene=ANAMORPHIC, options={"c:v": "mpeg2video", "c:a": "pcm_s16le"}),
        Film(suffix=".hevc", scene=ANAMORPHIC, tones=(), options={"c:v": "libx265", "x265-params": "log-level=none"}),
    ],
    ids=lambda recipe: f"{type(recipe).__name__}{recipe.suffix}",
)
def test_the_shape_of_a_pixel_is_found_where_no_header_states_it(recipe: Recipe, store: Store):
    facts = facts_of(store.path(recipe))
    assert facts.sample_aspect_ratio == Fraction(4, 3)
    assert facts.displayed_width == round(facts.width * 4 / 3)


@pytest.mark.parametrize("name", ["video/small_mp4", "video/hevc_aac_mp4", "video/av1_aac_mp4", "video/h264_aac_mkv"])
@pytest.mark.parametrize("size", [(4_096, 4_096), (480, 368), (64, 64)])
def test_a_container_that_lies_about_the_size_is_not_believed(media, name: str, size: tuple[int, int]):
    truth = facts_of(media(name))
    width, height = size
    lying = LieAboutSize(width=width, height=height)(media(name).read_bytes())
    assert (facts_of(lying).width, facts_of(lying).height) == (truth.width, truth.height)


def test_of_h264_a_container_may_show_less_of_the_last_blocks(media):
    whole = media("video/h264_aac_mp4").read_bytes()
    assert facts_of(LieAboutSize(width=476, height=360)(whole)).width == 476


@pytest.mark.parametrize("seed", range(20))
def test_damaged_pictures_are_for_others_to_complain_of(media, seed: int):
    wrecked = FlipBits(where="data", bits=500, seed=seed)(media("video/h264_aac_ts").read_bytes())
    assert probe(Source.of(wrecked)).kind in ("video", "audio", "unknown")
