"""What a picture looks like, as a vector: its coarse light and colour, and which way its edges run. Not Marengo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from preflight.emulator.vectors import Vector, bounded, cosines, spread

SIDE = 64
"""A picture is looked at as 64 x 64 pixels, whatever its shape: squeezing keeps what is next to what."""

_LIGHT, _COLOUR, _CELLS, _DIRECTIONS = 14, 6, 4, 8
# Below these lengths a block says little (a flat wall, a grey photograph) and is not blown up to full weight:
# what it holds is mostly the noise of a codec.
_FAINT_LIGHT, _FAINT_COLOUR, _FAINT_EDGES = 6.0, 3.0, 1.0
_GRAIN = 0.01
"""What rounding to 8 bits and the noise of a codec leave in any coefficient."""
_WEIGHTS = {"light": 1.0, "colour": 0.5, "edges": 0.7, "mean": 0.35}


def picture_vector(rgb: NDArray[np.uint8]) -> Vector:
    """From an upright picture of shape (64, 64, 3)."""
    red, green, blue = np.moveaxis(rgb.astype(np.float64) / 255.0, -1, 0)
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    blueness, redness = blue - light, red - light
    # As an angle, so that a flat picture of any grey is still a vector, and black is opposite to white.
    tone = np.pi * light.mean()
    mean = np.array([np.cos(tone), np.sin(tone), 2 * blueness.mean(), 2 * redness.mean()])
    colour = np.concatenate([_waves(blueness, _COLOUR), _waves(redness, _COLOUR)])
    blocks = (
        _WEIGHTS["light"] * bounded(_waves(light, _LIGHT), _FAINT_LIGHT),
        _WEIGHTS["colour"] * bounded(colour, _FAINT_COLOUR),
        _WEIGHTS["edges"] * bounded(_edges(light), _FAINT_EDGES),
        _WEIGHTS["mean"] * mean,
    )
    return spread(np.concatenate(blocks), "picture")


def _waves(plane: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The lowest `count` x `count` cosine coefficients without the mean, each raised by its frequency.

    Natural pictures fade with frequency, and all alike: raised, no few coefficients decide, and unrelated
    pictures come out at nearly right angles.
    """
    basis = cosines(count, SIDE)
    coefficients = basis @ plane @ basis.T
    frequency = np.hypot(*np.meshgrid(np.arange(count), np.arange(count)))
    above_grain = np.maximum(np.abs(coefficients) - _GRAIN, 0)
    evened: NDArray[np.float64] = np.sign(coefficients) * np.sqrt(above_grain * frequency)
    return evened.ravel()[1:]


def _edges(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """In each of 4 x 4 cells: how much of its edges run in each of 8 directions, against their average."""
    down, right = np.gradient(light)
    strength = np.hypot(down, right)
    turn = (np.arctan2(down, right) % np.pi) / np.pi * _DIRECTIONS
    # An angle between two directions counts for both, so that a little noise cannot move all of it at once.
    low = np.floor(turn).astype(np.intp) % _DIRECTIONS
    part = turn - np.floor(turn)
    cell = np.arange(SIDE) * _CELLS // SIDE
    place = (cell[:, None] * _CELLS + cell[None, :]) * _DIRECTIONS
    size = _CELLS * _CELLS * _DIRECTIONS
    counts = np.bincount((place + low).ravel(), (strength * (1 - part)).ravel(), size)
    counts += np.bincount((place + (low + 1) % _DIRECTIONS).ravel(), (strength * part).ravel(), size)
    table: NDArray[np.float64] = np.sqrt(counts).reshape(-1, _DIRECTIONS)
    against_average: NDArray[np.float64] = table - table.mean(axis=0)
    return against_average.ravel()
