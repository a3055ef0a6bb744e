"""Packets' times, mended where a clock jumps: whoever reads a source's packets reads them here, so that all agree.

A clock that goes back starts a new recording, whatever the container: it goes on where the one before it ended. A clock
that jumps ahead is told from a picture that stands still by who wrote it. In an MP4 or a Matroska file every time is
said of a packet, so a picture lasts until the next; in a transport or program stream the times are those of a sender's
clock, which starts anew when the sender does, and FFmpeg's own decoder plays on without the hole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from preflight.media import Span
from preflight.probers.container import demux
from preflight.probers.times import BACKWARDS_S, WRAPPED

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

SENDERS = frozenset({"mpegts", "mpeg"})
"""Containers with a sender's clock, by FFmpeg's names of their demuxers."""
JUMP_S = 10.0
"""Where neither picture nor sound is for longer, the clock has jumped: `dts_delta_threshold` of the ffmpeg program."""
# Packets for each jump: where there are fewer, so long is how the material goes (a picture every quarter of a minute).
_BETWEEN_JUMPS = 20
# Of two clocks that start anew together, each continues where its stream ended; they are kept in step within this.
_IN_STEP_S = 2.0
_SAME_S = 1e-6


@dataclass(slots=True)
class _Track:
    base_s: float
    is_sent: bool
    """By a sender's clock."""
    decoded_s: float = float("-inf")
    """When the last packet is decoded, by its own word."""
    shift_s: float = 0.0
    end_s: float = float("-inf")
    """Of what came so far, mended."""


@dataclass(slots=True)
class _Restart:
    """Of several streams, as each of them comes to it."""

    shift_s: float
    tracks: list[_Track]


class Mender:
    """Mends the times of packets in the order that they are stored."""

    def __init__(self, streams: Iterable[Stream], jumps: Sequence[Span] = (), start_s: float = 0.0) -> None:
        """`jumps` are those of the facts, which count from `start_s`."""
        self._tracks = {
            s.index: _Track(float(s.time_base or 1), is_sent=s.container.format.name in SENDERS) for s in streams
        }
        self._ends_s = [jump.end_s + start_s for jump in jumps]
        self._lost_s = [0.0]
        for jump in jumps:
            self._lost_s.append(self._lost_s[-1] + jump.duration_s)
        self._restart: _Restart | None = None
        """The last."""

    @property
    def has_restarted(self) -> bool:
        return self._restart is not None

    def mend(self, packet: Packet[Stream]) -> None:
        """A clock that starts anew goes on where its stream had ended; a jump is closed."""
        track = self._tracks[packet.stream_index]
        decoded = packet.dts if packet.dts is not None else packet.pts
        shown = packet.pts if packet.pts is not None else packet.dts
        if decoded is None or shown is None:
            return
        length = packet.duration if packet.duration and 0 < packet.duration < WRAPPED else 0
        decoded_s, shown_s = decoded * track.base_s, shown * track.base_s
        if track.is_sent and shown_s - decoded_s > JUMP_S:
            # Where a picture's packet does not say when it is shown, FFmpeg reckons by the next one, behind the jump.
            packet.pts = shown = decoded + length
            shown_s = shown * track.base_s
        if packet.dts is not None:  # of the first pictures of a Matroska file FFmpeg does not guess it
            if decoded_s < track.decoded_s - BACKWARDS_S:
                track.shift_s = self._restarted(track, shown_s)
            track.decoded_s = decoded_s
        track.end_s = max(track.end_s, shown_s + track.shift_s + length * track.base_s)
        shift_s = track.shift_s
        if self._ends_s:
            shift_s -= self._lost_s[bisect_right(self._ends_s, shown_s + shift_s + _SAME_S)]
        if shift_s and (ticks := round(shift_s / track.base_s)):
            packet.pts = packet.pts + ticks if packet.pts is not None else None
            packet.dts = packet.dts + ticks if packet.dts is not None else None

    def _restarted(self, track: _Track, shown_s: float) -> float:
        """What the times of a stream are to be shifted by from now on."""
        shift_s, last = track.end_s - shown_s, self._restart
        if last is not None and not any(t is track for t in last.tracks) and abs(last.shift_s - shift_s) < _IN_STEP_S:
            last.tracks.append(track)
            return last.shift_s
        # The first of them starts behind all that the streams hold, if they end about together.
        end_s = max(t.end_s for t in self._tracks.values() if t.end_s < track.end_s + _IN_STEP_S)
        self._restart = _Restart(end_s - shown_s, [track])
        return self._restart.shift_s


def mended(
    container: InputContainer, streams: Sequence[Stream], jumps: Sequence[Span], start_s: float
) -> Iterator[Packet[Stream]]:
    """The packets of `streams` in the order that they are stored, their times mended, and flushes at the end.

    For all who are to agree, `streams` are the same. `jumps` are those of the facts, which count from `start_s`.
    """
    mender = Mender(streams, jumps, start_s)
    for packet in demux(container, *streams):
        if packet.size:
            mender.mend(packet)
        yield packet


def find_jumps(times_s: Iterable[tuple[float, float]]) -> tuple[Span, ...]:
    """Where nothing is for longer than `JUMP_S`, given when every packet starts and ends."""
    ordered = sorted(times_s)
    found: list[Span] = []
    held_s = ordered[0][1] if ordered else 0.0
    for start_s, end_s in ordered:
        if start_s - held_s > JUMP_S:
            found.append(Span(held_s, start_s))
        held_s = max(held_s, end_s)
    return tuple(found) if len(found) * _BETWEEN_JUMPS <= len(ordered) else ()
