"""WAV, and RF64 and BW64, which are WAV beyond 4 GiB."""

from __future__ import annotations

import struct
from typing import ClassVar

from preflight.testing.corrupt.formats.riff import Riff, chunks
from preflight.testing.corrupt.splice import put


class Wav(Riff):
    title: ClassVar[str] = "WAV"
    form: ClassVar[bytes] = b"WAVE"

    def with_duration(self, data: bytes, seconds: float) -> bytes:
        elements = self.elements(data)
        formats, sounds = chunks(elements, "fmt"), chunks(elements, "data")
        if not formats or not sounds:
            self._cannot("lacks the chunks that make up a duration (fmt, data)", "a whole WAV file")
        _, _, rate, byte_rate, block = struct.unpack_from("<HHIIH", data, formats[0].body)
        size = round(seconds * byte_rate) // max(block, 1) * block
        # The whole grows with the part.
        whole = max(len(data) - 8 + size - (sounds[0].end - sounds[0].body), 0)
        buffer = bytearray(data)
        if long_sizes := chunks(elements, "ds64"):
            put(buffer, long_sizes[0].body, 8, whole, "little", what="length")
            put(buffer, long_sizes[0].body + 8, 8, size, "little", what="length of the sound")
            put(buffer, long_sizes[0].body + 16, 8, round(seconds * rate), "little", what="number of samples")
        else:
            put(buffer, 4, 4, whole, "little", what="length")
            put(buffer, sounds[0].start + 4, 4, size, "little", what="length of the sound")
            for count in chunks(elements, "fact"):
                put(buffer, count.body, 4, round(seconds * rate), "little", what="number of samples")
        return bytes(buffer)
