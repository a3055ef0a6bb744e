"""Good files under wrong names, and files that are more than one thing."""

from __future__ import annotations

from preflight.testing.catalogue.audio.making import MP3, WAV
from preflight.testing.catalogue.audio.making import truth_of as sound_truth
from preflight.testing.catalogue.bad.making import left
from preflight.testing.catalogue.image.making import CONVERTED, PHOTO, PICTURE
from preflight.testing.catalogue.interface import Case
from preflight.testing.catalogue.video.making import H264
from preflight.testing.catalogue.video.making import truth_of as film_truth
from preflight.testing.recipes.foreign import Zipped
from preflight.testing.recipes.heif import Heic
from preflight.testing.recipes.png import Png
from preflight.testing.recipes.still import Still
from preflight.testing.recipes.written import Joined, Renamed
from preflight.testing.truth import ImageTruth

_IN_PNG = ImageTruth(format="PNG", width=640, height=480)
_ZIP = Zipped(suffix=".zip", of=PHOTO, name="photo.jpg")

NAMES = (
    left("jpeg_named_png", "A JPEG called a PNG, as web pages are full of.", Renamed(suffix=".png", of=PHOTO), PICTURE),
    left(
        "png_named_jpg",
        "A PNG called a JPEG, as who renames a screenshot believes to convert it.",
        Renamed(suffix=".jpg", of=Png()),
        _IN_PNG,
    ),
    left(
        "heic_named_jpg",
        "An HEIC photograph called a JPEG, as messengers hand it on.",
        Renamed(suffix=".jpg", of=Heic()),
        ImageTruth(format="HEIF", width=640, height=480),
        CONVERTED,
    ),
    left(
        "avif_named_jpg",
        "An AVIF called a JPEG, as networks that optimise pictures deliver it.",
        Renamed(suffix=".jpg", of=Still(suffix=".avif", save={"speed": 10})),
        ImageTruth(format="AVIF", width=640, height=480),
        CONVERTED,
    ),
    left(
        "wav_named_mp3",
        "A WAV called an MP3, as who renames a recording believes to compress it.",
        Renamed(suffix=".mp3", of=WAV),
        sound_truth(WAV),
    ),
    left(
        "mp4_named_wav",
        "A film called a WAV, whose sound somebody wanted.",
        Renamed(suffix=".wav", of=H264),
        film_truth(H264),
    ),
    left(
        "mp3_named_mp4",
        "An MP3 called a film, as converters of web videos write it.",
        Renamed(suffix=".mp4", of=MP3),
        sound_truth(MP3),
    ),
    left(
        "mp4_named_jpg",
        "A film called a photograph, as galleries keep moving pictures.",
        Renamed(suffix=".jpg", of=H264),
        film_truth(H264),
    ),
)

TWO_IN_ONE = (
    left(
        "jpeg_twice",
        "A photograph and once more the same, as an upload writes that was tried again.",
        Joined(suffix=".jpg", parts=(PHOTO, PHOTO)),
        PICTURE,
    ),
    left(
        "mp4_twice",
        "A film and once more the same, of which every player shows one.",
        Joined(suffix=".mp4", parts=(H264, H264)),
        film_truth(H264),
    ),
    left(
        "jpeg_and_zip",
        "A photograph and an archive in one file, as secrets are passed on.",
        Joined(suffix=".jpg", parts=(PHOTO, _ZIP)),
        PICTURE,
    ),
)

CASES: tuple[Case, ...] = (*NAMES, *TWO_IN_ONE)
