"""Whether a JPEG is whole, and its planes: against libjpeg, which decodes to Y, Cb and Cr too."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from preflight.probers.image_structure import jpeg_damage, jpeg_segments
from preflight.probers.jpeg_check import coded_picture, is_cut_short, jpeg_planes

SIZE = (151, 117)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "grey": ("L", {}),
    "4:4:4": ("RGB", {"subsampling": 0}),
    "4:2:2": ("RGB", {"subsampling": 1}),
    "4:2:0": ("RGB", {"subsampling": 2}),
    "progressive": ("RGB", {"subsampling": 2, "progressive": True}),
    "with restarts": ("RGB", {"restart_marker_rows": 1}),
    "CMYK": ("CMYK", {}),
    "CMYK of two sizes": ("CMYK", {"subsampling": 2}),
}


def smooth(mode: str) -> Image.Image:
    down, across = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    waves = [100 + 90 * np.sin(across / (9 + 4 * n) + down / 17) for n in range(4 if mode == "CMYK" else 3)]
    image = Image.fromarray(np.stack(waves, axis=-1).astype(np.uint8), "CMYK" if mode == "CMYK" else "RGB")
    return image if mode == "CMYK" else image.convert(mode)


def jpeg(kind: str, **more: Any) -> bytes:
    mode, options = KINDS[kind]
    file = io.BytesIO()
    smooth(mode).save(file, "JPEG", quality=90, **options, **more)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_cut_and_closed_again_is_found_and_what_is_whole_is_not(kind: str) -> None:
    whole = jpeg(kind)
    assert not is_cut_short(coded_picture(io.BytesIO(whole)))
    assert not jpeg_planes(io.BytesIO(whole))[1]
    for share in (0.5, 0.8, 0.95):
        closed = io.BytesIO(whole[: int(len(whole) * share)] + b"\xff\xd9")
        assert is_cut_short(coded_picture(closed)), share
        assert jpeg_planes(closed) == (None, True), share


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_byte_of_the_coded_data_is_missed(kind: str) -> None:
    whole = jpeg(kind)
    for missing in range(1, 12):
        closed = io.BytesIO(whole[: -2 - missing] + b"\xff\xd9")
        assert is_cut_short(coded_picture(closed)), missing


def test_the_last_byte_of_an_interval_is_missed() -> None:
    """The others are decoded from their restart markers on, and the last ends where it should."""
    whole = jpeg("with restarts")
    end = whole.index(b"\xff\xd2")
    for missing in range(1, 12):
        torn = io.BytesIO(whole[: end - missing] + whole[end:])
        assert is_cut_short(coded_picture(torn)), missing
        assert jpeg_planes(torn) == (None, True), missing


def test_intervals_that_are_not_in_their_order_are_found() -> None:
    whole = jpeg("with restarts")
    second, third, fourth = (whole.index(bytes([0xFF, marker])) for marker in (0xD1, 0xD2, 0xD3))
    swapped = whole[:second] + whole[third:fourth] + whole[second:third] + whole[fourth:]
    assert is_cut_short(coded_picture(io.BytesIO(swapped)))
    doubled = whole[:third] + whole[second:third] + whole[third:]
    assert is_cut_short(coded_picture(io.BytesIO(doubled)))


@pytest.mark.parametrize("kind", ["4:2:0", "progressive", "with restarts"])
def test_fill_bytes_are_no_fault(kind: str) -> None:
    whole = jpeg(kind)
    assert not is_cut_short(coded_picture(io.BytesIO(whole[:-2] + b"\xff" * 30 + whole[-2:])))


def test_a_segment_that_is_longer_than_the_file_is_not_filled_up() -> None:
    whole = jpeg("grey")
    torn = whole[:2] + b"\xff\xe1\x40\x00" + whole[2:300]
    packet = coded_picture(io.BytesIO(torn))
    assert packet is not None
    assert bytes(packet) == torn


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("grey", "gray"),
        ("4:4:4", "yuvj444p"),
        ("4:2:2", "yuvj422p"),
        ("4:2:0", "yuvj420p"),
        ("progressive", "yuvj420p"),
        ("with restarts", "yuvj420p"),
    ],
)
def test_planes_are_those_that_libjpeg_decodes(kind: str, name: str) -> None:
    data = jpeg(kind)
    frame, is_cut = jpeg_planes(io.BytesIO(data))
    assert frame is not None
    assert (frame.format.name, frame.width, frame.height, is_cut) == (name, *SIZE, False)
    with Image.open(io.BytesIO(data)) as image:
        if kind != "grey":
            image.draft("YCbCr", image.size)
        wanted = image.split()
    for plane, whole in zip(frame.planes, wanted, strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        across, down = -(-SIZE[0] // plane.width), -(-SIZE[1] // plane.height)
        repeated = rows.repeat(down, axis=0).repeat(across, axis=1)[: SIZE[1], : SIZE[0]]
        difference = np.abs(repeated.astype(int) - np.asarray(whole))
        assert difference.max() <= (2 if across == down == 1 else 12)
        assert difference.mean() < (0.5 if across == down == 1 else 3)


@pytest.mark.parametrize("kind", ["CMYK", "CMYK of two sizes"])
def test_there_are_no_planes_of_other_colours(kind: str) -> None:
    assert jpeg_planes(io.BytesIO(jpeg(kind))) == (None, False)


def test_a_comment_of_an_old_encoder_changes_nothing() -> None:
    """FFmpeg reads "CS=ITU601" as samples from 16 to 235, and "AVID" as fields."""
    plain, _ = jpeg_planes(io.BytesIO(jpeg("4:2:0")))
    for comment in (b"CS=ITU601", b"AVID"):
        frame, _ = jpeg_planes(io.BytesIO(jpeg("4:2:0", comment=comment)))
        assert plain is not None
        assert frame is not None
        assert frame.format.name == plain.format.name
        assert [bytes(p) for p in frame.planes] == [bytes(p) for p in plain.planes]


def test_what_breaks_off_is_for_pillow() -> None:
    whole = jpeg("progressive")
    assert jpeg_planes(io.BytesIO(whole[: len(whole) // 2])) == (None, False)


@pytest.mark.corpus
def test_no_fault_is_found_in_what_cameras_and_programs_wrote(corpus: Path) -> None:
    checked = 0
    for path in sorted((corpus / "image").iterdir()):
        with path.open("rb") as file:
            if file.read(3) == b"\xff\xd8\xff" and jpeg_damage(jpeg_segments(file)) is None:
                assert not is_cut_short(coded_picture(file)), path.name
                checked += 1
    assert checked > 20
