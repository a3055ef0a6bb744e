"""Whether a JPEG's coded data are whole. Pillow cannot tell: where libjpeg finds a scan cut short it fills the picture
with grey, and its warning never reaches Python.
"""

from __future__ import annotations


def is_cut_short(jpeg: bytes) -> bool:
    """Decode with FFmpeg's decoder, which is told to stop at the first fault, and takes half of Pillow's time.

    False also where it has no opinion, because the picture is of a kind that it does not know.
    """
    import av

    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.options = {"err_detect": "crccheck+bitstream+buffer+explode"}
    decoder.thread_count = 1
    try:
        decoder.decode(av.Packet(jpeg))
    except av.error.InvalidDataError:
        return True
    except av.FFmpegError:
        return False
    return False
