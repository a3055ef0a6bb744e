"""Where preflight does not yet do what a case says it must: the case's name, and why."""

_PADDING = "comments and private chunks of an image are not left out: it is encoded again"

MISTAKEN: dict[str, str] = {
    "image/png_huge_text": "Pillow takes compressed text of more than a megabyte for damage",
    "video/animated_gif": "it is no video even for who says so",
}
"""What `check` already takes for something else than it is; what `prepare` does follows from that."""

SHORTFALLS: dict[str, str] = {
    **MISTAKEN,
    # video
    "video/long_open_gop_mp4": "a picture of each GOP forgets one of the GOP before: decoders complain at every cut",
    # audio
    # text
    # request
    # image
    "image/jpg_of_5000001": _PADDING,
    "image/png_of_5000001": _PADDING,
    "image/jpg_of_31999999": _PADDING,
    "image/jpg_of_32000000": _PADDING,
    "image/jpg_of_32000001": _PADDING,
}

_ONLY_DECODED = "rejection"
"""Damage that no header tells of: `prepare` decodes each image once, `plan` reads metadata."""

UNFORESEEN: dict[str, set[str]] = {
    "text/prose_100_kb": {"clips"},  # where sentences end is only looked for when it is cut
    "text/long_line": {"clips"},
    "audio/voice_memo_of_25_minutes": {"spans"},  # its packets jump over 19 s, which its sound is not stretched by
    "bad/gif_cut": {_ONLY_DECODED},
    "bad/jpeg_wrong_bits": {_ONLY_DECODED},
    "bad/jpeg_lies_about_its_size": {_ONLY_DECODED},
    "bad/mp4_of_zeros": {_ONLY_DECODED},
}
"""In what `prepare` does something else than `plan` said: exactly that, or the test fails."""
