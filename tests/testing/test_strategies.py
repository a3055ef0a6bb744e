"""Drawn media: what is said of them is held against our probers and rules, and those against what is damaged."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from preflight import limits
from preflight.errors import RejectedError, UsageError
from preflight.media import AudioFacts, ImageFacts, MultiInput, Text, TextImage, VideoFacts
from preflight.pipeline import Preflight
from preflight.rules import Report
from preflight.testing.recipes.grey import Grey
from preflight.testing.recipes.silence import SilentMp3
from preflight.testing.recipes.tiny_mp4 import TinyMp4
from preflight.testing.store import Store
from preflight.testing.strategies import (
    Drawn,
    audio,
    damaged,
    image,
    images,
    request,
    requests,
    sound,
    text,
    texts,
    video,
    videos,
)
from preflight.testing.strategies.interface import Shelf
from preflight.testing.truth import PROFILES, AudioTruth, ImageTruth, VideoTruth

STRATEGIES = {"images": images, "audio": audio, "videos": videos, "texts": texts, "requests": requests}
_ROOMS = {"images": image, "audio": sound, "videos": video, "texts": text, "requests": request}
BREAKABLE = [
    (kind, code, profile)
    for kind, room in _ROOMS.items()
    for profile in PROFILES
    for code in room.breakable(limits.load(profile)).codes
]


def same(examples: int) -> settings:
    """The same few media every time: some take an encoder."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],  # and not explain, which runs everything many times more
        suppress_health_check=list(HealthCheck),
    )


def checked(drawn: Drawn | str | TextImage | MultiInput, profile: str) -> Report:
    return Preflight(limits=profile).check(Text(drawn) if isinstance(drawn, str) else drawn)


def errors(report: Report) -> set[str]:
    return {finding.code for finding in report.errors}


def assert_true(report: Report, truth: object) -> None:
    """The facts are what the strategy says of how the medium was made."""
    match truth, report.facts:
        case ImageTruth(), ImageFacts() as facts:
            found = ImageTruth(
                format=facts.format,
                width=facts.width,
                height=facts.height,
                orientation=facts.orientation,
                frames=facts.frames or 0,
            )
            assert found == truth
        case AudioTruth(), AudioFacts() as facts:
            assert (facts.container, facts.codec) == (truth.container, truth.codec)
            assert (facts.sample_rate, facts.channels) == (truth.sample_rate, truth.channels)
            assert facts.bit_depth == truth.bit_depth
            assert facts.duration_s == pytest.approx(truth.duration_s, abs=truth.slack_s)
            assert any(s.cover_art for s in facts.streams) is truth.cover_art
        case VideoTruth(), VideoFacts() as facts:
            assert (facts.container, facts.video_codec) == (truth.container, truth.codec)
            assert (facts.audio_codec, facts.sample_rate, facts.channels) == (
                truth.audio_codec,
                truth.sample_rate,
                truth.channels,
            )
            assert (facts.width, facts.height) == (truth.width, truth.height)
            assert (facts.displayed_width, facts.displayed_height) == (truth.displayed_width, truth.displayed_height)
            assert (facts.rotation, facts.sample_aspect_ratio) == (truth.rotation, truth.sample_aspect_ratio)
            assert sum(s.type == "audio" for s in facts.streams) == truth.audio_tracks
            assert any(s.cover_art for s in facts.streams) is truth.cover_art
            if truth.frame_rate is None:  # a bare stream: nobody can say
                assert facts.duration_s is None
                return
            assert float(facts.frame_rate or 0) == pytest.approx(float(truth.frame_rate), rel=0.02)
            assert facts.duration_s == pytest.approx(truth.duration_s, abs=truth.slack_s)
            assert facts.start_s == pytest.approx(truth.start_s, abs=0.02)
        case _:
            pytest.fail(f"{truth!r} was taken for {report.facts!r}")


class TestWhatIsDrawn:
    @pytest.mark.parametrize("profile", PROFILES)
    @pytest.mark.parametrize("kind", STRATEGIES)
    @given(data=st.data())
    @same(40)
    def test_what_fits_passes(self, kind: str, profile: str, data: st.DataObject):
        drawn = data.draw(STRATEGIES[kind](fits=True, profile=profile))
        report = checked(drawn, profile)
        assert not errors(report), report.findings
        if isinstance(drawn, Drawn):
            assert drawn.breaks == frozenset()
            assert_true(report, drawn.truth)

    @pytest.mark.parametrize("kind", STRATEGIES)
    @given(data=st.data())
    @same(30)
    def test_what_does_not_fit_does_not_pass(self, kind: str, data: st.DataObject):
        drawn = data.draw(STRATEGIES[kind](fits=False))
        report = checked(drawn, limits.DEFAULT_PROFILE)
        assert report.verdict != "pass"
        if isinstance(drawn, Drawn):
            assert errors(report) == drawn.breaks
            assert_true(report, drawn.truth)

    @pytest.mark.parametrize("kind", STRATEGIES)
    def test_anything_is_some_of_both(self, kind: str):
        passed = set()

        @given(drawn=STRATEGIES[kind]())
        @same(20)
        def collect(drawn: Drawn | str | TextImage | MultiInput) -> None:
            passed.add(checked(drawn, limits.DEFAULT_PROFILE).verdict == "pass")

        collect()
        assert passed == {True, False}

    @pytest.mark.parametrize(("kind", "code", "profile"), BREAKABLE)
    @given(data=st.data())
    @same(8)
    def test_what_breaks_a_limit_breaks_that_alone(self, kind: str, code: str, profile: str, data: st.DataObject):
        drawn = data.draw(STRATEGIES[kind](breaks=code, profile=profile))
        report = checked(drawn, profile)
        assert errors(report) == {code}
        if isinstance(drawn, Drawn) and drawn.truth is not None:
            assert_true(report, drawn.truth)

    @pytest.mark.parametrize(
        ("kind", "codes"),
        [
            ("images", {"image_resolution_too_low", "unsupported_file_type"}),
            ("audio", {"unsupported_file_type", "audio_duration_too_long", "audio_filesize_too_large"}),
            (
                "videos",
                {"video_resolution_too_low", "video_resolution_too_high", "video_resolution_invalid_aspect_ratio"},
            ),
            ("videos", {"video_packets_damaged", "video_duration_mismatch", "video_starts_without_keyframe"}),
            ("videos", {"video_duration_too_long", "video_duration_mismatch", "video_resolution_too_low"}),
            ("requests", {"media_sources_count", "name_invalid", "name_not_unique", "placeholder_unresolved"}),
            ("requests", {"token_limit_exceeded", "image_file_broken", "image_resolution_too_low"}),
        ],
    )
    @given(data=st.data())
    @same(15)
    def test_several_at_once(self, kind: str, codes: set[str], data: st.DataObject):
        report = checked(data.draw(STRATEGIES[kind](breaks=codes)), limits.DEFAULT_PROFILE)
        assert errors(report) == codes

    def test_all_that_holds_video_is_drawn(self):
        seen = set()

        @given(videos(fits=True))
        @same(400)
        def collect(video: Drawn) -> None:
            seen.add((video.recipe.suffix, video.truth.codec))  # type: ignore[union-attr]  # a VideoTruth

        collect()
        assert {(".mp4", "h264"), (".mp4", "hevc"), (".webm", "vp9"), (".ts", "h264"), (".mov", "prores")} <= seen


class TestShrinking:
    """To the simplest of what is asked for; the media are found by the words that a reader sees."""

    @pytest.mark.parametrize(
        ("strategy", "is_it", "expected"),
        [
            (videos(), lambda v: True, "<.mp4 h264 360x360 at 25 fps, 4 s, no sound; fits marengo3.0>"),
            (
                videos(),
                lambda v: v.truth.rotation == 90,
                "<.mp4 h264 360x360 rotated 90 at 25 fps, 4 s, no sound; fits marengo3.0>",
            ),
            (
                videos(),
                lambda v: v.truth.width >= 500,
                "<.mp4 h264 500x360 at 25 fps, 4 s, no sound; fits marengo3.0>",
            ),
            (
                videos(),
                lambda v: v.truth.audio_codec == "aac",
                "<.mp4 h264 360x360 at 25 fps, 4 s, aac mono; fits marengo3.0>",
            ),
            (
                videos(fits=True),
                lambda v: v.truth.codec == "hevc",
                "<.mp4 hevc 360x360 at 2 fps, 4.5 s, no sound; fits marengo3.0>",
            ),
            (
                videos(breaks="video_resolution_too_low"),
                lambda v: True,
                "<.mp4 h264 359x360 at 25 fps, 4 s, no sound; breaks video_resolution_too_low of marengo3.0>",
            ),
            (
                videos(breaks="video_resolution_too_low"),
                lambda v: v.truth.height < 200,
                "<.mp4 h264 360x199 at 25 fps, 4 s, no sound; breaks video_resolution_too_low of marengo3.0>",
            ),
            (
                videos(breaks="video_duration_too_long"),
                lambda v: True,
                "<.mp4 h264 360x360 at 1 fps, 601 s, no sound; breaks video_duration_too_long of marengo3.0>",
            ),
            (audio(), lambda a: True, "<.wav pcm_s16le mono at 8000 Hz, 4 s; fits marengo3.0>"),
            (
                audio(breaks="audio_duration_too_long"),
                lambda a: True,
                "<.wav pcm_s16le mono at 8000 Hz, 600.000125 s; breaks audio_duration_too_long of marengo3.0>",
            ),
            (audio(), lambda a: a.truth.codec == "flac", "<.flac flac mono at 8000 Hz, 4 s; fits marengo3.0>"),
            (
                audio(),
                lambda a: a.truth.channels == 2,
                "<.wav pcm_s16le stereo at 8000 Hz, 4 s; fits marengo3.0>",
            ),
            (images(), lambda i: True, "<.png PNG RGB 128x128; fits marengo3.0>"),
            (
                images(),
                lambda i: i.truth.orientation == 6,
                "<.png PNG RGB 128x128, EXIF orientation 6; fits marengo3.0>",
            ),
            (
                images(breaks="image_resolution_too_low"),
                lambda i: True,
                "<.png PNG RGB 127x128; breaks image_resolution_too_low of marengo3.0>",
            ),
            (texts(), lambda t: True, "'a'"),
            (texts(breaks="token_limit_exceeded"), lambda t: True, repr(" ".join(["a"] * 501))),
            (
                requests(),
                lambda r: True,
                "TextImage(text='a', image=<.png PNG RGB 128x128; fits marengo3.0>, name='<text_image>')",
            ),
            (
                requests(breaks="name_invalid"),
                lambda r: True,
                (
                    "MultiInput(images=[NamedImage(image=<.png PNG RGB 128x128; fits marengo3.0>, name='my outfit')], "
                    "text='a', name='<multi_input>', sources=())"
                ),
            ),
            (
                damaged(images(fits=True)),
                lambda d: True,
                "<.png PNG RGB 128x128, after FlipAt(bits=(0,)); damaged>",
            ),
        ],
    )
    def test_to_the_simplest(self, strategy, is_it, expected: str):
        found = find(strategy, is_it, settings=same(1_000))
        assert repr(found) == expected

    def test_a_failing_example_says_what_it_is(self):
        @given(video=videos(fits=True))
        @same(100)
        def fails(video: Drawn) -> None:
            assert video.truth.rotation != 270  # type: ignore[union-attr]  # a VideoTruth

        with pytest.raises(AssertionError) as caught:
            fails()
        said = "\n".join(caught.value.__notes__)
        assert "video=<.mp4 h264 360x360 rotated 270 at 25 fps, 4 s, no sound; fits marengo3.0>" in said


class TestAsking:
    @pytest.mark.parametrize("kind", STRATEGIES)
    def test_for_a_rule_that_is_not_there(self, kind: str):
        with pytest.raises(UsageError, match=r"there is no rule 'too_green'\. Take one of: [a-z_]+, "):
            STRATEGIES[kind](breaks="too_green")

    @pytest.mark.parametrize(
        ("kind", "breaks", "said"),
        [
            (
                "images",
                "video_resolution_too_low",
                "no image is made that breaks video_resolution_too_low. Take one of",
            ),
            (
                "videos",
                "file_unreadable",
                r"about a path and not about what lies there: see `preflight cases 'bad/\*'`",
            ),
            ("videos", "video_duration_too_short", "under marengo3.0 it is a warning"),
            ("audio", ["audio_duration_too_short"], "under marengo3.0 it is a warning"),
            ("texts", "text_encoding_unknown", "a str has no encoding"),
            ("videos", [], "Name a code, or say `fits=True`"),
            (
                "videos",
                {"video_file_broken", "video_resolution_too_low"},
                "at once. Take video_file_broken with no other; video_resolution_too_low with ",
            ),
            ("videos", {"video_resolution_too_low", "video_resolution_too_high"}, "at once"),
        ],
    )
    def test_for_what_nothing_breaks(self, kind: str, breaks: object, said: str):
        with pytest.raises(UsageError, match=said):
            STRATEGIES[kind](breaks=breaks)

    def test_for_what_fits_and_does_not(self):
        with pytest.raises(UsageError, match="not both"):
            videos(fits=True, breaks="video_resolution_too_low")

    def test_for_a_profile_that_is_not_there(self):
        with pytest.raises(UsageError, match="there is no profile 'pegasus'"):
            videos(profile="pegasus")

    def test_for_damage_of_what_is_no_file(self):
        with pytest.raises(UsageError, match="only files can be damaged"):
            find(damaged(texts()), lambda _: True)  # type: ignore[arg-type]  # that is the point

    def test_without_hypothesis(self):
        script = (
            "import sys; sys.modules['hypothesis'] = None\n"
            "import preflight.testing, preflight.testing.plugin\n"
            "try: import preflight.testing.strategies\n"
            "except Exception as error: print(type(error).__name__, error)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("MissingExtraError ")
        assert "pip install 'embed-preflight[testing]'" in done.stdout


class TestDrawn:
    def test_it_is_a_path_and_bytes(self):
        medium = find(images(fits=True), lambda _: True)
        assert Path(medium).read_bytes() == medium.data
        assert medium.path.name == "image.png"
        assert not medium.path.stat().st_mode & 0o222

    def test_the_shelf_is_bounded(self):
        shelf = Shelf(most_bytes=100_000, kept=3)
        paths = [shelf.path(SilentMp3(frames=100 + n)) for n in range(20)]
        left = [path for path in paths if path.exists()]
        assert left == paths[-len(left) :]
        assert 3 <= len(left) < 10
        assert shelf.path(SilentMp3(frames=100)).exists()

    def test_the_shelf_is_cleared_away(self):
        script = (
            "from preflight.testing.strategies.interface import shelf\n"
            "from preflight.testing.recipes.silence import SilentMp3\n"
            "print(shelf().path(SilentMp3()))\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        path = Path(done.stdout.strip())
        assert path.name == "media.mp3"
        assert not path.parents[2].exists()


def small_video(drawn: Drawn) -> bool:
    """That takes little time to encode, which is what becomes of much that is damaged."""
    truth = drawn.truth
    assert isinstance(truth, VideoTruth)
    return truth.width * truth.height < 500_000 and truth.duration_s < 10


def small_file(drawn: Drawn) -> bool:
    """Not one that is grown to the limit: a damaged copy of that has no holes, and takes up all of it on the disk."""
    return drawn.path.stat().st_size < 1_000_000


DAMAGED = {
    "images": damaged(images()),
    "audio": damaged(audio(fits=True).filter(lambda drawn: drawn.truth.duration_s < 10)),
    "videos": damaged(videos(fits=True).filter(small_video)),
}


class TestDamaged:
    """Bad media never raise anything but a rejection."""

    @pytest.mark.parametrize("kind", DAMAGED)
    @given(data=st.data())
    @same(30)
    def test_check_says_something(self, kind: str, data: st.DataObject):
        wreck = data.draw(damaged(STRATEGIES[kind]().filter(small_file)))
        assert wreck.truth is None
        assert wreck.breaks is None
        assert checked(wreck, limits.DEFAULT_PROFILE).verdict in ("pass", "fixable", "rejected")

    @pytest.mark.parametrize("kind", DAMAGED)
    @given(data=st.data())
    @same(40)
    def test_prepare_gives_payloads_or_a_rejection(self, kind: str, data: st.DataObject):
        wreck = data.draw(DAMAGED[kind])
        # Whatever else is raised is a bug.
        with suppress(RejectedError):
            assert all(payload.sha256 for payload in Preflight().prepare(wreck))


class TestShortfalls:
    """Of preflight, which the strategies brought to light."""

    def test_a_long_film_of_few_frames(self, tmp_path: Path):
        film = TinyMp4(picture=Grey(width=350, frames=61, frame_rate=Fraction(1, 10)))
        assert len(list(Preflight().prepare(Store(tmp_path).path(film)))) == 2
