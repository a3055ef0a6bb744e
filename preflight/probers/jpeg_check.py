"""Whether a JPEG's coded data are whole. Pillow cannot tell: where libjpeg finds a scan cut short it fills the picture
with grey, and its warning never reaches Python.
"""

from __future__ import annotations

import io

from preflight.probers.image_structure import jpeg_segments

_UNKNOWN_TO_FFMPEG = frozenset({0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
"""Frames that are coded arithmetically, which it takes for a fault."""


def is_cut_short(jpeg: bytes) -> bool:
    """Decode with FFmpeg's decoder, which is told to stop at the first fault, and takes half of Pillow's time.

    False also where it has no opinion, because the picture is of a kind that it does not know.
    """
    import av

    if any(segment.marker in _UNKNOWN_TO_FFMPEG for segment in jpeg_segments(io.BytesIO(jpeg))):
        return False
    decoder = av.CodecContext.create("mjpeg", "r")
    # Of each block of 8 x 8 only the mean is wanted: all coefficients are read, and a 64th of the picture is drawn.
    decoder.options = {"err_detect": "crccheck+bitstream+buffer+explode", "lowres": "3"}
    decoder.thread_count = 1
    try:
        decoder.decode(av.Packet(jpeg))
    except av.error.InvalidDataError:
        return True
    except av.FFmpegError:
        return False
    return False
