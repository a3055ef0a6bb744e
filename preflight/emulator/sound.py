"""What a sound sounds like, as a vector: which bands are loud, how much they move, and when. Not Marengo."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from preflight.emulator.vectors import Vector, bounded, cosines, spread

SAMPLE_RATE = 16_000
"""Hz. Sound is listened to in mono at this rate, so up to 8 kHz: what every lossy codec keeps."""

_HOP, _WINDOW = 320, 640
HOP_S = _HOP / SAMPLE_RATE

_BANDS = 64
_RANGE_DB = 60.0
"""What lies further below the loudest band of its segment is as good as silence."""
_SILENCE_DB = -45.0
"""In the loudest band: below the dither of 16-bit silence."""
_GROUPS = 8
# Below these lengths a block says little and is not blown up to full weight: a steady tone has no score, and
# what is left of one is the noise of a codec.
_FAINT_BENDS, _FAINT_SCORE, _FAINT_RHYTHM = 0.25, 2.5, 4.5
# Where speech is; what a segment does there in time stands in for what is said in it.
_SPEECH_HZ = (250.0, 4000.0)
_BLOCK = 2048
_BLOCK_SAMPLES = (_BLOCK - 1) * _HOP + _WINDOW

Loudness = NDArray[np.float32]
"""Shape (n, 64): dB in each mel band, a row every 20 ms."""


def loudness(samples: NDArray[np.float32]) -> Loudness:
    """Of mono samples at 16 kHz, between -1 and 1; shape (n,)."""
    listener = Listener()
    listener.hear(samples)
    return listener.loudness()


class Listener:
    """Loudness of sound that comes piece by piece, with the same bits however it is cut: of four hours, the samples
    would take a gigabyte, and the spectra a hundred times the memory of the answer.
    """

    def __init__(self) -> None:
        self._waiting: list[NDArray[np.float32]] = []
        self._size = 0
        self._found: list[Loudness] = []

    def hear(self, samples: NDArray[np.float32]) -> None:
        self._waiting.append(samples)
        self._size += samples.size
        if self._size >= _BLOCK_SAMPLES:
            heard = np.concatenate(self._waiting)
            while heard.size >= _BLOCK_SAMPLES:
                self._found.append(_of_block(heard[:_BLOCK_SAMPLES]))
                heard = heard[_BLOCK * _HOP :]
            self._waiting, self._size = [heard.copy()], heard.size

    def loudness(self) -> Loudness:
        """Of everything; nothing is heard after that."""
        rest = np.concatenate(self._waiting) if self._waiting else np.empty(0, np.float32)
        return np.concatenate([*self._found, _of_block(rest)])


def _of_block(samples: NDArray[np.float32]) -> Loudness:
    rows = max(0, (samples.size - _WINDOW) // _HOP + 1)
    if not rows:
        return np.empty((0, _BANDS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW).astype(np.float32))) ** 2
    found: Loudness = (10 * np.log10(power @ _mel_bands() + 1e-7)).astype(np.float32)
    return found


def sound_vector(heard: Loudness) -> Vector:
    """How it sounds: which bands stand out, how much they move, and a coarse score of the segment. A change of
    volume changes nothing. Silence, or less than 40 ms, is one fixed vector.
    """
    level = _above_silence(heard)
    if level is None:
        return spread(np.eye(1)[0], "silence")
    # As an angle, so that what has no other feature (a steady hiss) is still a vector.
    fullness = np.pi * level.mean()
    blocks = (
        1.0 * bounded(_bends(level.mean(axis=0)), _FAINT_BENDS),
        0.5 * bounded(_bends(level.std(axis=0)), _FAINT_BENDS),
        0.7 * bounded(_score(level, 16), _FAINT_SCORE),
        0.3 * np.array([np.cos(fullness), np.sin(fullness)]),
    )
    return spread(np.concatenate(blocks), "sound")


def speech_vector(heard: Loudness) -> Vector:
    """What stands in for `transcription`: **no speech is recognised**. It is the rhythm of the bands in which
    people speak, so the same recording gives the same vector, at right angles to how it sounds.
    """
    low, high = np.searchsorted(_band_edges()[1:-1], _SPEECH_HZ)
    level = _above_silence(heard[:, low:high])
    if level is None:
        return spread(np.eye(1)[0], "speechless")
    unrest = np.pi * min(float(level.std(axis=0).mean()) * 3, 1)
    blocks = (
        1.0 * bounded(_score(level, 32), _FAINT_RHYTHM),
        0.4 * np.array([np.cos(unrest), np.sin(unrest)]),
    )
    return spread(np.concatenate(blocks), "speech")


def _above_silence(heard: Loudness) -> NDArray[np.float64] | None:
    """From 0 for silence to 1 for the loudest; None where nothing is heard at all."""
    if not heard.size or heard.max() < _SILENCE_DB:
        return None
    above: NDArray[np.float64] = np.clip((heard.astype(np.float64) - heard.max()) / _RANGE_DB + 1, 0, 1)
    return above


def _bends(bands: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each band against those around it, and these against a straight line: nearly all sounds fade upwards,
    and that is no likeness.
    """
    width = 9
    around = np.convolve(np.pad(bands, width // 2, mode="edge"), np.full(width, 1 / width), mode="valid")
    line = np.linspace(-1, 1, bands.size)
    return np.concatenate([bands - around, 0.5 * (around - np.polyval(np.polyfit(line, around, 1), line))])


def _score(level: NDArray[np.float64], parts: int) -> NDArray[np.float64]:
    """When it is loud where: the segment in `parts` of time and groups of bands, as waves over time.

    As with pictures, each wave is raised by its frequency, or a mere fade-in would make all sounds alike.
    """
    rows = np.arange(len(level) + 1)
    summed = np.concatenate([np.zeros((1, level.shape[1])), np.cumsum(level, axis=0)])
    edges = np.linspace(0, len(level), parts + 1)
    at_edges = np.stack([np.interp(edges, rows, column) for column in summed.T], axis=1)
    in_time = np.diff(at_edges, axis=0) * parts / len(level)
    table = np.stack([group.mean(axis=1) for group in np.array_split(in_time, _GROUPS, axis=1)], axis=1)
    waves = cosines(parts, parts)[1:] @ table @ cosines(_GROUPS, _GROUPS).T
    raised = (waves * np.sqrt(np.arange(1, parts))[:, None]).ravel()
    evened: NDArray[np.float64] = np.sign(raised) * np.sqrt(np.abs(raised))
    return evened


@cache
def _mel_bands() -> NDArray[np.float32]:
    """Shape (bins, 64): overlapping triangles."""
    bins = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)
    edges = _band_edges()
    rise = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    triangles = np.clip(np.minimum(rise, fall), 0, None)
    bands: NDArray[np.float32] = (triangles / triangles.sum(axis=0)).astype(np.float32)
    return bands


def _band_edges() -> NDArray[np.float64]:
    """66 frequencies in Hz, evenly spaced as hearing is."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (60.0, 6600.0))
    edges: NDArray[np.float64] = 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1)
    return edges
