"""Where the parts of coded media lie: what FFmpeg counts, and what is known of how it was made."""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise

import pytest

from preflight.errors import UsageError
from preflight.testing.corrupt import Corrupter, DropPackets, Part, Truncate, boundaries, packets, parts
from preflight.testing.recipes.encoder import run
from tests.judges import coded_packets

PACKETS_AS_FFMPEG = (
    "video/h264_aac_mp4",
    "video/h264_aac_mov",
    "video/index_first_mp4",
    "video/b_frames_mp4",
    "video/h264_aac_mkv",
    "video/vp9_opus_webm",
    "video/h264_aac_flv",
    "video/mpeg4_mp3_avi",
    "video/mjpeg_pcm_avi",
    "audio/mp3",
    "audio/flac_24_bits",
    "audio/adts_aac",
    "audio/m4a_aac",
    "audio/mka_flac",
)
EVERY = (
    *PACKETS_AS_FFMPEG,
    "video/h264_aac_ts",
    "video/h264_aac_fragmented_mp4",
    "audio/wav_s16",
    "audio/ogg_vorbis",
    "video/theora_vorbis_ogv",
)


def names(data: bytes) -> list[str]:
    return [part.name for part in parts(data)]


def kinds(data: bytes) -> set[str]:
    return {name.rpartition("/")[2].partition("[")[0] for name in names(data)}


@pytest.mark.parametrize("name", EVERY)
def test_the_outermost_parts_cover_the_file(media, name):
    data = media(name).read_bytes()
    outermost = [part for part in parts(data) if "/" not in part.name]
    assert outermost[0].start == 0
    assert outermost[-1].end == len(data)
    assert all(a.end == b.start for a, b in pairwise(outermost))
    assert not any("rest" in part.name for part in outermost)


@pytest.mark.parametrize("name", EVERY)
def test_parts_lie_in_what_they_are_named_after(media, name):
    data = media(name).read_bytes()
    by_name = {part.name: part for part in parts(data)}
    assert len(by_name) == len(parts(data))
    for part in by_name.values():
        assert part.start <= part.body <= part.end <= len(data)
        if "/" in part.name:
            outer = by_name[part.name.rpartition("/")[0]]
            assert outer.body <= part.start < part.end <= outer.end


@pytest.mark.parametrize("name", PACKETS_AS_FFMPEG)
def test_packets_are_those_that_ffmpeg_counts(media, name):
    assert len(packets(media(name).read_bytes())) == len(coded_packets(media(name)))


@pytest.mark.parametrize("name", ["video/h264_aac_mp4", "video/b_frames_mp4", "audio/m4a_aac"])
def test_the_samples_of_mp4_are_the_packets_to_the_byte(media, name):
    data = media(name).read_bytes()
    found = [hashlib.md5(data[p.start : p.end]).hexdigest() for p in packets(data)]
    assert sorted(found) == sorted(p.digest for p in coded_packets(media(name)))


def test_mp4(media):
    data = media("video/h264_aac_mp4").read_bytes()
    found = {part.name: part for part in parts(data)}
    assert found["ftyp"] == Part(name="ftyp", start=0, body=8, end=found["ftyp"].end, role="header")
    assert found["mdat"].role == "data"
    assert found["moov/trak[0]/tkhd"].role == "header"
    sizes = found["moov/trak[1]/mdia/minf/stbl/stsz"]
    assert sizes.role == "index"
    assert data[sizes.start + 4 : sizes.body] == b"stsz"
    assert "moov/trak[0]/mdia/minf/stbl/stsd/avc1" in found


def test_fragments(media):
    data = media("video/h264_aac_fragmented_mp4").read_bytes()
    # A keyframe a second, for five seconds.
    assert len(packets(data)) == names(data).count("mfra") * 5 == 5
    assert {part.role for part in parts(data) if "moof" in part.name} == {"index"}


def test_matroska(media):
    data = media("video/h264_aac_mkv").read_bytes()
    assert {"EBML", "SeekHead", "Info", "Duration", "PixelWidth", "Cues", "Cluster", "SimpleBlock"} <= kinds(data)
    roles = {part.name: part.role for part in parts(data)}
    assert roles["Segment/Cues"] == roles["Segment/SeekHead"] == "index"
    assert roles["Segment/Cluster[0]/SimpleBlock[0]"] == "data"


def test_matroska_of_unknown_lengths(media):
    """As a live recording is: each cluster ends where the next begins."""
    known = media("video/h264_aac_mkv").read_bytes()
    data = bytearray(known)
    for part in parts(known):
        if re.fullmatch(r"Segment(/Cluster\[\d+\])?", part.name):
            width = part.body - part.start - 4
            data[part.start + 4 : part.body] = ((1 << 7 * width + 1) - 1).to_bytes(width)
    assert parts(bytes(data)) == parts(known)
    # Dropped from, it is what it would be otherwise, but for the lengths.
    assert parts(DropPackets(every=2)(bytes(data))) == parts(DropPackets(every=2)(known))


def test_mpeg_ts(media):
    data = media("video/h264_aac_ts").read_bytes()
    assert len(parts(data)) == len(data) / 188
    assert kinds(data) == {"PAT", "PMT", "SDT", "packet"}
    assert {part.role for part in parts(data) if "PMT" in part.name} == {"header"}


def test_mpeg_ts_with_time_stamps(media):
    options = ("-c", "copy", "-mpegts_m2ts_mode", "1", "-f", "mpegts", "-")
    data = run("-i", str(media("video/h264_aac_ts")), *options)
    assert len(parts(data)) == len(data) / 192
    assert {"PAT", "PMT", "SDT", "packet"} <= kinds(data)


def test_wav(media):
    data = media("audio/wav_s16").read_bytes()
    roles = {part.name: part.role for part in parts(data)}
    assert (roles["RIFF"], roles["RIFF/fmt"], roles["RIFF/data"]) == ("header", "header", "data")


def test_wav_beyond_32_bits(media):
    data = run("-i", str(media("audio/wav_s16")), "-rf64", "always", "-f", "wav", "-")
    found = {part.name: part for part in parts(data)}
    assert {"RF64", "RF64/ds64", "RF64/data"} <= found.keys()
    assert found["RF64/data"].end - found["RF64/data"].body == 5 * 44_100 * 4


def test_avi(media):
    roles = {part.name: part.role for part in parts(media("video/mjpeg_pcm_avi").read_bytes())}
    assert roles["RIFF/hdrl/strl[0]/strh"] == "header"
    assert roles["RIFF/idx1"] == "index"
    assert roles["RIFF/movi/00dc[124]"] == "data"


def test_ogg(media):
    for name, streams in (("audio/ogg_vorbis", 1), ("video/theora_vorbis_ogv", 2)):
        data = media(name).read_bytes()
        found = parts(data)
        assert len(found) == data.count(b"OggS")
        # The first page of each stream, and those with the rest of its headers.
        assert [part.role for part in found[:streams]] == ["header"] * streams
        assert sum(part.role == "header" for part in found) == 2 * streams


def test_flac(media):
    data = media("audio/flac_24_bits").read_bytes()
    assert names(data)[:3] == ["fLaC", "STREAMINFO", "VORBIS_COMMENT"]
    # Behind another tag, as some programs write it.
    assert names(b"ID3\x04\0\0\0\0\0\x05*****" + data)[:3] == ["ID3v2", "fLaC", "STREAMINFO"]


def test_mp3(media, tmp_path):
    tagged = tmp_path / "tagged.mp3"
    run("-i", str(media("audio/mp3")), "-c", "copy", "-metadata", "title=a", "-write_id3v1", "1", str(tagged))
    roles = {part.name: part.role for part in parts(tagged.read_bytes())}
    assert list(roles)[:3] == ["ID3v2", "Info", "frame[0]"]
    assert list(roles)[-1] == "ID3v1"
    assert roles["Info"] == "header"
    assert roles["frame[0]"] == "data"


def test_flv(media):
    roles = {part.name: part.role for part in parts(media("video/h264_aac_flv").read_bytes())}
    assert roles["script"] == roles["video-setup[0]"] == roles["audio-setup"] == "header"
    assert roles["video[124]"] == "data"


@pytest.mark.parametrize("data", [b"", b"nothing", b"\0" * 5000, b"%PDF-1.7", b"RIFF", b"ID3"])
def test_what_is_not_understood(data):
    for function in (parts, boundaries, packets):
        with pytest.raises(UsageError, match=r"take one of MP4 .*, Matroska, MPEG-TS, .*AAC"):
            function(data)


def test_what_has_no_packets(media):
    with pytest.raises(UsageError, match="WAV has no packets here: take"):
        packets(media("audio/wav_s16").read_bytes())
    with pytest.raises(UsageError, match="uncompressed sound"):
        packets(media("video/prores_pcm_mov").read_bytes())


@pytest.mark.parametrize("name", EVERY)
def test_boundaries_are_where_parts_meet(media, name):
    data = media(name).read_bytes()
    found = boundaries(data)
    offsets = [boundary.offset for boundary in found]
    assert offsets == sorted(set(offsets))
    assert all(0 < offset < len(data) for offset in offsets)
    assert len({boundary.name for boundary in found}) == len(found)
    assert {p.start for p in parts(data)} | {p.end for p in parts(data)} <= {*offsets, 0, len(data)}


def test_boundaries_say_where_they_are(media):
    names = {boundary.offset: boundary.name for boundary in boundaries(media("audio/wav_s16").read_bytes())}
    assert names[12] == "before RIFF/fmt"
    assert "before RIFF/data" in names.values()
    assert "after the header of RIFF/data" in names.values()


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("moov", "moov"),
        ("stsz", "moov/trak[0]/mdia/minf/stbl/stsz"),
        ("trak[1]/mdia", "moov/trak[1]/mdia"),
        ("moov/trak/tkhd", "moov/trak[0]/tkhd"),
        ("moov[0]/mvhd", "moov/mvhd"),
    ],
)
def test_a_part_is_found_by_the_end_of_its_name(media, name, full):
    data = media("video/h264_aac_mp4").read_bytes()
    start = next(part.start for part in parts(data) if part.name == full)
    assert Truncate(part=name, keep="nothing")(data) == data[:start]


@pytest.mark.parametrize("name", ["trak[2]", "moof", "tkhd/moov", "", "sz"])
def test_a_part_that_is_not_there(media, name):
    with pytest.raises(UsageError, match=r"no part .*: take one of .*ftyp"):
        Truncate(part=name)(media("video/h264_aac_mp4").read_bytes())


def test_a_part_may_be_given_with_its_blank(media):
    data = media("audio/wav_s16").read_bytes()
    assert Truncate(part="RIFF/fmt ", keep="header")(data) == data[: data.index(b"fmt ") + 8]


def test_a_corrupter_is_anything_that_is_called_with_bytes():
    def upside_down(data: bytes, /) -> bytes:
        return data[::-1]

    corrupter: Corrupter = upside_down
    assert corrupter(b"ab") == b"ba"
