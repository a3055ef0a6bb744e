"""Headers that lie: the independent FFmpeg believes them, and finds the same packets."""

from __future__ import annotations

import re
import struct
import subprocess
import wave
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from preflight.errors import UsageError
from preflight.testing.corrupt import LieAboutDuration, LieAboutLength, LieAboutRotation, LieAboutSize, parts
from preflight.testing.recipes.encoder import program, run, write
from preflight.testing.recipes.film import CORNERS, Scene
from tests.judges import coded_packets, corner_colours, frames_rgb

LONGER = (
    "video/h264_aac_mp4",
    "video/h264_aac_mov",
    "video/index_first_mp4",
    "video/b_frames_mp4",
    "audio/m4a_aac",
    "video/prores_pcm_mov",
    "video/h264_aac_fragmented_mp4",
    "video/h264_aac_mkv",
    "video/vp9_opus_webm",
    "video/h264_aac_flv",
    "video/mpeg4_mp3_avi",
    "video/mjpeg_pcm_avi",
    "audio/mp3",
    "audio/flac_24_bits",
    "audio/ogg_vorbis",
    "audio/opus",
)
# Fragments say themselves how long they last.
SHORTER = ({*LONGER, "audio/wav_s16"}) - {"video/h264_aac_fragmented_mp4"}
SHORT_AND_WHOLE = SHORTER - {"audio/wav_s16"}


def shown(path: Path) -> str:
    return subprocess.run(
        [program(), "-hide_banner", "-i", str(path)], capture_output=True, check=False
    ).stderr.decode()


def header_duration_s(path: Path) -> float:
    found = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", shown(path))
    assert found is not None
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", LONGER)
def test_a_longer_duration_is_believed(media, tmp_path, name):
    lied = written(tmp_path / media(name).name, LieAboutDuration(seconds=7200)(media(name).read_bytes()))
    assert header_duration_s(lied) == pytest.approx(7200, abs=0.1)
    before, after = coded_packets(media(name)), coded_packets(lied)
    assert [(p.digest, p.pts_s) for p in after] == [(p.digest, p.pts_s) for p in before]


@pytest.mark.parametrize("name", sorted(SHORTER))
def test_a_shorter_duration_is_believed(media, tmp_path, name):
    lied = written(tmp_path / media(name).name, LieAboutDuration(seconds=2.0)(media(name).read_bytes()))
    assert header_duration_s(lied) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("name", sorted(SHORT_AND_WHOLE))
def test_behind_a_shorter_duration_are_the_same_packets(media, tmp_path, name):
    lied = written(tmp_path / media(name).name, LieAboutDuration(seconds=2.0)(media(name).read_bytes()))
    assert [(p.digest, p.pts_s) for p in coded_packets(lied)] == [
        (p.digest, p.pts_s) for p in coded_packets(media(name))
    ]


@pytest.mark.parametrize("seconds", [2.0, 3600.0])
def test_wav_as_another_reader_has_it(media, seconds):
    data = media("audio/wav_s16").read_bytes()
    lied = LieAboutDuration(seconds=seconds)(data)
    assert len(lied) == len(data)
    with wave.open(BytesIO(lied)) as sound:
        assert sound.getnframes() == seconds * 44_100
    start = next(part.body for part in parts(data) if part.name == "RIFF/data")
    assert lied[start:] == data[start:]


def test_wav_beyond_32_bits(media, tmp_path):
    run("-i", str(media("audio/wav_s16")), "-rf64", "always", str(tmp_path / "good.wav"))
    lied = LieAboutDuration(seconds=3.0)((tmp_path / "good.wav").read_bytes())
    assert header_duration_s(written(tmp_path / "lied.wav", lied)) == pytest.approx(3.0, abs=0.01)


def test_mp4_with_long_clocks():
    """Version 1 of the headers has 64 bits for times; FFmpeg only writes it where it must."""

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(content), kind) + content

    def file(movie_ticks: int, sound_ticks: int) -> bytes:
        movie = box(b"mvhd", struct.pack(">IQQIQ", 1 << 24, 7, 7, 1000, movie_ticks) + bytes(80))
        track = box(b"tkhd", struct.pack(">IQQIIQ", 1 << 24, 7, 7, 1, 0, movie_ticks) + bytes(60))
        clock = box(b"mdhd", struct.pack(">IQQIQ", 1 << 24, 7, 7, 48_000, sound_ticks) + bytes(4))
        return box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", movie + box(b"trak", track + box(b"mdia", clock)))

    long_ago = 1_000_000_000
    assert LieAboutDuration(seconds=long_ago)(file(5_000, 240_000)) == file(long_ago * 1000, long_ago * 48_000)


@pytest.mark.parametrize(
    ("name", "bits"), [("video/h264_aac_mp4", 32), ("audio/wav_s16", 32), ("audio/flac_24_bits", 36), ("audio/mp3", 32)]
)
def test_a_duration_that_does_not_fit(media, name, bits):
    with pytest.raises(UsageError, match=f"does not fit in {bits} bits: take one from 0 to"):
        LieAboutDuration(seconds=1e12)(media(name).read_bytes())


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_duration_that_is_none(seconds):
    with pytest.raises(UsageError, match="take 0 or more"):
        LieAboutDuration(seconds=seconds)


@pytest.mark.parametrize("name", ["video/h264_aac_ts", "audio/adts_aac", "video/theora_vorbis_ogv"])
def test_formats_that_state_no_duration(media, name):
    with pytest.raises(UsageError, match=r"states no duration.*: take"):
        LieAboutDuration(seconds=1)(media(name).read_bytes())


@pytest.mark.parametrize(("ending", "options"), [("mov", {"pix_fmt": "rgb24"}), ("avi", {}), ("mkv", {})])
@pytest.mark.parametrize("width", [40, 320])
def test_a_size_is_believed_where_the_codec_does_not_state_its_own(tmp_path, ending, options, width):
    good, scene = tmp_path / f"good.{ending}", Scene(width=64, height=48, seconds=1)
    write(good, scene.stream(), **{"c:v": "rawvideo", "pix_fmt": "yuv420p", **options})
    lied = written(tmp_path / f"lied.{ending}", LieAboutSize(width=width, height=200)(good.read_bytes()))
    assert f", {width}x200" in shown(lied)
    if ending == "mkv":  # the others drop or cut packets that are not as long as a picture
        assert [p.digest for p in coded_packets(lied)] == [p.digest for p in coded_packets(good)]


@pytest.mark.parametrize(
    "name",
    ["video/h264_aac_mp4", "video/h264_aac_mkv", "video/h264_aac_flv", "video/mpeg4_mp3_avi", "video/b_frames_mp4"],
)
def test_the_coded_picture_has_its_own_size_still(media, tmp_path, name):
    lied = written(tmp_path / media(name).name, LieAboutSize(width=320, height=200)(media(name).read_bytes()))
    assert ", 480x360" in shown(lied)
    assert [p.digest for p in coded_packets(lied)] == [p.digest for p in coded_packets(media(name))]


def test_the_size_stands_in_both_places_of_mp4(media):
    data = LieAboutSize(width=320, height=200)(media("video/h264_aac_mp4").read_bytes())
    found = {part.name: part for part in parts(data)}
    track, entry = found["moov/trak[0]/tkhd"], found["moov/trak[0]/mdia/minf/stbl/stsd/avc1"]
    assert struct.unpack_from(">II", data, track.end - 8) == (320 << 16, 200 << 16)
    assert struct.unpack_from(">HH", data, entry.start + 32) == (320, 200)


def test_the_size_stands_in_the_script_of_flv(media):
    good = media("video/h264_aac_flv").read_bytes()
    data = LieAboutSize(width=320, height=200)(good)
    assert data.count(b"\0\x05width\0" + struct.pack(">d", 320)) == 1
    assert data.count(b"\0\x06height\0" + struct.pack(">d", 200)) == 1


def test_sizes_that_cannot_be(media):
    with pytest.raises(UsageError, match="take 0 or more"):
        LieAboutSize(width=-1, height=1)
    with pytest.raises(UsageError, match="does not fit in 16 bits"):
        LieAboutSize(width=320, height=1 << 16)(media("video/h264_aac_mp4").read_bytes())
    for name in ("audio/wav_s16", "video/h264_aac_ts", "audio/m4a_aac", "audio/mka_flac"):
        with pytest.raises(UsageError, match="take"):
            LieAboutSize(width=320, height=200)(media(name).read_bytes())


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_player_turns_it(media, tmp_path, degrees, mirrored):
    if degrees == 0 and not mirrored:
        return
    lie = LieAboutRotation(degrees=degrees, mirrored=mirrored)
    lied = written(tmp_path / "lied.mp4", lie(media("video/silent_mp4").read_bytes()))
    corners = np.array(CORNERS).reshape(2, 2, 3)
    expected = np.rot90(np.fliplr(corners) if mirrored else corners, -degrees // 90)
    width, height = (360, 480) if degrees in {90, 270} else (480, 360)
    assert corner_colours(frames_rgb(lied, width, height)[0]) == tuple(
        tuple(c) for c in expected.reshape(4, 3).tolist()
    )
    assert [p.digest for p in coded_packets(lied)] == [p.digest for p in coded_packets(media("video/silent_mp4"))]


def test_a_rotation_is_overwritten(media, tmp_path):
    data = media("video/rotated_90_h264").read_bytes()
    assert "rotation of -90.00 degrees" in shown(media("video/rotated_90_h264"))
    assert "rotation of" not in shown(written(tmp_path / "upright.mp4", LieAboutRotation(degrees=0)(data)))
    with pytest.raises(UsageError, match="leaves this file as it is"):
        LieAboutRotation(degrees=0)(media("video/h264_aac_mp4").read_bytes())


def test_rotations_that_cannot_be(media):
    with pytest.raises(UsageError, match="take 0, 90, 180 or 270"):
        LieAboutRotation(degrees=45)
    for name in ("video/h264_aac_mkv", "audio/wav_s16", "audio/m4a_aac"):
        with pytest.raises(UsageError, match="take"):
            LieAboutRotation(degrees=90)(media(name).read_bytes())


@pytest.mark.parametrize(
    ("name", "part", "length", "field"),
    [
        ("video/h264_aac_mp4", "mdat", 7, b"\0\0\0\7mdat"),
        ("audio/wav_s16", "data", 7, b"data\7\0\0\0"),
        ("video/mpeg4_mp3_avi", "movi", 1 << 30, b"LIST\0\0\0\x40movi"),
        ("video/h264_aac_mkv", "Tracks", 0, b"\x16\x54\xae\x6b"),
        ("audio/flac_24_bits", "VORBIS_COMMENT", 0x123456, b"\x04\x12\x34\x56"),
        ("video/h264_aac_flv", "video", 0x123456, b"\x09\x12\x34\x56"),
        ("audio/mp3", "ID3v2", 0x7F, b"ID3\x04\0\0\0\0\0\x7f"),
    ],
)
def test_a_part_lies_about_its_own_length(media, name, part, length, field):
    data = media(name).read_bytes()
    lied = LieAboutLength(part=part, length=length)(data)
    assert len(lied) == len(data)
    changed = [i for i in range(len(data)) if lied[i] != data[i]]
    assert changed[-1] - changed[0] < 8
    assert field in lied


def test_the_length_of_aac(media):
    data = media("audio/adts_aac").read_bytes()
    lied = LieAboutLength(part="frame[1]", length=8191)(data)
    frame = next(part for part in parts(data) if part.name == "frame[1]")
    assert int.from_bytes(lied[frame.start + 3 : frame.start + 6]) >> 5 & 0x1FFF == 8191
    assert lied[frame.start : frame.start + 3] == data[frame.start : frame.start + 3]


def test_the_length_of_a_long_box():
    good = b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\1mdat" + (16).to_bytes(8)
    assert LieAboutLength(part="mdat", length=1 << 40)(good) == good[:-8] + (1 << 40).to_bytes(8)


def test_lengths_that_cannot_be(media):
    for name, part, length in (
        ("video/h264_aac_mp4", "mdat", 1 << 32),
        ("video/h264_aac_mp4", "mdat", -1),
        ("audio/flac_24_bits", "STREAMINFO", 1 << 24),
        ("audio/adts_aac", "frame[0]", 8192),
    ):
        with pytest.raises(UsageError, match="does not fit in"):
            LieAboutLength(part=part, length=length)(media(name).read_bytes())
    for name, part in (
        ("video/h264_aac_ts", "PAT"),
        ("audio/ogg_vorbis", "page[0]"),
        ("audio/mp3", "frame[0]"),
        ("audio/flac_24_bits", "fLaC"),
    ):
        with pytest.raises(UsageError, match=r"states no length for .*: take"):
            LieAboutLength(part=part, length=0)(media(name).read_bytes())
