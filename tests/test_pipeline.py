"""The way through, wired: what it is asked for, in which order, and what becomes of what goes wrong on it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import preflight
from preflight import MultiInput, NamedImage, Policy, Preflight, Text, TextImage, examining, pipeline
from preflight.errors import BrokenMediaError, RejectedError, UnreadableError, UnverifiedOutputError, UsageError
from preflight.limits import DEFAULT_PROFILE, load
from preflight.media import Fidelity, Source, Span
from preflight.payload import Payload
from preflight.planner import CutBetweenUnits, EncodeAudio, EncodeVideo, SendAsIs
from preflight.progress import Progress
from preflight.submitter.embeddings import Embeddings, Row
from preflight.testing import catalogue
from preflight.testing.catalogue import Case
from preflight.transformers import Output
from preflight.transformers import transform as real_transform
from tests.judges import complaints

SAMPLES = Path(__file__).resolve().parents[1] / "sample_media"
SENTENCE = "The quick brown fox jumps over the lazy dog. "


def picture(width: int, height: int, form: str = "PNG", colour: str = "navy") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, form)
    return file.getvalue()


def read(payload: Payload) -> dict:
    """The object under the key of its own type."""
    body = json.loads(b"".join(payload.chunks()))
    return body[body["input_type"]]


def decoded(payload: Payload) -> bytes:
    return base64.b64decode(read(payload)["media_source"]["base64_string"], validate=True)


def size_of(data: str | bytes) -> tuple[int, int]:
    raw = base64.b64decode(data) if isinstance(data, str) else data
    return Image.open(io.BytesIO(raw)).size


# One of each kind that fits, and one that does not.
KINDS = {
    "text": ("text/value", "text/value_of_501_tokens"),
    "image": ("image/square_128", "image/width_127"),
    "audio": ("audio/wav_s16", "audio/opus"),
    "video": ("video/silent_mp4", "video/duration_600_3"),
}


class TestEveryKind:
    """Of the plan and of each payload; `test_catalogue` checks and prepares all there is."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_plan(self, kind: str) -> None:
        fits, does_not = (catalogue.case(name).input for name in KINDS[kind])
        assert preflight.plan(fits).recipe == SendAsIs()
        plan = preflight.plan(does_not)
        assert plan.recipe != SendAsIs()
        assert (plan.input_type, plan.source) == (kind, preflight.check(does_not).source)
        assert plan.why
        assert plan.steps

    @pytest.mark.parametrize("kind", KINDS)
    def test_prepare(self, kind: str) -> None:
        fits, does_not = (catalogue.case(name).input for name in KINDS[kind])
        (payload,) = preflight.prepare(fits)
        assert (payload.input_type, payload.fidelity, payload.steps) == (kind, Fidelity.IDENTICAL, ())
        payloads = list(preflight.prepare(does_not))
        assert len(payloads) == len(preflight.plan(does_not).outputs)
        assert {p.input_type for p in payloads} == {kind}
        for payload in payloads:
            assert payload.source == preflight.check(does_not).source
            content = read(payload)["input_text"].encode() if kind == "text" else decoded(payload)
            assert hashlib.sha256(content).hexdigest() == payload.sha256
            assert preflight.check(Text(content.decode()) if kind == "text" else content).verdict == "pass"

    def test_a_path_bytes_and_a_file_come_to_the_same(self, tmp_path: Path) -> None:
        data = picture(100, 80)
        path = tmp_path / "icon.gif"  # never from the name
        path.write_bytes(data)
        facts = preflight.check(data).facts
        assert preflight.check(path).facts == facts
        assert preflight.check(io.BytesIO(data)).facts == facts
        hashes = {payload.sha256 for way in (data, path, io.BytesIO(data)) for payload in preflight.prepare(way)}
        assert len(hashes) == 1

    def test_no_input_at_all_is_a_mistake_of_the_caller(self) -> None:
        with pytest.raises(TypeError, match="int"):
            preflight.check(5)

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (Text(None), "text of a Text is a str, not NoneType"),
            (TextImage(None, picture(200, 200)), "text of a TextImage is a str, not NoneType"),
            (TextImage(b"a", picture(200, 200)), "text of a TextImage is a str, not bytes"),
            (MultiInput(["a.jpg"]), "image of a MultiInput is a NamedImage, not str"),
            (MultiInput("a.jpg"), "image of a MultiInput is a NamedImage, not str"),
            (MultiInput(sources=["a.jpg"]), "source of a MultiInput is a NamedSource, not str"),
            (MultiInput([NamedImage(picture(200, 200))], text=5), "text of a MultiInput is a str, not int"),
        ],
    )
    def test_nor_is_what_lacks_a_part(self, given, told: str) -> None:
        for ask in (preflight.check, preflight.plan, lambda it: list(preflight.prepare(it))):
            with pytest.raises(TypeError, match=told):
                ask(given)

    def test_as_another_kind(self) -> None:
        pf = Preflight()
        assert pf.check(SAMPLES / "phone_portrait.mp4", kind="audio").kind == "audio"
        (payload,) = pf.prepare(SAMPLES / "phone_portrait.mp4", kind="audio")
        assert payload.input_type == "audio"
        assert decoded(payload)[:4] == b"RIFF"
        assert pf.check(SAMPLES / "message.opus", kind="video").verdict == "rejected"
        assert pf.check(picture(200, 200), kind="text").verdict == "rejected"


class TestProfileAndPolicy:
    def test_a_profile_by_name_or_as_it_is(self) -> None:
        newest = load("marengo3.0-2026-08")
        assert Preflight(limits=newest).limits is newest
        assert Preflight(limits="marengo3.0-2026-08").limits is newest
        assert Preflight().limits.profile == "marengo3.0"
        photo = SAMPLES / "photo.jpg"  # 5.4 MB: over the 5 of one, under the 32 of the other
        assert preflight.check(photo).verdict == "fixable"
        assert preflight.check(photo, profile="marengo3.0-2026-08").verdict == "pass"
        assert preflight.plan(photo, profile="marengo3.0-2026-08").fidelity == "identical"
        (payload,) = preflight.prepare(photo, profile="marengo3.0-2026-08")
        assert decoded(payload) == photo.read_bytes()

    def test_an_unknown_profile(self) -> None:
        with pytest.raises(UsageError, match=r"Choose one of: marengo3\.0, bedrock-marengo3\.0, "):
            preflight.check(b"x", profile="marengo9")

    def test_a_policy_is_followed(self) -> None:
        wide = SAMPLES / "screen_recording.mp4"
        assert preflight.plan(wide, policy=Policy(fit="pad")).recipe.geometry.height == 640
        assert preflight.plan(wide, policy=Policy(fit="crop")).recipe.geometry.height == 480
        (flac,) = preflight.prepare(SAMPLES / "message.opus", policy=Policy(audio="flac"))
        assert decoded(flac)[:4] == b"fLaC"


class TestRejected:
    @pytest.mark.parametrize(
        ("source", "code"),
        [
            (b"", "file_empty"),
            (b"#EXTM3U\n/etc/passwd\n", "unsupported_file_type"),
            (b"ffconcat version 1.0\nfile /etc/passwd\n", "unsupported_file_type"),
            (picture(200, 200, "JPEG")[:-400], "image_file_broken"),
            (Text(" \n"), "text_empty"),
            (Path("no/such/file.mp4"), "file_unreadable"),
        ],
    )
    def test_reason_and_no_payload(self, source, code: str) -> None:
        report = preflight.check(source)
        assert report.verdict == "rejected"
        assert [f.code for f in report.errors] == [code]
        for attempt in (lambda: preflight.plan(source), lambda: next(preflight.prepare(source))):
            with pytest.raises(RejectedError, match=code) as caught:
                attempt()
            assert caught.value.findings == report.errors
            assert caught.value.source == report.source

    def test_damage_that_only_decoding_finds_is_a_rejection_too(self, media) -> None:
        damaged = media("bad/jpeg_wrong_bits")
        assert preflight.check(damaged).verdict == "pass"
        with pytest.raises(RejectedError, match="image_file_broken"):
            list(preflight.prepare(damaged))

    def test_a_source_that_goes_while_it_is_sent(self, media_case) -> None:
        path = media_case("audio/wav_s16")
        (payload,) = preflight.prepare(path)
        path.unlink()
        with pytest.raises(UnreadableError, match="is not there"):
            b"".join(payload.chunks())

    def test_a_source_that_goes_before_it_is_verified(self, monkeypatch: pytest.MonkeyPatch, media_case) -> None:
        path = media_case("video/silent_mp4")
        recipes = []

        def vanish(source, facts, plan, limits, *watch, **_):
            recipes.append(type(plan.recipe))
            for output in real_transform(source, facts, plan, limits, *watch):
                path.unlink()
                yield output

        monkeypatch.setattr(pipeline, "transform", vanish)
        with pytest.raises(UnreadableError, match="is not there"):
            list(preflight.prepare(path))
        assert recipes == [SendAsIs]  # nobody tries to encode what is gone


class Watched:
    """The transformers, with what each call was for and how far it came."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.recipes: list[type] = []
        self.made = 0
        self.broken: dict[type, tuple[int, Exception]] = {}
        monkeypatch.setattr(pipeline, "transform", self._transform)

    def breaks(self, recipe: type, *, after: int, error: Exception) -> None:
        self.broken[recipe] = after, error

    def _transform(self, source, facts, plan, limits, *watch, **_) -> Iterator[Output]:
        self.recipes.append(type(plan.recipe))
        after, error = self.broken.get(type(plan.recipe), (None, None))
        for index, output in enumerate(real_transform(source, facts, plan, limits, *watch)):
            if index == after:
                raise error
            self.made += 1
            yield output


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


class TestLazily:
    def test_the_first_clip_is_there_before_the_second_is_made(self, watched: Watched) -> None:
        payloads = preflight.prepare(SAMPLES / "talk.mp4")
        assert watched.made == 0
        first = next(payloads)
        assert watched.made == 1
        assert first.span == Span(0.0, pytest.approx(499.0, abs=2))
        next(payloads)
        assert watched.made == 2

    def test_a_prepare_that_is_given_up_closes_its_source(self) -> None:
        with (SAMPLES / "talk.mp4").open("rb") as file:
            payloads = preflight.prepare(file)
            next(payloads)
            payloads.close()
            assert not file.closed

    def test_a_prepared_clip_outlives_the_others(self) -> None:
        payloads = list(preflight.prepare(SAMPLES / "talk.mp4"))
        assert len(payloads) == 3
        assert [hashlib.sha256(decoded(p)).hexdigest() for p in payloads] == [p.sha256 for p in payloads]


class TestVerification:
    @pytest.mark.parametrize(
        ("made", "code"),
        [
            (picture(127, 128), "image_resolution_too_low"),
            (picture(200, 200, "WEBP"), "unsupported_file_type"),
            (picture(200, 200, "JPEG")[:-100], "image_file_broken"),
            (b"", "file_empty"),
        ],
    )
    def test_what_would_not_pass_is_withheld(self, monkeypatch: pytest.MonkeyPatch, made: bytes, code: str) -> None:
        def bad(*_, **__) -> Iterator[Output]:
            yield Output(media=Source.of(made), span=None, fidelity=Fidelity.TRANSCODED, steps=("spoilt",))

        monkeypatch.setattr(pipeline, "transform", bad)
        with pytest.raises(UnverifiedOutputError, match=f"withheld .*{code}") as caught:
            next(preflight.prepare(picture(100, 80)))
        assert [f.code for f in caught.value.findings] == [code]

    def test_a_text_over_the_limit_is_withheld(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def bad(*_, **__) -> Iterator[Output]:
            text = Source.of((SENTENCE * 60).encode())
            yield Output(media=text, span=None, fidelity=Fidelity.LOSSLESS, steps=(), offset=0)

        monkeypatch.setattr(pipeline, "transform", bad)
        with pytest.raises(UnverifiedOutputError, match="token_limit_exceeded"):
            next(preflight.prepare(Text(SENTENCE * 120)))


class TestNextRung:
    """Copying that fails before its first clip makes way for encoding; later, what was handed on cannot be undone."""

    @pytest.mark.parametrize(
        "error", [BrokenMediaError("no packet fits"), UnverifiedOutputError("x", ())], ids=["broken", "unverified"]
    )
    def test_sound_that_cannot_be_sent_as_it_is(self, watched: Watched, media, error: Exception) -> None:
        watched.breaks(SendAsIs, after=0, error=error)
        (payload,) = preflight.prepare(media("audio/wav_s16"))
        assert watched.recipes == [SendAsIs, EncodeAudio]
        assert payload.fidelity == Fidelity.TRANSCODED
        assert preflight.check(decoded(payload)).verdict == "pass"

    def test_video_that_cannot_be_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        recipes = []

        def transform(source, facts, plan, limits, *watch, **_):
            recipes.append(type(plan.recipe))
            if isinstance(plan.recipe, CutBetweenUnits):
                raise BrokenMediaError("no keyframe")
            media = Source.of((SAMPLES / "silent.mp4").read_bytes())  # to encode 25 minutes would take too long here
            yield Output(media=media, span=Span(0, 6), fidelity=Fidelity.TRANSCODED, steps=("encoded",))

        monkeypatch.setattr(pipeline, "transform", transform)
        (payload,) = preflight.prepare(SAMPLES / "talk.mp4")
        assert recipes == [CutBetweenUnits, EncodeVideo]
        assert payload.steps == ("encoded",)

    def test_not_after_a_clip_was_handed_on(self, watched: Watched) -> None:
        watched.breaks(CutBetweenUnits, after=1, error=BrokenMediaError("torn tape"))
        payloads = preflight.prepare(SAMPLES / "talk.mp4")
        assert next(payloads).span.start_s == 0
        with pytest.raises(RejectedError, match=r"video_file_broken: Torn tape") as caught:
            next(payloads)
        assert caught.value.source.endswith("talk.mp4")
        assert watched.recipes == [CutBetweenUnits]

    def test_an_unverified_later_clip_stays_a_defect(self, watched: Watched) -> None:
        defect = UnverifiedOutputError("talk.mp4", ())
        watched.breaks(CutBetweenUnits, after=1, error=defect)
        payloads = preflight.prepare(SAMPLES / "talk.mp4")
        next(payloads)
        with pytest.raises(UnverifiedOutputError) as caught:
            next(payloads)
        assert caught.value is defect
        assert defect.__cause__ is None

    def test_where_encoding_fails_too_it_is_rejected(self, watched: Watched, media) -> None:
        watched.breaks(SendAsIs, after=0, error=BrokenMediaError("first"))
        watched.breaks(EncodeAudio, after=0, error=BrokenMediaError("second"))
        with pytest.raises(RejectedError, match="audio_file_broken: Second"):
            list(preflight.prepare(media("audio/wav_s16")))

    def test_images_have_no_next_rung(self, watched: Watched) -> None:
        watched.breaks(SendAsIs, after=0, error=BrokenMediaError("pixels are missing"))
        with pytest.raises(RejectedError, match="image_file_broken: Pixels are missing"):
            list(preflight.prepare(picture(200, 200)))
        assert watched.recipes == [SendAsIs]

    def test_a_text_that_changed_is_no_video(self, watched: Watched) -> None:
        watched.breaks(SendAsIs, after=0, error=BrokenMediaError("it is no text any more"))
        with pytest.raises(RejectedError, match="text_encoding_unknown"):
            list(preflight.prepare(Text("hello")))


class TestText:
    def test_an_offset_counts_characters_of_the_source(self) -> None:
        text = "Äpfel und Birnen. " * 200
        payloads = list(preflight.prepare(Text(text, name="fruit")))
        assert len(payloads) > 1
        for payload in payloads:
            chunk = read(payload)["input_text"]
            assert text[payload.offset : payload.offset + len(chunk)] == chunk
            assert (payload.span, payload.source) == (None, "fruit")

    @pytest.mark.parametrize(("count", "requests"), [(499, 1), (500, 1), (501, 2)])
    def test_500_tokens_are_one_request(self, count: int, requests: int) -> None:
        text = " ".join(["word"] * count)
        assert preflight.check(Text(text)).facts.tokens == count
        assert len(list(preflight.prepare(Text(text)))) == requests

    def test_the_plan_comes_true(self) -> None:
        for text in (SENTENCE * 300, "word " * 900, "中" * 3_000, "\n" * 5_000 + SENTENCE * 100):
            for policy in (preflight.Policy(), preflight.Policy(overlap_tokens=40), preflight.Policy(text="truncate")):
                pf = preflight.Preflight(policy=policy)
                plan, payloads = pf.plan(Text(text)), list(pf.prepare(Text(text)))
                sizes = [len(read(each)["input_text"].encode()) for each in payloads]
                assert [o.media_bytes for o in plan.outputs] == sizes

    def test_rejected_where_that_is_wanted(self) -> None:
        pf = preflight.Preflight(policy=preflight.Policy(text="reject"))
        assert pf.check(Text(SENTENCE)).verdict == "pass"
        assert pf.check(Text(SENTENCE * 200)).verdict == "rejected"
        for refused in (pf.plan, lambda given: list(pf.prepare(given))):
            with pytest.raises(RejectedError, match=r"text=reject"):
                refused(Text(SENTENCE * 200))

    def test_whoever_counts_is_asked_for_everything(self) -> None:
        """A counter of the caller's decides what is too long, where it is cut, and whether that will do."""
        pf = preflight.Preflight(token_counter=len)
        assert pf.check(Text("a" * 501)).verdict == "fixable"
        payloads = list(pf.prepare(Text(SENTENCE * 50)))
        assert max(len(read(each)["input_text"]) for each in payloads) <= 500
        assert "".join(read(each)["input_text"] for each in payloads) == SENTENCE * 50
        assert len(pf.plan(Text(SENTENCE * 50)).outputs) == len(payloads)
        pair = TextImage("a" * 501, picture(200, 200))
        assert pf.check(pair).verdict == "rejected"

    def test_an_old_code_page_is_sent_as_utf8_and_that_is_lossless(self) -> None:
        words = "Все люди рождаются свободными и равными в своем достоинстве и правах. " * 2
        data = words.encode("koi8-r")
        (payload,) = preflight.prepare(data)
        assert read(payload)["input_text"] == words
        assert (payload.fidelity, payload.steps) == ("lossless", ("decode koi8-r, encode as UTF-8",))
        with pytest.raises(RejectedError, match="policy_max_loss"):
            list(preflight.prepare(data, policy=preflight.Policy(max_loss="identical")))
        named = preflight.Policy(encoding="cp1251")
        (payload,) = preflight.prepare(data, policy=named)
        assert read(payload)["input_text"] == data.decode("cp1251")

    def test_lone_surrogates_do_not_reach_the_service(self) -> None:
        (payload,) = preflight.prepare(Text("half a \ud83d smile"))
        assert read(payload)["input_text"] == "half a \ufffd smile"


class TestTextImage:
    def test_what_fits_is_sent_as_it_is(self) -> None:
        image = picture(200, 150)
        (payload,) = preflight.prepare(TextImage("a dark square", image, name="pair"))
        assert read(payload) == {
            "media_source": {"base64_string": base64.b64encode(image).decode()},
            "input_text": "a dark square",
        }
        assert (payload.source, payload.input_type, payload.fidelity) == ("pair", "text_image", "identical")
        assert (payload.span, payload.offset, payload.steps) == (None, None, ())
        assert payload.sha256 == hashlib.sha256(image).hexdigest()

    @pytest.mark.parametrize("image", [picture(100, 80), picture(300, 200, "AVIF"), SAMPLES / "picture.webp"])
    def test_an_image_that_does_not_fit_is_made_to(self, image) -> None:
        assert preflight.check(TextImage("x", image)).verdict == "fixable"
        (payload,) = preflight.prepare(TextImage("x", image))
        assert payload.fidelity == Fidelity.TRANSCODED
        assert payload.steps
        assert preflight.check(decoded(payload)).verdict == "pass"

    @pytest.mark.corpus
    def test_a_heic_of_a_phone_is_made_to_fit(self, corpus: Path) -> None:
        image = corpus / "image" / "media__sample_still_photo.heic"
        (payload,) = preflight.prepare(TextImage("x", image))
        assert decoded(payload)[:3] == b"\xff\xd8\xff"

    def test_an_image_that_can_be_read_only_once(self) -> None:
        class Once(io.BytesIO):
            def seekable(self) -> bool:
                return False

            def seek(self, *_) -> int:
                raise io.UnsupportedOperation("seek")

        image = picture(200, 150)
        (payload,) = preflight.prepare(TextImage("x", Once(image)))
        assert decoded(payload) == image
        (payload,) = preflight.prepare(MultiInput([NamedImage(Once(image)), NamedImage(Once(image))]))
        assert payload.media_bytes == 2 * len(image)

    @pytest.mark.parametrize(
        ("request_", "code", "part"),
        [
            (TextImage(" ", picture(200, 200)), "text_empty", "text"),
            (TextImage(SENTENCE * 120, picture(200, 200)), "token_limit_exceeded", "text"),
            (TextImage("x", b"no image"), "unsupported_file_type", "image"),
            (TextImage("x", picture(200, 200, "JPEG")[:-99]), "image_file_broken", "image"),
            (TextImage("x", b""), "file_empty", "image"),
        ],
    )
    def test_a_part_that_cannot_be_mended(self, request_: TextImage, code: str, part: str) -> None:
        report = preflight.check(request_)
        assert report.verdict == "rejected"
        assert [(f.code, f.part) for f in report.errors] == [(code, part)]
        with pytest.raises(RejectedError, match=code):
            list(preflight.prepare(request_))

    def test_damage_that_only_decoding_finds_is_said_of_the_part(self, watched: Watched) -> None:
        watched.breaks(SendAsIs, after=0, error=BrokenMediaError("pixels are missing"))
        with pytest.raises(RejectedError) as caught:
            list(preflight.prepare(TextImage("x", picture(200, 200), name="pair")))
        assert caught.value.source == "pair"
        assert [(f.code, f.part) for f in caught.value.findings] == [("image_file_broken", "image")]
        with pytest.raises(RejectedError) as caught:
            list(preflight.prepare(MultiInput([NamedImage(picture(200, 200))], name="both")))
        assert [f.part for f in caught.value.findings] == ["media_sources[0]"]

    def test_lone_surrogates_do_not_reach_the_service(self) -> None:
        (payload,) = preflight.prepare(TextImage("half a \ud83d smile", picture(200, 200)))
        assert read(payload)["input_text"] == "half a \ufffd smile"

    def test_its_plan_is_that_of_its_parts(self) -> None:
        plan = preflight.plan(TextImage("x", picture(200, 200)))
        assert (plan.input_type, plan.fidelity, plan.steps) == ("text_image", "identical", ("send as it is",))
        assert [o.media_bytes for o in plan.outputs] == [len(picture(200, 200))]
        plan = preflight.plan(TextImage("half a \ud83d smile", picture(100, 100)))
        assert plan.fidelity == "transcoded"
        assert {step.partition(": ")[0] for step in plan.steps} == {"image", "text"}
        assert plan.predicted_s is not None

    def test_a_part_that_may_not_be_changed_is_named(self) -> None:
        pf = preflight.Preflight(policy=preflight.Policy(max_loss="lossless"))
        for request, part in (
            (TextImage("half a \ud83d smile", picture(200, 200)), "text"),
            (TextImage("x", picture(100, 100)), "image"),
        ):
            for refused in (pf.plan, lambda given: list(pf.prepare(given))):
                with pytest.raises(RejectedError) as caught:
                    refused(request)
                assert {f.part for f in caught.value.findings} == {part}
                assert caught.value.findings[-1].code == "policy_max_loss"

    def test_its_text_is_truncated_where_that_is_wanted(self) -> None:
        request = TextImage(SENTENCE * 120, picture(200, 200))
        pf = preflight.Preflight(policy=preflight.Policy(text="truncate"))
        report = pf.check(request)
        assert (report.verdict, [f.code for f in report.findings]) == (
            "fixable",
            ["token_limit_exceeded", "text_truncated"],
        )
        (payload,) = pf.prepare(request)
        sent = read(payload)["input_text"]
        assert (SENTENCE * 120).startswith(sent)
        assert len(sent) > 1_000
        assert payload.fidelity == "transcoded"
        assert any("leave out" in step for step in payload.steps)
        assert preflight.check(preflight.Text(sent)).verdict == "pass"


class TestMultiInput:
    def test_names_and_order(self) -> None:
        images = [
            NamedImage(picture(200, 200, colour="red"), "outfit"),
            NamedImage(picture(100, 80), "hat"),
            NamedImage(picture(300, 200, colour="lime")),
        ]
        request = MultiInput(images, text="<@outfit> with <@hat>", name="look 1")
        assert preflight.check(request).verdict == "fixable"
        (payload,) = preflight.prepare(request)
        sent = read(payload)
        assert sent["input_text"] == "<@outfit> with <@hat>"
        assert [s.get("name") for s in sent["media_sources"]] == ["outfit", "hat", None]
        assert {s["media_type"] for s in sent["media_sources"]} == {"image"}
        assert [size_of(s["base64_string"]) for s in sent["media_sources"]] == [(200, 200), (160, 128), (300, 200)]
        assert payload.fidelity == Fidelity.TRANSCODED  # the worst of them
        assert (payload.source, payload.input_type, len(payload.media)) == ("look 1", "multi_input", 3)
        hashes = "".join(
            hashlib.sha256(base64.b64decode(s["base64_string"])).hexdigest() for s in sent["media_sources"]
        )
        assert payload.sha256 == hashlib.sha256(hashes.encode()).hexdigest()

    def test_without_a_text(self) -> None:
        (payload,) = preflight.prepare(MultiInput([NamedImage(picture(200, 200))]))
        assert "input_text" not in read(payload)

    def test_ten_images_are_allowed(self) -> None:
        (payload,) = preflight.prepare(MultiInput([NamedImage(picture(200, 200))] * 10))
        assert len(read(payload)["media_sources"]) == 10

    def test_a_sound_is_no_image(self, media) -> None:
        report = preflight.check(MultiInput([NamedImage(picture(200, 200)), NamedImage(media("audio/wav_s16"))]))
        assert [f.part for f in report.errors] == ["media_sources[1]"]


@pytest.mark.parametrize(
    "case", [c for c in catalogue.cases("request/*") if c.expected[DEFAULT_PROFILE].gives == "rejected"], ids=str
)
def test_a_request_that_cannot_be_mended_is_refused_with_all_that_is_wrong(case: Case) -> None:
    report = preflight.check(case.input)
    assert report.verdict == "rejected"
    with pytest.raises(RejectedError) as caught:
        next(preflight.prepare(case.input))
    assert caught.value.findings == report.errors


class TestProgress:
    def test_of_a_video(self) -> None:
        seen: list[Progress] = []
        payloads = list(Preflight(on_progress=seen.append).prepare(SAMPLES / "talk.mp4"))
        assert [p.requests for p in seen] == [1, 2, 3]
        assert [p.done_s for p in seen] == [payload.span.end_s for payload in payloads]
        assert [p.total_s for p in seen] == pytest.approx([1500] * 3, abs=0.1)
        assert {p.source for p in seen} == {str(SAMPLES / "talk.mp4")}

    def test_of_what_has_no_timeline(self) -> None:
        seen: list[Progress] = []
        list(Preflight(on_progress=seen.append).prepare(TextImage("x", picture(200, 200), name="pair")))
        list(Preflight(on_progress=seen.append).prepare(Text("x")))
        assert seen == [Progress("pair", 1, None, None), Progress("<text>", 1, None, None)]


class StubClient:
    """Answers with one vector a request: the request's number in every place."""

    def __init__(self) -> None:
        self.requests: list[int] = []

    takes = frozenset({"sync"})

    def embed(self, payload: Payload, *, request: int) -> Embeddings:
        self.requests.append(request)
        span = payload.span or Span(0, 0)
        row = Row(
            source=payload.source,
            input_type=payload.input_type,
            embedding_option=None,
            embedding_scope=None,
            start_s=span.start_s,
            end_s=span.end_s,
            request=request,
        )
        return Embeddings(np.full((1, 512), request, np.float32), (row,))


def test_embed_numbers_requests_and_joins_what_comes_back() -> None:
    client = StubClient()
    result = Preflight().embed(SAMPLES / "talk.mp4", client)
    assert client.requests == [1, 2, 3]
    assert result.vectors.shape == (3, 512)
    assert result.vectors[:, 0].tolist() == [1, 2, 3]
    assert [row.request for row in result.rows] == [1, 2, 3]
    with pytest.raises(RejectedError):
        Preflight().embed(b"", client)
    assert client.requests == [1, 2, 3]


DECODING = Policy(verify="decode")


def test_what_decoding_would_complain_of_is_found_only_where_it_is_asked_for(media):
    path = media("bad/ts_cut")
    assert Preflight().check(path).verdict == "pass"
    report = Preflight(policy=DECODING).check(path)
    assert [f.code for f in report.errors] == ["video_truncated"]
    assert preflight.check(path, policy=DECODING) == report


@pytest.mark.parametrize("name", ["bad/ts_cut", "bad/mp4_wrong_bits_in_data"])
def test_damage_is_encoded_from_what_decodes_instead_of_being_sent(media, name, tmp_path):
    (sent,) = Preflight().prepare(media(name))
    assert sent.fidelity is Fidelity.IDENTICAL
    (mended,) = Preflight(policy=DECODING).prepare(media(name))
    assert mended.fidelity is Fidelity.TRANSCODED
    path = tmp_path / "mended.mp4"
    path.write_bytes(decoded(mended))
    assert complaints(path) == ""
    plan = Preflight(policy=DECODING).plan(media(name))
    assert isinstance(plan.recipe, EncodeVideo)
    assert plan.why != ("It fits every limit.",)


def test_a_good_file_is_decoded_once_and_sent_as_it_is(media, monkeypatch):
    asked = []
    real = examining.decode
    monkeypatch.setattr(examining, "decode", lambda *given: asked.append(given[0]) or real(*given))
    (sent,) = Preflight(policy=DECODING).prepare(media("video/silent_mp4"))
    assert sent.fidelity is Fidelity.IDENTICAL
    assert len(asked) == 1


def test_what_was_made_is_decoded_before_it_is_handed_on(media, monkeypatch):
    asked = []
    real = examining.decode
    monkeypatch.setattr(examining, "decode", lambda *given: asked.append(given[0]) or real(*given))
    payloads = list(Preflight(policy=DECODING).prepare(media("audio/opus")))
    assert len(asked) == 1 + len(payloads)


def test_progress_is_told_while_a_source_is_decoded(media):
    told: list[Progress] = []
    Preflight(policy=DECODING, on_progress=told.append).check(media("video/h264_aac_mp4"))
    assert told
    assert all(p.requests == 0 and p.done_s <= p.total_s for p in told)


def test_an_image_whose_pixels_are_damaged_is_rejected_when_it_is_checked(media):
    path = media("bad/jpeg_wrong_bits")
    assert Preflight().check(path).verdict == "pass"
    assert [f.code for f in Preflight(policy=DECODING).check(path).errors] == ["image_file_broken"]
