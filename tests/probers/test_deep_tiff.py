"""TIFF in kinds that Pillow has no mode for: every sample as it was written, by a script and by libvips."""

from __future__ import annotations

import io
import struct
from itertools import product
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import pyvips
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from preflight.errors import BrokenMediaError
from preflight.media import ImageFacts, Source, Unprobed
from preflight.probers import deep_tiff, probe, tiff_blocks
from preflight.probers.deep_tiff import DeepTiff
from preflight.probers.image_decoded import decode_fully, load_whole, opened
from preflight.testing.recipes.interface import Kitchen
from preflight.testing.recipes.tiff import Tiff
from preflight.transformers.image_colour import to_srgb

NO_KITCHEN = cast("Kitchen", None)


@pytest.fixture
def write(tmp_path: Path):
    def written(recipe: Tiff) -> bytes:
        path = tmp_path / "picture.tif"
        path.unlink(missing_ok=True)
        recipe.write(path, NO_KITCHEN)
        return path.read_bytes()

    return written


def loaded(data: bytes) -> Image.Image:
    source = Source.of(data)
    with source.open() as file:
        image = opened(file, "picture")
        load_whole(image, file, "picture")
        return image


def shares(image: Image.Image, white: float = 255) -> np.ndarray:
    """From 0 to 1: height x width x bands."""
    samples = np.asarray(image, np.float64)
    return (samples[..., None] if samples.ndim == 2 else samples) / white


ONE_LEVEL = 0.51 / 255
LAYOUTS: list[dict[str, Any]] = [
    {"block": block, "planar": planar, "compression": compression, "predictor": predictor, "order": order}
    for block, planar, compression, predictor, order in product(
        (None, (64, 48)), (False, True), (1, 8), (1, 2), ("<", ">")
    )
    if predictor == 1 or compression == 8
]


@pytest.mark.parametrize("samples", ["u4", "f2", "f4", "f8"])
@pytest.mark.parametrize("alpha", [None, "apart", "multiplied"])
def test_colours_of_every_width_and_layout_are_as_they_were_written(write, samples: Any, alpha: Any) -> None:
    floating = [{"predictor": 3, "block": block, "planar": planar} for block in (None, (64, 48)) for planar in (0, 1)]
    for layout in (*LAYOUTS, *(floating if samples.startswith("f") else ())):
        recipe = Tiff(samples=samples, alpha=alpha, **layout)
        picture = loaded(write(recipe))
        assert isinstance(picture, DeepTiff)
        assert picture.mode == ("RGB" if alpha is None else "RGBA")
        shown, wanted = shares(picture), recipe.shown()
        if alpha == "multiplied":  # nothing is left of the colours where it is clear
            wanted[..., :3] *= wanted[..., 3:]
        assert np.abs(shown - wanted).max() < ONE_LEVEL, recipe


@pytest.mark.parametrize("colours", ["gray", "white_is_zero"])
@pytest.mark.parametrize(("samples", "white"), [("u2", 65_535), ("u2", 4_095), ("f2", 1), ("f8", 1)])
def test_greys_with_alpha_or_alone(write, samples: Any, white: float, colours: Any) -> None:
    for layout in LAYOUTS:
        recipe = Tiff(samples=samples, alpha="apart", colours=colours, **layout)
        picture = loaded(write(recipe))
        assert picture.mode == "LA"
        assert np.abs(shares(picture) - recipe.shown()).max() < ONE_LEVEL, recipe
    if samples == "u2":
        return
    for layout in LAYOUTS:
        recipe = Tiff(samples=samples, colours=colours, **layout)
        picture = loaded(write(recipe))
        assert picture.mode == "F"
        assert np.abs(shares(picture, white) - recipe.shown()).max() < 1e-3, recipe


def test_a_sensors_bits_reach_from_black_to_white(write) -> None:
    """Of 16 bits whose 0 is white and whose greater byte comes first."""
    recipe = Tiff(samples="u2", colours="white_is_zero", white=4_095, order=">")
    picture = DeepTiff(io.BytesIO(write(recipe)), "")
    assert np.abs(shares(picture) - recipe.shown()).max() < ONE_LEVEL


@pytest.mark.parametrize(
    ("samples", "colours"), [("u2", "cie_lab"), ("f4", "cie_lab"), ("u1", "icc_lab"), ("u2", "icc_lab")]
)
def test_lab_is_the_colour_it_was(write, samples: Any, colours: Any) -> None:
    wanted = Tiff().shown() * 255
    for layout in LAYOUTS:
        picture, _ = to_srgb(loaded(write(Tiff(samples=samples, colours=colours, **layout))))
        assert np.abs(np.asarray(picture, np.float64) - wanted).max() < 25, layout  # eight bits of Lab are coarse


@pytest.mark.parametrize("colours", ["rgb", "cmyk"])
def test_planes_of_16_bits_are_not_taken_for_planes_of_bytes(write, colours: Any) -> None:
    for layout in LAYOUTS:
        if layout["planar"]:
            recipe = Tiff(samples="u2", colours=colours, **layout)
            assert np.abs(shares(loaded(write(recipe))) - recipe.shown()).max() < ONE_LEVEL, recipe


def gradient(bands: int) -> np.ndarray:
    """From 0 to 1, another in each band, with a little noise: 150 x 210."""
    rows, columns = np.mgrid[0:150, 0:210]
    planes = [rows / 149, columns / 209, (rows + columns) / 358, 1 - rows / 149][:bands]
    noise = np.random.default_rng(3).uniform(-0.02, 0.02, (150, 210, bands))
    return (np.stack(planes, axis=-1) + noise).clip(0, 1)


@pytest.mark.parametrize("tile", [False, True])
@pytest.mark.parametrize(
    ("compression", "predictor"),
    [("none", "none"), ("lzw", "horizontal"), ("lzw", "float"), ("deflate", "float"), ("packbits", "none")],
)
def test_what_libvips_writes_is_read_as_it_was(compression: str, predictor: str, tile: bool) -> None:
    for bands, kind, interpretation in ((3, "f4", "rgb"), (4, "f4", "rgb"), (3, "u4", "rgb"), (2, "u2", "grey16")):
        if predictor == "float" and kind != "f4":
            continue
        values = gradient(bands)
        white = 1 if kind == "f4" else (1 << 8 * int(kind[1])) - 1
        image = pyvips.Image.new_from_array((values * white).astype(kind)).copy(interpretation=interpretation)
        data = image.write_to_buffer(
            ".tif", compression=compression, predictor=predictor, tile=tile, tile_width=64, tile_height=32
        )
        picture = loaded(data)
        assert isinstance(picture, DeepTiff)
        assert np.abs(shares(picture) - values).max() < ONE_LEVEL, (bands, kind)


def test_lights_brighter_than_white_do_not_make_the_rest_dark() -> None:
    values = gradient(3).astype("f4")
    values[:10] *= 40
    values[-1, -1] = np.nan
    image = pyvips.Image.new_from_array(values).copy(interpretation="rgb")
    shown = shares(loaded(image.write_to_buffer(".tif")))
    assert np.abs(shown[10:-1] - values[10:-1]).max() < ONE_LEVEL
    assert shown[-1, -1].tolist() == [0, 0, 0]


def test_floats_that_are_the_numbers_of_bytes_are_not_blown_out() -> None:
    image = pyvips.Image.new_from_array((gradient(3) * 255).astype("f4")).copy(interpretation="rgb")
    assert np.abs(shares(loaded(image.write_to_buffer(".tif"))) - gradient(3)).max() < ONE_LEVEL


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_comes_out_upright(orientation: int) -> None:
    image = pyvips.Image.new_from_array(gradient(3).astype("f4")).copy(interpretation="rgb")
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    data = image.write_to_buffer(".tif")
    upright = pyvips.Image.new_from_buffer(data, "").autorot().numpy()
    facts = probe(Source.of(data))
    assert isinstance(facts, ImageFacts)
    assert (facts.orientation, facts.height, facts.width) == (1, *upright.shape[:2])
    assert np.abs(shares(loaded(data)) - upright).max() < ONE_LEVEL


def test_nothing_is_unpacked_to_learn_what_it_is(write, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write(Tiff(samples="f4", alpha="apart"))
    monkeypatch.setattr(deep_tiff, "unpacked", lambda *_: pytest.fail("it was unpacked"))
    facts = probe(Source.of(data))
    assert facts == ImageFacts(
        size_bytes=len(data), format="TIFF", width=192, height=144, orientation=1, mode="RGBA", frames=1
    )


def patched(data: bytes, tag: int, value: int) -> bytes:
    """The first value of a tag, in a little-endian TIFF: in place, or where the tag points to."""
    (directory,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, directory)
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        number, kind, many = struct.unpack_from("<HHI", data, at)
        if number == tag:
            size = {3: 2, 4: 4}[kind]
            place = at + 8 if many * size <= 4 else struct.unpack_from("<I", data, at + 8)[0]
            return data[:place] + value.to_bytes(size, "little") + data[place + size :]
    raise AssertionError(tag)


@pytest.mark.parametrize("compression", [1, 8])
def test_what_is_damaged_is_found(write, compression: Any) -> None:
    data = write(Tiff(samples="f4", compression=compression, block=None))
    decode_fully(Source.of(data))
    near_the_end = patched(data, 273, len(data) - 40)
    with pytest.raises(BrokenMediaError, match="cannot be decoded"):
        decode_fully(Source.of(near_the_end))
    for cut in (100, len(data) // 2, len(data) - 9):
        facts = probe(Source.of(data[:cut]))
        assert isinstance(facts, Unprobed)
        assert facts.code == "image_file_broken"


def test_a_bomb_is_refused_by_its_header(write, monkeypatch: pytest.MonkeyPatch) -> None:
    import preflight

    monkeypatch.setattr(deep_tiff, "unpacked", lambda *_: pytest.fail("it was unpacked"))
    tiles = write(Tiff(samples="f2", block=(1 << 14, 1 << 14)))
    bomb = patched(patched(tiles, 256, 1 << 14), 257, 1 << 14)
    assert [finding.code for finding in preflight.check(bomb).errors] == ["unsupported_file_type"]
    # Its strips are there, as far as anybody can tell who does not unpack them.
    tall = write(Tiff(samples="f4", width=400, height=16_384, shows="blank"))
    wide = patched(tall, 256, 16_384)
    codes = {finding.code for finding in preflight.check(wide).errors}
    assert codes == {"unsupported_file_type", "image_pixels_too_many"}


@pytest.mark.parametrize(
    ("tag", "value", "said"),
    [
        (259, 34887, "compressed as LERC"),
        (259, 50001, "compressed as WEBP"),
        (259, 12345, "compressed as number 12345"),
        (262, 32845, "logarithms of luminance"),
        (262, 77, "colours of kind 77"),
        (266, 2, "an order of their own"),
    ],
)
def test_what_is_not_read_is_named_and_not_called_broken(write, tag: int, value: int, said: str) -> None:
    data = write(Tiff(samples="u4", order="<"))
    if tag == 266:  # in place of one that may be missing
        directory = struct.unpack_from("<I", data, 4)[0]
        data = data.replace(struct.pack("<HHI", 284, 3, 1), struct.pack("<HHI", 266, 3, 1), 1)
        assert directory
    facts = probe(Source.of(patched(data, tag, value)))
    assert isinstance(facts, Unprobed)
    assert facts.code == "unsupported_file_type"
    assert said in facts.reason
    assert facts.reason.endswith("Save it as PNG or JPEG.")


@pytest.mark.parametrize(("format_number", "said"), [(2, "32 bits with a sign"), (6, "32 bits of a kind")])
def test_samples_of_other_kinds_are_named(write, format_number: int, said: str) -> None:
    data = write(Tiff(samples="u4"))
    was, now = struct.pack("<3H", 1, 1, 1), struct.pack("<3H", *(format_number,) * 3)
    at = data.rindex(was)
    facts = probe(Source.of(data[:at] + now + data[at + 6 :]))
    assert isinstance(facts, Unprobed)
    assert (facts.code, said in facts.reason) == ("unsupported_file_type", True)


def test_bands_of_which_none_is_a_colour_are_not_guessed_at() -> None:
    image = pyvips.Image.new_from_array(np.zeros((40, 50, 5), "u2")).copy(interpretation="grey16")
    facts = probe(Source.of(image.write_to_buffer(".tif")))
    assert isinstance(facts, Unprobed)
    assert (facts.code, "5 bands" in facts.reason) == ("unsupported_file_type", True)


def test_a_compression_that_this_libtiff_lacks_is_found_by_check() -> None:
    data = pyvips.Image.new_from_array(np.zeros((40, 50, 3), "u1")).write_to_buffer(".tif", compression="webp")
    is_built_in = tiff_blocks._is_built_in("webp")
    facts = probe(Source.of(data))
    if is_built_in:
        assert isinstance(facts, ImageFacts)
    else:
        assert isinstance(facts, Unprobed)
        assert (facts.code, "compressed as WEBP" in facts.reason) == ("unsupported_file_type", True)


@pytest.mark.parametrize("name", ["jpeg", "lzma", "zstd"])
def test_what_this_libtiff_has_is_known_by_using_it(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    import io

    tiff_blocks._is_built_in.cache_clear()
    try:
        Image.new("RGB", (16, 16)).save(io.BytesIO(), "TIFF", compression=name)
        is_there = True
    except OSError:
        is_there = False
    capfd.readouterr()
    assert tiff_blocks._is_built_in(name) == is_there
    assert tiff_blocks._is_built_in("webp") in (True, False)
    assert capfd.readouterr().err == ""


def test_what_pillow_reads_well_is_left_to_it(write) -> None:
    for recipe in (Tiff(samples="u1"), Tiff(samples="u1", planar=True), Tiff(samples="u2")):
        assert isinstance(loaded(write(recipe)), TiffImageFile)
