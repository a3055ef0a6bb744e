"""Where an MP4 can be cut, from its index alone: the same units as by its packets, without reading any of them.

FFmpeg opens the file, too, and must read the same out of its index: what is copied is what it would have demuxed.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING, BinaryIO
from weakref import WeakKeyDictionary

from preflight.errors import BrokenMediaError
from preflight.media import Source, VideoFacts
from preflight.probers.container import demux, open_media
from preflight.probers.mp4_index import Mp4Index, Track, read_index
from preflight.probers.opening import opening_test
from preflight.probers.units import Unit

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

Mark = tuple[int, ...]
"""What changes where a file does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexedUnit:
    """A closed GOP with its sound, as `units_of` makes them, by the numbers of its first samples."""

    start_s: float
    """On the packets' own clock."""
    first_video: int
    first_audio: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Film:
    """The picture and the sound of an MP4 that are kept, and where it can be cut."""

    index: Mp4Index
    video: Track
    audio: Track | None
    units: tuple[IndexedUnit, ...]
    mark: Mark
    """Of the source when it was read."""


def mark_of(source: Source, file: BinaryIO) -> Mark:
    """Of a file on disk that was opened: size, time of change and inode; of other sources the size."""
    if source.path is None:
        return (source.size_bytes(),)
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev


def read_film(source: Source, facts: VideoFacts) -> Film | None:
    """None where the index does not vouch for the file, or is not plain: then its packets must be read.

    What was read for the plan is kept for the cut, as long as the source lives and does not change.
    Raises UnreadableError or BrokenMediaError.
    """
    if "mp4" not in facts.container or facts.duration_source != "index" or facts.damaged_packets:
        return None
    with source.open() as file:
        mark = mark_of(source, file)
        known = _FILMS.get(source)
        if known is not None and known.mark == mark and known.units[0].start_s == facts.start_s:
            return known
        film = _read(source, file, facts, mark)
    if film is not None:
        _FILMS[source] = film
    return film


_FILMS: WeakKeyDictionary[Source, Film] = WeakKeyDictionary()


def _read(source: Source, file: BinaryIO, facts: VideoFacts, mark: Mark) -> Film | None:
    from preflight.probers.timed import pick_streams

    with open_media(source) as container:
        video, audio = pick_streams(container)
        if video is None or mark[0] != facts.size_bytes:
            return None
        streams: list[Stream] = [s for s in (video, audio) if s is not None]
        index = read_index(file, facts.size_bytes, {s.id for s in streams})
        if index is None or not _agrees(container, streams, [index.tracks[s.id] for s in streams]):
            return None
        if any(entry.is_discard for entry in islice(reversed(video.index_entries), _REORDERED)):
            return None  # its end is hidden by an edit list, and so must that of the last clip be
        picture = index.tracks[video.id]
        sound = index.tracks[audio.id] if audio is not None else None
        opens = _opening_samples(file, video, picture)
        units = tuple(_units(picture, sound, facts.start_s, opens))
        if picture.sync is not None and (not picture.sync or picture.sync[0] != 0 or len(units) < len(picture.sync)):
            return None  # no keyframe at the start, or open GOPs: those can only be cut packet by packet
        if picture.sync is None and len(units) < len(picture):
            return None
        return Film(index=index, video=picture, audio=sound, units=units, mark=mark)


def units_of_film(film: Film, *, start_s: float, duration_s: float) -> tuple[Unit, ...]:
    """The same as `read_units` gives; `start_s` and `duration_s` are the source's."""
    video, audio = film.video, film.audio
    starts = [max(unit.start_s - start_s, 0.0) for unit in film.units]
    lengths = [after.start_s - unit.start_s for unit, after in pairwise(film.units)]
    end_s = max(_end_s(track) for track in (video, audio) if track is not None)
    left_s = duration_s - starts[-1]
    lengths.append(left_s if left_s > 0 else max(end_s - film.units[-1].start_s, 0.0))
    pictures = [*(u.first_video for u in film.units), len(video)]
    sounds = [*(u.first_audio for u in film.units), len(audio) if audio is not None else 0]
    found = []
    for i, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        (a, b), (c, d) = pictures[i : i + 2], sounds[i : i + 2]
        size = video.ends[b] - video.ends[a] + (audio.ends[d] - audio.ends[c] if audio is not None else 0)
        found.append(Unit(start, length, size, b - a + d - c))
    return tuple(found)


def _end_s(track: Track) -> float:
    last = max(track.pts[-_REORDERED:])
    return (last + track.dts[-1] - track.dts[-2]) / track.timescale


_REORDERED = 32
"""H.264 and HEVC put at most 16 pictures into another order."""


def _units(video: Track, audio: Track | None, start_s: float, opens: Sequence[int]) -> Iterator[IndexedUnit]:
    base, pts = 1 / video.timescale, video.pts
    unit = IndexedUnit(start_s=start_s, first_video=0, first_audio=0)
    sound_base = 1 / audio.timescale if audio is not None else 1.0
    for first, after in pairwise((*opens, len(video))):
        began_s = pts[first] * base
        if first == 0 or began_s <= unit.start_s or min(pts[first:after]) < pts[first]:
            continue
        yield unit
        heard = bisect_left(audio.pts, began_s, key=lambda t: t * sound_base) if audio is not None else 0
        unit = IndexedUnit(start_s=began_s, first_video=first, first_audio=heard)
    yield unit


def _opening_samples(file: BinaryIO, video: VideoStream, track: Track) -> list[int]:
    """The first sample, and the sync samples that decoding can start at."""
    opens = opening_test(video)
    keyframes = track.sync if track.sync is not None else range(len(track))
    if video.codec_context.name != "h264":
        return [0, *(i for i in keyframes if i)]
    return [0, *(i for i in keyframes if i and _opens(file, track, i, opens))]


def _opens(file: BinaryIO, track: Track, sample: int, opens: Callable[[Packet[Stream]], bool]) -> bool:
    """What stands before the first slice of a picture is short, nearly always."""
    from av.packet import Packet

    size = track.sizes[sample]
    for length in (min(size, _HEAD_BYTES), size):
        file.seek(track.position(sample))
        packet = Packet(file.read(length))
        packet.is_keyframe = True
        if opens(packet):
            return True
        if length == size:
            break
    return False


_HEAD_BYTES = 1_024


def _agrees(container: InputContainer, streams: Sequence[Stream], tracks: Sequence[Track]) -> bool:
    """Whether FFmpeg reads the same samples at the same times."""
    for stream, track in zip(streams, tracks, strict=True):
        entries, base = stream.index_entries, stream.time_base
        if len(entries) != len(track) or base is None or base.numerator != 1 or base.denominator != track.timescale:
            return False
        if stream.type == "audio" and track.offsets is not None:
            return False
        shift = entries[0].timestamp - track.dts[0]
        keyframes = set(track.sync) if track.sync is not None else None
        if track.groups_keyframes and keyframes != {i for i, entry in enumerate(entries) if entry.is_keyframe}:
            return False
        step = max(len(track) // _COMPARED, 1)
        for i in (*range(0, len(track), step), len(track) - 1):
            entry = entries[i]
            where = entry.pos, entry.size, entry.timestamp
            if where != (track.position(i), track.sizes[i], track.dts[i] + shift):
                return False
            if stream.type == "video" and entry.is_keyframe != (keyframes is None or i in keyframes):
                return False
    return _shows_the_same(container, streams, tracks)


_COMPARED = 1_000


def _shows_the_same(container: InputContainer, streams: Sequence[Stream], tracks: Sequence[Track]) -> bool:
    """Whether the first packets come out with the times that the index gives them."""
    wanted = {stream.index: track for stream, track in zip(streams, tracks, strict=True)}
    seen = dict.fromkeys(wanted, 0)
    try:
        for packet in demux(container, *streams):
            if not packet.size:
                return False
            track, i = wanted[packet.stream_index], seen[packet.stream_index]
            if i >= len(track) or (packet.pos, packet.size, packet.pts) != (
                track.position(i),
                track.sizes[i],
                track.pts[i],
            ):
                return False
            seen[packet.stream_index] += 1
            if all(seen.values()):
                return True
            if i == _FIRST_PACKETS:
                break
    except BrokenMediaError:
        pass
    return False


_FIRST_PACKETS = 500
