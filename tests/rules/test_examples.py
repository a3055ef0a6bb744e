"""The plain facts that examples and tests vary: they pass, agree with themselves, and vary as they are told to."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from preflight.media import RequestFacts
from preflight.rules import examples
from tests.rules.asking import BOTH, findings


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize("made", [examples.text, examples.image, examples.audio, examples.video, examples.multi_input])
def test_plain_facts_pass(made, profile):
    assert findings(made(), profile) == ()


def test_the_plain_audio_is_a_minute_of_wav():
    facts = examples.audio()
    assert facts.duration_s == facts.claimed_duration_s == 60.0
    header = 44
    samples = facts.duration_s * facts.sample_rate * facts.channels
    assert facts.size_bytes == header + samples * facts.bit_depth // 8
    assert [(stream.type, stream.codec) for stream in facts.streams] == [("audio", facts.codec)]
    assert f"{facts.container}/{facts.codec}" == "wav/pcm_s16le"
    assert facts.dialect is None
    assert examples.audio(dialect="RF64").dialect == "RF64"


def test_the_plain_video_is_a_minute_of_720p():
    facts = examples.video()
    assert facts.duration_s == facts.claimed_duration_s == 60.0
    assert facts.size_bytes * 8 / facts.duration_s == 1_200_000, "1.2 Mbit/s"
    assert (facts.width, facts.height) == (facts.displayed_width, facts.displayed_height) == (1280, 720)
    assert facts.rotation == 0
    assert [stream.codec for stream in facts.streams] == [facts.video_codec, facts.audio_codec] == ["h264", "aac"]


def test_the_plain_image_is_a_whole_vga_jpeg():
    facts = examples.image()
    assert (facts.format, facts.width, facts.height, facts.size_bytes) == ("JPEG", 640, 480, 90_000)
    assert (facts.frames, facts.damage) == (1, None)


def test_the_plain_text_is_four_words_in_a_plain_request():
    assert (examples.text().tokens, examples.text().blank) == (4, False)
    assert examples.multi_input() == RequestFacts(
        kind="multi_input",
        text=examples.text(),
        placeholders=("outfit",),
        names=("outfit",),
        images=(examples.image(),),
    )


@pytest.mark.parametrize(
    ("kind", "varied"),
    [
        ("text", {"tokens": 7}),
        ("text", {"blank": True}),
        ("image", {"format": "PNG"}),
        ("image", {"width": 7}),
        ("image", {"height": 7}),
        ("image", {"size_bytes": 7}),
        ("image", {"frames": 7}),
        ("image", {"damage": "cut off"}),
        ("audio", {"container": "mp3"}),
        ("audio", {"codec": "mp3"}),
        ("audio", {"size_bytes": 7}),
        ("audio", {"duration_s": 7.0}),
        ("audio", {"claimed_duration_s": 7.0}),
        ("audio", {"damaged_packets": 7}),
        ("video", {"width": 7}),
        ("video", {"height": 7}),
        ("video", {"rotation": 90}),
        ("video", {"sample_aspect_ratio": Fraction(4, 3)}),
        ("video", {"size_bytes": 7}),
        ("video", {"duration_s": 7.0}),
        ("video", {"claimed_duration_s": 7.0}),
        ("video", {"damaged_packets": 7}),
        ("video", {"starts_with_keyframe": False}),
        ("video", {"has_timestamps": False}),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_only_what_is_named_varies(kind, varied):
    made = getattr(examples, kind)
    assert made(**varied) == replace(made(), **varied)


def test_a_video_of_another_codec():
    assert examples.video(codec="vvc") == replace(examples.video(), video_codec="vvc")


def test_a_request_has_an_image_a_name():
    facts = examples.multi_input(("a", None, "b"), ("a", "c"), with_text=False)
    assert (facts.text, facts.names, facts.placeholders) == (None, ("a", None, "b"), ("a", "c"))
    assert facts.images == (examples.image(),) * 3
