"""Where preflight does not yet do what a case says it must: the case's name, and why."""

_SURROGATES = "U+FFFD is sent for a lone surrogate, and that is called identical"

MISTAKEN: dict[str, str] = {
    "video/clock_jumps_ts": "the hour between two recordings of three seconds is taken for an hour of video",
    "video/animated_gif": "it is no video even for who says so",
}
"""What `check` already takes for something else than it is; what `prepare` does follows from that."""

SHORTFALLS: dict[str, str] = {
    **MISTAKEN,
    # video
    "video/long_open_gop_mp4": "one seam of several that a decoder would complain of has all of it encoded again",
    # audio
    # text
    "text/lone_surrogate": _SURROGATES,
    # request
    "request/text_lone_surrogate": _SURROGATES,
}
