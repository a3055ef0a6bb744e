"""What lies beside the picture and its sound: covers, languages, subtitles, chapters, time codes, locks."""

from __future__ import annotations

from preflight.testing.catalogue.interface import Case, file, says
from preflight.testing.catalogue.video.making import H264, SILENT, filmed, remade
from preflight.testing.recipes.film import Copy, Mux, Scene, Tone, Track
from preflight.testing.recipes.written import Written

_ART = Scene(width=500, height=500, seconds=0.04)
_COPIED = Track(of=H264, takes="v"), Track(of=H264, takes="a")


_SUBTITLES = Written(
    suffix=".srt",
    data=b"1\n00:00:00,500 --> 00:00:02,000\nHello.\n\n2\n00:00:02,500 --> 00:00:04,500\nAnd goodbye.\n",
)
_CHAPTERS = Written(
    suffix=".txt",
    data=b";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2500\ntitle=First half\n"
    b"[CHAPTER]\nTIMEBASE=1/1000\nSTART=2500\nEND=5000\ntitle=Second half\n",
)

CASES: tuple[Case, ...] = (
    filmed("silent_mp4", "A picture without sound, as drones and screen recorders make.", SILENT),
    remade(
        "cover_mp4",
        "A cover beside the film, as shops and podcast programs add it: a second picture, of another size.",
        Mux(
            suffix=".mp4",
            tracks=(Track(of=_ART), *_COPIED),
            options={
                "c:v:0": "mjpeg",
                "pix_fmt:v:0": "yuvj420p",
                "disposition:v:0": "attached_pic",
                "c:v:1": "copy",
                "c:a": "copy",
            },
        ),
        H264,
        cover_art=True,
    ),
    remade(
        "two_tracks_mkv",
        "Two sounds, the film's and a narrow one of another language, as on discs.",
        Mux(
            suffix=".mkv",
            tracks=(Track(of=H264), Track(of=Tone()), Track(of=Tone(sample_rate=22_050, channels=1))),
            options={"c:v": "copy", "c:a": "aac"},
        ),
        H264,
        audio_tracks=2,
    ),
    remade(
        "two_pictures_mp4",
        "Two pictures, as dashboard cameras record front and rear into one file.",
        Mux(suffix=".mp4", tracks=(*_COPIED, Track(of=H264, takes="v")), options={"c": "copy"}),
        H264,
    ),
    remade(
        "subtitles_mp4",
        "Subtitles as a track of MP4, as editors export them.",
        Mux(
            suffix=".mp4", tracks=(*_COPIED, Track(of=_SUBTITLES, takes="s")), options={"c": "copy", "c:s": "mov_text"}
        ),
        H264,
    ),
    remade(
        "subtitles_mkv",
        "Subtitles as a track of Matroska, as ripped films have them.",
        Mux(suffix=".mkv", tracks=(*_COPIED, Track(of=_SUBTITLES, takes="s")), options={"c": "copy"}),
        H264,
    ),
    remade(
        "chapters_mp4",
        "Chapters, which MP4 stores as a track of text, as lectures have them.",
        Mux(suffix=".mp4", tracks=(*_COPIED, Track(of=_CHAPTERS, takes="d?")), options={"c": "copy"}),
        H264,
    ),
    remade(
        "timecode_mov",
        "A track of time code, as professional cameras write.",
        Copy(suffix=".mov", of=H264, options={"timecode": "01:00:00:00"}),
        H264,
    ),
    file(
        "video/encrypted_mp4",
        "Encrypted for a shop's player (CENC), as bought films are: all but its pictures and sounds can be read.",
        Copy(
            suffix=".mp4",
            of=H264,
            options={
                "encryption_scheme": "cenc-aes-ctr",
                "encryption_key": "00112233445566778899aabbccddeeff",
                "encryption_kid": "0123456789abcdef0123456789abcdef",
            },
        ),
        None,
        says("unsupported_file_type", gives="rejected"),
    ),
)
