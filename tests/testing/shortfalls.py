"""Where preflight does not yet do what a case says it must: the case's name, and why."""

MISTAKEN: dict[str, str] = {}
"""What `check` already takes for something else than it is; what `prepare` does follows from that."""

SHORTFALLS: dict[str, str] = {
    **MISTAKEN,
    "video/long_open_gop_mp4": "a picture of each GOP forgets one of the GOP before: decoders complain at every cut",
}

_ONLY_DECODED = "rejection"
"""Damage that no header tells of: `prepare` decodes each image once, `plan` reads metadata."""

UNFORESEEN: dict[str, set[str]] = {
    "bad/gif_cut": {_ONLY_DECODED},
    "bad/jpeg_wrong_bits": {_ONLY_DECODED},
    "bad/jpeg_lies_about_its_size": {_ONLY_DECODED},
}
"""In what `prepare` does something else than `plan` said: exactly that, or the test fails."""
