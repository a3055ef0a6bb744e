"""Where preflight does not yet do what a case says it must: the case's name, and why."""

_PADDING = "comments and private chunks of an image are not left out: it is encoded again"

MISTAKEN: dict[str, str] = {
    "image/png_huge_text": "Pillow takes compressed text of more than a megabyte for damage",
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
    # request
    # image
    "image/jpg_of_5000001": _PADDING,
    "image/png_of_5000001": _PADDING,
    "image/jpg_of_31999999": _PADDING,
    "image/jpg_of_32000000": _PADDING,
    "image/jpg_of_32000001": _PADDING,
}
