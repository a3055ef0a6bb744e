"""JPEG-LS (T.87), as archives of medical pictures are kept in: by FFmpeg's decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from PIL import Image

from preflight.probers.deep_samples import to_bytes
from preflight.probers.image_structure import jpeg_frame
from preflight.probers.second_reader import NotReadError, SecondReader

if TYPE_CHECKING:
    import av

_SOF55, _EOI = 0xF7, b"\xff\xd9"
_MODES = {(1, False): "L", (1, True): "I;16", (3, False): "RGB", (3, True): "RGB"}
"""By components, and whether they have more than a byte."""
_FRAMES = {"gray": "L", "gray16le": "I;16", "rgb24": "RGB", "rgb48le": "RGB"}


def is_jpeg_ls(file: BinaryIO) -> bool:
    frame = jpeg_frame(file)
    file.seek(0)
    return frame is not None and frame.marker == _SOF55


class JpegLs(SecondReader):
    format = "JPEG-LS"

    def _open(self) -> None:
        assert self.fp is not None
        frame = jpeg_frame(cast("BinaryIO", self.fp))
        assert frame is not None
        mode = _MODES.get((frame.components, frame.bits > 8))  # noqa: PLR2004
        if mode is None:
            raise NotReadError(f"a JPEG-LS of {frame.components} components")
        self._mode = mode
        self._size = frame.width, frame.height

    def decoded(self) -> Image.Image:
        assert self.fp is not None
        self.fp.seek(0)
        data = self.fp.read()
        # Coded data hold none (T.87, A.1): after FF the next bit is 0.
        if _EOI not in data:
            raise EOFError("the file breaks off")
        frame = _decoded(data)
        if _FRAMES.get(frame.format.name) != self.mode:
            raise OSError(f"it holds a picture of another kind, {frame.format.name}")
        samples = frame.to_ndarray()
        return Image.fromarray(to_bytes(samples, 0xFFFF) if frame.format.name == "rgb48le" else samples)


def _decoded(data: bytes) -> av.VideoFrame:
    import av

    decoder = av.CodecContext.create("jpegls", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.options = {"err_detect": "crccheck+bitstream+buffer+explode"}
    decoder.thread_count = 1  # it is given a packet of ours: see the trap in `decoders`
    try:
        frames = decoder.decode(av.Packet(data)) or decoder.decode(None)
    except av.FFmpegError as error:
        raise OSError("its coded data have a fault or end too early") from error
    if not frames:
        raise OSError("its coded data hold no picture")
    return frames[0]
