"""WAV under a new header: the samples that were put in come out, to the bit, whatever the old header said of them."""

from __future__ import annotations

import struct
import wave
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from preflight.limits import load
from preflight.media import AudioFacts, Fidelity, Source
from preflight.pipeline import Preflight
from preflight.planner import CutBetweenUnits
from preflight.planner.timed import plan_encoding
from preflight.probers import probe
from preflight.probers.wav import layout_of
from preflight.rules import check_facts
from preflight.testing.recipes.encoder import run
from preflight.testing.recipes.wave import Wave
from preflight.transformers import Output, transform
from preflight.transformers.wav import readable
from tests.judges import complaints, samples
from tests.transformers.test_cut import limited

RATE = 8_000
STEREO, FIVE_ONE, UNUSUAL = 0x3, 0x3F, 0x600
LIMITS = load("marengo3.0")


def written(folder: Path, name: str = "a.wav", **fields: object) -> Path:
    path = folder / name
    Wave(**{"samples": 5 * RATE, "sample_rate": RATE, **fields}).write(path, None)
    return path


def prepared(path: Path, preflight: Preflight | None = None) -> list[Output]:
    preflight = preflight or Preflight()
    return [v.output for v in preflight.verified(Source.of(path), preflight.check(path))]


def chunks(data: bytes) -> dict[bytes, bytes]:
    """As the standard has them, with nothing left over."""
    assert data[:4] + data[8:12] == b"RIFFWAVE"
    assert struct.unpack("<L", data[4:8])[0] == len(data) - 8
    found, at = {}, 12
    while at < len(data):
        size = struct.unpack("<L", data[at + 4 : at + 8])[0]
        found[data[at : at + 4]] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    assert at == len(data)
    return found


def decoded(path: Path, bits: str = "s32") -> bytes:
    """By the independent FFmpeg, as wide as it can be."""
    return run("-i", str(path), "-c:a", f"pcm_{bits}le", "-f", f"{bits}le", "-")


CODINGS = ("u8", "s16", "s24", "s20in24", "s32", "f32", "f64")


class TestSamples:
    @pytest.mark.parametrize("form", ["RIFX", "RF64", "BW64"])
    @pytest.mark.parametrize("coding", CODINGS)
    @pytest.mark.parametrize("channels", [1, 2])
    def test_of_every_dialect(self, tmp_path, form, coding, channels):
        plain = written(tmp_path, "plain.wav", coding=coding, channels=channels)
        (output,) = prepared(written(tmp_path, form=form, coding=coding, channels=channels))
        is_swapped = form == "RIFX" and coding != "u8"
        assert output.fidelity is (Fidelity.TRANSCODED if is_swapped else Fidelity.LOSSLESS)
        assert any("turned the bytes" in step for step in output.steps) is is_swapped
        made = tmp_path / "made.wav"
        made.write_bytes(output.media.read())
        assert chunks(made.read_bytes())[b"data"] == chunks(plain.read_bytes())[b"data"]
        assert complaints(made) == ""
        wide = "f64" if coding[0] == "f" else "s32"
        assert decoded(made, wide) == decoded(plain, wide)

    @pytest.mark.parametrize(("channels", "mask"), [(1, 0x4), (2, STEREO), (6, FIVE_ONE)])
    def test_of_24_bits_in_32(self, tmp_path, channels, mask):
        path = written(tmp_path, coding="s24in32", channels=channels, channel_mask=mask)
        stored = np.frombuffer(chunks(path.read_bytes())[b"data"], "<i4")
        assert not (stored & 0xFF).any()
        assert stored.any()
        (output,) = prepared(path)
        assert output.fidelity is Fidelity.LOSSLESS
        made = tmp_path / "made.wav"
        made.write_bytes(output.media.read())
        assert np.array_equal(np.frombuffer(decoded(made), "<i4"), stored)

    def test_as_another_reader_has_them(self, tmp_path):
        """Python's own, which knows no speakers, no floats and no dialects."""
        for fields in ({"coding": "s24in32", "channel_mask": STEREO}, {"form": "RIFX"}, {"form": "RF64"}):
            (output,) = prepared(written(tmp_path, **fields))
            with wave.open(BytesIO(output.media.read())) as file:
                assert (file.getnframes(), file.getframerate(), file.getnchannels()) == (5 * RATE, RATE, 2)
                assert file.getsampwidth() == (4 if "coding" in fields else 2)


class TestHeader:
    @pytest.mark.parametrize(
        ("channels", "mask", "is_kept"),
        [
            (1, None, False),
            (2, None, False),
            (6, None, False),
            (1, 0x4, False),
            (2, STEREO, False),
            (2, 0, False),
            (2, UNUSUAL, True),
            (6, FIVE_ONE, True),
            (6, 0, True),
        ],
    )
    @pytest.mark.parametrize("coding", ["s16", "f32"])
    def test_speakers_are_named_where_they_are_not_the_usual(self, tmp_path, coding, channels, mask, is_kept):
        path = written(tmp_path, coding=coding, form="RF64", channels=channels, channel_mask=mask)
        (output,) = prepared(path)
        found = chunks(output.media.read())
        number, told = struct.unpack("<HH", found[b"fmt "][:4])
        assert told == channels
        if is_kept:
            assert number == 0xFFFE
            assert struct.unpack("<HHL", found[b"fmt "][16:24]) == (22, 16 if coding == "s16" else 32, mask)
            assert struct.unpack("<H", found[b"fmt "][24:26]) == (1 if coding == "s16" else 3,)
        else:
            assert number == (1 if coding == "s16" else 3)
            assert len(found[b"fmt "]) == (16 if coding == "s16" else 18)
        assert (b"fact" in found) == (coding == "f32")
        if coding == "f32":
            assert struct.unpack("<L", found[b"fact"]) == (5 * RATE,)

    def test_an_odd_number_of_bytes_is_made_even(self, tmp_path):
        (output,) = prepared(written(tmp_path, form="RF64", coding="u8", channels=1, samples=5 * RATE + 1))
        data = output.media.read()
        assert len(data) % 2 == 0
        assert len(chunks(data)[b"data"]) == 5 * RATE + 1


class TestLyingHeaders:
    @pytest.mark.parametrize("claims", [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 400_000])
    def test_all_that_is_there_is_sent(self, tmp_path, claims):
        plain = written(tmp_path, "plain.wav")
        (output,) = prepared(written(tmp_path, claims=claims))
        assert output.fidelity is Fidelity.LOSSLESS
        assert chunks(output.media.read())[b"data"] == chunks(plain.read_bytes())[b"data"]
        assert output.span.end_s == 5.0

    @pytest.mark.parametrize("claims", [None, 0xFFFF_FFFF, 4_000_000])
    @pytest.mark.parametrize("coding", ["s16", "s24", "f64"])
    def test_a_part_of_a_sample_is_left_out_and_no_whole_one(self, tmp_path, claims, coding):
        plain = written(tmp_path, "plain.wav", coding=coding)
        (output,) = prepared(written(tmp_path, coding=coding, claims=claims, cut_bytes=1, is_padded=False))
        assert output.fidelity is Fidelity.LOSSLESS
        assert "left out the last sample, which is not whole" in output.steps
        whole = chunks(plain.read_bytes())[b"data"]
        found = chunks(output.media.read())[b"data"]
        assert found == whole[: len(found)]
        assert len(found) == len(whole) * (5 * RATE - 1) // (5 * RATE)

    def test_tags_behind_are_not_taken_for_sound(self, tmp_path):
        tags = ((b"LIST", b"INFOINAM\x06\0\0\0Title\0"),)
        (output,) = prepared(written(tmp_path, form="RF64", after=tags, before=tags))
        plain = written(tmp_path, "plain.wav")
        assert chunks(output.media.read())[b"data"] == chunks(plain.read_bytes())[b"data"]


class TestCuts:
    @pytest.mark.parametrize(("form", "coding"), [("RIFX", "s24"), ("RF64", "s16"), ("RIFF", "f32"), ("RIFX", "f32")])
    def test_clips_join_to_the_whole(self, tmp_path, form, coding):
        plain = written(tmp_path, "plain.wav", coding=coding)
        outputs = prepared(written(tmp_path, form=form, coding=coding), Preflight(limits=limited(2.0)))
        assert len(outputs) >= 3
        assert {o.fidelity for o in outputs} == {Fidelity.TRANSCODED if form == "RIFX" else Fidelity.LOSSLESS}
        parts = [chunks(o.media.read())[b"data"] for o in outputs]
        assert b"".join(parts) == chunks(plain.read_bytes())[b"data"]
        spans = [o.span for o in outputs]
        assert [s.start_s for s in spans] == [0.0, *(s.end_s for s in spans[:-1])]
        assert spans[-1].end_s == 5.0
        block = len(b"".join(parts)) // (5 * RATE)
        assert [round(s.duration_s * RATE) * block for s in spans] == [len(part) for part in parts]

    def test_at_any_sample(self, tmp_path):
        path = written(tmp_path, form="RIFX", coding="s24")
        source, cuts_s = Source.of(path), (1 / RATE, 7_777 / RATE, (5 * RATE - 1) / RATE)
        facts = probe(source)
        plan = replace(
            plan_encoding(check_facts("a", facts, LIMITS), facts, LIMITS, Preflight().policy),
            recipe=CutBetweenUnits(container="wav", cuts_s=cuts_s),
        )
        parts = [chunks(o.media.read())[b"data"] for o in transform(source, facts, plan, LIMITS)]
        assert [len(part) // 6 for part in parts] == [1, 7_776, 32_222, 1]
        plain = written(tmp_path, "plain.wav", coding="s24")
        assert b"".join(parts) == chunks(plain.read_bytes())[b"data"]


class TestDecoding:
    """Where copying will not do (so many channels that a clip would be too short), FFmpeg must not hear noise."""

    @pytest.mark.parametrize("fields", [{"form": "RIFX"}, {"form": "RIFX", "coding": "f32"}, {"coding": "s24in32"}])
    def test_of_a_dialect_it_hears_what_is_there(self, tmp_path, fields):
        mask = STEREO if fields.get("coding") == "s24in32" else None
        source = Source.of(written(tmp_path, channel_mask=mask, **fields))
        facts = probe(source)
        assert isinstance(facts, AudioFacts)
        report = check_facts("a", facts, LIMITS)
        plan = plan_encoding(report, facts, LIMITS, Preflight().policy)
        (output,) = transform(source, facts, plan, LIMITS)
        made, plain = tmp_path / "made.wav", written(tmp_path, "plain.wav", coding=fields.get("coding", "s16"))
        made.write_bytes(output.media.read())
        assert output.fidelity is Fidelity.TRANSCODED
        if "coding" not in fields:
            assert np.array_equal(samples(made, 2), samples(plain, 2))
            return
        data = chunks(plain.read_bytes())[b"data"]
        real = np.frombuffer(data, "<f4") if fields["coding"] == "f32" else np.frombuffer(data, "<i4") / 2**31
        assert np.abs(samples(made, 2).ravel() / 2**15 - real).max() < 2 / 2**15

    def test_many_channels(self, tmp_path):
        """16 of 32 bits at 192 kHz: the shortest clip is more than fits into a request."""
        path = written(tmp_path, coding="s24in32", channels=16, sample_rate=192_000, samples=192_000, channel_mask=0)
        preflight = Preflight(limits=limited(600.0, max_bytes=4_000_000))
        (output,) = prepared(path, preflight)
        assert output.fidelity is Fidelity.TRANSCODED
        made = tmp_path / "made.wav"
        made.write_bytes(output.media.read())
        # The same beep in every channel: quiet where it is quiet, and not noise.
        heard = np.abs(samples(made, 2)[:, 0].astype(np.int32))
        assert heard[:9_000].max() > 8_000
        assert heard[96_000:].max() == 0

    def test_what_ffmpeg_understands_is_left_alone(self, media):
        source = Source.of(media("audio/wav_s16"))
        assert readable(source, probe(source)) is source

    def test_the_view_is_the_file_that_would_be_written(self, tmp_path):
        path = written(tmp_path, form="RIFX", coding="s24", channels=1, samples=5_001)
        source = Source.of(path)
        facts = probe(source)
        assert layout_of(source, facts) is not None
        view = readable(source, facts)
        (output,) = prepared(path)
        whole = output.media.read()
        assert view.size_bytes() == len(whole)
        assert view.read() == whole
        with view.open() as file:
            for at in (0, 1, 43, 44, 45, 46, 47, 100, len(whole) - 2, len(whole) - 1, len(whole), len(whole) + 9):
                for size in (0, 1, 2, 5, 1_000):
                    assert file.seek(at) == at
                    assert file.read(size) == whole[at : at + size]
