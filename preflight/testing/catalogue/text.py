"""Texts: the token limit from both sides, what nobody can see, and every script and encoding that files come in."""

from __future__ import annotations

import codecs

from preflight.media import Fidelity, Kind, Text
from preflight.testing.catalogue.interface import Case, file, request, says
from preflight.testing.recipes.written import Written
from preflight.testing.truth import Expected, TextTruth

_LOSSLESS, _TRANSCODED = Fidelity.LOSSLESS, Fidelity.TRANSCODED
_CUT_IN_TWO = says("token_limit_exceeded", gives=_LOSSLESS, requests=2)
_CUT = says("token_limit_exceeded", gives=_LOSSLESS, requests=None)
_EMPTY = says("text_empty", gives="rejected")
_IN_OTHER_BYTES = says(gives=_LOSSLESS)
_DETECTED = says("text_encoding_detected", gives=_LOSSLESS)
_UNKNOWN = says("text_encoding_unknown", gives="rejected")


def _words(count: int) -> str:
    """So many tokens: "word" is one, and so is it with the blank before it."""
    return " ".join(["word"] * count)


def _written(
    name: str,
    what: str,
    text: str,
    strict: Expected | None = None,
    *,
    encoding: str = "utf-8",
    mark: bytes = b"",
    tokens: int | None = None,
    suffix: str = ".txt",
) -> Case:
    recipe = Written(suffix=suffix, data=mark + text.encode(encoding))
    return file(f"text/{name}", what, recipe, TextTruth(text=text, encoding=encoding, tokens=tokens), strict)


def _unread(name: str, what: str, data: bytes, strict: Expected, as_kind: Kind | None = None) -> Case:
    """Bytes that only a guess could make a text of: what they are has no truth."""
    return file(f"text/{name}", what, Written(suffix=".txt", data=data), None, strict, as_kind=as_kind)


def _given(name: str, what: str, text: str, strict: Expected | None = None, *, tokens: int | None = None) -> Case:
    """A text that is given as it is."""
    return request(f"text/{name}", what, lambda: Text(text), TextTruth(text=text, tokens=tokens), strict)


_WORDS = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. 日本語 👍\n"
_PROSE = "".join(
    f"On day {day} the expedition went {17 * day % 23} miles up the river. Nobody saw a bird that morning, and the "
    f"guide, who had been here {day % 9 + 2} times, said nothing. They made camp by noon.\n\n"
    for day in range(1, 540)
)
_CODE = '''def greatest(numbers: list[int]) -> int:
    """The greatest of them; raises ValueError where there are none."""
\tbest, *others = numbers  # a tab, as two editors left it
    for number in others:
        best = number if number > best else best
    return best
'''
_CAT = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\r\n" * 2
_FREE = (  # Cyrillic it is
    "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны "  # noqa: RUF001
    "поступать в отношении друг друга в духе братства.\r\n"
)
_BORN = "人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應以兄弟關係的精神相對待。\r\n" * 2  # noqa: RUF001
# An astronaut, a family, a burning heart: code points joined to one picture each.
_JOINED = "\U0001f469\u200d\U0001f680 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525 "
_RIGHT_TO_LEFT = "שלום עולם! \u202bمرحبا بالعالم\u202c 123 \u200fabc\u200e."  # noqa: RUF001 (Arabic it is)
_LETTERS = "".join(chr(ord("a") + (7 * i * i + 3 * i + i // 26) % 26) for i in range(2_000))
_LOG = "".join(
    f"\x1b[2m12:00:{second:02}\x1b[0m \x1b[32mINFO\x1b[0m  frame {second} encoded in {second % 7 + 3} ms\n"
    for second in range(10)
)

TOKENS: tuple[Case, ...] = (
    _written("1_character", "The shortest text there is, as a search box sends it.", "a", tokens=1),
    _written("499_tokens", "A token under the limit, as an abstract that was written to fit.", _words(499), tokens=499),
    _written("500_tokens", "Exactly as many tokens as are allowed.", _words(500), tokens=500),
    _written(
        "501_tokens", "A token over the limit, as an abstract that did not fit.", _words(501), _CUT_IN_TWO, tokens=501
    ),
    _written("prose_100_kb", "A hundred kilobytes of prose, as a chapter of a book.", _PROSE, _CUT),
    _written(
        "long_line",
        "Sixty kilobytes in one line, as a program writes its data.",
        "[" + ",".join(f'{{"id":{i},"at":"{i % 24}:00"}}' for i in range(2_500)) + "]",
        _CUT,
        suffix=".json",
    ),
    _written(
        "word_of_2000_characters",
        "One word of 2,000 letters without a blank, as a protein or an encoded key: it can only be cut within.",
        _LETTERS,
        _CUT,
    ),
    _written(
        "chinese_over_limit",
        "Chinese without one blank, over the limit, as a news article.",
        "今天的天气非常好，我们一起去公园散步。孩子们在草地上放风筝，老人们在树下下棋。" * 14,  # noqa: RUF001 (its own comma)
        _CUT_IN_TWO,
    ),
    _written("emoji_over_limit", "Nothing but emoji, over the limit, as a chat room.", "😀" * 300, _CUT_IN_TWO),
    _written(
        "special_token",
        "The marks that language models keep for themselves, as an exported training set holds them.",
        "Once upon a time.<|endoftext|>The end.<|im_start|>",
    ),
)

BLANKS: tuple[Case, ...] = (
    _written(
        "blank_white_space",
        "Nothing but blanks, tabs and line breaks, as a form sends that was not filled in.",
        " \t\r\n\n ",
        _EMPTY,
    ),
    _written(
        "blank_no_break_spaces",
        "Nothing but spaces that look like none, as copied from a web page.",
        "\u00a0\u2007\u3000\u202f\n",
        _EMPTY,
    ),
    _written(
        "blank_zero_width",
        "Nothing but characters without width, as left over from what somebody deleted: there is nothing to embed.",
        "\u200b\u200c\u2060\u200b",
        _EMPTY,
    ),
)

ENCODINGS: tuple[Case, ...] = (
    _written(
        "utf_8_mark",
        "UTF-8 behind a byte order mark, as Windows editors save it.",
        _WORDS,
        _IN_OTHER_BYTES,
        mark=codecs.BOM_UTF8,
    ),
    *(
        _written(f"{encoding.replace('-', '_')}_mark", what, _WORDS, _IN_OTHER_BYTES, encoding=encoding, mark=mark)
        for encoding, mark, what in (
            ("utf-16-le", codecs.BOM_UTF16_LE, "UTF-16 behind its mark, as spreadsheets export and PowerShell writes."),
            ("utf-16-be", codecs.BOM_UTF16_BE, "Big-endian UTF-16 behind its mark, as old Macintosh programs save it."),
            ("utf-32-le", codecs.BOM_UTF32_LE, "UTF-32 behind its mark, which begins as that of UTF-16 does."),
            ("utf-32-be", codecs.BOM_UTF32_BE, "Big-endian UTF-32 behind its mark, as next to nobody saves it."),
        )
    ),
    # Other encodings are taken only where no other one makes as much sense of the bytes.
    _unread(
        "windows_1252",
        "Western European text in the code page of Windows, as old databases export.",
        "Fünf Käse für 3 €, s’il vous plaît.\r\n".encode("cp1252"),  # noqa: RUF001 (what makes it 1252)
        _UNKNOWN,
    ),
    *(
        _written(name, what, text, _DETECTED, encoding=encoding)
        for name, encoding, text, what in (
            ("shift_jis", "cp932", _CAT, "Japanese in Shift JIS, as Windows programs of Japan still save it."),
            ("euc_jp", "euc_jp", _CAT, "Japanese as Unix machines used to save it."),
            ("iso_2022_jp", "iso2022_jp", _CAT, "Japanese as mail programs send it: every byte of it is ASCII."),
            ("windows_1251", "cp1251", _FREE, "Russian in the code page of Windows, as old shops export their goods."),
            ("koi8_r", "koi8-r", _FREE, "Russian as mail was written before Unicode."),
            ("big5", "big5", _BORN, "Chinese of Taiwan in Big5, as old forums keep it."),
        )
    ),
    _written(
        "utf_16_le_unmarked",
        "UTF-16 without its mark, as a program that writes its strings to a file: every other byte is zero.",
        "A line of plain words, and another one behind it.\r\n" * 3,
        _DETECTED,
        encoding="utf-16-le",
    ),
    _unread(
        "utf_16_le_unmarked_words",
        "Two words of it: that they are text is plain to see, but sure is nothing.",
        "plain words".encode("utf-16-le"),
        _UNKNOWN,
    ),
    _unread(
        "shift_jis_word",
        "A word in Shift JIS, as a search box sends it: too little to tell it from other code pages.",
        "日本".encode("shift_jis"),
        _UNKNOWN,
    ),
    _unread(
        "utf_16_without_mark",
        "UTF-16 without its mark, as a program dumps its memory; the caller says that it is text.",
        "plain words".encode("utf-16-le"),
        _UNKNOWN,
        as_kind="text",
    ),
    _unread(
        "nul_inside",
        "A text with a NUL in it, as a C program writes one byte too many: nobody can say that it is text.",
        b"The first line.\n\0The second line.\n",
        says("unsupported_file_type", gives="rejected"),
    ),
)

SCRIPTS: tuple[Case, ...] = (
    _written("crlf", "Lines that end as they do in Windows.", "first\r\nsecond\r\n"),
    _written("emoji_joined", "Emoji that are one picture of several code points, as any chat.", _JOINED * 5),
    _written(
        "right_to_left",
        "Hebrew and Arabic with the marks that turn the direction, as any mail from there.",
        _RIGHT_TO_LEFT,
    ),
    _written(
        "combining_marks",
        "Letters under heaps of marks, as jokers in a comment section write.",
        "".join(letter + "\u0300\u0316\u0330\u0353\u036f" for letter in "glitch"),
    ),
    _written("source_code", "A program, whose line breaks and tabs mean something.", _CODE, suffix=".py"),
    _written(
        "web_page",
        "A web page as it is, markup and all.",
        "<!DOCTYPE html>\n<html lang=en><title>Hello</title><p>Hello &amp; welcome.</p></html>\n",
        suffix=".html",
    ),
    _written(
        "terminal_colours",
        "A log with the control codes that colour it, as a build server keeps it.",
        _LOG,
        suffix=".log",
    ),
    _written(
        "begins_like_a_picture",
        "Prose whose first letters are those of a picture format.",
        "GIF89a was the last version of the format. P3 players came later.\n",
    ),
)

VALUES: tuple[Case, ...] = (
    _given("value", "A text that a program hands over as it is, without a file.", "man walking a dog"),
    _given(
        "value_of_501_tokens",
        "A text handed over that is a token over the limit.",
        _words(501),
        _CUT_IN_TWO,
        tokens=501,
    ),
    _given("value_empty", "A text of no characters, as a variable that was never set.", "", _EMPTY),
    _given(
        "value_with_nul", "A text with a NUL in it, which JSON can carry, as a C library hands it over.", "left\0right"
    ),
    _given(
        "lone_surrogate",
        "Half an emoji, as JavaScript leaves it that cuts a post after so many characters: no encoding can carry it.",
        "What a day \ud83d",
        says("text_lone_surrogate", gives=_TRANSCODED),
    ),
)

CASES: tuple[Case, ...] = (*TOKENS, *BLANKS, *ENCODINGS, *SCRIPTS, *VALUES)
