"""MP4 cut by its index: every clip in step with its source, small around its samples, and never of a changed file."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from preflight.errors import UnreadableError
from preflight.media import Source, VideoFacts
from preflight.planner import CutBetweenUnits
from preflight.planner.cuts import OVERHEAD
from preflight.probers import probe
from preflight.probers.cut_points import probe_units
from preflight.probers.mp4_units import read_film
from preflight.testing.recipes.encoder import program, run
from preflight.transformers import Output
from preflight.transformers.cut import cut
from preflight.transformers.mp4_cut import Clip
from tests.judges import coded_packets, complaints

CASES = [
    *("h264_aac_mp4", "h264_aac_mov", "b_frames_mp4", "closed_gop_hevc", "late_sound_mp4"),
    *("late_picture_mp4", "short_sound_mp4", "silent_mp4", "rotated_90_hevc", "two_pictures_mp4", "hdr10_hevc"),
    *("timecode_mov", "cover_mp4"),
]


def cut_at_every(path: Path | Source, every: int) -> list[Output]:
    source = Source.of(path)
    facts = probe(source)
    assert isinstance(facts, VideoFacts)
    cuts_s = tuple(unit.start_s for unit in probe_units(source, facts)[every::every])
    return list(cut(source, facts, CutBetweenUnits(container="mp4", cuts_s=cuts_s)))


def written(outputs: list[Output], folder: Path) -> list[Path]:
    paths = [folder / f"{i:04}.mp4" for i in range(len(outputs))]
    for path, output in zip(paths, outputs, strict=True):
        path.write_bytes(output.media.read())
        assert output.media.size_bytes() == path.stat().st_size
    return paths


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("every", [1, 3])
def test_every_packet_comes_once_and_when_it_came_in_the_source(media, name, every, tmp_path):
    path = media(f"video/{name}")
    facts = probe(Source.of(path))
    outputs = cut_at_every(path, every)
    assert all(isinstance(o.media, Clip) for o in outputs)
    paths = written(outputs, tmp_path)
    for stream in (0, 1):
        want = [(p.digest, p.pts_s) for p in coded_packets(path) if p.stream == stream]
        got = [
            (p.digest, p.pts_s + facts.start_s + o.span.start_s)
            for clip, o in zip(paths, outputs, strict=True)
            for p in coded_packets(clip)
            if p.stream == stream
        ]
        assert [digest for digest, _ in got] == [digest for digest, _ in want]
        assert [time for _, time in got] == pytest.approx([time for _, time in want], abs=0.001)
    assert not any(complaints(clip) for clip in paths)


@pytest.mark.parametrize("name", CASES)
def test_a_clip_says_of_itself_what_its_source_says(media, name, tmp_path):
    path = media(f"video/{name}")
    facts = probe(Source.of(path))
    for output in cut_at_every(path, 2):
        clip = probe(output.media)
        for each in ("width", "height", "rotation", "sample_aspect_ratio", "video_codec", "has_timestamps"):
            assert getattr(clip, each) == getattr(facts, each)
        assert clip.duration_source == "index"
        assert clip.starts_with_keyframe
        assert {s.codec for s in clip.streams} <= {facts.video_codec, facts.audio_codec}


@pytest.mark.parametrize("name", CASES)
def test_what_stands_around_the_samples_is_within_what_was_planned(media, name):
    path = media(f"video/{name}")
    source = Source.of(path)
    facts = probe(source)
    assert isinstance(facts, VideoFacts)
    fixed, packet = OVERHEAD["mp4"]
    for unit, output in zip(probe_units(source, facts), cut_at_every(source, 1), strict=True):
        assert output.media.size_bytes() <= unit.size_bytes + fixed + packet * unit.packets


def test_two_sounds_and_a_name_are_left_out(media, tmp_path):
    path, tags = tmp_path / "two.mp4", ["-metadata", "title=secret", "-metadata:s:v", "handler_name=secret"]
    source = str(media("video/b_frames_mp4"))
    run("-i", source, "-i", source, "-map", "0", "-map", "1:a", "-c", "copy", *tags, str(path))
    outputs = cut_at_every(path, 2)
    assert len(outputs) > 1
    for clip, output in zip(written(outputs, tmp_path), outputs, strict=True):
        assert b"secret" not in clip.read_bytes()
        assert [s.type for s in probe(output.media).streams] == ["video", "audio"]
        assert "left out 1 other stream" in output.steps
        assert complaints(clip) == ""
    want = [p.digest for p in coded_packets(path) if p.stream == 1]
    assert [p.digest for c in sorted(tmp_path.glob("0*.mp4")) for p in coded_packets(c) if p.stream == 1] == want


def test_mov_stays_mov(media):
    for output in cut_at_every(media("video/h264_aac_mov"), 2):
        assert output.media.head(12)[4:] == b"ftypqt  "


def test_the_index_stands_before_the_samples(media):
    for output in cut_at_every(media("video/h264_aac_mp4"), 2):
        data = output.media.read()
        assert data.index(b"moov") < data.index(b"mdat")


@pytest.fixture
def copy(media, tmp_path) -> Path:
    path = tmp_path / "source.mp4"
    shutil.copy(media("video/h264_aac_mp4"), path)
    return path


def test_a_source_that_changes_is_noticed_before_a_clip_is_read(copy):
    outputs = cut_at_every(copy, 2)
    size = copy.stat().st_size
    os.truncate(copy, size - 1)
    with pytest.raises(UnreadableError, match="changed while it was read"):
        outputs[0].media.read()


def test_a_source_that_changes_is_noticed_while_a_clip_is_read(copy):
    (output, *_) = cut_at_every(copy, 2)
    with output.media.open() as file:
        file.read(10_000)
        found = copy.stat()
        os.utime(copy, ns=(found.st_atime_ns, found.st_mtime_ns + 1))
        with pytest.raises(UnreadableError, match="changed while it was read"):
            file.read()


def test_a_clip_can_be_read_from_anywhere_and_again(copy):
    (output, *_) = cut_at_every(copy, 2)
    whole = output.media.read()
    with output.media.open() as file:
        for at in (0, 5, 700, len(whole) // 2, len(whole) - 3, len(whole), len(whole) + 9):
            file.seek(at)
            assert file.read(100) == whole[at : at + 100]
        file.seek(-4, os.SEEK_END)
        assert file.read() == whole[-4:]


def test_no_file_is_left_open(copy):
    before = len(list(Path("/proc/self/fd").iterdir()))
    outputs = cut_at_every(copy, 1)
    for output in outputs:
        with output.media.open() as file:
            file.read(1)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_caller_s_own_file_is_cut_too(copy):
    with copy.open("rb") as file:
        outputs = cut_at_every(Source.of(file), 2)
        assert [o.media.read() for o in outputs] == [o.media.read() for o in cut_at_every(copy, 2)]
        assert not file.closed


def test_a_first_packet_before_the_start_stays_hidden(media, tmp_path):
    """AAC starts with what its encoder needs; an edit list hides it, and so it does in the first clip."""
    path = media("video/h264_aac_mp4")
    facts = probe(Source.of(path))
    assert isinstance(facts, VideoFacts)
    film = read_film(Source.of(path), facts)
    assert film is not None
    assert film.audio is not None
    assert film.audio.pts[0] < 0
    first, second, *_ = written(cut_at_every(path, 2), tmp_path)
    shown = [
        subprocess.run([program(), "-hide_banner", "-i", str(p)], capture_output=True, check=False).stderr.decode()
        for p in (first, second)
    ]
    assert all("start: 0.000000" in text for text in shown)
    assert min(p.pts_s for p in coded_packets(first)) == pytest.approx(film.audio.pts[0] / film.audio.timescale)
    assert min(p.pts_s for p in coded_packets(second)) >= 0


def test_a_clip_can_be_read_beside_others_unless_they_share_the_caller_s_file(copy):
    with copy.open("rb") as file:
        assert not any(output.media.opens_anew for output in cut_at_every(Source.of(file), 2))
    assert all(output.media.opens_anew for output in cut_at_every(copy, 2))
