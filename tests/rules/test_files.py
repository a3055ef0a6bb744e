"""Formats that are taken (CONTRACT 1.5), and what becomes of sources that could not be probed."""

from __future__ import annotations

import pytest

from preflight.media import Unprobed
from preflight.rules import examples
from tests.rules.asking import BOTH, ERRORS_PAGE, codes, error, findings, mendable

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
AUDIO_TAKEN = "wav/pcm_s, wav/pcm_u, wav/pcm_f, mp3/mp3, flac/flac"


def unprobed(code, reason="it is none", size_bytes=9):
    return Unprobed(size_bytes=size_bytes, code=code, reason=reason)


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    ("facts", "is_taken"),
    [
        *((examples.image(format=name), True) for name in ("JPEG", "PNG")),
        *((examples.image(format=name), False) for name in ("HEIF", "WEBP", "GIF", "AVIF", "MPO", "jpeg", "JPEG2000")),
        *((examples.audio(codec=f"pcm_{name}"), True) for name in ("u8", "s16le", "s24le", "s32le", "f32le", "f64le")),
        *((examples.audio(codec=name), False) for name in ("pcm_mulaw", "pcm_alaw", "adpcm_ms", "gsm_ms", "mp3")),
        (examples.audio(container="mp3", codec="mp3"), True),
        (examples.audio(container="flac", codec="flac"), True),
        (examples.audio(container="ogg", codec="flac"), False),
        (examples.audio(container="aiff", codec="pcm_s16be"), False),
        (examples.audio(container="aac", codec="aac"), False),
        (examples.audio(container=MP4, codec="aac"), False),
        *((examples.audio(dialect=name), False) for name in ("RF64", "BW64", "RIFX", "24 bits in 32")),
        (examples.audio(codec="pcm_s16be", dialect="RIFX"), False),
        # A demuxer of many names is taken by any of them.
        (examples.audio(container="rf64,wav", codec="pcm_s16le"), True),
        *((examples.video(codec=name), True) for name in ("h264", "hevc", "av1", "mpeg1video", "prores", "ffv1")),
        *((examples.video(codec=name), False) for name in ("vvc", "evc", "apv")),
    ],
)
def test_formats(facts, is_taken, profile):
    assert codes(facts, profile) == ["unsupported_file_type"] * (not is_taken)


@pytest.mark.parametrize(
    ("facts", "measured", "limit"),
    [
        (examples.image(format="HEIF"), "HEIF", "JPEG, PNG"),
        (examples.audio(container=MP4, codec="aac"), "mov/aac", AUDIO_TAKEN),
        (examples.audio(codec="pcm_mulaw"), "wav/pcm_mulaw", AUDIO_TAKEN),
        (examples.audio(dialect="RF64"), "wav/RF64", AUDIO_TAKEN),
        (examples.audio(codec="pcm_s32le", dialect="24 bits in 32"), "wav/24 bits in 32", AUDIO_TAKEN),
        (examples.video(codec="vvc"), "mov/vvc", "codecs of FFmpeg 6"),
    ],
)
def test_what_is_said_of_a_format_that_can_be_converted(facts, measured, limit):
    said = f"The API does not take {measured}. `preflight prepare` converts it."
    assert findings(facts) == (mendable("unsupported_file_type", said, measured=measured, limit=limit),)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            unprobed("file_empty", "it holds no bytes", size_bytes=0),
            error("file_empty", "It holds no bytes. Upload or export it again.", measured=0),
        ),
        (  # whoever found it so knows the next step
            unprobed("file_unreadable", "a.mp4 may not be read. Check it.", size_bytes=None),
            error("file_unreadable", "a.mp4 may not be read. Check it."),
        ),
        (
            unprobed("unsupported_file_type", "it is a playlist"),
            error("unsupported_file_type", "It is a playlist. Give a text, an image, audio or video."),
        ),
        (
            unprobed("text_encoding_unknown", "it is not in UTF-8"),
            error(
                "text_encoding_unknown",
                "It is not in UTF-8. Save it as UTF-8, or name its encoding (`--encoding`).",
                measured=9,
            ),
        ),
        (
            unprobed("image_file_broken", "it has no header"),
            error("image_file_broken", "It has no header. Export or download it again.", docs=ERRORS_PAGE),
        ),
        (
            examples.image(damage="the end of the JPEG is missing"),
            error(
                "image_file_broken", "The end of the JPEG is missing. Export or download it again.", docs=ERRORS_PAGE
            ),
        ),
        (
            unprobed("audio_file_broken", "it holds no sound"),
            error("audio_file_broken", "It holds no sound. Export or download it again.", measured=9, docs=ERRORS_PAGE),
        ),
        (
            unprobed("video_file_broken", "it has no index"),
            error(
                "video_file_broken",
                "It has no index. Check that it plays, then export or download it again.",
                measured=9,
                docs=ERRORS_PAGE,
            ),
        ),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_what_is_said_of_what_cannot_be_probed(facts, expected):
    assert findings(facts) == (expected,)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("it is cut off", "It is cut off."),
        ("It is cut off.", "It is cut off."),
        ("it is cut off!", "It is cut off!"),
        ("is it cut off?", "Is it cut off?"),
        ("its codec is H.264", "Its codec is H.264."),  # only its first letter is raised, nothing is lowered
        ("é is its name", "É is its name."),
    ],
)
def test_a_reason_becomes_a_sentence_before_its_next_step(reason, sentence):
    (found,) = findings(unprobed("file_empty", reason))
    assert found.message == f"{sentence} Upload or export it again."
