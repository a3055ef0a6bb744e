"""What an independent FFmpeg says of a file: not the one that preflight reads with, but the one that made the media."""

from __future__ import annotations

import math
import re
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np

from preflight.testing.recipes.encoder import program, run


@dataclass(frozen=True, slots=True)
class Coded:
    """A coded packet as the independent FFmpeg reads it, on the file's own clock."""

    stream: int
    pts_s: float
    dts_s: float
    duration_s: float
    size: int
    digest: str


@cache
def coded_packets(path: Path) -> list[Coded]:
    """Of the first picture and the first sound, in the order that they are stored."""
    copied = ["-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy", "-copyts", "-copyinkf"]
    text = run("-i", str(path), *copied, "-f", "framehash", "-hash", "md5", "-").decode()
    base = {int(m[1]): Fraction(m[2]) for m in re.finditer(r"^#tb (\d+): (\S+)$", text, re.MULTILINE)}
    rows = [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if not line.startswith("#")]
    return [
        Coded(
            stream=int(row[0]),
            dts_s=_seconds(row[1], base[int(row[0])]),
            pts_s=_seconds(row[2], base[int(row[0])]),
            duration_s=_seconds(row[3], base[int(row[0])]),
            size=int(row[4]),
            digest=row[5],
        )
        for row in rows
    ]


def _seconds(ticks: str, base: Fraction) -> float:
    """Not a number where the container does not say: MPEG-PS gives some packets no time."""
    return float(int(ticks) * base) if int(ticks) > -(1 << 63) else math.nan


def complaints(path: Path) -> str:
    """Of a decoder that goes through all of it; empty where there is nothing to complain of."""
    command = [program(), "-v", "error", "-i", str(path), "-map", "0", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stderr.decode(errors="replace").strip()


def strictest_duration_s(path: Path) -> float:
    """The longest that anyone may take it to be: by its packets, or by its header."""
    packets = [p for p in coded_packets(path) if not math.isnan(p.pts_s)]
    by_packets = max(p.pts_s + p.duration_s for p in packets) - max(min(p.pts_s for p in packets), 0.0)
    shown = subprocess.run(
        [program(), "-hide_banner", "-i", str(path)], capture_output=True, check=False
    ).stderr.decode()
    header = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", shown)
    assert header is not None, shown
    return max(by_packets, int(header[1]) * 3600 + int(header[2]) * 60 + float(header[3]))


def frames_rgb(path: Path, width: int, height: int) -> np.ndarray:
    """All frames as shown upright, (n, height, width, 3) uint8; the size must be the displayed one."""
    raw = run("-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def samples(path: Path, channels: int, sample_rate: int | None = None) -> np.ndarray:
    """Decoded sound, (n, channels) int16."""
    rate = [] if sample_rate is None else ["-ar", str(sample_rate)]
    raw = run("-i", str(path), "-map", "0:a:0", *rate, "-ac", str(channels), "-f", "s16le", "-")
    return np.frombuffer(raw, np.int16).reshape(-1, channels)


def corner_colours(frame: np.ndarray) -> tuple[tuple[int, int, int], ...]:
    """Top left, top right, bottom left, bottom right of a (height, width, 3) picture, to the nearest pure colour."""
    height, width, _ = frame.shape
    spots = [
        (height // 6, width // 6),
        (height // 6, -width // 6),
        (-height // 6, width // 6),
        (-height // 6, -width // 6),
    ]
    return tuple(tuple(255 if int(c) > 128 else 0 for c in frame[y, x]) for y, x in spots)


def flash_times_s(path: Path, width: int, height: int) -> list[float]:
    """When the box in the middle turns white, seconds of the file's clock."""
    lit = frames_rgb(path, width, height)[:, height // 2, width // 2].min(axis=1) > 128
    times = sorted(p.pts_s for p in coded_packets(path) if p.stream == 0)
    assert len(times) == len(lit)
    return [times[i] for i in range(len(lit)) if lit[i] and (i == 0 or not lit[i - 1])]


def tone_times_s(path: Path) -> list[float]:
    """When the tone sets in, seconds of the file's clock."""
    rate = 48_000
    loud = np.abs(samples(path, 1, rate)[:, 0].astype(np.int32)) > 4_000
    starts_s = min(max(p.pts_s, 0.0) for p in coded_packets(path) if p.stream == 1 or len(_streams(path)) == 1)
    onsets: list[float] = []
    last = -rate
    for i in np.flatnonzero(loud):
        if i - last > rate // 2:
            onsets.append(float(i / rate + starts_s))
        last = i
    return onsets


def _streams(path: Path) -> set[int]:
    return {p.stream for p in coded_packets(path)}
