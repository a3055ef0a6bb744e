"""What a container keeps once for a whole stream, and without which no packet of it can be decoded.

Where it is damaged, every packet is whole and nothing comes of any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.codec.context import CodecContext
    from av.stream import Stream

_CHECKED = frozenset({"aac", "alac", "ffv1", "hevc", "opus", "theora", "vorbis", "vvc"})
"""Whose decoders read all of it when they are opened; those of others need no such thing, or look at it later."""


def is_readable(stream: Stream) -> bool:
    """Whether its decoder makes sense of it: it is opened and let go of, which takes 0.1 ms.

    In one of its own: that of the stream is set up later, by those who decode.
    """
    from av.audio.codeccontext import AudioCodecContext
    from av.codec import CodecContext
    from av.video.codeccontext import VideoCodecContext

    known: CodecContext | None = stream.codec_context
    if known is None or known.codec.canonical_name not in _CHECKED or not known.extradata:
        return True
    trial = CodecContext.create(known.name, "r")
    trial.extradata = known.extradata
    trial.thread_count = 1
    match trial, known:
        case AudioCodecContext(), AudioCodecContext():
            if known.sample_rate > 0:
                trial.sample_rate = known.sample_rate
            if known.layout.nb_channels:
                trial.layout = known.layout
        case VideoCodecContext(), VideoCodecContext():
            trial.width, trial.height = known.width, known.height
    return _opens(trial)


def _opens(trial: CodecContext) -> bool:
    import av

    try:
        trial.open(strict=False)
    except (av.FFmpegError, ValueError, MemoryError):
        return False
    return True
