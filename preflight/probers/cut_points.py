"""Where audio and video can be cut without decoding."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Source, VideoFacts, Watch, unwatched
from preflight.probers.container import demux, open_media
from preflight.probers.flac import Numbers, last_frame_bytes
from preflight.probers.hidden import HiddenSound
from preflight.probers.movie_header import read_movie_header
from preflight.probers.mp3 import units_of_mp3
from preflight.probers.mp4_units import read_film, units_of_film
from preflight.probers.timed import pick_streams
from preflight.probers.times import Times
from preflight.probers.units import Unit, read_units
from preflight.probers.wav import layout_of, units_of_wav

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

_NOTHING_HIDDEN = frozenset({"wav", "mp3", "flac"})
"""Containers of sound that are written as they are read, so that padding stays what it is."""


def probe_units(source: Source, facts: AudioFacts | VideoFacts, watch: Watch = unwatched) -> tuple[Unit, ...]:
    """Where the source can be cut without decoding, from one pass over its packets.

    Empty where the packets have no times or cannot be read to their end. `watch` is told how many seconds are done.
    Raises UnreadableError.
    """
    if facts.duration_s is None:
        return ()
    if (layout := layout_of(source, facts)) is not None:
        return units_of_wav(layout)
    try:
        if facts.kind == "video" and (film := read_film(source, facts)) is not None:
            return units_of_film(film, start_s=facts.start_s, duration_s=facts.duration_s)
        with open_media(source) as container:
            if "mp4" in container.format.name and read_movie_header(source).impossible_samples:
                return ()
            video, audio = pick_streams(container)
            is_written_as_read = facts.kind == "video" or facts.container in _NOTHING_HIDDEN
            hidden = HiddenSound(audio) if audio is not None and not is_written_as_read else None
            torn = _Torn()
            numbers = Numbers() if facts.kind == "audio" and facts.container == "flac" else None
            units = read_units(
                container,
                video if facts.kind == "video" else None,
                audio,
                start_s=facts.start_s,
                duration_s=facts.duration_s,
                jumps=facts.clock_jumps,
                watch=_watching(facts.start_s, watch, torn, hidden, numbers),
            )
        if torn.is_inside:
            return ()  # what follows may hang on what is lost
        if hidden is not None and hidden.is_more_than_padding:
            return ()
        if numbers is not None and numbers.missing_s:
            return ()  # written anew under numbers without a gap, what follows would come too soon
        if isinstance(facts, VideoFacts) or facts.codec not in ("mp3", "flac"):
            return units
        with open_media(source) as container:
            _, audio = pick_streams(container)
            packets = (p for p in demux(container, audio) if p.size and not p.is_corrupt) if audio is not None else ()
            if facts.codec == "mp3":
                return units_of_mp3(units, map(bytes, packets))
            last = deque(packets, maxlen=1)
            size = last_frame_bytes(last[0]) if last else None
            return units if size is None else (*units[:-1], replace(units[-1], size_bytes=size))
    except BrokenMediaError:
        return ()


class _Torn:
    """Whether packets that the container itself says are damaged have others of their stream behind them: a file that
    was cut off ends with them, and a copy can leave them out.
    """

    def __init__(self) -> None:
        self._streams: set[int] = set()
        self.is_inside = False

    def follow(self, packet: Packet[Stream]) -> None:
        if packet.is_corrupt:
            self._streams.add(packet.stream_index)
        elif packet.stream_index in self._streams and packet.size:
            self.is_inside = True


def _watching(
    start_s: float, watch: Watch, torn: _Torn, hidden: HiddenSound | None, numbers: Numbers | None
) -> Callable[[Packet[Stream]], None]:
    times = Times()

    def see(packet: Packet[Stream]) -> None:
        torn.follow(packet)
        if hidden is not None:
            hidden.follow(packet)
        if numbers is not None:
            numbers.follow(packet)
        if packet.size and (packet.pts is not None or packet.dts is not None):
            watch(times.decoded_s(packet) - start_s)

    return see
