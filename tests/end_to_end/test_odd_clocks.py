"""Sources whose clocks jump, seen and heard by an FFmpeg that made none of the clips: every mark once, on time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from preflight.media import Source, Span
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.film import X264
from preflight.testing.recipes.marked import MarkedFilm, tone_hz
from preflight.testing.recipes.written import Joined
from preflight.testing.store import Store
from tests.lowered import lowered
from tests.marks import SYNC_S, marks
from tests.timelines import complaints, tracks

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")

EACH_S = 6.0
JOIN_S = 0.05
"""At a join sound and picture end and start within a frame of either."""


def recording(clock_s: float, suffix: str = ".ts") -> MarkedFilm:
    """A keyframe a second. A transport stream says that its clock starts anew, or packets would seem lost."""
    coders = {**X264, "preset": "veryfast", "bf": 2} if suffix == ".ts" else {"c:v": "mpeg2video", "c:a": "mp2"}
    options = {**coders, "g": 25, "output_ts_offset": clock_s}
    if suffix == ".ts":
        options["mpegts_flags"] = "+initial_discontinuity"
    else:
        options |= {"flags": "+bitexact+cgop", "sc_threshold": 1_000_000_000}
    return MarkedFilm(suffix=suffix, seconds=EACH_S, sample_rate=48_000, options=options)


def joined(*clocks_s: float, suffix: str = ".ts") -> Joined:
    return Joined(suffix=suffix, parts=tuple(recording(clock_s, suffix) for clock_s in clocks_s))


JUMPS = {
    "back_2_s": joined(0, 4),
    "back_twice_by_less": joined(0, 4.5, 9),
    "back_to_the_start": joined(0, 0),
    "back_an_hour": joined(3_600, 0),
    "ahead_a_minute": joined(0, 66),
    "ahead_an_hour": joined(0, 3_600),
    "ahead_and_back": joined(0, 3_600, 4),
    "program_stream_back": joined(0, 4, suffix=".mpg"),
    "program_stream_ahead": joined(0, 600, suffix=".mpg"),
}


def faults(clips: list[tuple[Path, Span]], parts: int) -> list[str]:
    """Against what was recorded: a flash and a tone half-way through each second, of every part in turn."""
    wrong: list[str] = []
    seen: list[int] = []
    heard: list[int] = []
    for path, span in clips:
        found = marks(path)
        tones = [(at, min(range(int(EACH_S)), key=lambda k: abs(tone_hz(k) - hz))) for hz, at in found.heard]
        for second, at in found.seen:
            due_s = len(seen) + 0.5
            late = JOIN_S * (len(seen) // EACH_S)
            if not -0.042 <= at + span.start_s - due_s <= late + 0.042:
                wrong.append(f"flash {len(seen)} is {at + span.start_s - due_s:+.3f} s off")
            near = [t for t, k in tones if k == second and abs(t - at) < 0.3]
            if not near or abs(near[0] - at) > SYNC_S:
                wrong.append(f"flash {len(seen)}: tones {[round(t - at, 3) for t in near]} s off")
            seen.append(second)
        heard += [k for t, k in tones if t > 0.15]
    recorded = list(range(int(EACH_S))) * parts
    return wrong + [f"{what} {found}" for what, found in (("seen", seen), ("heard", heard)) if found != recorded]


EASY, HARD = Policy(min_clip_s=1.0), Policy(min_clip_s=600.0)


def clips_of(source: Path, policy: Policy, folder: Path, max_s: float) -> tuple[list[tuple[Path, Span]], set[str]]:
    clips, fidelities = [], set()
    for number, payload in enumerate(Preflight(limits=lowered(max_s=max_s), policy=policy).prepare(source)):
        path = folder / f"{number:03}"
        path.write_bytes(payload.media[0].source.read())
        clips.append((path, payload.span))
        fidelities.add(str(payload.fidelity))
    return clips, fidelities


@pytest.mark.parametrize(
    ("name", "max_s"), [*((name, 5.0) for name in JUMPS), ("ahead_an_hour", 30.0), ("back_2_s", 30.0)]
)
def test_recordings_joined_are_one_film_without_what_nobody_recorded(name, max_s, tmp_path):
    source = Store().path(JUMPS[name])
    report = Preflight(limits=lowered(max_s=max_s)).check(source)
    parts = len(JUMPS[name].parts)
    assert report.facts.duration_s == pytest.approx(EACH_S * parts, abs=JOIN_S * parts)
    clips, fidelities = clips_of(source, EASY, tmp_path, max_s)
    if fidelities == {"identical"}:
        assert "back" in name
        return
    assert fidelities == {"lossless"}
    assert faults(clips, len(JUMPS[name].parts)) == []
    assert [complaints(clip) for clip, _ in clips] == [""] * len(clips)
    assert clips[-1][1].end_s == pytest.approx(report.facts.duration_s, abs=1e-6)


@pytest.mark.parametrize("name", ["back_twice_by_less", "ahead_and_back", "program_stream_ahead"])
def test_and_so_they_are_encoded(name, tmp_path):
    source = Store().path(JUMPS[name])
    clips, fidelities = clips_of(source, HARD, tmp_path, 5.0)
    assert fidelities == {"transcoded"}
    assert faults(clips, len(JUMPS[name].parts)) == []


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 22_050])
def test_sound_of_a_low_rate_starts_and_ends_with_its_picture(sample_rate, tmp_path):
    """A frame of AAC at 16 kHz lasts 64 ms."""
    options = {**X264, "preset": "veryfast", "bf": 2}
    source = Store().path(MarkedFilm(suffix=".mp4", seconds=12.0, sample_rate=sample_rate, options=options))
    clips, _ = clips_of(source, HARD, tmp_path, 5.0)
    assert len(clips) == 3
    for number, (clip, span) in enumerate(clips):
        sound = [p for p in tracks(clip).sound if not p.is_discarded]
        assert max(sound[0].pts_s, 0.0) == pytest.approx(0.0, abs=SYNC_S)
        if number < 2:
            assert sound[-1].pts_s + sound[-1].duration_s == pytest.approx(span.duration_s, abs=SYNC_S)


def test_a_picture_every_few_seconds_stands_where_it_stood(tmp_path):
    """What stands over a cut is seen on both sides of it, and nothing else is seen twice."""
    vfr = {**X264, "fps_mode": "vfr", "enc_time_base": "1/90000"}
    every_3_s = (("select", {"expr": "not(mod(n-13,75))"}),)
    film = MarkedFilm(suffix=".mp4", seconds=24.0, options=vfr, filters=every_3_s)
    clips, _ = clips_of(Store().path(film), HARD, tmp_path, 6.0)
    seen = [(k, at + span.start_s) for path, span in clips for k, at in marks(path).seen]
    firsts = dict(reversed(seen))
    assert firsts == {k: pytest.approx(k + 0.52, abs=0.042) for k in range(0, 24, 3)}
    starts = [span.start_s for _, span in clips]
    assert all(at == firsts[k] or any(abs(at - start) < 0.042 for start in starts) for k, at in seen)
    assert clips[-1][1].end_s == pytest.approx(24.0, abs=0.05)


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_one_wrong_bit_in_a_time_makes_no_centuries(kind, tmp_path):
    """Whoever believed it would plan requests for thousands of years, until the memory is full."""
    of = MarkedFilm(suffix=".mkv", seconds=4.0, sample_rate=16_000, options={"c:v": "libvpx", "c:a": "libopus"})
    path = tmp_path / "media.ivf"
    run("-i", str(Store().path(of)), "-map", "0:v", "-c", "copy", "-f", "ivf", str(path))
    data = bytearray(path.read_bytes())
    at = 32
    for _ in range(40):
        at += 12 + int.from_bytes(data[at : at + 4], "little")
    data[at + 4 + 5] ^= 4  # IVF: a size of four bytes, then a time of eight
    if kind == "audio":
        run("-i", str(Store().path(of)), "-vn", "-c", "copy", "-bsf:a", _CENTURIES, str(tmp_path / "media.mka"))
        data = bytearray((tmp_path / "media.mka").read_bytes())
    (finding,) = Preflight().check(Source.of(bytes(data))).errors
    assert finding.code == f"{kind}_file_broken"
    assert "days" in finding.message


_CENTURIES = "setts=ts=TS+gt(PTS*TB\\,2)*4000000000000"
