"""What bytes are, from themselves; the name may only speak against them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import preflight
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


SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
BEFORE_SVG = {
    "nothing": "",
    "white space": " \n\t",
    "a declaration": '<?xml version="1.0"?>\n',
    "a stylesheet": '<?xml version="1.0"?>\n<?xml-stylesheet type="text/css" href="a>b.css"?>\n',
    "comments": "<!-- <html> --><!---->",
    "a doctype": '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">',
    "a doctype with a subset": '<!DOCTYPE svg [ <!ENTITY a "]>"> <!-- ]> it\'s --> <?x ]> ?> <!ELEMENT svg ANY> ] >',
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "iso2022_jp"])
@pytest.mark.parametrize("before", BEFORE_SVG.values(), ids=BEFORE_SVG)
def test_an_svg_is_one_behind_all_that_may_stand_before_it(before, encoding):
    assert sniff((before + SVG).encode(encoding), "notes.txt") == Refusal(
        "it is an SVG drawing, which is never rendered here"
    )


@pytest.mark.parametrize(
    "root", ["<svg/>", "<svg>", "<SVG\n", "<svg:svg xmlns:svg='http://www.w3.org/2000/svg'>", "<d:svg xmlns:d=''/>"]
)
def test_however_its_first_element_is_written(root):
    assert isinstance(sniff(root.encode(), "x"), Refusal)


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html>\n<html><body><svg/></body></html>",
        "<html><svg/></html>",
        "<p>A logo: <svg/></p>",
        "Write <svg/> where the drawing is to be.",
        "<!-- a note --> and then words, <svg/>",
        "<?php echo '<svg/>';",
        "<!DOCTYPE svg",
        "<svgx/>",
        "<svg.svg/>",
        "%! is no PostScript",
        "#define MAX_WIDTH 3\n",
    ],
)
def test_what_only_speaks_of_a_drawing_is_text(text):
    assert sniff(text.encode(), "x") == "text"
    assert preflight.check(text.encode()).kind == "text"


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (b"/* XPM */\nstatic char *a[] = {", "XPM"),
        (b"#define a_width 8\n#define a_height 8\nstatic char a_bits[] = {", "XBM"),
        (b"#FIG 3.2\n", "Xfig"),
    ],
)
def test_other_pictures_that_are_written_as_text_are_refused(head, what):
    found = sniff(head, "upload")
    assert isinstance(found, Refusal)
    assert what in found.reason
    assert preflight.check(head).verdict == "rejected"


@pytest.mark.parametrize(
    "before", ["<!--" + "x" * HEAD_BYTES + "-->", "\n" * HEAD_BYTES, "<?a " + "x" * 300_000 + "?>"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_drawing_behind_more_than_is_read_at_first(before, encoding):
    found = preflight.check((before + SVG).encode(encoding))
    assert [f.code for f in found.findings] == ["unsupported_file_type"]
    assert preflight.check((before + "words").encode(encoding)).kind == "text"


PIECES = ("<!--", "-->", "<?", "?>", "<!DOCTYPE ", "[", "]", "<", ">", '"', "'", "a_width ", "#define ", " ", "svg:")


@pytest.mark.parametrize("start", ["", "<!DOCTYPE a ", "<!DOCTYPE a [", "<!--", "<?"])
def test_no_text_takes_long_to_tell(start):
    begun = time.process_time()
    for one in PIECES:
        for other in PIECES:
            sniff((start + (one + other) * HEAD_BYTES).encode()[:HEAD_BYTES], "x")
    assert (
        time.process_time() - begun < 0.05 * len(PIECES) ** 2
    )  # it takes 3 ms each; a square of it would take minutes


def test_a_playlist_with_a_mark_is_one():
    assert isinstance(sniff(b"\xef\xbb\xbf#EXTM3U\n", "notes.txt"), Refusal)
    assert isinstance(sniff("<!-- a --><MPD/>".encode("utf-16"), "notes.txt"), Refusal)


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
