"""What bytes are, from themselves; the name may only speak against them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preflight.probers.sniff import HEAD_BYTES, Refusal, sniff, suffix_of
from preflight.testing import catalogue

PLAYLISTS = {
    "ffconcat": b"ffconcat version 1.0\nfile 'secret.mp4'\n",
    "m3u8": b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
    "pls": b"[playlist]\nFile1=/etc/passwd\n",
    "dash": b'<?xml version="1.0"?>\n<!-- made by hand -->\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "smil": b"<smil><body><video src='a.mp4'/></body></smil>",
    "asx": b"<ASX version='3.0'><entry/></ASX>",
}


# Targa has no mark at its start.
MARKED = [
    c
    for c in catalogue.cases("image/*", "audio/*", "video/*")
    if c.truth is not None and c.as_kind is None and c.name != "image/tga"
]


@pytest.mark.parametrize("case", MARKED, ids=str)
def test_media_are_known_by_their_content(case):
    with case.path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for name in ("upload", "lies.txt", "lies.jpg", "lies.mp4"):
        assert sniff(head, name) == ("image" if case.truth.kind == "image" else "timed"), name


@pytest.mark.parametrize("head", PLAYLISTS.values(), ids=PLAYLISTS)
@pytest.mark.parametrize("name", ["upload.mp4", "notes.txt", "<bytes>"])
def test_what_only_names_other_files_is_refused_under_any_name(head, name):
    found = sniff(head, name)
    assert isinstance(found, Refusal)
    assert "playlist" in found.reason
    assert found.is_certain


def test_text_under_the_name_of_a_film_is_refused():
    assert sniff(b"<html>404 not found</html>", "talk.MP4") == Refusal(
        "it is named .mp4 but holds text", is_certain=False
    )
    assert sniff(b"<html>404 not found</html>", "talk.html") == "text"


@pytest.mark.parametrize(
    ("head", "guess"),
    [
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image"),
        (b"\x89PNG\r\n\x1a\n", "image"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "timed"),
        (b"\0\0\0\x1cftypheic\0\0\0\0", "image"),
        (b"\0\0\0\x1cftypisom\0\0\0\0", "timed"),
        ("Grüße aus Köln".encode(), "text"),
        ("Grüße".encode("utf-16"), "text"),
        (b"\x1b[31mred\x1b[0m " * 20, "text"),
        (b"\x1b]0;title\x07" * 3 + b"and a line or two of what the program said, as recorded\n" * 3, "text"),
        ("吾輩は猫である。".encode("iso2022_jp"), "text"),
        ("\x1b[31mGrüße\x1b[0m ".encode("latin-1"), "text"),
        (b"\x1b\x01\x1bab\x1b\x02" * 8, "timed"),
        (b"\x1b\xff\x1b\xfe\x1bab" * 8, "timed"),
        ("Grüße aus Köln".encode("latin-1"), "text"),
        (b"YUV4MPEG2 W8 H8 F25:1\nFRAME\n" + b"\x80" * 96, "timed"),
        (b"\0\x01\x02\x03" * 8, "timed"),
    ],
)
def test_magic(head, guess):
    assert sniff(head, "upload") == guess


def test_a_character_cut_off_at_the_end_of_the_head_does_not_make_text_binary():
    head = ("x" + "ü" * HEAD_BYTES).encode()[:HEAD_BYTES]
    with pytest.raises(UnicodeDecodeError):
        head.decode()
    assert sniff(head, "upload") == "text"


@given(head=st.binary(min_size=1, max_size=300), name=st.text(max_size=20))
def test_any_bytes_get_an_answer(head, name):
    assert isinstance(sniff(head, name), Refusal) or sniff(head, name) in ("text", "image", "timed", "document")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("video/h264_aac_mp4", ".mp4"),
        ("video/h264_aac_mov", ".mov"),
        ("video/h264_aac_mkv", ".mkv"),
        ("video/vp9_opus_webm", ".webm"),
        ("audio/wav_s16", ".wav"),
        ("audio/flac_24_bits", ".flac"),
        ("audio/mp3", ".mp3"),
        ("video/h264_aac_ts", None),
    ],
)
def test_suffix_of_what_is_written(media, name, suffix):
    assert suffix_of(media(name).read_bytes()[:64]) == suffix
