"""Coded packets → one file in memory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from preflight.planner import Muxer

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream


def mux(
    container: Muxer,
    templates: Mapping[int, Stream],
    packets: Iterable[Packet[Stream]],
    base_s: float,
) -> bytes:
    """Write the packets as one file whose clock starts at `base_s` of theirs; they are used up.

    `templates` are the streams that the packets came from, by index. The file is at most one clip, so that it
    can be held in memory; nothing is written to disk.
    """
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        # `opaque`: with the decoder's own codec object; not every codec that is copied has an encoder.
        streams = {i: out.add_stream_from_template(t, opaque=True) for i, t in templates.items()}
        bases = {i: round(base_s / t.time_base) if t.time_base else 0 for i, t in templates.items()}
        for packet in packets:
            base = bases[packet.stream_index]
            index = packet.stream_index
            if packet.pts is not None:
                packet.pts -= base
            if packet.dts is not None:
                packet.dts -= base
            packet.stream = streams[index]
            out.mux(packet)
    return buffer.getvalue()
