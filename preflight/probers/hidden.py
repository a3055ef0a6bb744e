"""Sound that is stored and not played: an edit list, or a note beside a packet, tells players to pass over it.

WAV, MP3 and FLAC have nothing to say that with. Copied into one of them, it would be heard.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from av.stream import Stream

_SKIPS = struct.Struct("<LL")
# What an encoder of MP3 begins with and ends with is passed over in an MP3, too.
_MP3_PADDING_SAMPLES = 2 * 1_152


class HiddenSound:
    """Counts, packet by packet, what of a stream of sound is not played."""

    def __init__(self, audio: AudioStream) -> None:
        context = audio.codec_context
        self._rate = context.sample_rate or 1
        self._most = _MP3_PADDING_SAMPLES if context.codec.canonical_name == "mp3" else 0
        self._discarded = self._before = self._behind = 0

    def follow(self, packet: Packet[Stream]) -> None:
        if packet.is_discard and packet.duration and packet.time_base:
            self._discarded += round(packet.duration * packet.time_base * self._rate)
        if packet.has_sidedata("skip_samples"):
            noted = bytes(packet.get_sidedata("skip_samples"))
            if len(noted) >= _SKIPS.size:
                at_start, at_end = _SKIPS.unpack_from(noted)
                self._before, self._behind = self._before + at_start, self._behind + at_end

    @property
    def is_more_than_padding(self) -> bool:
        return max(self._before, self._behind, self._discarded) > self._most
