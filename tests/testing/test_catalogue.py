"""Every case: its truth is held against ffprobe and our probers, and preflight against what the case expects."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import unicodedata
from fractions import Fraction

import pytest

from preflight.errors import RejectedError
from preflight.limits import DEFAULT_PROFILE
from preflight.media import AudioFacts, ImageFacts, MultiInput, RequestFacts, TextFacts, TextImage, VideoFacts
from preflight.payload import Payload
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.rules import RULES, decoded
from preflight.testing import catalogue
from preflight.testing.catalogue.interface import Case
from preflight.testing.truth import PROFILES, AudioTruth, ImageTruth, RequestTruth, TextTruth, VideoTruth
from tests.foreseen import foreseen, prepared, unforeseen
from tests.testing.shortfalls import MISTAKEN, SHORTFALLS, UNFORESEEN

CASES = catalogue.cases()
ON_PROFILES = [(each, profile) for each in CASES for profile in each.expected.profiles]
"""Those that expect something of their own: what is prepared for one that does not is the same."""
WORST_LAST = ["identical", "lossless", "transcoded"]


def expect_mistakes(case: Case, request: pytest.FixtureRequest) -> None:
    if case.name in MISTAKEN:
        request.applymarker(pytest.mark.xfail(reason=MISTAKEN[case.name], strict=True))


def ids(value: object) -> str:
    return str(value)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("case", CASES, ids=ids)
def test_check_finds_exactly_what_the_case_names(case: Case, profile: str, request):
    expect_mistakes(case, request)
    report = Preflight(limits=profile).check(case.input, kind=case.as_kind)
    expected = case.expected[profile]
    assert {f.code for f in report.findings} == expected.codes, report.findings
    if expected.gives == "rejected":
        # Some damage only shows when the file is decoded: then `prepare` is who rejects it.
        assert report.verdict != "pass" or case.truth is None
    elif expected.gives == "identical":
        assert report.verdict == "pass"
    else:
        assert report.verdict in ("fixable", "pass")


@pytest.mark.parametrize(("case", "profile"), ON_PROFILES, ids=ids)
def test_prepare_gives_what_the_case_expects_and_what_plan_said(case: Case, profile: str, request):
    expected = case.expected[profile]
    if case.name in SHORTFALLS and expected == case.expected[DEFAULT_PROFILE]:  # another reading may ask for less
        request.applymarker(pytest.mark.xfail(reason=SHORTFALLS[case.name], strict=True))
    preflight = Preflight(limits=profile)
    plan = foreseen(preflight, case.input, case.as_kind) if may_be_planned(case) else None
    made = prepared(preflight, case.input, case.as_kind)
    if plan is not None:
        assert unforeseen(plan, made) == UNFORESEEN.get(case.name, set())
    if expected.gives == "rejected":
        assert isinstance(made, RejectedError)
        assert made.findings
        return
    assert not isinstance(made, RejectedError), made
    assert worst(made) == expected.gives
    if expected.requests is None:
        assert len(made) > 1
    else:
        assert len(made) == expected.requests


def may_be_planned(case: Case) -> bool:
    """A request of several parts has no single plan."""
    return not isinstance(case.input, TextImage | MultiInput)


def worst(payloads: list[Payload]) -> str:
    return max((str(payload.fidelity) for payload in payloads), key=WORST_LAST.index)


@pytest.mark.parametrize("case", [c for c in CASES if c.truth is not None], ids=ids)
def test_our_probers_find_the_truth(case: Case, request):
    expect_mistakes(case, request)
    facts = Preflight().check(case.input, kind=case.as_kind).facts
    match case.truth, facts:
        case TextTruth() as truth, TextFacts():
            assert facts.encoding == truth.encoding
            assert facts.characters == len(truth.text)
            assert facts.blank is not any(is_visible(character) for character in truth.text)
            assert truth.tokens in (None, facts.tokens)
        case ImageTruth() as truth, ImageFacts():
            assert (facts.format, facts.width, facts.height) == (truth.format, truth.width, truth.height)
            assert facts.orientation == truth.orientation
            assert facts.frames in (truth.frames, None)
        case AudioTruth() as truth, AudioFacts():
            assert (facts.container, facts.codec) == (truth.container, truth.codec)
            assert (facts.sample_rate, facts.channels) == (truth.sample_rate, truth.channels)
            assert facts.duration_s == pytest.approx(truth.duration_s, abs=truth.slack_s)
            assert truth.bit_depth in (None, facts.bit_depth)
            assert any(s.cover_art for s in facts.streams) is truth.cover_art
        case VideoTruth() as truth, VideoFacts():
            assert (facts.container, facts.video_codec, facts.audio_codec) == (
                truth.container,
                truth.codec,
                truth.audio_codec,
            )
            assert (facts.width, facts.height) == (truth.width, truth.height)
            assert (facts.displayed_width, facts.displayed_height) == (truth.displayed_width, truth.displayed_height)
            assert (facts.rotation, facts.sample_aspect_ratio) == (truth.rotation, truth.sample_aspect_ratio)
            if facts.has_timestamps:  # or nothing in the file says how long it lasts
                assert facts.duration_s == pytest.approx(truth.duration_s, abs=truth.slack_s)
            assert facts.start_s == pytest.approx(truth.start_s, abs=0.01)
            assert sum(s.type == "audio" for s in facts.streams) == truth.audio_tracks
            assert any(s.cover_art for s in facts.streams) is truth.cover_art
            if truth.audio_tracks:
                assert (facts.sample_rate, facts.channels) == (truth.sample_rate, truth.channels)
            if truth.frame_rate is not None:
                assert float(facts.frame_rate or 0) == pytest.approx(float(truth.frame_rate), rel=0.02)
        case RequestTruth() as truth, RequestFacts():
            assert (facts.kind, len(facts.images)) == (truth.kind, truth.images)
            assert (facts.text is not None) is truth.has_text
        case truth, _:
            pytest.fail(f"{truth!r} was taken for {facts!r}")


def is_visible(character: str) -> bool:
    """Not a separator, a control or a format character, such as a space without width."""
    return unicodedata.category(character)[0] not in "ZC"


def ffprobe(case: Case) -> dict:
    done = subprocess.run(
        ["ffprobe", "-v", "quiet", "-of", "json", "-show_format", "-show_streams", "-count_packets", str(case.path)],
        capture_output=True,
        check=False,
    )
    return json.loads(done.stdout)


def rotation(stream: dict) -> int:
    """Clockwise; ffprobe counts the other way round."""
    turns = [data["rotation"] for data in stream.get("side_data_list", []) if "rotation" in data]
    return -turns[0] % 360 if turns else 0


MISREAD = {
    # Integers of 24 bits in 32, which FFmpeg takes for floating point.
    "audio/wav_24_in_32_bits",
    # Big-endian samples, which it takes for little-endian ones.
    "audio/wav_rifx",
    # An MP3, which FFmpeg 5 takes for AMR.
    "audio/mp3_behind_junk",
    # A film with a broken sound header, which ffprobe gives up on.
    "bad/webm_wrong_bits_in_vorbis_header",
}
"""Cases that FFmpeg itself reads as what they are not: it is no witness."""


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.parametrize(
    "case", [c for c in CASES if isinstance(c.truth, AudioTruth | VideoTruth) and c.name not in MISREAD], ids=ids
)
def test_ffprobe_finds_the_truth(case: Case):
    found, truth = ffprobe(case), case.truth
    streams = found["streams"]
    # A stream of which nothing is known has no type.
    sounds = [s for s in streams if s.get("codec_type") == "audio"]
    covers = [s for s in streams if s["disposition"]["attached_pic"]]
    pictures = [s for s in streams if s.get("codec_type") == "video" and s not in covers]
    assert found["format"]["format_name"] == truth.container
    assert bool(covers) is truth.cover_art
    if isinstance(truth, AudioTruth):
        assert not pictures
        assert sounds[0]["codec_name"] == truth.codec
    else:
        # A codec that is newer than this ffprobe has no name there.
        assert pictures[0].get("codec_name", truth.codec) == truth.codec
        assert (pictures[0]["width"], pictures[0]["height"]) == (truth.width, truth.height)
        assert rotation(pictures[0]) == truth.rotation
        ratio = Fraction(pictures[0].get("sample_aspect_ratio", "1:1").replace(":", "/"))
        assert (ratio or 1) == truth.sample_aspect_ratio
        assert len(sounds) == truth.audio_tracks
    if sounds:
        assert (int(sounds[0]["sample_rate"]), sounds[0]["channels"]) == (truth.sample_rate, truth.channels)
    if case.name not in LYING and "duration" in found["format"]:
        assert float(found["format"]["duration"]) == pytest.approx(truth.duration_s, abs=truth.slack_s)


LYING: set[str] = {
    "video/header_claims_an_hour_mp4",
    "video/header_claims_an_hour_mkv",
    "video/header_claims_a_second_mkv",
    "video/header_hides_ten_minutes_mkv",
    # What is before the clock's start counts in these headers.
    "video/starts_at_10_s_mkv",
    "video/long_starts_at_10_s_mkv",
    "video/starts_at_10_s_mp4",
    # ffprobe takes the last time less the first, however the clock went in between.
    "video/clock_restarts_ts",
    "video/clock_goes_back_ts",
    "video/clock_jumps_ts",
    "audio/flac_claims_an_hour",
    # These state no length: ffprobe guesses from the first bit rate that it finds.
    "audio/mp3_guessed_too_long",
    "audio/mp3_vbr_without_header",
    "audio/adts_aac",
    "audio/long_aac",
    "audio/amr",
    "audio/long_amr",
    # These count what was cut off.
    "bad/mp4_cut_in_its_data",
    "bad/mkv_cut",
    "bad/flv_cut",
    "bad/flv_cut_behind_a_header",
    "bad/mp3_cut",
    "bad/flac_cut",
}
"""Cases whose header says something else than what is there: ffprobe believes it."""


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.parametrize("case", [c for c in CASES if isinstance(c.truth, ImageTruth)], ids=ids)
def test_ffprobe_finds_the_size_of_images(case: Case):
    streams = [s for s in ffprobe(case).get("streams", []) if s.get("width")]
    if not streams:
        pytest.skip("a format that this ffprobe does not read")
    size = streams[0]["width"], streams[0]["height"]
    turns_while_decoding = re.fullmatch(r"image/tiff_orientation_[5-8]", case.name)  # as Pillow does
    assert size == (case.truth.width, case.truth.height)[:: -1 if turns_while_decoding else 1]


def test_every_rule_is_broken_by_a_case():
    broken = {code for each in CASES for profile in each.expected.profiles for code in each.expected[profile].codes}
    # A case says what `check` finds in metadata; what only decoding finds is below.
    # Cases foresee the synchronous profiles; what only another refuses, an example of its rule stands for.
    foreseen = {rule.code for rule in RULES if any(example.profile in PROFILES for example in rule.refused)}
    # Nor is what is no request file: cases are what is in one. And 64 MB for one text would be a fifth of all of them.
    assert broken == foreseen - {rule.code for rule in decoded.RULES} - {"request_invalid", "text_filesize_too_large"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bad/mp4_wrong_bits_in_data", "video_frames_damaged"),
        ("bad/ts_cut", "video_truncated"),
        ("audio/wav_last_sample_incomplete", "audio_truncated"),
        ("video/short_sound_mp4", "streams_length_differ"),
        ("video/long_sound_mp4", "streams_length_differ"),
        ("audio/wav_silent", "audio_silent"),
        ("video/width_360", "video_frozen"),
    ],
)
def test_a_rule_that_asks_for_decoding_is_broken_by_a_case(name: str, code: str):
    path = catalogue.case(name).path
    found = Preflight(policy=Policy(verify="decode")).check(path).findings
    assert code in {each.code for each in found}
    assert code not in {each.code for each in Preflight().check(path).findings}


def test_names_say_what_kind_they_are():
    kinds = {"text", "image", "audio", "video", "request", "bad"}
    for each in CASES:
        kind, _, rest = each.name.partition("/")
        assert kind in kinds
        assert rest.replace("_", "").isalnum(), each.name
        assert rest == rest.lower()
        assert each.what.endswith(".")
        if each.truth is not None:
            assert each.truth.kind == kind or kind in ("request", "bad")


def test_shortfalls_are_of_cases_that_exist():
    assert set(SHORTFALLS) <= {each.name for each in CASES}
