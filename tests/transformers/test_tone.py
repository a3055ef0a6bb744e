"""HDR → SDR: patches of known light, coded as the standards say, end where a display would show them."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from preflight.media import Source
from preflight.planner import EncodeVideo
from preflight.planner.cuts import caps_for
from preflight.probers import probe
from preflight.testing.recipes.encoder import run
from preflight.transformers.tone import as_sdr
from preflight.transformers.video import encode_video
from tests.judges import frames_rgb
from tests.transformers.test_video import recipe_for

# Chromaticities of R, G, B and white, by BT.709 and BT.2020.
P709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
P2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
WHITE = (0.3127, 0.3290)
NITS = (0.0, 1.0, 10.0, 26.0, 50.0, 90.0, 203.0, 400.0, 1_000.0, 4_000.0)
COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "skin": (0.6, 0.35, 0.25), "sky": (0.3, 0.5, 0.9)}
SIDE = 64


def to_xyz(primaries) -> np.ndarray:
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    white = np.array([WHITE[0] / WHITE[1], 1.0, (1 - WHITE[0] - WHITE[1]) / WHITE[1]])
    return columns * np.linalg.solve(columns, white)


def pq(nits) -> np.ndarray:
    power = (np.asarray(nits) / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(scene) -> np.ndarray:
    scene = np.asarray(scene, float)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def coded_2020(light_709) -> np.ndarray:
    """Linear BT.709 in nits → PQ R'G'B' of BT.2020."""
    return pq(np.maximum(FROM_709 @ np.asarray(light_709, float), 0))


def raw_10_bit(patches) -> bytes:
    """R'G'B' patches side by side → 4:4:4 of BT.2020, limited range."""
    r, g, b = np.array(patches).T
    y = 0.2627 * r + 0.6780 * g + 0.0593 * b
    planes = (64 + 876 * y, 512 + 896 * (b - y) / 1.8814, 512 + 896 * (r - y) / 1.4746)
    rows = [np.tile(np.repeat(np.round(p).astype("<u2"), SIDE), (SIDE * 6, 1)) for p in planes]
    return b"".join(row.tobytes() for row in rows)


def shown(patches, transfer: str, folder) -> np.ndarray:
    """What a player shows of them after encoding, (patches, 3), 0 to 1."""
    path, width = folder / "hdr.mp4", SIDE * len(patches)
    given = ["-f", "rawvideo", "-pix_fmt", "yuv444p10le", "-s", f"{width}x{SIDE * 6}", "-r", "5", "-i", "-"]
    params = f"log-level=none:lossless=1:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:range=limited"
    # Said of the raw pictures, or the encoder's side would convert them first.
    tags = ["-vf", f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=tv"]
    coded = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", params, *tags]
    run(*given, *coded, "-y", str(path), data=raw_10_bit(patches) * 3)
    facts = probe(Source.of(path))
    assert facts.color_transfer == transfer
    recipe = recipe_for(facts)
    assert isinstance(recipe, EncodeVideo)
    (output,) = encode_video(Source.of(path), facts, recipe, caps_for("mp4", 27_000_000, 600, 4))
    made = folder / "sdr.mp4"
    made.write_bytes(output.media.read())
    sdr = probe(output.media)
    assert sdr.color_transfer == "bt709"
    frame = frames_rgb(made, sdr.width, sdr.height)[1]
    picture_width = recipe.geometry.scale_width
    middles = [int((i + 0.5) * picture_width / len(patches)) for i in range(len(patches))]
    return frame[sdr.height // 2][middles] / 255


FROM_709 = np.linalg.solve(to_xyz(P2020), to_xyz(P709))
"""Linear BT.709 → linear BT.2020."""


def hue_2100(nits) -> np.ndarray:
    """Degrees in the plane of BT.2100's Ct and Cp, of linear BT.2020."""
    cones = pq(np.asarray(nits) @ (np.array([[1688, 2146, 262], [683, 2951, 462], [99, 309, 3688]]) / 4096).T)
    ct, cp = np.array([[6610, -13613, 7003], [17933, -17390, -543]]) @ cones.T
    return np.degrees(np.arctan2(cp, ct))


def apart(one, other) -> np.ndarray:
    turned = np.abs(one - other) % 360
    return np.minimum(turned, 360 - turned)


def hue(colour) -> float:
    return colorsys.rgb_to_hsv(*(float(c) for c in colour))[0] * 360


class TestPq:
    def test_greys_are_as_bright_as_they_should_be(self, tmp_path):
        made = shown([[float(pq(n))] * 3 for n in NITS], "smpte2084", tmp_path)
        grey = made.mean(axis=1)
        assert np.ptp(made, axis=1).max() <= 0.02
        assert (np.diff(grey) >= -0.005).all()
        # Up to the knee light is kept, with 203 nits as white of a display of gamma 2.4.
        for nits, value in zip(NITS, grey, strict=True):
            if nits < 94:
                assert value == pytest.approx((nits / 203) ** (1 / 2.4), abs=0.02)
        assert 0.85 <= grey[NITS.index(203.0)] <= 1.0
        assert grey[-2:] == pytest.approx([1.0, 1.0], abs=0.01)

    @pytest.mark.parametrize("nits", [40, 180])
    def test_colours_keep_their_hue(self, tmp_path, nits):
        want = [np.array(c, float) for c in COLOURS.values()]
        made = shown([coded_2020(c * nits) for c in want], "smpte2084", tmp_path)
        for name, before, after in zip(COLOURS, want, made, strict=True):
            assert apart(hue(before ** (1 / 2.4)), hue(after)) <= 5, name

    @pytest.mark.parametrize("nits", [20, 100, 400])
    def test_a_colour_that_no_sdr_display_has_stays_near_its_hue(self, nits):
        """Of all hues of BT.2020's edge, by the ITU's own ICtCp; HSV, which is made of a display's own three lights,
        cannot say what the hue of a colour outside of it is.

        To take chroma away in OkLab instead of mixing with grey would halve the worst (red, 17 degrees), but then the
        table's neighbours turn the purest blue that an SDR display does have by 7 degrees of its own.
        """
        pure = np.array([colorsys.hsv_to_rgb(degrees / 360, s, 1) for degrees in range(360) for s in (1.0, 0.9)])
        made = as_sdr(pq(pure * nits), "pq")
        off = apart(hue_2100(pure * nits), hue_2100(made**2.4 * 203 @ FROM_709.T))
        assert 0 <= made.min() <= made.max() <= 1
        assert off.max() <= 18
        assert off.mean() <= 3


class TestHlg:
    def test_greys(self, tmp_path):
        """75 % of HLG is BT.2408's reference white."""
        signals = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
        grey = shown([[s] * 3 for s in signals], "arib-std-b67", tmp_path).mean(axis=1)
        assert (np.diff(grey) >= 0).all()
        assert 0.85 <= grey[4] <= 1.0
        assert grey[[0, 6]] == pytest.approx([0.0, 1.0], abs=0.01)
        # 18 % grey of a scene whose white is 203 nits: 26 nits, by BT.2408, which is 38 % of HLG.
        assert as_sdr(np.full(3, 0.38), "hlg")[0] == pytest.approx((26 / 203) ** (1 / 2.4), abs=0.02)
        assert float(hlg(1.0)) == pytest.approx(1.0, abs=1e-6)
