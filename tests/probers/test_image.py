"""What an image is, from its header and structure."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from preflight.errors import UnreadableError
from preflight.media import ImageFacts, Source, Unprobed
from preflight.probers import decode, libtiff, probe
from preflight.probers.exif import exif_orientation
from preflight.probers.image import probe_image
from preflight.testing import catalogue

ORIENTATION = 0x0112
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def noise(width: int, height: int, channels: int = 3) -> Image.Image:
    shape = (height, width, channels) if channels > 1 else (height, width)
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8))


def encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


def facts_of(data: bytes) -> ImageFacts:
    facts = probe_image(Source.of(data))
    assert isinstance(facts, ImageFacts), facts
    return facts


def refusal_of(data: bytes) -> Unprobed:
    facts = probe_image(Source.of(data))
    assert isinstance(facts, Unprobed), facts
    return facts


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *between: bytes) -> bytes:
    """Grey, with a picture that is far too short for a large size."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return SIGNATURE + header + b"".join(between) + chunk(b"IEND", b"")


def exif_with(orientation: int, order: str = ">") -> bytes:
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(f"{order}IHHHIHH", 8, 1, ORIENTATION, 3, 1, orientation, 0)


@pytest.mark.parametrize(
    ("format_name", "mode", "options"),
    [
        ("JPEG", "RGB", {}),
        ("JPEG", "L", {"progressive": True}),
        ("JPEG", "CMYK", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "LA", {}),
        ("PNG", "P", {}),
        ("PNG", "1", {}),
        ("PNG", "I;16", {}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("AVIF", "RGB", {}),
        ("GIF", "P", {}),
        ("TIFF", "RGB", {}),
        ("TIFF", "F", {}),
        ("BMP", "RGB", {}),
        ("JPEG2000", "RGB", {}),
        ("PPM", "RGB", {}),
        ("TGA", "RGBA", {}),
        ("TGA", "RGB", {"compression": "tga_rle"}),
        ("PCX", "L", {}),
        ("SGI", "RGB", {}),
        ("DDS", "RGBA", {}),
        ("QOI", "RGB", {}),
        ("XBM", "1", {}),
    ],
)
def test_format_size_and_mode(format_name: str, mode: str, options: dict[str, Any]) -> None:
    picture = noise(40, 30, 4) if mode == "RGBA" else noise(40, 30).convert("L" if mode == "I;16" else mode)
    data = encoded(picture.convert(mode), format_name, **options)
    assert facts_of(data) == ImageFacts(
        size_bytes=len(data),
        format=format_name,
        width=40,
        height=30,
        orientation=1,
        mode=mode,
        frames=1,
        picture_bytes=len(data) if format_name == "JPEG" else None,
        bare_bytes=len(data) if format_name in ("JPEG", "PNG") else None,
    )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_orientation_gives_the_displayed_size(format_name: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    facts = facts_of(encoded(noise(40, 30), format_name, exif=exif))
    upright = (40, 30) if orientation <= 4 else (30, 40)
    assert (facts.displayed_width, facts.displayed_height) == upright
    # Pillow turns a TIFF itself: nothing is left to be done.
    assert facts.orientation == (1 if format_name == "TIFF" else orientation)


def test_png_orientation_behind_the_pixels_is_found_without_decoding(media, monkeypatch: pytest.MonkeyPatch) -> None:
    late = media("image/png_exif_orientation_6").read_bytes()
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was decoded"))
    assert facts_of(late).orientation == 6


def test_png_orientation_as_imagemagick_writes_it() -> None:
    exif = exif_with(8, "<")
    text = f"\nexif\n{len(exif):8}\n{exif.hex()}\n"
    body = zlib.compress(b"".join(b"\0" + bytes(30) for _ in range(20)))
    profile = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text.encode()))
    assert facts_of(png_of(30, 20, profile, chunk(b"IDAT", body))).orientation == 8


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_of_exif(order: str) -> None:
    assert exif_orientation(exif_with(5, order)) == 5
    assert exif_orientation(b"Exif\0\0" + exif_with(7, order)) == 7


@pytest.mark.parametrize("exif", [b"", b"II", exif_with(0), exif_with(9), exif_with(6)[:-3], b"MM\0*\xff\xff\xff\xff"])
def test_nonsense_in_exif_leaves_the_picture_as_it_is(exif: bytes) -> None:
    assert exif_orientation(exif) == 1


@given(st.binary(max_size=80))
def test_exif_is_read_without_an_error_whatever_it_holds(noise: bytes) -> None:
    assert 1 <= exif_orientation(b"II*\0" + noise) <= 8


def test_no_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [encoded(noise(40, 30), name) for name in ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP")]
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was decoded"))
    assert all(facts_of(data).width == 40 for data in files)


def test_frames() -> None:
    pages = [noise(20, 20), noise(20, 20).rotate(90), noise(20, 20).rotate(180)]
    for name in ("GIF", "PNG", "WEBP", "AVIF", "TIFF", "MPO"):
        data = encoded(pages[0], name, save_all=True, append_images=pages[1:])
        assert facts_of(data).frames == 3, name


def test_bigtiff_pages_are_counted() -> None:
    pages = [noise(20, 20), noise(20, 20).rotate(90)]
    assert facts_of(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:], big_tiff=True)).frames == 2


@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"subifd": True}])
def test_smaller_versions_of_a_picture_are_no_pages(options: dict[str, Any]) -> None:
    image = pyvips.Image.new_from_array(np.asarray(noise(300, 200)))
    pyramid = image.write_to_buffer(".tif", pyramid=True, tile=True, tile_width=32, tile_height=32, **options)
    assert facts_of(pyramid).frames == 1


@pytest.mark.parametrize(("tag", "value", "frames"), [(254, 4, 1), (254, 1, 1), (254, 2, 2), (255, 2, 1), (255, 3, 2)])
@pytest.mark.parametrize("big_tiff", [False, True])
def test_masks_of_a_picture_are_no_pages(tag: int, value: int, frames: int, big_tiff: bool) -> None:
    picture, mask = noise(40, 30), noise(40, 30).convert("1")
    mask.encoderinfo = {"tiffinfo": {tag: value}}
    data = encoded(picture, "TIFF", save_all=True, append_images=[mask], big_tiff=big_tiff)
    assert facts_of(data).frames == frames


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"BM" + struct.pack("<IIIIiiHHIIIIII", 70, 0, 54, 40, 4, 4, 1, 24, 4, 0, 0, 0, 0, 0) + bytes(48), "BMP"),
        (b"DDS " + struct.pack("<7I44x8I20x", 124, 0x1007, 4, 4, 0, 0, 0, 32, 4, 0x20205A5A, 0, 0, 0, 0, 0), "DDS"),
    ],
)
def test_a_kind_that_pillow_says_it_does_not_read_is_not_called_broken(data: bytes, said: str) -> None:
    refusal = refusal_of(data)
    assert (refusal.code, said in refusal.reason) == ("unsupported_file_type", True)
    assert refusal.reason.endswith("Save it as PNG or JPEG.")


def test_an_mpo_tells_how_long_its_first_picture_is() -> None:
    first = noise(200, 150)
    facts = facts_of(encoded(first, "MPO", save_all=True, append_images=[noise(300, 300)], quality=90))
    assert facts.format == "MPO"
    assert facts.damage is None
    # As a JPEG by itself the same picture takes the same bytes.
    assert facts.picture_bytes == len(encoded(first, "JPEG", quality=90))


def test_what_is_appended_to_a_jpeg_is_no_damage() -> None:
    image = encoded(noise(40, 30), "JPEG")
    facts = facts_of(image + b"\0\0\0\x18ftypmp42" + bytes(5000))
    assert facts.damage is None
    assert facts.picture_bytes == len(image)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}])
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_jpeg_that_breaks_off_is_damaged(options: dict[str, Any], share: float) -> None:
    image = encoded(noise(64, 64), "JPEG", **options)
    assert facts_of(image).damage is None
    damaged = facts_of(image[: int(len(image) * share)])
    assert damaged.damage is not None
    assert "breaks off" in damaged.damage
    assert damaged.picture_bytes is None


def test_a_thumbnails_end_is_not_the_pictures() -> None:
    thumbnail = encoded(noise(16, 16), "JPEG")
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2) + thumbnail
    image = encoded(noise(64, 64), "JPEG")
    facts = facts_of(image[:2] + segment + image[2:-2])
    assert facts.damage is not None


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_png_that_breaks_off_is_damaged(share: float) -> None:
    image = encoded(noise(64, 64), "PNG")
    facts = facts_of(image[: int(len(image) * share)])
    assert facts.damage == "the file breaks off inside the PNG chunk IDAT"


def test_a_png_without_its_end_is_damaged() -> None:
    assert "IEND" in str(facts_of(encoded(noise(64, 64), "PNG")[:-12]).damage)


def test_a_png_with_a_wrong_checksum_is_damaged() -> None:
    image = bytearray(encoded(noise(64, 64), "PNG"))
    image[len(image) // 2] ^= 1
    assert facts_of(bytes(image)).damage == "the checksum of the PNG chunk IDAT is wrong"


def test_a_webp_that_breaks_off_is_damaged_or_broken() -> None:
    image = encoded(noise(64, 64), "WEBP")
    facts = probe_image(Source.of(image[:-100]))
    assert isinstance(facts, Unprobed) or facts.damage is not None


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("bad/png_claims_60000", 60_000),
        ("bad/jpeg_claims_65500", 65_500),
        ("bad/webp_claims_16383", 16_383),
        ("bad/gif_claims_65535", 65_535),
    ],
)
def test_a_bomb_tells_its_size_without_a_word(media, name: str, side: int) -> None:
    facts = facts_of(media(name).read_bytes())
    assert (facts.width, facts.height) == (side, side)


def test_a_raw_photo_is_not_mistaken_for_its_preview() -> None:
    preview = encoded(noise(16, 16), "TIFF", tiffinfo={0x00FE: 1})
    assert refusal_of(preview).code == "unsupported_file_type"
    assert "raw" in refusal_of(preview).reason


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"hello, world\n" * 20, "unsupported_file_type"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "unsupported_file_type"),
        (b"%PDF-1.4\n", "unsupported_file_type"),
        (bytes(1000), "unsupported_file_type"),
        (b"\xff\xd8", "image_file_broken"),
        (b"\xff\xd8\xff", "image_file_broken"),
        (SIGNATURE, "image_file_broken"),
        (SIGNATURE + chunk(b"IHDR", b"123"), "image_file_broken"),
        (b"GIF89a\1\0\1\0", "image_file_broken"),
        (b"II*\0\x08\0\0\0\xff\xff", "image_file_broken"),
        (b"RIFF\x10\0\0\0WEBPVP8L\0\0\0\0", "image_file_broken"),
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "image_file_broken"),
        (b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", "image_file_broken"),
    ],
)
def test_what_cannot_be_opened_has_a_reason(data: bytes, code: str) -> None:
    refusal = refusal_of(data)
    assert refusal.code == code
    assert refusal.size_bytes == len(data)
    assert refusal.reason
    assert "\n" not in refusal.reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xd8", "the file breaks off after the first two bytes of a JPEG"),
        (SIGNATURE, "the file breaks off: it holds no whole header of a PNG"),
        (SIGNATURE + b"\0\0\0\x0d", "the file breaks off: it holds no whole header of a PNG"),
        (b"\xff\xd8\xff\xc4\0\x03\0" + bytes(40), "it begins as JPEG does, but its header is not whole"),
        (SIGNATURE + chunk(b"IHDR", b"123"), "the file breaks off: it holds no whole header of a PNG"),
    ],
)
def test_what_is_said_of_stumps_is_for_people(data: bytes, reason: str) -> None:
    assert refusal_of(data).reason == reason
    assert probe(Source.of(data)) == refusal_of(data)


@pytest.mark.parametrize(("marker", "depth"), [(0xC1, 12), (0xC3, 16), (0xC3, 12)])
def test_a_jpeg_that_nobody_reads_is_not_called_broken(marker: int, depth: int) -> None:
    jpeg = bytearray(encoded(noise(40, 30).convert("L"), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 1], jpeg[frame + 4] = marker, depth
    refusal = refusal_of(bytes(jpeg))
    assert refusal.code == "unsupported_file_type"
    assert f"{depth} bits" in refusal.reason


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "jpeg"])
def test_a_damaged_tiff_is_found_without_a_word_on_standard_error(
    compression: str, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = bytearray(encoded(noise(200, 200), "TIFF", compression=compression))
    whole[5_000:5_200] = bytes(200)
    decode(Source.of(bytes(whole)), facts_of(bytes(whole)))
    assert capfd.readouterr().err == ""


def test_what_pillow_logs_of_a_file_is_not_printed() -> None:
    whole = encoded(noise(40, 30), "TIFF")
    at = whole.index(struct.pack("<HHI", 277, 3, 1)) + 8
    program = "import preflight, sys; print(preflight.check(sys.stdin.buffer.read()).facts.kind)"
    absurd = whole[:at] + b"\xff\xff" + whole[at + 2 :]
    done = subprocess.run([sys.executable, "-c", program], input=absurd, capture_output=True, check=True)
    assert done.stdout
    assert done.stderr == b""


@pytest.mark.skipif(libtiff._library() is None, reason="this Pillow brings no libtiff")
def test_libtiff_speaks_again_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(encoded(noise(200, 200), "TIFF", compression="tiff_lzw"))
    data[5_000:5_200] = bytes(200)
    with libtiff.quiet_libtiff(), pytest.raises(OSError):
        Image.open(io.BytesIO(data)).load()
    assert capfd.readouterr().err == ""
    with pytest.raises(OSError):
        Image.open(io.BytesIO(data)).load()
    assert "LZW" in capfd.readouterr().err


def test_texts_of_a_png_are_never_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    body = zlib.compress(b"".join(b"\0" + bytes(30) for _ in range(20)))
    bomb = zlib.compress(bytes(50_000_000))
    parts = [chunk(b"zTXt", b"a\0\0" + bomb), chunk(b"iTXt", b"a\0\1\0\0\0" + bomb), chunk(b"tEXt", b"a\0b")]
    monkeypatch.setattr(PngImagePlugin, "_safe_zlib_decompress", lambda _: pytest.fail("it was unpacked"))
    whole = png_of(30, 20, *parts, chunk(b"IDAT", body), *parts)
    facts = facts_of(whole)
    assert (facts.damage, facts.width, facts.has_metadata) == (None, 30, True)
    assert getattr(decode(Source.of(whole), facts), "damage", "") is None


def test_heic_without_its_extra_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    refusal = refusal_of(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1")
    assert refusal.code == "unsupported_file_type"
    assert "pip install 'embed-preflight[heic]'" in refusal.reason


def test_a_failing_disk_is_not_a_broken_image() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 500:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(UnreadableError, match="Input/output"):
        probe_image(Source.of(Failing(encoded(noise(200, 200), "PNG"))))


WHOLE = [
    encoded(noise(24, 24), name)
    for name in ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "JPEG2000", "TGA", "PCX", "ICO")
]
READ_OTHERWISE = [
    f"image/{name}" for name in ("tiff_half_floats", "tiff_32_bit_colours", "psd_16_bit", "psb_16_bit", "jpeg_ls")
]


@settings(max_examples=400)
@given(st.sampled_from(WHOLE), st.data())
def test_damage_anywhere_never_raises(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=8))
    end = data.draw(st.sampled_from([len(whole), at, (at + len(whole)) // 2]))
    facts = probe_image(Source.of((whole[:at] + patch + whole[at + len(patch) :])[:end]))
    assert facts.kind in ("image", "unknown")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(READ_OTHERWISE), st.data())
def test_damage_to_what_pillow_does_not_read_never_raises(name: str, data: st.DataObject) -> None:
    whole = catalogue.case(name).path.read_bytes()
    near = st.one_of(st.integers(0, 200), st.integers(len(whole) - 400, len(whole) - 1))  # where its headers are
    at = data.draw(near)
    patch = data.draw(st.binary(min_size=1, max_size=8))
    end = data.draw(st.sampled_from([len(whole), at, (at + len(whole)) // 2]))
    source = Source.of((whole[:at] + patch + whole[at + len(patch) :])[:end])
    facts = probe_image(source)
    assert facts.kind in ("image", "unknown")
    if isinstance(facts, ImageFacts) and facts.width * facts.height < 1_000_000:
        assert decode(source, facts).kind in ("image", "unknown")


@given(st.binary(max_size=200))
def test_noise_never_raises(noise: bytes) -> None:
    assert probe_image(Source.of(noise)).kind in ("image", "unknown")


@pytest.mark.corpus
@pytest.mark.parametrize("folder", ["image", "bad", "text", "audio", "video"])
def test_the_corpus_never_raises(corpus: Path, folder: str) -> None:
    for path in sorted((corpus / folder).iterdir()):
        assert probe_image(Source.of(path)).kind in ("image", "unknown"), path.name


@pytest.mark.corpus
def test_whole_images_of_the_corpus_are_not_called_damaged(corpus: Path) -> None:
    damaged = {p.name for p in (corpus / "image").iterdir() if getattr(probe_image(Source.of(p)), "damage", None)}
    assert not damaged
