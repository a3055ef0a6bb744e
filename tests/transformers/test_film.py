"""A film encoded in stretches: every picture once, in order and at its time, whoever encoded it."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from preflight.errors import BrokenMediaError
from preflight.media import Source, VideoFacts
from preflight.planner import EncodeVideo, Geometry
from preflight.planner.cuts import Caps, caps_for
from preflight.probers import probe
from preflight.testing.recipes.encoder import run
from preflight.transformers import Output, film
from preflight.transformers.course import read_course
from preflight.transformers.video import encode_video
from tests.judges import coded_packets, frames_rgb

WIDTH, HEIGHT, BITS = 160, 120, 10
SHAPE = Geometry(scale_width=160, scale_height=120, crop_width=160, crop_height=120, width=160, height=120)
RECIPE = EncodeVideo(geometry=SHAPE, rotation=0)
FRAMES, RATE = 400, 25

CODED = {
    "closed.mp4": ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "30"],
    "open.mkv": [
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        "log-level=none:open-gop=1:keyint=30:bframes=3",
    ],
    "open.ts": ["-c:v", "mpeg2video", "-bf", "2", "-g", "15", "-q:v", "3"],
    "vp9.webm": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "500k", "-g", "40"],
    "recovery.mp4": ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "30", "-x264-params", "open-gop=1"],
}


def marked(count: int) -> bytes:
    """Raw 4:2:0 pictures that say their number in black and white columns, the lowest bit first."""
    columns = np.arange(WIDTH) * BITS // WIDTH
    rows = np.where((np.arange(count)[:, None] >> columns) & 1, 235, 16).astype(np.uint8)
    luma = np.broadcast_to(rows[:, None, :], (count, HEIGHT, WIDTH)).reshape(count, -1)
    return np.hstack([luma, np.full((count, WIDTH * HEIGHT // 2), 128, np.uint8)]).tobytes()


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    raw = folder / "raw.yuv"
    raw.write_bytes(marked(FRAMES))
    pictures = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", str(raw)]
    sound = ["-f", "lavfi", "-i", f"sine=f=440:r=48000:d={FRAMES // RATE}"]

    def make(name: str, coded: list[str], *, filters: str = "null", silent: bool = False) -> Path:
        path = folder / name
        if not path.exists():
            heard = ["-an"] if silent else ["-c:a", "libopus" if name.endswith("webm") else "aac"]
            run(*pictures, *sound, "-vf", filters, *coded, *heard, "-fps_mode", "passthrough", str(path))
        return path

    return make


def caps(seconds: float = 600.0) -> Caps:
    return caps_for("mp4", 27_000_000, seconds, 4.0)


def encoded(
    path: Path, folder: Path, workers: int, recipe: EncodeVideo = RECIPE, within: Caps | None = None
) -> list[tuple[Output, Path]]:
    facts = probe(Source.of(path))
    assert isinstance(facts, VideoFacts)
    made = []
    for i, output in enumerate(encode_video(Source.of(path), facts, recipe, within or caps(), workers=workers)):
        out = folder / f"{workers}_{i}.mp4"
        out.write_bytes(output.media.read())
        made.append((output, out))
    return made


def numbers(path: Path) -> list[int]:
    """Of the pictures, as they are shown."""
    frames = frames_rgb(path, WIDTH, HEIGHT)[:, HEIGHT // 2, :, 0]
    middles = (2 * np.arange(BITS) + 1) * WIDTH // BITS // 2
    return [int(n) for n in ((frames[:, middles] > 128) << np.arange(BITS)).sum(axis=1)]


def times_s(path: Path, stream: int = 0) -> list[float]:
    return sorted(p.pts_s for p in coded_packets(path) if p.stream == stream)


def stretches(path: Path) -> int:
    facts = probe(Source.of(path))
    with av.open(str(path)) as container:
        return len(
            read_course(container, container.streams.video[0], None, start_s=facts.start_s, stretch_s=4).stretches
        )


class TestStretches:
    @pytest.mark.parametrize("name", CODED)
    def test_every_picture_once_in_order_and_at_its_time(self, make, tmp_path, name):
        path = make(name, CODED[name])
        if name != "recovery.mp4":
            assert stretches(path) >= 3
        ((output, whole),) = encoded(path, tmp_path, 3)
        assert numbers(whole) == list(range(FRAMES))
        start_s = times_s(whole)[0]
        assert times_s(whole) == [pytest.approx(start_s + i / RATE, abs=0.0011) for i in range(FRAMES)]
        assert output.span.end_s == pytest.approx(FRAMES / RATE, abs=0.1)
        sound = [p for p in coded_packets(whole) if p.stream == 1]
        assert sum(p.duration_s for p in sound) == pytest.approx(FRAMES / RATE, abs=0.06)

    def test_clips_are_cut_over_the_seams(self, make, tmp_path):
        path = make("closed.mp4", CODED["closed.mp4"])
        made = encoded(path, tmp_path, 2, within=caps(7.0))
        assert len(made) >= 2
        assert [n for _, clip in made for n in numbers(clip)] == list(range(FRAMES))
        for output, clip in made:
            length_s = output.span.end_s - output.span.start_s
            ends = [max(p.pts_s + p.duration_s for p in coded_packets(clip) if p.stream == s) for s in (0, 1)]
            assert ends == [pytest.approx(length_s, abs=0.04)] * 2
            assert [times_s(clip, s)[0] for s in (0, 1)] == [pytest.approx(0.0, abs=0.04)] * 2

    def test_look_the_same_whoever_encoded_them(self, make, tmp_path):
        path = make("closed.mp4", CODED["closed.mp4"])
        one, three = (encoded(path, tmp_path, n)[0][1] for n in (1, 3))
        assert times_s(one) == times_s(three)
        assert one.read_bytes() == three.read_bytes()

    def test_pictures_above_the_rate_are_left_out_alike(self, make, tmp_path):
        path = make("closed.mp4", CODED["closed.mp4"])
        recipe = replace(RECIPE, frame_rate=Fraction(RATE, 2))
        made = numbers(encoded(path, tmp_path, 3, recipe)[0][1])
        assert made == list(range(0, FRAMES, 2))

    def test_of_an_odd_rate_as_many_are_left_as_there_are_slots(self, make, tmp_path):
        path = make("closed.mp4", CODED["closed.mp4"])
        recipe = replace(RECIPE, frame_rate=Fraction(10))
        made = encoded(path, tmp_path, 3, recipe)[0][1]
        assert len(numbers(made)) == pytest.approx(FRAMES * 10 / RATE, abs=1)
        assert np.diff(times_s(made)).max() <= 0.121

    def test_a_rate_that_varies_stays_as_it_is(self, make, tmp_path):
        path = make("vfr.mkv", CODED["closed.mp4"], filters="select='lt(mod(n,100),50)+not(mod(n,5))'")
        made = encoded(path, tmp_path, 2)[0][1]
        want = [n for n in range(FRAMES) if n % 100 < 50 or n % 5 == 0]
        assert numbers(made) == want
        assert times_s(made) == [pytest.approx(n / RATE, abs=0.002) for n in want]


class TestWishedCuts:
    def test_the_first_picture_at_or_after_each_starts_a_clip(self, make, tmp_path):
        path = make("closed.mp4", CODED["closed.mp4"])
        recipe = replace(RECIPE, cuts_s=(5.5, 10.13))
        made = encoded(path, tmp_path, 2, recipe, caps(9.0))
        firsts = [numbers(clip)[0] for _, clip in made]
        assert firsts[:3] == [0, 138, 254]
        assert [output.span.start_s for output, _ in made][1:3] == [pytest.approx(5.52), pytest.approx(10.16)]
        assert [n for _, clip in made for n in numbers(clip)] == list(range(FRAMES))

    def test_the_bytes_are_the_same_however_many_workers(self, make, tmp_path):
        path = make("closed.mp4", CODED["closed.mp4"])
        recipe = replace(RECIPE, cuts_s=(5.5, 10.13))
        one, three = ([clip.read_bytes() for _, clip in encoded(path, tmp_path, n, recipe, caps(9.0))] for n in (1, 3))
        assert one == three

    def test_under_a_picture_that_stands_it_is_met_to_the_tick(self, make, tmp_path):
        path = make("still.mp4", CODED["closed.mp4"], filters="select='lt(n,100)'")
        made = encoded(path, tmp_path, 2, replace(RECIPE, cuts_s=(9.3,)), caps(12.0))
        assert [output.span.start_s for output, _ in made] == [0.0, pytest.approx(9.3, abs=0.0001)]


class TestProgress:
    def test_is_told_by_packets_and_rises_to_the_end(self, make, tmp_path):
        path = make("closed.mp4", CODED["closed.mp4"])
        facts = probe(Source.of(path))
        told: list[float] = []
        list(encode_video(Source.of(path), facts, RECIPE, caps(), told.append, workers=2))
        assert len(told) > FRAMES
        assert all(b - a < 1.0 for a, b in zip(sorted(told), sorted(told)[1:], strict=False))
        assert max(told) == pytest.approx(FRAMES / RATE, abs=0.2)


class TestClock:
    def test_a_last_picture_that_stands_for_long_ends_with_the_sound(self, make, tmp_path):
        """With B-frames the length of a picture in MP4 is the distance to what is decoded next."""
        path = make("still.mp4", CODED["closed.mp4"], filters="select='lt(n,100)'")
        made = encoded(path, tmp_path, 2)[0][1]
        ends = [max(p.pts_s + p.duration_s for p in coded_packets(made) if p.stream == s) for s in (0, 1)]
        assert ends == [pytest.approx(FRAMES / RATE, abs=0.06)] * 2
        assert set(numbers(made)[100:]) == {99}

    def test_hours_without_anything_are_closed_and_the_times_stay_true(self, make, tmp_path):
        jump = "setpts='PTS+if(gte(N,200),7200/TB,0)'"
        path = make("jump.mkv", CODED["closed.mp4"], filters=jump, silent=True)
        ((output, made),) = encoded(path, tmp_path, 2)
        assert numbers(made) == list(range(FRAMES))
        assert max(times_s(made)) == pytest.approx(FRAMES / RATE + 1, abs=0.1)
        assert any("closed a hole of 719" in step for step in output.steps)
        assert output.span.end_s == pytest.approx(7200 + FRAMES / RATE, abs=0.1)

    def test_sound_with_a_long_gap_is_filled_bit_by_bit(self, make, tmp_path):
        path = make("closed.mp4", CODED["closed.mp4"])
        gapped = tmp_path / "gap.mkv"
        run("-i", str(path), "-c", "copy", "-bsf:a", "noise=drop='gt(n,200)*lt(n,600)'", str(gapped))
        made = encoded(gapped, tmp_path, 2)[0][1]
        sound = [p for p in coded_packets(made) if p.stream == 1]
        assert sum(p.duration_s for p in sound) == pytest.approx(FRAMES / RATE, abs=0.1)


class TestThreads:
    def test_are_gone_when_the_iterator_is_closed(self, make):
        path = make("closed.mp4", CODED["closed.mp4"])
        before = threading.active_count()
        clips = encode_video(Source.of(path), probe(Source.of(path)), RECIPE, caps(5.0), workers=2)
        next(clips)
        clips.close()
        assert threading.active_count() == before

    def test_an_error_in_one_reaches_the_caller_and_ends_the_others(self, make, monkeypatch):
        path = make("closed.mp4", CODED["closed.mp4"])
        before = threading.active_count()

        def refuse(*_: object, **__: object) -> None:
            raise ValueError("no such filter")

        monkeypatch.setattr(film, "Shaper", refuse)
        with pytest.raises(BrokenMediaError, match="no such filter"):
            list(encode_video(Source.of(path), probe(Source.of(path)), RECIPE, caps(), workers=2))
        assert threading.active_count() == before

    def test_do_not_run_far_ahead_of_who_takes(self, make, monkeypatch):
        path = make("closed.mp4", CODED["closed.mp4"])
        begun: list[object] = []
        original = film.Film._encoded

        def counted(self, reader, stretch, threads):
            begun.append(stretch)
            return original(self, reader, stretch, threads)

        monkeypatch.setattr(film.Film, "_encoded", counted)
        clips = encode_video(Source.of(path), probe(Source.of(path)), RECIPE, caps(5.0), workers=1)
        next(clips)
        assert len(begun) <= 5
        clips.close()
