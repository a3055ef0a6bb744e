"""Packets that are dropped or repeated, as the independent FFmpeg then finds them."""

from __future__ import annotations

import hashlib
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from preflight.errors import UsageError
from preflight.testing.corrupt import DropPackets, RepeatPackets, packets, parts
from preflight.testing.recipes.encoder import program
from tests.judges import coded_packets

IN_ORDER = (
    "video/h264_aac_mp4",
    "video/h264_aac_mov",
    "video/index_first_mp4",
    "video/b_frames_mp4",
    "audio/m4a_aac",
    "video/h264_aac_mkv",
    "video/vp9_opus_webm",
    "video/h264_aac_flv",
    "audio/mp3",
    "audio/flac_24_bits",
    "audio/adts_aac",
    "audio/mka_flac",
)
"""FFmpeg reads the packets of these as they lie in the file."""


def digests(path: Path) -> list[str]:
    return [packet.digest for packet in coded_packets(path)]


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", IN_ORDER)
def test_exactly_those_packets_are_missing(media, tmp_path, name):
    before = coded_packets(media(name))
    after = coded_packets(written(tmp_path / media(name).name, DropPackets(every=7)(media(name).read_bytes())))
    kept = [packet for i, packet in enumerate(before) if (i + 1) % 7]
    assert [packet.digest for packet in after] == [packet.digest for packet in kept]


@pytest.mark.parametrize(
    "name", ["video/h264_aac_mp4", "video/b_frames_mp4", "video/h264_aac_mkv", "video/h264_aac_flv"]
)
def test_all_others_keep_their_times(media, tmp_path, name):
    before = coded_packets(media(name))
    after = coded_packets(written(tmp_path / media(name).name, DropPackets(every=7)(media(name).read_bytes())))
    kept = [packet.pts_s for i, packet in enumerate(before) if (i + 1) % 7]
    assert [packet.pts_s for packet in after] == pytest.approx(kept)


@pytest.mark.parametrize("name", IN_ORDER)
def test_the_first_packets_are_missing(media, tmp_path, name):
    drop = DropPackets(indices=(0, 2, 3))
    after = digests(written(tmp_path / media(name).name, drop(media(name).read_bytes())))
    before = digests(media(name))
    # A hole at the start of a track moves it, and with that the order between tracks.
    assert Counter(after) == Counter(before) - Counter([before[0], before[2], before[3]])


@pytest.mark.parametrize("name", IN_ORDER)
def test_exactly_those_packets_are_there_again(media, tmp_path, name):
    before = digests(media(name))
    after = digests(written(tmp_path / media(name).name, RepeatPackets(every=7, times=2)(media(name).read_bytes())))
    assert after == [digest for i, digest in enumerate(before) for _ in range(1 if (i + 1) % 7 else 3)]


@pytest.mark.parametrize("name", ["video/h264_aac_mp4", "video/h264_aac_mkv"])
def test_what_is_repeated_has_the_time_of_the_first(media, tmp_path, name):
    before = coded_packets(media(name))
    after = coded_packets(written(tmp_path / media(name).name, RepeatPackets(indices=(100,))(media(name).read_bytes())))
    times = [packet.pts_s for packet in before]
    assert [packet.pts_s for packet in after] == pytest.approx([*times[:101], *times[100:]])


@pytest.mark.parametrize("name", ["video/mpeg4_mp3_avi", "video/mjpeg_pcm_avi"])
def test_avi(media, tmp_path, name):
    """FFmpeg reads it by its index and in another order."""
    data = media(name).read_bytes()
    found = packets(data)
    stored = [hashlib.md5(data[p.body : p.body + int.from_bytes(data[p.body - 4 : p.body], "little")]) for p in found]
    before = [digest.hexdigest() for digest in stored]
    assert Counter(digests(media(name))) == Counter(before)
    dropped = digests(written(tmp_path / f"dropped_{media(name).name}", DropPackets(every=7)(data)))
    assert Counter(dropped) == Counter(digest for i, digest in enumerate(before) if (i + 1) % 7)
    repeated = digests(written(tmp_path / f"repeated_{media(name).name}", RepeatPackets(every=7)(data)))
    assert Counter(repeated) == Counter(before) + Counter(before[6::7])


def test_the_index_of_avi_still_points_at_packets(media):
    for corrupter in (DropPackets(every=3), RepeatPackets(every=3)):
        data = corrupter(media("video/mpeg4_mp3_avi").read_bytes())
        assert Counter(indexed(data)) == Counter({p.start for p in packets(data)})


def indexed(data: bytes) -> list[int]:
    """What idx1 says of chunks that hold something, from the start of the file."""
    index = next(part for part in parts(data) if part.name == "RIFF/idx1")
    movie = next(part for part in parts(data) if part.name == "RIFF/movi")
    rows = [data[row : row + 16] for row in range(index.body, index.end, 16)]
    offsets = [(int.from_bytes(row[8:12], "little"), int.from_bytes(row[12:16], "little")) for row in rows]
    return [movie.start + 8 + offset for offset, size in offsets if size]


def test_the_pointers_of_matroska_still_point_at_clusters(media):
    for corrupter in (DropPackets(every=2), RepeatPackets(every=2)):
        data = corrupter(media("video/h264_aac_mkv").read_bytes())
        found = parts(data)
        segment = next(part for part in found if part.name == "Segment")
        pointers = [part for part in found if part.name.endswith("/CueClusterPosition")]
        targets = {segment.body + int.from_bytes(data[part.body : part.end]) for part in pointers}
        assert targets
        assert targets <= {part.start for part in found if part.name.rpartition("/")[2].startswith("Cluster")}
        assert segment.end == len(data)


def test_fragments(media, tmp_path):
    """Each of the five holds a second: 25 frames of video, and sound."""
    name = "video/h264_aac_fragmented_mp4"
    data = media(name).read_bytes()
    before = coded_packets(media(name))
    dropped = coded_packets(written(tmp_path / "dropped.mp4", DropPackets(indices=(2,))(data)))
    assert sum(packet.stream == 0 for packet in dropped) == 100
    missing = Counter(p.digest for p in before) - Counter(p.digest for p in dropped)
    assert missing <= Counter(p.digest for p in before if 1.8 < p.pts_s < 3.2)
    assert [p.pts_s for p in dropped if p.stream == 0] == pytest.approx(
        [p.pts_s for p in before if p.stream == 0 and not 1.99 < p.pts_s < 2.99]
    )
    repeated = coded_packets(written(tmp_path / "repeated.mp4", RepeatPackets(indices=(2,), times=2)(data)))
    assert Counter(p.digest for p in repeated) == Counter(p.digest for p in before) + missing + missing


def test_mpeg_ts_has_a_gap_that_is_noticed(media, tmp_path):
    data = media("video/h264_aac_ts").read_bytes()
    lost = packets(data)[50]
    dropped = DropPackets(indices=(50,))(data)
    assert dropped == data[: lost.start] + data[lost.end :]
    complaints = {}
    for name, content in (("good.ts", data), ("lost.ts", dropped)):
        path = written(tmp_path / name, content)
        command = [program(), "-v", "debug", "-i", str(path), "-c", "copy", "-f", "null", "-"]
        complaints[name] = b"Continuity check failed" in subprocess.run(command, capture_output=True, check=True).stderr
    assert complaints == {"good.ts": False, "lost.ts": True}
    # The tables stay, so that it can still be read.
    assert coded_packets(written(tmp_path / "tenth.ts", DropPackets(every=10)(data)))


def test_the_pages_of_ogg(media, tmp_path):
    data = media("audio/opus").read_bytes()
    before = digests(media("audio/opus"))
    after = digests(written(tmp_path / "lost.opus", DropPackets(indices=(1,))(data)))
    assert 0 < len(after) < len(before)
    assert not Counter(after) - Counter(before)


def test_all_packets_may_go(media):
    for name in ("video/h264_aac_mp4", "video/h264_aac_mkv", "audio/flac_24_bits"):
        data = DropPackets(every=1)(media(name).read_bytes())
        with pytest.raises(UsageError, match="has no packets here"):
            packets(data)


@pytest.mark.parametrize("choice", [{}, {"every": 2, "indices": (1,)}, {"every": 0}, {"every": -1}])
def test_a_choice_that_is_none(choice):
    for kind in (DropPackets, RepeatPackets):
        with pytest.raises(UsageError, match=r"Give either|take 1 or more"):
            kind(**choice)


def test_repeating_nothing():
    with pytest.raises(UsageError, match="take 1 or more"):
        RepeatPackets(every=2, times=0)


def test_packets_that_are_not_there(media):
    data = media("audio/adts_aac").read_bytes()
    for choice in ({"indices": (0, 217)}, {"indices": (-1,)}, {"every": 218}):
        with pytest.raises(UsageError, match="has 217 packets: take indices from 0 to 216, or an `every` up to 217"):
            DropPackets(**choice)(data)


@pytest.mark.parametrize("name", ["audio/wav_s16", "video/prores_pcm_mov"])
def test_formats_without_packets(media, name):
    with pytest.raises(UsageError, match="take"):
        DropPackets(every=2)(media(name).read_bytes())
