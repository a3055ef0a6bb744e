"""Whether anything can be decoded, asked before a plan is promised."""

from __future__ import annotations

import pytest

from preflight.errors import RejectedError
from preflight.media import AudioFacts, Source, VideoFacts
from preflight.pipeline import Preflight
from preflight.probers import probe
from preflight.probers.decodable import why_undecodable
from preflight.testing.recipes.encoder import run


@pytest.fixture(name="senseless")
def film_of_noise(tmp_path):
    """PNG in MOV of which each picture is noise, by FFmpeg's own filter."""
    path = tmp_path / "x.mov"
    noise = ["-bsf:v", "noise=amount=1"]
    run("-f", "lavfi", "-i", "testsrc=d=0.5:s=160x120:r=10", "-c:v", "png", *noise, str(path))
    return path


def test_a_plan_promises_no_film_of_which_nothing_can_be_decoded(senseless):
    facts = probe(Source.of(senseless))
    assert isinstance(facts, VideoFacts)
    assert why_undecodable(Source.of(senseless), facts) == "not one of its pictures can be decoded"
    assert Preflight().check(senseless).verdict == "fixable"
    with pytest.raises(RejectedError, match="Not one of its pictures can be decoded"):
        Preflight().plan(senseless)
    with pytest.raises(RejectedError, match="Not one frame could be decoded"):
        list(Preflight().prepare(senseless))


@pytest.mark.parametrize(
    "name", ["video/small_mp4", "video/flv1_mp3_flv", "video/theora_vorbis_ogv", "audio/ogg_vorbis"]
)
def test_of_what_is_whole_something_comes(media, name):
    source = Source.of(media(name))
    facts = probe(source)
    assert isinstance(facts, AudioFacts | VideoFacts)
    assert why_undecodable(source, facts) is None


def test_sound_of_which_nothing_can_be_decoded(media, tmp_path):
    path = tmp_path / "x.m4a"
    run("-i", str(media("audio/m4a_alac")), "-c", "copy", "-bsf:a", "noise=amount=1", str(path))
    facts = probe(Source.of(path))
    assert isinstance(facts, AudioFacts)
    assert why_undecodable(Source.of(path), facts) == "nothing of its sound can be decoded"
