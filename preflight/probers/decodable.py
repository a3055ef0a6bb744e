"""Whether anything comes of a source at all, by decoding until the first picture or the first sound is there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Source, VideoFacts
from preflight.probers.container import demux, media_errors, open_media
from preflight.probers.decoders import MOST_PIXELS
from preflight.probers.timed import pick_streams

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

_MOST_PACKETS, _MOST_S = 2_000, 2.0
"""After so many without anything, or so long, it is left to whoever decodes all of it."""


def why_undecodable(source: Source, facts: AudioFacts | VideoFacts) -> str | None:
    """Why nothing can be decoded; None where something can, and where nobody can say soon. Of what is whole, this
    takes as long as the first picture does. Raises UnreadableError.
    """
    is_video = isinstance(facts, VideoFacts)
    if isinstance(facts, VideoFacts) and facts.width * facts.height > MOST_PIXELS:
        return None
    began = time.monotonic()
    try:
        with open_media(source, decode=True) as container:
            stream = pick_streams(container)[0 if is_video else 1]
            if stream is None:
                return None
            for count, packet in enumerate(demux(container, stream)):
                if _gives_anything(packet) or count == _MOST_PACKETS or time.monotonic() > began + _MOST_S:
                    return None
    except BrokenMediaError:
        pass  # it cannot be read any further
    return "not one of its pictures can be decoded" if is_video else "nothing of its sound can be decoded"


def _gives_anything(packet: Packet[Stream]) -> bool:
    try:
        with media_errors("packet"):
            return bool(packet.decode())
    except BrokenMediaError:
        return False
