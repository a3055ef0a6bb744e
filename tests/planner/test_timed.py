"""Audio and video: which rung of the ladder, why, and with which cuts. Pure: no file is needed."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preflight.limits import Limits, load, profiles_taking
from preflight.media import AudioFacts, Fidelity, Span, VideoFacts
from preflight.planner.interface import CutBetweenUnits, EncodeAudio, EncodeVideo, Plan, Policy, SendAsIs
from preflight.planner.open_gops import Refuse
from preflight.planner.timed import needs_units, plan_encoding, plan_timed
from preflight.probers.units import Unit
from preflight.rules import check_facts, examples

STRICT, NEWEST = (load(name) for name in ("marengo3.0", "marengo3.0-2026-08"))
MOV = "mov,mp4,m4a,3gp,3g2,mj2"


def units(*lengths_s: float, bytes_per_s: int = 100_000) -> list[Unit]:
    made, start = [], 0.0
    for length in lengths_s:
        made.append(Unit(start, length, round(length * bytes_per_s), 70))
        start += length
    return made


def long_video(seconds: float = 1_500.0, **more: object) -> VideoFacts:
    return replace(examples.video(duration_s=seconds, claimed_duration_s=seconds), **more)


def long_audio(seconds: float = 1_500.0, **more: object) -> AudioFacts:
    return replace(examples.audio(duration_s=seconds, claimed_duration_s=seconds), **more)


def planned(
    facts: AudioFacts | VideoFacts,
    where: Sequence[Unit] | None = None,
    policy: Policy | None = None,
    limits: Limits = STRICT,
    refuse: Refuse | None = None,
) -> Plan:
    return plan_timed(check_facts("a.mp4", facts, limits), facts, where, limits, policy or Policy(), refuse=refuse)


def willing(starts_s: Sequence[float]) -> Collection[float]:
    """A decoder that can start anywhere."""
    return ()


class Choosy:
    """A decoder that can start at none of some places; it remembers what it was asked about."""

    def __init__(self, *refused: float) -> None:
        self.bad, self.asked = set(refused), []

    def __call__(self, starts_s: Sequence[float]) -> Collection[float]:
        self.asked.append(tuple(starts_s))
        return [s for s in starts_s if s in self.bad]


class TestIdentical:
    @pytest.mark.parametrize("facts", [examples.video(), examples.audio(), long_video(2.0)])
    def test_what_fits_is_sent_as_it_is(self, facts):
        plan = planned(facts)
        assert (plan.fidelity, plan.recipe) == (Fidelity.IDENTICAL, SendAsIs())
        assert [(o.span.start_s, o.span.end_s, o.media_bytes) for o in plan.outputs] == [
            (0.0, facts.duration_s, facts.size_bytes)
        ]

    def test_does_not_ask_where_it_could_be_cut(self):
        assert not needs_units(check_facts("a", examples.video(), STRICT))


class TestLossless:
    def test_too_long_is_cut_evenly(self):
        plan = planned(long_video(), units(*[2.0] * 750, bytes_per_s=10_000))
        assert plan.fidelity is Fidelity.LOSSLESS
        assert plan.recipe == CutBetweenUnits(container="mp4", cuts_s=(500.0, 1000.0))
        assert [(o.span.start_s, o.span.end_s) for o in plan.outputs] == [(0, 500), (500, 1000), (1000, 1500)]
        assert "600" in plan.why[0]
        assert plan.steps == ("cut at keyframes into mp4",)

    def test_too_large_is_cut_under_the_byte_cap(self):
        facts = long_video(500.0, size_bytes=100_000_000)
        plan = planned(facts, units(*[2.0] * 250, bytes_per_s=200_000))
        assert plan.fidelity is Fidelity.LOSSLESS
        assert len(plan.outputs) == 4
        assert all(o.media_bytes < 27_000_000 for o in plan.outputs)

    def test_a_header_that_lies_needs_a_new_file_and_no_cut(self):
        facts = examples.video(claimed_duration_s=3_600.0)
        plan = planned(facts, units(*[2.0] * 30))
        assert plan.recipe == CutBetweenUnits(container="mp4", cuts_s=())
        assert plan.steps == ("remux into mp4",)

    @pytest.mark.parametrize(
        ("container", "video", "audio", "into"),
        [
            (MOV, "h264", "aac", "mp4"),
            (MOV, "hevc", None, "mp4"),
            (MOV, "prores", "pcm_s16le", "matroska"),
            (MOV, "h264", "pcm_s16be", "matroska"),
            ("mpegts", "h264", "aac", "mp4"),
            ("mpegts", "mpeg2video", "mp2", "matroska"),
            ("flv", "h264", "mp3", "mp4"),
            ("avi", "mpeg4", "mp3", "mp4"),
            ("matroska,webm", "h264", "aac", "matroska"),
            ("matroska,webm", "vp9", "opus", "webm"),
            ("matroska,webm", "vp8", None, "webm"),
            ("matroska,webm", "av1", "aac", "matroska"),
            ("ogg", "theora", "vorbis", "matroska"),
        ],
    )
    def test_the_new_file_is_one_that_takes_its_codecs(self, container, video, audio, into):
        facts = long_video(container=container, video_codec=video, audio_codec=audio)
        recipe = planned(facts, units(*[2.0] * 750, bytes_per_s=10_000)).recipe
        assert isinstance(recipe, CutBetweenUnits)
        assert recipe.container == into

    @pytest.mark.parametrize(("container", "video", "audio"), [("asf", "wmv2", "wmav2"), (MOV, "h263", "amrnb")])
    def test_what_no_container_of_ours_takes_is_encoded(self, container, video, audio):
        plan = planned(long_video(container=container, video_codec=video, audio_codec=audio), units(*[2.0] * 750))
        assert isinstance(plan.recipe, EncodeVideo)
        assert "without decoding" in plan.why[-1]

    @pytest.mark.parametrize(
        ("container", "codec"),
        [("wav", "pcm_s16le"), ("wav", "pcm_s24le"), ("wav", "pcm_f32le"), ("mp3", "mp3"), ("flac", "flac")],
    )
    def test_sound_is_cut_between_packets(self, container, codec):
        facts = long_audio(container=container, codec=codec)
        plan = planned(facts, units(*[0.025] * 60_000, bytes_per_s=20_000))
        assert isinstance(plan.recipe, CutBetweenUnits)
        assert plan.recipe.container == container
        assert len(plan.outputs) == 3
        assert [o.span.duration_s for o in plan.outputs] == [pytest.approx(500.0, abs=0.05)] * 3

    @pytest.mark.parametrize(
        ("container", "codec", "into"),
        [
            ("wav", "mp3", "mp3"),
            (MOV, "mp3", "mp3"),
            ("matroska,webm", "flac", "flac"),
            ("ogg", "flac", "flac"),
            ("matroska,webm", "pcm_s16le", "wav"),
            ("w64", "pcm_s24le", "wav"),
            ("caf", "pcm_f32le", "wav"),
        ],
    )
    def test_what_is_taken_in_another_container_is_put_into_that(self, container, codec, into):
        facts = long_audio(60.0, container=container, codec=codec)
        assert needs_units(check_facts("a", facts, STRICT))
        plan = planned(facts, units(*[0.1] * 600))
        assert (plan.fidelity, plan.recipe) == (Fidelity.LOSSLESS, CutBetweenUnits(container=into, cuts_s=()))

    @pytest.mark.parametrize(
        ("dialect", "codec"),
        [("RF64", "pcm_s16le"), ("RIFX", "pcm_s24be"), ("RIFX", "pcm_u8"), ("24 bits in 32", "pcm_s32le")],
    )
    @pytest.mark.parametrize("damaged_packets", [0, 1])
    def test_a_dialect_of_wav_needs_a_new_header_and_no_more(self, dialect, codec, damaged_packets):
        facts = long_audio(60.0, dialect=dialect, codec=codec, damaged_packets=damaged_packets)
        assert needs_units(check_facts("a", facts, STRICT))
        plan = planned(facts, units(*[0.5] * 120))
        assert plan.recipe == CutBetweenUnits(container="wav", cuts_s=())
        # The bytes of big-endian samples are turned round, so they are not the same coded data.
        assert plan.fidelity is (Fidelity.TRANSCODED if codec.endswith("be") else Fidelity.LOSSLESS)

    def test_only_of_a_wav_is_it_known_that_the_rest_is_whole(self):
        for container, codec in (("mp3", "mp3"), ("flac", "flac"), ("w64", "pcm_s16le")):
            facts = long_audio(60.0, container=container, codec=codec, damaged_packets=1)
            assert not needs_units(check_facts("a", facts, STRICT))

    def test_sound_is_cut_however_short_the_clips(self):
        facts = long_audio(150.0, size_bytes=150 * 5_000_000)
        plan = planned(facts, units(*[0.025] * 6_000, bytes_per_s=5_000_000))
        assert plan.fidelity is Fidelity.LOSSLESS


class TestOpenGops:
    """Ten minutes and more, a unit a minute, most of them open."""

    @staticmethod
    def opened(*lengths_s: float, closed: Sequence[int] = ()) -> list[Unit]:
        return [
            replace(u, is_open=bool(i) and i not in closed, seam_bytes=20_000 if i and i not in closed else 0)
            for i, u in enumerate(units(*lengths_s, bytes_per_s=10_000))
        ]

    def test_closed_ones_are_cut_where_they_serve(self):
        decoder = Choosy()
        plan = planned(examples.video(duration_s=900.0), self.opened(*[60.0] * 15, closed=(8,)), refuse=decoder)
        assert plan.recipe == CutBetweenUnits(container="mp4", cuts_s=(480.0,))
        assert decoder.asked == [], "which takes a pass over the source"

    def test_open_ones_are_cut_where_nothing_else_serves(self):
        plan = planned(examples.video(duration_s=900.0), self.opened(*[60.0] * 15), refuse=willing)
        assert plan.fidelity is Fidelity.LOSSLESS
        (cut_s,) = plan.recipe.cuts_s
        assert plan.recipe == CutBetweenUnits(
            container="mp4", cuts_s=(cut_s,), open_starts_s=(cut_s,), shared_cuts_s=(cut_s,)
        )

    def test_nowhere_without_asking(self):
        assert planned(examples.video(duration_s=900.0), self.opened(*[60.0] * 15)).fidelity is Fidelity.TRANSCODED

    def test_another_one_is_cut_where_a_decoder_refuses(self):
        decoder = Choosy(420.0, 480.0)
        plan = planned(examples.video(duration_s=900.0), self.opened(*[60.0] * 15), refuse=decoder)
        assert plan.fidelity is Fidelity.LOSSLESS
        assert plan.recipe.cuts_s in [(360.0,), (540.0,)]
        asked = [s for each in decoder.asked for s in each]
        assert sorted(asked) in [[360.0, 420.0, 480.0], [420.0, 480.0, 540.0]], "each once"

    def test_a_refused_one_may_take_a_clip_more(self):
        """Two would do, but only with a cut between the fifth and the tenth minute."""
        decoder = Choosy(*[60.0 * n for n in range(5, 11)])
        plan = planned(examples.video(duration_s=900.0), self.opened(*[60.0] * 15), refuse=decoder)
        assert (plan.fidelity, len(plan.outputs)) == (Fidelity.LOSSLESS, 3)
        assert not decoder.bad & set(plan.recipe.cuts_s)

    def test_where_none_will_do_it_is_encoded_and_said(self):
        decoder = Choosy(*[60.0 * n for n in range(15)])
        plan = planned(examples.video(duration_s=900.0), self.opened(*[60.0] * 15), refuse=decoder)
        assert plan.fidelity is Fidelity.TRANSCODED
        assert "a decoder complains where clips would start" in plan.why[-1]
        assert len(decoder.asked) <= 8, "asking takes time, too"

    def test_a_clip_that_repeats_is_asked_about_where_it_begins(self):
        decoder = Choosy(360.0)
        policy = Policy(overlap_s=30.0)
        plan = planned(examples.video(duration_s=900.0), self.opened(*[60.0] * 15), policy, refuse=decoder)
        assert plan.fidelity is Fidelity.LOSSLESS
        (begin_s,), (cut_s,) = plan.recipe.begins_s, plan.recipe.cuts_s
        assert begin_s < cut_s
        assert (plan.recipe.open_starts_s, plan.recipe.shared_cuts_s) == ((begin_s,), (cut_s,))
        assert begin_s in {s for each in decoder.asked for s in each}
        assert begin_s != 360.0

    def test_matroska_becomes_mp4_which_can_hide_the_end_of_a_clip(self):
        facts = replace(examples.video(duration_s=900.0), container="matroska,webm")
        assert planned(facts, self.opened(*[60.0] * 15, closed=(8,)), refuse=willing).recipe.container == "matroska"
        assert planned(facts, self.opened(*[60.0] * 15), refuse=willing).recipe.container == "mp4"

    def test_where_no_keyframe_must_be_in_two_clips_it_stays_matroska(self):
        facts = replace(examples.video(duration_s=900.0), container="matroska,webm")
        unshared = [replace(u, seam_bytes=0) if i in (5, 8) else u for i, u in enumerate(self.opened(*[60.0] * 15))]
        plan = planned(facts, unshared, refuse=willing)
        assert plan.recipe == CutBetweenUnits(container="matroska", cuts_s=(480.0,), open_starts_s=(480.0,))

    def test_matroska_with_pictures_before_zero_becomes_mp4_which_can_hide_them(self):
        facts = replace(examples.video(duration_s=900.0), container="matroska,webm")
        first, *others = units(*[60.0] * 15, bytes_per_s=10_000)
        assert planned(facts, [first, *others]).recipe.container == "matroska"
        assert planned(facts, [replace(first, has_hidden=True), *others]).recipe.container == "mp4"
        theora = replace(facts, video_codec="theora")
        assert planned(theora, [replace(first, has_hidden=True), *others]).fidelity is Fidelity.TRANSCODED

    def test_what_mp4_cannot_hold_is_encoded(self):
        facts = replace(examples.video(duration_s=900.0), container="matroska,webm", video_codec="theora")
        assert planned(facts, self.opened(*[60.0] * 15), refuse=willing).fidelity is Fidelity.TRANSCODED

    def test_there_is_room_for_the_keyframe_of_the_next_clip(self):
        """Two minutes just fit 27 MB, but not with a picture more."""
        lent = [replace(u, seam_bytes=u.seam_bytes and 500_000) for u in self.opened(*[60.0] * 15)]
        sized = [replace(u, size_bytes=13_400_000) for u in lent]
        assert len(planned(examples.video(duration_s=900.0), sized, refuse=willing).outputs) == 15
        small = [replace(u, seam_bytes=u.seam_bytes and 5_000) for u in sized]
        assert len(planned(examples.video(duration_s=900.0), small, refuse=willing).outputs) == 8


class TestGaps:
    def test_no_clip_holds_hours_of_nothing(self):
        first, last, *after = units(60.0, 7_200.0, 60.0, 60.0, bytes_per_s=1_000)
        jumped = [first, replace(last, gap_s=7_140.0), *after]
        plan = planned(examples.video(duration_s=7_380.0), jumped)
        assert plan.recipe == CutBetweenUnits(container="mp4", cuts_s=(7_260.0,))
        assert [o.span for o in plan.outputs] == [Span(0.0, 7_260.0), Span(7_260.0, 7_380.0)]

    def test_what_a_clip_can_hold_is_no_gap(self):
        slides = [replace(u, gap_s=200.0) for u in units(250.0, 250.0, 250.0, bytes_per_s=10_000)]
        assert len(planned(examples.video(duration_s=750.0), slides).outputs) == 2

    def test_a_picture_that_stands_for_hours_is_encoded(self):
        plan = planned(examples.video(duration_s=7_380.0), units(60.0, 7_200.0, 60.0, 60.0, bytes_per_s=1_000))
        assert plan.fidelity is Fidelity.TRANSCODED


class TestTranscoded:
    @pytest.mark.parametrize(
        ("facts", "step"),
        [
            (examples.video(width=240, height=180), "scale 240x180 to 480x360"),
            (examples.video(width=1536, height=480), "pad to 1536x640"),
            (examples.video(width=3840, height=2160, rotation=90), "turn 90 degrees clockwise"),
            (examples.video(width=720, height=480, sample_aspect_ratio=2), "scale 720x480 to 1440x480"),
            (examples.video(codec="vvc"), "encode H.264 and AAC in mp4"),
        ],
    )
    def test_what_no_cut_mends_is_encoded(self, facts, step):
        assert not needs_units(check_facts("a", facts, STRICT))
        plan = planned(facts)
        assert plan.fidelity is Fidelity.TRANSCODED
        assert step in plan.steps
        assert plan.why

    def test_upright_at_its_own_size_nothing_is_scaled(self):
        plan = plan_encoding(
            check_facts("a", examples.video(rotation=90), STRICT), examples.video(rotation=90), STRICT, Policy()
        )
        assert not [s for s in plan.steps if s.startswith("scale")]

    def test_too_long_and_too_small_at_once_is_encoded(self):
        facts = long_video(width=240, height=180)
        assert not needs_units(check_facts("a", facts, STRICT))
        plan = planned(facts)
        assert isinstance(plan.recipe, EncodeVideo)
        assert len(plan.outputs) == 3
        assert len(plan.why) == 2

    def test_a_stretch_without_a_place_to_cut(self):
        plan = planned(long_video(), units(700.0, 800.0))
        assert isinstance(plan.recipe, EncodeVideo)
        assert "between two places to cut" in plan.why[-1]

    def test_packets_that_do_not_say_where(self):
        plan = planned(long_video(), ())
        assert isinstance(plan.recipe, EncodeVideo)
        assert "do not say where" in plan.why[-1]

    def test_clips_would_be_shorter_than_the_policy_wants(self):
        # 3 MB a second: nine seconds fit.
        facts, where = long_video(400.0, size_bytes=1_200_000_000), units(*[2.0] * 200, bytes_per_s=3_000_000)
        plan = planned(facts, where)
        assert isinstance(plan.recipe, EncodeVideo)
        assert "min_clip_s=30" in plan.why[-1]
        plan = planned(facts, where, Policy(min_clip_s=5))
        assert plan.fidelity is Fidelity.LOSSLESS
        assert len(plan.outputs) == 50

    def test_no_clip_is_shorter_than_the_service_takes(self):
        where = [*units(599.0, bytes_per_s=1_000), Unit(599.0, 2.0, 1_000, 50), Unit(601.0, 599.0, 1_000, 50)]
        plan = planned(long_video(1_200.0), where)
        assert isinstance(plan.recipe, EncodeVideo)
        assert "2.0 s" in plan.why[-1]

    def test_fewest_requests(self):
        # 200 kB a second: 134 s a clip; encoded, the whole 1,500 s would make three or four.
        facts = long_video(1_500.0, size_bytes=300_000_000, width=640, height=360)
        where = units(*[2.0] * 750, bytes_per_s=200_000)
        assert len(planned(facts, where).outputs) == 12
        plan = planned(facts, where, Policy(prefer="requests"))
        assert isinstance(plan.recipe, EncodeVideo)
        assert "prefers fewer" in plan.why[-1]
        assert len(plan.outputs) < 12
        # Where encoding would not save a request, nothing is lost for it.
        light = units(*[2.0] * 750, bytes_per_s=10_000)
        assert planned(facts, light, Policy(prefer="requests")).fidelity is Fidelity.LOSSLESS

    def test_damage_found_while_copying(self):
        facts = examples.video()
        plan = plan_encoding(check_facts("a", facts, STRICT), facts, STRICT, Policy())
        assert isinstance(plan.recipe, EncodeVideo)
        assert plan.why == ("Its coded data are damaged.",)

    @pytest.mark.parametrize(
        ("facts", "policy", "recipe"),
        [
            # 10 minutes of 16 kHz mono are 19 MB of WAV: FLAC would save no request.
            (
                long_audio(590.0, container=MOV, codec="aac"),
                Policy(),
                EncodeAudio(container="wav", sample_rate=16_000, channels=1),
            ),
            # 48 kHz stereo are 113 MB of WAV, five requests, and three of FLAC.
            (
                long_audio(590.0, container=MOV, codec="aac", sample_rate=48_000, channels=2),
                Policy(),
                EncodeAudio(container="flac", sample_rate=48_000, channels=2),
            ),
            (
                long_audio(590.0, container=MOV, codec="aac", sample_rate=48_000, channels=6),
                Policy(audio="wav"),
                EncodeAudio(container="wav", sample_rate=48_000, channels=2),
            ),
            (
                long_audio(60.0, container="ogg", codec="opus"),
                Policy(audio="flac"),
                EncodeAudio(container="flac", sample_rate=16_000, channels=1),
            ),
        ],
    )
    def test_sound_becomes_wav_or_flac(self, facts, policy, recipe):
        plan = planned(facts, policy=policy)
        assert plan.recipe == recipe
        assert plan.fidelity is Fidelity.TRANSCODED

    def test_more_than_two_channels_are_mixed_down_and_said_so(self):
        assert "mix 6 channels down to 2" in planned(long_audio(60.0, container="ogg", codec="opus", channels=6)).steps

    @pytest.mark.parametrize(
        ("container", "codec"),
        [("wav", "pcm_mulaw"), ("wav", "adpcm_ms"), ("aiff", "pcm_s16be"), (MOV, "pcm_s8"), (MOV, "aac")],
    )
    def test_what_is_taken_in_no_container_is_encoded_again(self, container, codec):
        facts = long_audio(60.0, container=container, codec=codec)
        assert not needs_units(check_facts("a", facts, STRICT))
        assert isinstance(planned(facts).recipe, EncodeAudio)


@settings(max_examples=200, deadline=None)
@given(
    lengths=st.lists(st.floats(0.04, 300), min_size=1, max_size=40),
    rate=st.integers(1_000, 4_000_000),
    kind=st.sampled_from(["audio", "video"]),
    prefer=st.sampled_from(["fidelity", "requests"]),
    limits=st.sampled_from([load(name) for name in profiles_taking("video")]),
)
def test_whatever_is_planned_its_clips_follow_each_other_to_the_end(lengths, rate, kind, prefer, limits):
    total, size = sum(lengths), round(sum(lengths) * rate)
    facts = long_video(total, size_bytes=size) if kind == "video" else long_audio(total, size_bytes=size)
    report = check_facts("a", facts, limits)
    if report.verdict == "rejected":
        return
    plan = planned(facts, units(*lengths, bytes_per_s=rate), Policy(prefer=prefer), limits)
    spans = [o.span for o in plan.outputs]
    assert spans[0].start_s == 0
    assert spans[-1].end_s == pytest.approx(total)
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in itertools.pairwise(spans))
    bounds = limits.video if kind == "video" else limits.audio
    assert all(s.duration_s <= bounds.max_duration_s.value + 1e-6 for s in spans)
    if isinstance(plan.recipe, CutBetweenUnits):
        assert all(o.media_bytes <= bounds.max_media_bytes for o in plan.outputs)
        assert len(plan.recipe.cuts_s) == len(spans) - 1
        assert len(spans) == 1 or min(s.duration_s for s in spans) >= 4 - 1e-6


def test_damage_in_the_coded_data_is_not_mended_by_a_copy():
    damaged = long_video(decoded=examples.decoded(picture_s=1_500.0, sound_s=1_500.0, damaged_pictures=1))
    report = check_facts("x", damaged, STRICT)
    assert not needs_units(report)
    plan = plan_timed(report, damaged, None, STRICT, Policy())
    assert isinstance(plan.recipe, EncodeVideo)
    assert any("1 pictures" in reason for reason in plan.why)


@pytest.mark.parametrize(
    ("container", "codec", "copies"), [("flac", "flac", True), ("wav", "pcm_s16le", True), ("mp3", "mp3", False)]
)
def test_a_torn_end_of_sound_is_left_out_where_it_can_be(container, codec, copies):
    torn = examples.audio(
        container=container, codec=codec, decoded=examples.decoded(has_picture=False, sound_truncated_at_s=59.9)
    )
    assert needs_units(check_facts("x", torn, STRICT)) == copies


class TestStripMetadata:
    FACTS = replace(examples.video(), has_metadata=True)

    def test_a_film_that_fits_is_copied_whole(self):
        plan = planned(self.FACTS, units(*[2.0] * 30), Policy(strip_metadata=True))
        assert plan.recipe == CutBetweenUnits(container="mp4", cuts_s=())
        assert plan.fidelity is Fidelity.LOSSLESS

    def test_one_whose_packets_do_not_say_when_they_are_shown_is_encoded(self):
        """H.264 in AVI: copied, its pictures would come out of order."""
        assert isinstance(planned(self.FACTS, (), Policy(strip_metadata=True)).recipe, EncodeVideo)

    def test_without_any_it_is_sent_as_it_is(self):
        assert planned(examples.video(), units(*[2.0] * 30), Policy(strip_metadata=True)).recipe == SendAsIs()
        assert planned(self.FACTS).recipe == SendAsIs()
