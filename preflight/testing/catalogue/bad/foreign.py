"""What is no media: nothing at all, other kinds of files, error pages, and playlists that point at other files."""

from __future__ import annotations

from preflight.testing.catalogue.bad.making import foreign, rejected
from preflight.testing.catalogue.image.making import PHOTO
from preflight.testing.catalogue.interface import Case
from preflight.testing.catalogue.video.making import H264
from preflight.testing.recipes.foreign import Gzipped, Meaningless, Zipped
from preflight.testing.recipes.still import Still
from preflight.testing.recipes.written import BrokenLink, Folder, Joined, Written

_HTML = b"""<!DOCTYPE html>
<html><head><title>403 Forbidden</title></head>
<body><h1>403 Forbidden</h1></body></html>
"""
_PDF = b"""%PDF-1.4
1 0 obj
<< /Type /Catalog /Pages 2 0 R >>
endobj
2 0 obj
<< /Type /Pages /Kids [] /Count 0 >>
endobj
trailer
<< /Root 1 0 R >>
%%EOF
"""
_DASH = b"""<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT5S">
  <Period><AdaptationSet><Representation id="1" bandwidth="1">
    <BaseURL>file:///etc/hostname</BaseURL>
  </Representation></AdaptationSet></Period>
</MPD>
"""
_SDP = (
    b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)
_DOS = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8".ljust(60, b"\0") + (128).to_bytes(4, "little")
_PROGRAM = _DOS.ljust(128, b"\0") + b"PE\0\0\x64\x86" + bytes(506)
_DATABASE = b"SQLite format 3\0\x10\0\1\1\0\x40\x20\x20\0\0\0\1\0\0\0\1".ljust(4096, b"\0")
# Dates would make it another file every time.
_SCAN = Still(suffix=".pdf", save={"creationDate": None, "modDate": None})


def _written(name: str, what: str, suffix: str, data: bytes) -> Case:
    return foreign(name, what, Written(suffix=suffix, data=data))


NOTHING = (
    rejected(
        "empty",
        "No bytes at all, as uploads that broke off leave behind.",
        Written(suffix=".mp4", data=b""),
        "file_empty",
    ),
    rejected(
        "folder",
        "A folder that is called like a film, as a package of an editor is.",
        Folder(suffix=".mp4"),
        "file_unreadable",
    ),
    rejected(
        "broken_link",
        "A link to a file that was moved, as tidied media folders are full of.",
        BrokenLink(suffix=".jpg"),
        "file_unreadable",
    ),
    _written("one_byte", "One byte, as a test of a form sends it.", ".mp4", b"\0"),
    foreign(
        "zeros",
        "10 kB of zeros, as a download writes that made room on the disk and then stopped.",
        Meaningless(suffix=".mp4", size_bytes=10_000),
    ),
    foreign(
        "random_bytes",
        "10 kB without any order, as an encrypted file looks.",
        Meaningless(suffix=".mp4", size_bytes=10_000, seed=1),
    ),
)

OTHER_FILES = (
    foreign(
        "zip_of_a_photo",
        "A photograph in a ZIP archive, as clouds hand out what was picked.",
        Zipped(suffix=".zip", of=PHOTO, name="photo.jpg"),
    ),
    foreign(
        "zip_named_mp4",
        "A film in a ZIP archive that was renamed to get past a filter.",
        Zipped(suffix=".mp4", of=H264, name="film.mp4"),
    ),
    foreign(
        "docx",
        "A document of a word processor, which is a ZIP archive too.",
        Zipped(suffix=".docx", of=Written(suffix=".xml", data=b"<document/>"), name="word/document.xml"),
    ),
    foreign(
        "gzip_named_mp4", "A film as a web server sent it: compressed, and saved so.", Gzipped(suffix=".mp4", of=H264)
    ),
    foreign(
        "pdf_of_a_scan",
        "A page from a scanner: a PDF with a photograph in it, which is not to be taken for a film.",
        _SCAN,
    ),
    _written(
        "pdf_of_text",
        "A PDF that is all ASCII, as programs write reports: code, and no text to be embedded.",
        ".pdf",
        _PDF,
    ),
    _written("program", "A program for Windows, as it comes in mails.", ".exe", _PROGRAM),
    _written("database", "A database of SQLite, as phones back up their messages in.", ".db", _DATABASE),
    _written(
        "binary_named_txt",
        "Records of a program, NULs among them, that somebody called a text.",
        ".txt",
        b"name\0value\0\xff\1" * 100,
    ),
)

ERROR_PAGES = (
    _written(
        "text_named_mp4",
        "A text under a film's name, as placeholders in repositories are.",
        ".mp4",
        b"This file was moved to the archive.\n" * 5,
    ),
    _written(
        "html_named_mp4", "The error page of a server, as downloaders save it under the film's name.", ".mp4", _HTML
    ),
    _written(
        "json_named_jpg",
        "The error of an API, as scripts save it under the picture's name.",
        ".jpg",
        b'{"error":{"code":"AccessDenied"}}\n',
    ),
    foreign(
        "http_header_in_front",
        "A photograph behind the header of the answer that brought it, as self-made downloaders save it.",
        Joined(
            suffix=".bin",
            parts=(Written(suffix=".txt", data=b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"), PHOTO),
        ),
    ),
    foreign(
        "newline_in_front",
        "A photograph behind an empty line, which web scripts print before it by mistake.",
        Joined(suffix=".bin", parts=(Written(suffix=".txt", data=b"\n"), PHOTO)),
    ),
)

PLAYLISTS = (
    _written(
        "ffconcat_named_mp4",
        "37 bytes that make FFmpeg open a neighbour.",
        ".mp4",
        b"ffconcat version 1.0\nfile media.mp4\n",
    ),
    _written(
        "m3u8_named_mp4",
        "An HLS playlist under a film's name, which points at a file of the machine that reads it.",
        ".mp4",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
    ),
    _written(
        "pls_named_mp3",
        "A playlist of a radio station, saved in place of its sound.",
        ".mp3",
        b"[playlist]\nFile1=/etc/hostname\nNumberOfEntries=1\n",
    ),
    _written(
        "dash_named_mp4",
        "A DASH manifest under a film's name, which points at a file of the machine that reads it.",
        ".mp4",
        _DASH,
    ),
    _written("sdp_named_mp4", "The description of a live stream, which makes FFmpeg open ports.", ".mp4", _SDP),
)

CASES: tuple[Case, ...] = (*NOTHING, *OTHER_FILES, *ERROR_PAGES, *PLAYLISTS)
