"""Requests of several parts: how many images, what they are called, what the text says of them, and what is wrong
with one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from preflight.media import Fidelity, MultiInput, NamedImage, NamedSource, TextImage
from preflight.testing.catalogue.interface import Case, request, says
from preflight.testing.medium import Medium
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.padding import Padded
from preflight.testing.recipes.spliced import Spliced
from preflight.testing.recipes.still import Still
from preflight.testing.recipes.written import Written
from preflight.testing.truth import Expected, RequestTruth

_TRANSCODED = Fidelity.TRANSCODED

_PHOTO = Still(suffix=".jpg", width=320, height=240)
_DRAWING = Still(suffix=".png", width=320, height=240)
_ICON = Still(suffix=".png", width=64, height=64)
_WEBP = Still(suffix=".webp", width=320, height=240)
# 5.1 MB, as noise is of the size of its pixels.
_NOISE = Still(suffix=".png", shows="noise", width=1_300, height=1_300, save={"compress_level": 1})
_FIVE_MB = Padded(suffix=".png", of=_DRAWING, size_bytes=5_000_000)
_CUT_OFF = Spliced(suffix=".png", of=_DRAWING, keeps=200)
_SOUND = Written(
    suffix=".wav",
    data=b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\4\0\0\0\0\0\0\0",
)

_WORDS = "A photo of the coast at noon."
_501_TOKENS = " ".join(["word"] * 501)
"""By construction: "word" is one token, and so is it with the blank before it."""

Named = tuple[str | None, Recipe]


def _path(recipe: Recipe) -> Path:
    return Medium(recipe=recipe, truth=None).path


def _pair(name: str, what: str, text: str, image: Recipe, strict: Expected | None = None, **others: Expected) -> Case:
    """A text and an image."""
    return request(
        f"request/{name}",
        what,
        lambda: TextImage(text, _path(image)),
        RequestTruth(kind="text_image", images=1),
        strict,
        newest=others.get("newest"),
    )


def _several(
    name: str,
    what: str,
    images: Sequence[Named],
    text: str | None = None,
    strict: Expected | None = None,
    *,
    newest: Expected | None = None,
) -> Case:
    """Images with or without names, and perhaps a text that names them."""
    return request(
        f"request/{name}",
        what,
        lambda: MultiInput([NamedImage(_path(image), called) for called, image in images], text),
        RequestTruth(kind="multi_input", images=len(images), has_text=text is not None),
        strict,
        newest=newest,
    )


def _refused(*codes: str) -> Expected:
    return says(*codes, gives="rejected")


def _photos(count: int) -> list[Named]:
    return [(None, _PHOTO)] * count


COUNTS: tuple[Case, ...] = (
    _several("1_image", "One image without a text, as a shop looks for what is alike.", _photos(1)),
    _several("10_images", "As many images as are allowed, as an album.", _photos(10)),
    _several(
        "11_images",
        "An image too many, as an album that nobody counted.",
        _photos(11),
        None,
        _refused("media_sources_count"),
    ),
    _several(
        "0_images", "A list of images that is empty, and a text beside it.", (), _WORDS, _refused("media_sources_count")
    ),
    _several(
        "nothing",
        "Neither image nor text, as a form sends that was not filled in.",
        (),
        None,
        _refused("media_sources_count"),
    ),
    _several(
        "10_images_of_5_mb",
        "Ten images of the most bytes that the strict reading allows, a body of 67 MB: no page states a limit of it.",
        [(None, _FIVE_MB)] * 10,
    ),
)

PAIRS: tuple[Case, ...] = (
    _pair("text_and_image", "A photo and its caption, as a news agency sends them.", _WORDS, _PHOTO),
    _pair(
        "image_too_small",
        "A caption and an icon, which is smaller than images may be.",
        _WORDS,
        _ICON,
        says("image_resolution_too_low", gives=_TRANSCODED),
    ),
    _pair(
        "image_webp",
        "A caption and a picture in the format of web pages.",
        _WORDS,
        _WEBP,
        says("unsupported_file_type", gives=_TRANSCODED),
    ),
    _pair(
        "image_too_large",
        "A caption and 5.1 MB of picture, which fit one reading and not the other.",
        _WORDS,
        _NOISE,
        says("image_filesize_too_large", gives=_TRANSCODED),
        newest=says(),
    ),
    _pair(
        "image_cut_off",
        "A caption and a picture whose download broke off.",
        _WORDS,
        _CUT_OFF,
        _refused("image_file_broken"),
    ),
    _pair(
        "image_is_sound",
        "A caption, and a recording where the picture should be.",
        _WORDS,
        _SOUND,
        _refused("unsupported_file_type"),
    ),
    _pair(
        "501_tokens",
        "A photo with a text of a token too many, which cannot be cut without its image.",
        _501_TOKENS,
        _PHOTO,
        _refused("token_limit_exceeded"),
    ),
    _pair(
        "text_blank",
        "A photo with a caption of blanks, as a form sends that was not filled in.",
        " \n",
        _PHOTO,
        _refused("text_empty"),
    ),
    _pair(
        "text_lone_surrogate",
        "A photo with a caption that ends in half an emoji, which no encoding can carry.",
        "What a day \ud83d",
        _PHOTO,
        says("text_lone_surrogate", gives=_TRANSCODED),
    ),
    _pair(
        "text_and_image_and_placeholder",
        "A caption that looks as if it named an image, where there is but one.",
        "<@photo> at noon",
        _PHOTO,
    ),
    _pair(
        "all_wrong_at_once",
        "A text too long and a picture cut off: all that is wrong is said at once.",
        _501_TOKENS,
        _CUT_OFF,
        _refused("token_limit_exceeded", "image_file_broken"),
    ),
)

_OUTFIT: Named = ("outfit", _PHOTO)
_SHOES: Named = ("shoes_2", _DRAWING)
_BOTH = "A person in <@outfit> and <@shoes_2>."

NAMES: tuple[Case, ...] = (
    _several("named", "Two images that a text names, as a stylist asks for a look.", (_OUTFIT, _SHOES), _BOTH),
    _several("named_twice", "A text that names the same image twice.", (_OUTFIT,), "<@outfit>, or nearly <@outfit>."),
    _several(
        "not_named",
        "Images with names and a text that uses none of them.",
        (_OUTFIT, _SHOES),
        _WORDS,
        says("name_unreferenced"),
    ),
    _several(
        "same_image_twice", "The same file under two names.", (_OUTFIT, ("again", _PHOTO)), "<@outfit> and <@again>"
    ),
    _several(
        "name_unreferenced",
        "A text that names one of two images and forgets the other.",
        (_OUTFIT, _SHOES),
        "A person in <@outfit>.",
        says("name_unreferenced"),
    ),
    _several(
        "placeholder_unresolved",
        "A text that names an image which nobody gave.",
        (_OUTFIT,),
        _BOTH,
        _refused("placeholder_unresolved"),
    ),
    _several(
        "placeholder_of_nothing",
        "A text with a mention copied from a chat, which looks like the name of an image.",
        _photos(1),
        "<@U024BE7LH> look at this",
        _refused("placeholder_unresolved"),
    ),
    _several(
        "placeholder_without_end",
        "A text with the beginning of a name and no end, which names nothing.",
        (_OUTFIT,),
        "mail me <@ home, in <@outfit",
        says("placeholder_malformed", "name_unreferenced"),
    ),
    _several(
        "placeholder_empty",
        "A text that names nothing between the signs.",
        _photos(1),
        "look: <@>",
        says("placeholder_malformed"),
    ),
    _several(
        "placeholder_in_other_case",
        "A text that spells a name with a capital.",
        (_OUTFIT,),
        "<@Outfit>",
        _refused("placeholder_unresolved", "name_unreferenced"),
    ),
    *(
        _several(f"name_with_{kind}", what, ((called, _PHOTO),), f"A person in <@{called}>.", _refused("name_invalid"))
        for kind, called, what in (
            ("blank", "my outfit", "A name with a blank in it, as people write."),
            ("dash", "my-outfit", "A name with a dash in it, as web addresses have."),
            ("umlaut", "möbel", "A name with a letter that is none of ASCII, as it is typed in most of the world."),
            ("dot", "outfit.jpg", "The name of a file where a name is asked for."),
        )
    ),
    _several(
        "name_empty",
        "An image whose name is empty, as a form sends that was not filled in.",
        (("", _PHOTO),),
        None,
        _refused("name_invalid"),
    ),
    _several(
        "name_not_unique",
        "Two images of one name, as of files from two folders.",
        (_OUTFIT, ("outfit", _DRAWING)),
        "A person in <@outfit>.",
        _refused("name_not_unique"),
    ),
)

IN_PARTS: tuple[Case, ...] = (
    _several(
        "text_blank_beside_images", "Images beside a text of blanks.", (_OUTFIT,), "\u00a0\n", _refused("text_empty")
    ),
    _several(
        "501_tokens_beside_images",
        "Images beside a text of a token too many.",
        _photos(2),
        _501_TOKENS,
        _refused("token_limit_exceeded"),
    ),
    _several(
        "one_of_three_broken",
        "Three images, of which one is cut off.",
        [*_photos(2), (None, _CUT_OFF)],
        None,
        _refused("image_file_broken"),
    ),
    _several(
        "one_of_three_too_small",
        "Three images, of which one is smaller than images may be; the others stay as they are.",
        [*_photos(2), (None, _ICON)],
        None,
        says("image_resolution_too_low", gives=_TRANSCODED),
    ),
)

OF_ANY_KIND: tuple[Case, ...] = (
    request(
        "request/a_sound_among_images",
        "A photo and its sound in one request, which marengo3.5 takes and marengo3.0 does not.",
        lambda: MultiInput([NamedImage(_path(_PHOTO))], _WORDS, sources=[NamedSource(_path(_SOUND))]),
        RequestTruth(kind="multi_input", images=1, has_text=True),
        _refused("media_type_unsupported", "audio_duration_too_short"),
    ),
)

CASES: tuple[Case, ...] = (*OF_ANY_KIND, *COUNTS, *PAIRS, *NAMES, *IN_PARTS)
