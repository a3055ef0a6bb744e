"""What lies beside the sound: tags, cover art, chapters, seek tables, and lengths that are missing or untrue."""

from __future__ import annotations

import struct

from preflight.testing.catalogue.audio.making import CONVERTED, FLAC, LOSSLESS, M4A, MP3, MP3_FRAMES, WAV, remade, sound
from preflight.testing.catalogue.interface import Case, says
from preflight.testing.corrupt.splice import Edit
from preflight.testing.recipes import id3
from preflight.testing.recipes.film import Copy, Film, Mux, Scene, Track
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.spliced import Spliced
from preflight.testing.recipes.written import Joined, Written

_MP3_S = 0.08
_UNTAGGED = sound(".mp3", "libmp3lame", options={"id3v2_version": 0})


def _tagged(of: Film, *, before: bytes = b"", after: bytes = b"") -> Recipe:
    parts = (Written(suffix=".tag", data=before), of, Written(suffix=".tag", data=after))
    return Joined(suffix=of.suffix, parts=parts)


def _covered(of: Film) -> Recipe:
    """With a picture that is attached to it; the sound is copied."""
    cover = Track(of=Scene(width=500, height=500, seconds=0.04))
    options: dict[str, str | float | None] = {
        "c:a": "copy",
        "c:v": "mjpeg",
        "pix_fmt": "yuvj420p",
        "disposition:v:0": "attached_pic",
    }
    return Mux(suffix=of.suffix, tracks=(Track(of=of, takes="a"), cover), options=options)


_OLD_TAG = Written(suffix=".tag", data=id3.id3v1("Somebody"))
_TITLE = id3.id3v2(id3.text("TIT2", "Title"))
_CHAPTERS = _tagged(_UNTAGGED, before=id3.id3v2(*id3.chapters(0.0, 2.5, end_s=5.0)))

_PLACE = id3.frame("TXXX", b"\x03location\0-33.8583+151.2083/")

TAGS: tuple[Case, ...] = (
    remade(
        "mp3_says_where",
        "An MP3 that says where it was recorded, as field recorders with a receiver write it.",
        _tagged(_UNTAGGED, before=id3.id3v2(_PLACE)),
        _UNTAGGED,
        says("audio_has_location"),
    ),
    remade(
        "mp3_cover_art",
        "An MP3 with a picture, as every shop sells them: it is no video.",
        _covered(MP3),
        MP3,
        cover_art=True,
        slack_s=_MP3_S,
    ),
    remade("flac_cover_art", "A FLAC with a picture, as CDs are archived.", _covered(FLAC), FLAC, cover_art=True),
    remade(
        "m4a_cover_art",
        "An M4A with a picture, as shops sell music: it is no video.",
        _covered(M4A),
        M4A,
        CONVERTED,
        cover_art=True,
    ),
    remade(
        "mp3_id3v1",
        "An MP3 with a tag of 128 bytes at its end, as the nineties left it.",
        _tagged(_UNTAGGED, after=id3.id3v1("Title")),
        MP3,
        slack_s=_MP3_S,
    ),
    remade(
        "mp3_ape",
        "An MP3 with an APE tag at its end, as programs write that even out loudness.",
        _tagged(_UNTAGGED, after=id3.ape(Title="Title", REPLAYGAIN_TRACK_GAIN="-6.50 dB")),
        MP3,
        slack_s=_MP3_S,
    ),
    remade(
        "mp3_id3v2_footer",
        "An MP3 whose tag ends as it begins, which version 2.4 allows: it is ten bytes longer than it says.",
        _tagged(_UNTAGGED, before=id3.id3v2(id3.text("TPE1", "Somebody"), footer=True)),
        MP3,
        slack_s=_MP3_S,
    ),
    remade(
        "mp3_id3v1_enlarged",
        "An MP3 with a longer title and artist before the tag at its end, as programs around 2000 wrote them.",
        _tagged(_UNTAGGED, after=id3.enlarged("Somebody") + id3.id3v1("Title")),
        MP3,
        slack_s=_MP3_S,
    ),
    remade(
        "mp3_ape_in_front",
        "An MP3 behind an APE tag, as programs that stream write it.",
        _tagged(_UNTAGGED, before=id3.ape(Artist="Somebody")),
        MP3,
        slack_s=_MP3_S,
    ),
    remade(
        "mp3_joined_id3v1",
        "Two MP3 one behind the other, each with a tag of 128 bytes at its end: the first one is in the middle.",
        Joined(suffix=".mp3", parts=(MP3_FRAMES, _OLD_TAG, MP3_FRAMES, _OLD_TAG)),
        MP3_FRAMES,
        duration_s=10.0,
        slack_s=2 * _MP3_S,
    ),
    remade(
        "flac_trailing",
        "A FLAC with something behind its last frame, as programs that know no tags leave their notes.",
        _tagged(FLAC, after=b"recorded by Somebody"),
        FLAC,
    ),
    remade(
        "wav_trailing",
        "A WAV with something behind its last chunk, as programs that know no tags leave their notes.",
        _tagged(WAV, after=b"recorded by Somebody"),
        WAV,
        bit_depth=16,
    ),
    remade(
        "mp3_lyrics3",
        "An MP3 with its words behind it in a tag of the nineties, which decoders take for a frame.",
        _tagged(_UNTAGGED, after=id3.lyrics3("[00:01]la la la") + id3.id3v1("Title")),
        MP3,
        says("audio_junk", gives=LOSSLESS),
        slack_s=_MP3_S,
    ),
    remade(
        "mp3_joined",
        "Two MP3 one behind the other, as who joins files by copying makes one: the second's tag is in the middle.",
        Joined(suffix=".mp3", parts=(MP3_FRAMES, Written(suffix=".tag", data=_TITLE), MP3_FRAMES)),
        MP3_FRAMES,
        says("audio_junk", gives=LOSSLESS),
        duration_s=10.0,
        slack_s=2 * _MP3_S,
    ),
    remade(
        "mp3_behind_junk",
        "An MP3 behind 20,000 bytes of something else, as what is saved of a stream or of a damaged disk begins.",
        _tagged(_UNTAGGED, before=b"\xde\xad\xbe\xef" * 5_000),
        MP3,
        says("audio_junk", gives=LOSSLESS),
        slack_s=_MP3_S,
    ),
    remade(
        "flac_id3v2",
        "A FLAC behind an ID3 tag, which the format does not know, as careless tagging programs left it.",
        _tagged(FLAC, before=id3.id3v2(id3.text("TIT2", "Title"))),
        FLAC,
    ),
    remade("mp3_chapters", "An MP3 with chapters, as podcasts are published.", _CHAPTERS, MP3, slack_s=_MP3_S),
    remade(
        "m4b_chapters",
        "An M4B with chapters, as audio books are sold; they make a second track of text.",
        Copy(suffix=".m4b", of=_CHAPTERS, options={"c": "aac"}),
        M4A,
        CONVERTED,
    ),
)

_STREAMINFO_END = 42
_FRAME_SIZES, _TOTAL_SAMPLES, _MD5 = (12, 18), (21, 26), (26, _STREAMINFO_END)
_16_BITS = 0xF << 36
"""What shares a byte with the number of samples: bits of a sample, less one."""
_HOUR = 3_600 * 44_100
_PLACEHOLDER = (1 << 64) - 1
_FRAME_SAMPLES = 4_608
"""Of FFmpeg at this rate."""


def _samples(count: int) -> Edit:
    return Edit(*_TOTAL_SAMPLES, (_16_BITS | count).to_bytes(5, "big"))


def _zeros(start: int, end: int) -> Edit:
    return Edit(start, end, bytes(end - start))


_SEEK_POINTS = struct.pack(">QQHQQH", 0, 0, _FRAME_SAMPLES, _PLACEHOLDER, 0, 0)
_SEEK_TABLE = b"\x03" + len(_SEEK_POINTS).to_bytes(3, "big") + _SEEK_POINTS

LENGTHS: tuple[Case, ...] = (
    remade(
        "flac_seek_table",
        "A FLAC with a table of places to seek to, as the reference encoder writes.",
        Spliced(suffix=".flac", of=FLAC, edits=(Edit(_STREAMINFO_END, _STREAMINFO_END, _SEEK_TABLE),)),
        FLAC,
    ),
    remade(
        "flac_streamed",
        "A FLAC that states neither length nor checksum, which is allowed, as encoders write into a pipe.",
        Spliced(suffix=".flac", of=FLAC, edits=(_zeros(*_FRAME_SIZES), _samples(0), _zeros(*_MD5))),
        FLAC,
    ),
    remade(
        "flac_claims_an_hour",
        "A FLAC whose header claims an hour over five seconds, as of a recording that was planned longer.",
        Spliced(suffix=".flac", of=FLAC, edits=(_samples(_HOUR), _zeros(*_MD5))),
        FLAC,
        says("audio_duration_mismatch", "audio_duration_too_long", gives=LOSSLESS),
    ),
)

CASES: tuple[Case, ...] = (*TAGS, *LENGTHS)
