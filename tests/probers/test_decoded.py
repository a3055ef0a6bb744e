"""What decoding everything tells, against how each file was made and what an independent FFmpeg complains of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from preflight.media import AudioFacts, DecodedFacts, ImageFacts, Source, Unprobed, VideoFacts
from preflight.probers import decode, decoded, probe
from preflight.testing.recipes.encoder import run
from tests.judges import complaints


def facts_of(source: Path | bytes, watch=lambda done_s: None) -> AudioFacts | VideoFacts | ImageFacts | Unprobed:
    opened = Source.of(source)
    return decode(opened, probe(opened), watch)


def decoding_of(source: Path | bytes) -> DecodedFacts:
    return facts_of(source).decoded


def is_damaged(found: DecodedFacts) -> bool:
    tracks = [t for t in (found.picture, found.sound) if t is not None]
    return any(t.damaged_frames or t.truncated_at_s is not None for t in tracks)


def film(folder: Path, picture: str, sound: str | None = "sine=frequency=440:duration=3", suffix: str = ".mp4") -> Path:
    """Three seconds of 480x360."""
    path = folder / f"film{suffix}"
    inputs = ["-f", "lavfi", "-i", picture, *(("-f", "lavfi", "-i", sound) if sound else ())]
    run(*inputs, *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"), str(path))
    return path


BLACK = "color=black:size=480x360:rate=25:duration=3"
MOVING = "testsrc2=size=480x360:rate=25:duration=3"


@pytest.mark.parametrize(
    "name",
    [
        "video/h264_aac_mp4",
        "video/silent_mp4",
        "video/vfr_mkv",
        "video/grows_ts",
        "video/clock_restarts_ts",
        "video/av1_opus_webm",
        "video/ffv1_flac_mkv",
        "audio/wav_s16",
        "audio/m4a_aac",
        "audio/opus",
    ],
)
def test_a_good_file_has_no_damage(media, name):
    found = decoding_of(media(name))
    assert not is_damaged(found)
    assert found.unfinished is None
    assert found.duration_s is not None


# What the judge complains of, and metadata do not show.
@pytest.mark.parametrize("name", ["bad/ts_cut", "bad/mp4_wrong_bits_in_data", "bad/ts_wrong_bits", "bad/flac_cut"])
def test_damage_that_an_independent_decoder_complains_of_is_found(media, name):
    assert complaints(media(name))
    assert is_damaged(decoding_of(media(name)))


def test_a_transport_stream_that_breaks_off_in_a_picture_says_where(media):
    found = decoding_of(media("bad/ts_cut"))
    assert found.picture.damaged_frames == 0, "only its end"
    assert found.picture.truncated_at_s == pytest.approx(5.0, abs=0.8)


def test_damage_to_the_last_picture_is_found_however_the_threads_are_scheduled(media):
    assert all(decoding_of(media("bad/ts_cut")).picture.truncated_at_s is not None for _ in range(20))


def test_a_film_of_zeros_is_broken(media):
    facts = facts_of(media("bad/mp4_of_zeros"))
    assert isinstance(facts, Unprobed)
    assert facts.code == "video_file_broken"


def test_a_torn_last_sample_is_seen(media):
    found = decoding_of(media("audio/wav_last_sample_incomplete"))
    assert found.sound.truncated_at_s == pytest.approx(5.0, abs=0.1)


def test_a_wrong_bit_in_a_flac_is_told_by_its_checksum(media):
    data = bytearray(media("audio/flac").read_bytes())
    data[-2_000] ^= 1
    assert decoding_of(bytes(data)).sound.damaged_frames == 1


def in_the_pictures(path: Path) -> list[slice]:
    """Where in the file each coded picture lies."""
    import av

    data, found = path.read_bytes(), []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                start = data.index(bytes(packet), packet.pos)
                found.append(slice(start, start + packet.size))
    return found


def test_a_wrong_bit_in_a_slice_of_ffv1_is_told_by_its_checksum(media):
    path = media("video/ffv1_flac_mkv")
    at = in_the_pictures(path)[7]
    data = bytearray(path.read_bytes())
    data[(at.start + at.stop) // 2] ^= 1
    assert decoding_of(bytes(data)).picture.damaged_frames == 1


@pytest.mark.parametrize("suffix", [".webm", ".mkv"])
def test_a_picture_that_never_came_out_is_missed(tmp_path, suffix):
    """Its decoder refuses the last packet, which PyAV passes over where a frame comes out beside it."""
    path = tmp_path / f"film{suffix}"
    run("-f", "lavfi", "-i", MOVING, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", str(path))
    import av

    with av.open(str(path)) as container:
        last = [p for p in container.demux(video=0) if p.size][-1]
        at, size = last.pos, last.size
    data = bytearray(path.read_bytes())
    start = data.index(bytes(last), at)
    data[start : start + size] = b"\xff" * size
    found = decoding_of(bytes(data))
    assert found.picture.frames == 74
    assert found.picture.truncated_at_s == pytest.approx(2.96)


@pytest.mark.parametrize(
    ("picture", "black", "frozen"),
    [
        (MOVING, False, False),
        (BLACK, True, True),
        ("color=navy:size=480x360:rate=25:duration=3,noise=alls=3:allf=t", False, True),
        (
            "color=black:size=480x360:rate=25:duration=3,drawbox=t=fill:w=20:h=20:c=white:enable='eq(n,60)'",
            False,
            False,
        ),
    ],
    ids=["a film", "a lens cap", "a slide", "one white box in one frame"],
)
def test_black_and_frozen(tmp_path, picture, black, frozen):
    found = decoding_of(film(tmp_path, picture)).picture
    assert (found.is_black, found.is_frozen) == (black, frozen)


@pytest.mark.parametrize("form", ["yuv420p10le", "rgb24", "gray", "yuv422p10be", "gbrp", "yuyv422", "nv12"])
@pytest.mark.parametrize("colour", ["black", "gray"])
def test_black_in_every_form_of_picture(tmp_path, form, colour):
    path = tmp_path / "film.nut"
    run("-f", "lavfi", "-i", f"color={colour}:s=480x360:r=5:d=1", "-pix_fmt", form, "-c:v", "rawvideo", str(path))
    assert decoding_of(path).picture.is_black == (colour == "black")


@pytest.mark.parametrize(
    ("volume", "silent"), [("0", True), ("-66dB", True), ("-30dB", False)], ids=["nothing", "hum", "a whisper"]
)
@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_f32le", "pcm_s32le"])
def test_silence(tmp_path, volume, silent, codec):
    path = tmp_path / "sound.wav"
    tone = "aevalsrc=sin(440*2*PI*t):d=1"
    run("-f", "lavfi", "-i", f"{tone},volume={volume}", "-c:a", codec, str(path))
    assert decoding_of(path).sound.is_silent == silent


@pytest.mark.parametrize(("volume", "silent"), [("0", True), ("-30dB", False)])
def test_silence_in_8_bit_which_is_in_the_middle(tmp_path, volume, silent):
    path = tmp_path / "sound.wav"
    run("-f", "lavfi", "-i", f"aevalsrc=sin(440*2*PI*t):d=1,volume={volume}", "-c:a", "pcm_u8", str(path))
    assert decoding_of(path).sound.is_silent == silent


def test_sound_that_ends_two_seconds_early(tmp_path):
    found = decoding_of(film(tmp_path, MOVING, "sine=frequency=440:duration=1"))
    assert found.picture.duration_s == pytest.approx(3.0, abs=0.05)
    assert found.sound.duration_s == pytest.approx(1.0, abs=0.05)


def test_it_tells_how_far_it_is(tmp_path):
    told: list[float] = []
    facts_of(film(tmp_path, MOVING), told.append)
    assert told == sorted(told)
    assert [int(s) for s in told] == [1, 2, 3] or [int(s) for s in told] == [1, 2]


def test_pictures_too_large_are_not_decoded(media):
    source = Source.of(media("video/silent_mp4"))
    large = replace(probe(source), width=16_384, height=16_384)
    assert "pixels" in decode(source, large).decoded.unfinished


def test_what_takes_too_long_is_given_up(media, monkeypatch):
    monkeypatch.setattr(decoded, "LEAST_TIME_S", 0.0)
    monkeypatch.setattr(decoded, "SLOWEST", 0)
    assert "given up" in decoding_of(media("video/silent_mp4")).unfinished


def test_an_image_cut_off_in_its_pixels_is_damaged(media):
    facts = facts_of(media("bad/jpeg_wrong_bits"))
    assert isinstance(facts, ImageFacts)
    assert facts.damage is not None


def test_bytes_that_are_gone_are_said_to_be(tmp_path, media):
    path = tmp_path / "film.mp4"
    path.write_bytes(media("video/silent_mp4").read_bytes())
    source = Source.of(path)
    facts = probe(source)
    path.unlink()
    gone = decode(source, facts)
    assert isinstance(gone, Unprobed)
    assert gone.code == "file_unreadable"
