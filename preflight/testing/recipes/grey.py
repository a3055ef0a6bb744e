"""H.264 written bit by bit: grey pictures of any size, at a byte a macroblock and in a thousandth of an encoder's time.

A keyframe is predicted from nothing, which is grey, with no residual; every other frame says that nothing changed.
Sides that are even give Constrained Baseline; odd ones give High without colour, which alone can be cropped to them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from preflight.testing.recipes.interface import Kitchen, Recipe

_MACROBLOCK = 16
_MOST_MACROBLOCKS = ((1_620, 30), (3_600, 31), (8_192, 40), (22_080, 50), (36_864, 51))
"""Of a picture, and the level (times ten) that allows so many (ISO/IEC 14496-10, table A-1)."""
_HIGHEST_LEVEL = 62
_BASELINE, _HIGH = 66, 100
_SPS, _PPS, _KEYFRAME, _FRAME = 0x67, 0x68, 0x65, 0x41
_FRAME_NUMBERS = 16


@dataclass(frozen=True, kw_only=True)
class Grey:
    """A grey picture that does not move."""

    width: int = 360
    height: int = 360
    sample_aspect_ratio: Fraction = Fraction(1)
    frames: int = 100
    frame_rate: Fraction = Fraction(25)
    keyframe_every: int = 25
    """Frames."""
    first_keyframe: int = 0
    """Counted from 0; frames before it are those of a film that was cut from a longer one."""

    def is_keyframe(self, number: int) -> bool:
        return number >= self.first_keyframe and (number - self.first_keyframe) % self.keyframe_every == 0

    def packets(self) -> list[bytes]:
        """A NAL unit a frame, without what separates them."""
        unchanged = [self._unchanged(number) for number in range(_FRAME_NUMBERS)]
        # Two keyframes that follow each other differ in their number.
        keyframes = [self._keyframe(number) for number in (0, 1)]
        made, since, count = [], self.first_keyframe and 1, 0
        for number in range(self.frames):
            if self.is_keyframe(number):
                made.append(keyframes[count % 2])
                since, count = 1, count + 1
            else:
                made.append(unchanged[since % _FRAME_NUMBERS])
                since += 1
        return made

    def parameter_sets(self) -> tuple[bytes, bytes]:
        """SPS and PPS, as NAL units."""
        profile, level = (_HIGH, 0) if self._is_odd else (_BASELINE, 0xC0)
        bits = _Bits().u(8, profile).u(8, level).u(8, self._level).ue(0)
        if self._is_odd:
            bits.ue(0).ue(0).ue(0).u(2, 0)  # no colour, 8 bits
        columns, rows = self._columns, self._rows
        bits.ue(0).ue(2).ue(1).u(1, 0).ue(columns - 1).ue(rows - 1).u(2, 0b11)
        right, bottom = columns * _MACROBLOCK - self.width, rows * _MACROBLOCK - self.height
        bits.u(1, int(bool(right or bottom)))
        if right or bottom:
            unit = 1 if self._is_odd else 2
            bits.ue(0).ue(right // unit).ue(0).ue(bottom // unit)
        ratio = self.sample_aspect_ratio
        bits.u(1, int(ratio != 1))
        if ratio != 1:
            bits.u(1, 1).u(8, 255).u(16, ratio.numerator).u(16, ratio.denominator).u(8, 0)
        sps = _unit(_SPS, bits)
        pps = _unit(_PPS, _Bits().ue(0).ue(0).u(2, 0).ue(0).ue(0).ue(0).u(3, 0).ue(0).ue(0).ue(0).u(3, 0))
        return sps, pps

    def _keyframe(self, number: int) -> bytes:
        """All macroblocks are Intra_16x16, predicted from their neighbours' mean, without coefficients."""
        bits = _Bits().ue(0).ue(7).ue(0).u(4, 0).ue(number).u(2, 0).ue(0)
        macroblock = "0010011" if self._is_odd else "00100111"
        return _unit(_KEYFRAME, bits.raw(macroblock * (self._columns * self._rows)))

    def _unchanged(self, number: int) -> bytes:
        """All macroblocks are skipped."""
        bits = _Bits().ue(0).ue(5).ue(0).u(4, number).u(3, 0).ue(0)
        return _unit(_FRAME, bits.ue(self._columns * self._rows))

    @property
    def _is_odd(self) -> bool:
        return bool(self.width % 2 or self.height % 2)

    @property
    def _columns(self) -> int:
        return -(-self.width // _MACROBLOCK)

    @property
    def _rows(self) -> int:
        return -(-self.height // _MACROBLOCK)

    @property
    def _level(self) -> int:
        macroblocks = self._columns * self._rows
        return next((level for most, level in _MOST_MACROBLOCKS if macroblocks <= most), _HIGHEST_LEVEL)


class _Bits:
    def __init__(self) -> None:
        self._digits: list[str] = []

    def u(self, width: int, value: int) -> _Bits:
        """An unsigned number of so many bits."""
        return self.raw(format(value, f"0{width}b"))

    def ue(self, value: int) -> _Bits:
        """An Exp-Golomb code: small numbers are short."""
        digits = format(value + 1, "b")
        return self.raw("0" * (len(digits) - 1) + digits)

    def raw(self, digits: str) -> _Bits:
        self._digits.append(digits)
        return self

    def closed(self) -> bytes:
        """With the stop bit, filled up to a whole byte."""
        digits = "".join(self._digits) + "1"
        digits += "0" * (-len(digits) % 8)
        return int(digits, 2).to_bytes(len(digits) // 8)


def _unit(header: int, bits: _Bits) -> bytes:
    """A NAL unit, in which nothing may look like the start of another one."""
    return bytes([header]) + re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", bits.closed())


@dataclass(frozen=True, kw_only=True)
class RawGrey(Recipe):
    """The bare stream, in no container: nothing says when a frame is due."""

    suffix: str = ".h264"
    picture: Grey

    def write(self, path: Path, kitchen: Kitchen) -> None:  # noqa: ARG002 (made from nothing)
        units = [*self.picture.parameter_sets(), *self.picture.packets()]
        path.write_bytes(b"".join(b"\0\0\0\1" + unit for unit in units))
