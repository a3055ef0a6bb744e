"""What Debian's FFmpeg sees and hears of marked media: which second each mark says that it is of, and when it comes."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from preflight.media import Span
from preflight.testing.recipes.marked import BARS, MARK_S, tone_hz

_WIDTH, _HEIGHT = 4 * BARS, 36
_LOUD, _QUIET_S = 3_000, 0.3
_BETWEEN_TONES_HZ = 30
SYNC_S = 0.04
"""How far sound may move against its picture (the promise)."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The time of each second's mark, on the file's own clock."""

    seen: tuple[tuple[int, float], ...]
    heard: tuple[tuple[float, float], ...]
    """Pitch in Hz, and when."""
    frame_s: float
    """The longest time that a picture stands near a mark: nothing can be seen sooner than it is shown."""
    container: str
    """FFmpeg's name of the demuxer."""
    start_s: float
    """Where the file's clock starts, by its container; what an MP3 says of its encoder's delay counts, too."""


def marks(path: Path) -> Marks:
    """All of it in one run: to start a program takes as long as to decode ten seconds."""
    picture, sound, said = _decoded(path, "va") or _decoded(path, "a") or _decoded(path, "v") or (b"", b"", "")
    container, starts = re.search(r"Input #0, (\S+), from", said), re.search(r"Duration: .* start: (-?[\d.]+)", said)
    seen, frame_s = _seen(picture, said, is_matroska="matroska" in (container[1] if container else ""))
    return Marks(
        seen=seen,
        heard=_heard(sound, said),
        frame_s=frame_s,
        container=container[1] if container else "",
        start_s=float(starts[1]) if starts else 0.0,
    )


def _decoded(path: Path, tracks: str) -> tuple[bytes, bytes, str] | None:
    """Picture, sound, and what the last filters say of each frame; None where it has no such tracks."""
    shown = f"scale={_WIDTH}:{_HEIGHT}:flags=area,format=gray,showinfo=checksum=0"
    mixed = "aformat=sample_fmts=s16:channel_layouts=mono,ashowinfo"
    with tempfile.TemporaryDirectory() as folder:
        raw = {track: Path(folder, track) for track in tracks}
        command = ["ffmpeg", "-v", "info", "-hide_banner", "-nostats", "-copyts", "-threads", "1", "-i", str(path)]
        if "v" in raw:
            command += ["-map", "0:v:0", "-fps_mode", "passthrough", "-vf", shown, "-f", "rawvideo", str(raw["v"])]
        if "a" in raw:
            command += ["-map", "0:a:0", "-af", mixed, "-f", "s16le", str(raw["a"])]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            return None
        picture, sound = (raw[track].read_bytes() if track in raw else b"" for track in "va")
    return picture, sound, done.stderr.decode(errors="replace")


def _seen(raw: bytes, said: str, *, is_matroska: bool) -> tuple[tuple[tuple[int, float], ...], float]:
    frames = np.frombuffer(raw, np.uint8).reshape(-1, _HEIGHT, _WIDTH) > 128
    clock = re.search(r"showinfo.*config in time_base: (\d+/\d+)", said)
    # In ticks: of seconds it shows six digits and no more.
    base = float(Fraction(clock[1])) if clock else 0.0
    times = [int(ticks) * base for ticks in re.findall(r"Parsed_showinfo.* n: *\d+ pts: *(-?\d+) ", said)]
    assert len(times) == len(frames), (len(times), len(frames))
    if is_matroska:
        # Before zero FFmpeg reads no time, and makes some up until one is read: it goes back there.
        back = max((i for i in range(1, len(times)) if times[i] < times[i - 1]), default=0)
        frames, times = frames[back:], times[back:]
    lit = frames[:, _HEIGHT // 2, _WIDTH // 2]
    bars = frames[:, _HEIGHT // 8, 2::4] @ (1 << np.arange(BARS))
    found = [i for i in range(len(frames)) if lit[i] and (i == 0 or not lit[i - 1] or bars[i] != bars[i - 1])]
    longest = max((times[i] - times[i - 1] for i in found if i), default=0.0)
    return tuple((int(bars[i]), times[i]) for i in found), longest


def _heard(raw: bytes, said: str) -> tuple[tuple[float, float], ...]:
    samples = np.frombuffer(raw, np.int16).astype(np.int32)
    blocks = re.findall(r"ashowinfo.* pts:(-?\d+) .*rate:(\d+) nb_samples:(\d+)", said)
    if not blocks:
        return ()
    rate = int(blocks[0][1])
    counts = np.array([int(count) for _, _, count in blocks])
    firsts = np.cumsum(counts) - counts
    loud = np.flatnonzero(np.abs(samples) > _LOUD)
    block = np.searchsorted(firsts, loud, side="right") - 1
    times = (np.array([int(pts) for pts, _, _ in blocks])[block] + loud - firsts[block]) / rate
    onsets = np.flatnonzero(np.diff(times, prepend=min(times, default=0.0) - 1.0) > _QUIET_S)
    return tuple((_pitch(samples[loud[i] :], rate), float(times[i])) for i in onsets)


def _pitch(samples: np.ndarray, rate: int) -> float:
    """Of the middle of the tone, to a few Hz."""
    middle = samples[round(0.02 * rate) : round(0.08 * rate)]
    if len(middle) < rate * 0.03:
        return 0.0
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 8 * len(middle)))
    return float(np.argmax(spectrum) * rate / (8 * len(middle)))


def faults(source: Path, clips: Sequence[tuple[Path, Span]]) -> list[str]:
    """What is wrong with the clips of one marked source, by what is seen and heard in both; nothing, where none is.

    Each mark must come in exactly one clip, within one frame of where the span says; and its tone as long after or
    before its flash as in the source, within 40 ms. A tone that a cut falls into, or nearly, may be heard in both.
    """
    whole = marks(source)
    origin = _origin_s(whole)
    wrong: list[str] = []
    flashes: dict[int, float] = {second: at - origin for second, at in whole.seen}
    beeps = _by_second(whole.heard, origin)
    seen_in: dict[int, list[int]] = {second: [] for second in flashes}
    heard_in: dict[int, list[int]] = {second: [] for second in beeps}
    for number, (path, span) in enumerate(clips):
        clip = _on_its_own_clock(marks(path))
        frame_s = max(whole.frame_s, clip.frame_s)
        for second, at in clip.seen:
            if second not in flashes:
                wrong.append(f"clip {number}: a flash of second {second}, which the source does not have")
                continue
            seen_in[second].append(number)
            off = at + span.start_s - flashes[second]
            if abs(off) > frame_s + 0.002:
                wrong.append(f"clip {number}: flash {second} is {off:+.3f} s off")
        for hz, at in clip.heard:
            near = [k for k in beeps if abs(beeps[k] - at - span.start_s) < 3 and _is_of(hz, k)]
            if not near:
                if _MARGIN_S < at < span.duration_s - _MARGIN_S:
                    wrong.append(f"clip {number}: at {at:.3f} s a tone of {hz:.0f} Hz that belongs elsewhere")
                continue
            second = near[0]
            heard_in[second].append(number)
            off = at + span.start_s - beeps[second]
            if abs(off) > SYNC_S and _MARGIN_S < at < span.duration_s - _MARGIN_S:
                wrong.append(f"clip {number}: tone {second} is {off:+.3f} s off")
            flash = next((t for k, t in clip.seen if k == second), None)
            if flash is not None and second in flashes:
                moved = (at - flash) - (beeps[second] - flashes[second])
                # A frame may be shown as much later as its rate was lowered.
                if abs(moved) > max(SYNC_S, clip.frame_s + 0.002) and at > _MARGIN_S:
                    wrong.append(f"clip {number}: sound moved {moved:+.3f} s against its picture at {second}")
    edges = [s.start_s for _, s in clips] + [clips[-1][1].end_s]
    wrong += [f"flash {k} in clips {n}" for k, n in seen_in.items() if len(n) != 1 and not _is_near(flashes[k], edges)]
    wrong += [f"tone {k} in clips {n}" for k, n in heard_in.items() if len(n) != 1 and not _is_near(beeps[k], edges)]
    return wrong


_MARGIN_S = 0.15
"""Coded sound cannot be cut to the sample: at its edges a clip may begin in the middle of a tone. At 16 kHz a frame
lasts 64 ms, and the first may need the one before it."""


def _origin_s(source: Marks) -> float:
    """Where the source's timeline starts: at its first packet, or at zero, where that is before.

    A transport stream has no zero: there FFmpeg counts what is before the clock wraps as negative.
    """
    return source.start_s if source.container == "mpegts" else max(source.start_s, 0.0)


def _on_its_own_clock(clip: Marks) -> Marks:
    """An MP3 starts where its encoder's delay ends, which every player leaves out: all else starts at zero."""
    if clip.container != "mp3":
        return clip
    return replace(clip, heard=tuple((hz, at - clip.start_s) for hz, at in clip.heard))


def _is_near(at: float, edges: Sequence[float]) -> bool:
    return any(abs(at - edge) < MARK_S + _MARGIN_S or abs(at + MARK_S - edge) < MARK_S + _MARGIN_S for edge in edges)


def _is_of(hz: float, second: int) -> bool:
    return abs(hz - tone_hz(second)) < _BETWEEN_TONES_HZ


def _by_second(heard: Sequence[tuple[float, float]], origin: float) -> dict[int, float]:
    """The pitch comes again every 32 seconds; which of them it is, the time says well enough."""
    found: dict[int, float] = {}
    for hz, at in heard:
        nearest = round(at - origin - 0.5)
        for second in sorted(range(max(0, nearest - 8), nearest + 9), key=lambda k: abs(k - nearest)):
            if _is_of(hz, second):
                found[second] = at - origin
                break
    return found
