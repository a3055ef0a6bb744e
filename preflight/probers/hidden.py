"""Sound that is stored and not played: an edit list, or a note beside a packet, tells players to pass over it.

WAV, MP3 and FLAC have nothing to say that with. Copied into one of them, it would be heard.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from preflight.probers.container import demux

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

_SKIPS = struct.Struct("<LL")
# What an encoder of MP3 begins with and ends with is passed over in an MP3, too.
_MP3_PADDING_SAMPLES = 2 * 1_152


def hides_sound(container: InputContainer, audio: AudioStream) -> bool:
    """Whether there is more than padding that is not played, by all packets; leaves the position at the end."""
    discarded, before, behind = 0, 0, 0
    rate = audio.codec_context.sample_rate or 1
    for packet in demux(container, audio):
        if packet.is_discard and packet.duration and packet.time_base:
            discarded += round(packet.duration * packet.time_base * rate)
        if packet.has_sidedata("skip_samples"):
            noted = bytes(packet.get_sidedata("skip_samples"))
            if len(noted) >= _SKIPS.size:
                at_start, at_end = _SKIPS.unpack_from(noted)
                before, behind = before + at_start, behind + at_end
    most = _MP3_PADDING_SAMPLES if audio.codec_context.codec.canonical_name == "mp3" else 0
    return max(before, behind, discarded) > most
