"""How FFmpeg's decoders are set up so that they say of every damage that they found it.

A trap: a decoder with threads of its own (libdav1d above all) is never given packets that are made of Python's bytes,
`Packet(data)`. It keeps what it is given, lets go of it in a thread of its own, and that thread then waits for Python
while Python waits for the thread: nothing ever comes back. Such decoders are fed what a demuxer reads; who must make
packets opens a decoder of its own with `thread_count = 1`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.video.stream import VideoStream

MOST_PIXELS = 1 << 26
"""Of one picture: 8192x8192, twice 8K. A decoder refuses more, where they turn up half-way, too."""

_MOST_THREADS = 6
"""Each holds pictures of its own in memory."""


def set_up_video(video: VideoStream) -> None:
    """Before the first packet."""
    context = video.codec_context
    context.options = {"max_pixels": str(MOST_PIXELS)}
    video.thread_type = "AUTO"  # frames side by side, on all cores
    # Two a core: while one waits for the next packet, or for the frame that its own refers to, the other works.
    context.thread_count = min(2 * (os.cpu_count() or 1), _MOST_THREADS)
    if context.name == "h264":
        # A frame that comes out while another thread still conceals its damage is not flagged: so they come out late.
        context.options = {**context.options, "has_b_frames": str(_MOST_THREADS + 2)}
    be_strict(video)


def be_strict(stream: VideoStream | AudioStream) -> None:
    """These only log what they find wrong, unless they are told to stop there; FLAC has checksums to find it by, and in
    AV1 what follows the last symbol of a tile must be as the encoder left it.
    """
    context = stream.codec_context
    if context.name in ("mjpeg", "flac"):
        context.options = {**context.options, "err_detect": "crccheck+explode"}
    elif context.name == "libdav1d":
        context.options = {**context.options, "strict": "strict"}


def settling_s(video: VideoStream, frame_s: float) -> float:
    """Seconds to wait before an H.264 decoder is flushed, of which a picture took `frame_s` until now: else its last
    picture comes out while another thread still conceals its damage, and is not flagged.

    FFmpeg has no call that waits for its threads; this is several times what they need.
    """
    if video.codec_context.name != "h264":
        return 0.0
    return min(_LEAST_SETTLING_S + 4 * _MOST_THREADS * frame_s, _MOST_SETTLING_S)


_LEAST_SETTLING_S, _MOST_SETTLING_S = 0.02, 2.0
