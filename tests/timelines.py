"""Where in its source each packet of a clip lies, by Debian's FFmpeg, which neither reads nor makes our media."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stored:
    """One packet: what it holds, when it is shown, and whether a player throws it away."""

    digest: str
    pts_s: float | None
    duration_s: float
    size: int
    is_discarded: bool


@dataclass(frozen=True, slots=True)
class Tracks:
    """The first picture that is no cover, and the first sound, in the order in which they are stored."""

    picture: tuple[Stored, ...]
    sound: tuple[Stored, ...]
    start_s: float


def tracks(path: Path) -> Tracks:
    """What Debian's ffprobe finds stored in the file."""
    found = _probe(path)
    streams = found.get("streams", [])
    covers = {s["index"] for s in streams if s.get("disposition", {}).get("attached_pic")}
    kinds = {s["index"]: s.get("codec_type") for s in streams if s["index"] not in covers}
    first = {kind: next((i for i, k in kinds.items() if k == kind), -1) for kind in ("video", "audio")}
    packets = found.get("packets", [])
    return Tracks(
        picture=_stored(packets, first["video"]),
        sound=_stored(packets, first["audio"]),
        start_s=float(found.get("format", {}).get("start_time", 0) or 0),
    )


def _probe(path: Path) -> dict:
    entries = "packet=stream_index,pts_time,duration_time,size,flags,data_hash:stream:format=start_time,duration"
    command = ["ffprobe", "-v", "quiet", "-of", "json", "-show_data_hash", "md5", "-show_entries", entries, str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    return json.loads(done.stdout or b"{}")


def _stored(packets: Sequence[dict], index: int) -> tuple[Stored, ...]:
    return tuple(
        Stored(
            digest=p.get("data_hash", "").rpartition(":")[2],
            pts_s=float(p["pts_time"]) if "pts_time" in p else None,
            duration_s=float(p.get("duration_time", 0) or 0),
            size=int(p["size"]),
            is_discarded="D" in p.get("flags", ""),
        )
        for p in packets
        if p["stream_index"] == index
    )


def samples(path: Path) -> bytes:
    """The first sound, decoded to 32 bits."""
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-map", "0:a:0", "-c:a", "pcm_s32le", "-f", "s32le", "-"]
    return subprocess.run(command, capture_output=True, check=False).stdout


def complaints(path: Path) -> str:
    """Of Debian's decoder that goes through picture and sound; empty where it has none."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v?", "-map", "0:a?", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stderr.decode(errors="replace").strip()
