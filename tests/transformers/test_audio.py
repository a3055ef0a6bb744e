"""Encoding sound: every sample once, under the caps, and never a clip that is too short."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preflight.errors import BrokenMediaError
from preflight.media import AudioFacts, Fidelity, Source
from preflight.planner import EncodeAudio
from preflight.planner.cuts import Caps, caps_for
from preflight.probers import probe
from preflight.testing import catalogue
from preflight.testing.catalogue.audio import formats, wave
from preflight.testing.recipes.encoder import run
from preflight.transformers import Output
from preflight.transformers.audio import encode_audio
from preflight.transformers.sound import decode_fully
from tests.judges import coded_packets, samples, strictest_duration_s


def caps(container: str, seconds: float = 600.0, max_bytes: int = 27_000_000) -> Caps:
    return caps_for(container, max_bytes, seconds, 4.0)


def encoded(
    source: Path, recipe: EncodeAudio, folder: Path, within: Caps | None = None, predicted_clips: int = 1
) -> list[tuple[Output, Path]]:
    facts = probe(Source.of(source), "audio")
    assert isinstance(facts, AudioFacts)
    within = within or caps(recipe.container)
    made = []
    for i, output in enumerate(encode_audio(Source.of(source), facts, recipe, within, predicted_clips=predicted_clips)):
        path = folder / f"{i:04}.{recipe.container}"
        path.write_bytes(output.media.read())
        run("-xerror", "-i", str(path), "-f", "null", "-")
        made.append((output, path))
    return made


def recipe(container: str, sample_rate: int = 44_100, channels: int = 2) -> EncodeAudio:
    return EncodeAudio(container=container, sample_rate=sample_rate, channels=channels)


def noise(path: Path, seconds: float, sample_rate: int = 16_000, channels: int = 1, seed: int = 1) -> np.ndarray:
    """Sound that cannot be compressed, written as WAV by the independent FFmpeg."""
    drawn = np.random.default_rng(seed).integers(
        -30_000, 30_000, (round(seconds * sample_rate), channels), dtype=np.int16
    )
    raw = ["-f", "s16le", "-ar", str(sample_rate), "-ac", str(channels), "-i", "-"]
    run("-y", *raw, str(path), data=drawn.tobytes())
    return drawn


WITHOUT_TONES = ("audio/wav_gsm", "audio/wav_24_in_32_bits")
"""One is near silence, the other is misread by FFmpeg and heard as noise."""
FORMATS = [
    *(case for case in (*formats.CASES, *wave.CODINGS) if case.name not in WITHOUT_TONES),
    catalogue.case("audio/wav_8_khz"),
]
EXACT = ("pcm_s16le", "pcm_s16be", "pcm_u8", "flac", "alac", "wavpack", "tta")


@pytest.mark.parametrize("case", FORMATS, ids=str)
@pytest.mark.parametrize("container", ["wav", "flac"])
class TestEveryFormat:
    def test_lasts_as_long_as_its_source_and_sounds_the_same(self, tmp_path, case, container):
        audio, channels = case.truth, min(case.truth.channels, 2)
        ((output, path),) = encoded(case.path, recipe(container, audio.sample_rate, channels), tmp_path)
        assert output.fidelity is Fidelity.TRANSCODED
        made = probe(Source.of(path))
        assert (made.sample_rate, made.channels) == (audio.sample_rate, channels)
        assert made.codec == ("pcm_s16le" if container == "wav" else "flac")
        assert made.duration_s == pytest.approx(audio.duration_s, abs=audio.slack_s)
        assert output.span.duration_s == pytest.approx(made.duration_s, abs=0.001)
        # The tone of a tenth of a second, five times, as loud as it was put in.
        heard = samples(path, channels).astype(float)[:, 0]
        loud = np.abs(heard) > 4_000
        onsets = np.flatnonzero(loud[1:] & ~loud[:-1])
        starts = [
            i
            for i, last in zip(onsets, [-audio.sample_rate, *onsets], strict=False)
            if i - last > audio.sample_rate / 2
        ]
        # Windows Media's sound fades in: its first tone is heard late by every decoder.
        first = 1 if case.name == "audio/wma" else 0
        assert np.diff(starts)[first:] / audio.sample_rate == pytest.approx([1.0] * (4 - first), abs=0.01)
        assert np.abs(heard).max() / 32_768 == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("case", [case for case in FORMATS if case.truth.codec in EXACT], ids=str)
@pytest.mark.parametrize("container", ["wav", "flac"])
def test_what_was_not_coded_with_loss_stays_the_same_to_the_bit(tmp_path, case, container):
    channels = min(case.truth.channels, 2)
    made = encoded(case.path, recipe(container, case.truth.sample_rate, channels), tmp_path)
    want = samples(case.path, channels)
    assert np.array_equal(np.concatenate([samples(p, channels) for _, p in made]), want)


class TestCaps:
    @pytest.mark.parametrize("container", ["wav", "flac"])
    @pytest.mark.parametrize(("seconds", "limit_s"), [(25.0, 10.0), (20.3, 10.0), (9.6, 10.0), (56.4, 10.0)])
    def test_the_time_cap_is_kept_and_no_sample_lost(self, tmp_path, container, seconds, limit_s):
        drawn = noise(tmp_path / "a.wav", seconds)
        clips = math.ceil(seconds / (limit_s - 0.5))
        made = encoded(tmp_path / "a.wav", recipe(container, 16_000, 1), tmp_path, caps(container, limit_s), clips)
        assert np.array_equal(np.concatenate([samples(p, 1) for _, p in made]), drawn)
        assert all(strictest_duration_s(p) <= limit_s for _, p in made)
        assert all(o.span.duration_s >= 4.0 for o, _ in made)
        assert len(made) == clips

    @pytest.mark.parametrize("container", ["wav", "flac"])
    @pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (48_000, 2), (192_000, 2)])
    def test_the_byte_cap_is_kept_for_sound_that_cannot_be_compressed(self, tmp_path, container, rate, channels):
        drawn = noise(tmp_path / "a.wav", 20.0, rate, channels)
        # Nine seconds of it, whatever was predicted.
        within = caps(container, max_bytes=9 * rate * channels * 2 + 140_000)
        made = encoded(tmp_path / "a.wav", recipe(container, rate, channels), tmp_path, within)
        assert all(p.stat().st_size <= within.max_bytes for _, p in made)
        assert np.array_equal(np.concatenate([samples(p, channels) for _, p in made]), drawn)
        assert all(o.span.duration_s >= 4.0 for o, _ in made)

    @pytest.mark.parametrize("container", ["wav", "flac"])
    def test_a_runt_is_evened_out(self, tmp_path, container):
        drawn = noise(tmp_path / "a.wav", 11.0)
        made = encoded(
            tmp_path / "a.wav", recipe(container, 16_000, 1), tmp_path, caps(container, 10.5), predicted_clips=1
        )
        assert [o.span.duration_s for o, _ in made] == [pytest.approx(6.9, abs=0.1), pytest.approx(4.1, abs=0.1)]
        assert np.array_equal(np.concatenate([samples(p, 1) for _, p in made]), drawn)

    def test_a_runt_behind_sound_that_became_hard_stays_under_the_byte_cap(self, tmp_path):
        """Ten seconds of silence, then noise: of even halves, the second would be all the noise there is."""
        drawn = np.concatenate([np.zeros((16_000 * 10, 1), np.int16), noise(tmp_path / "n.wav", 8.0)])
        run("-y", "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-", str(tmp_path / "a.wav"), data=drawn.tobytes())
        within = caps("flac", max_bytes=230_000)
        made = encoded(tmp_path / "a.wav", recipe("flac", 16_000, 1), tmp_path, within)
        assert all(p.stat().st_size <= within.max_bytes for _, p in made)
        assert all(o.span.duration_s >= 4.0 for o, _ in made)
        assert np.array_equal(np.concatenate([samples(p, 1) for _, p in made]), drawn)

    def test_clips_are_even(self, tmp_path):
        noise(tmp_path / "a.wav", 30.0)
        made = encoded(tmp_path / "a.wav", recipe("wav", 16_000, 1), tmp_path, caps("wav", 12.5), predicted_clips=3)
        assert [o.span.duration_s for o, _ in made] == [pytest.approx(10.0, abs=0.2)] * 3

    def test_a_short_source_stays_short(self, tmp_path):
        drawn = noise(tmp_path / "a.wav", 0.5)
        ((output, path),) = encoded(tmp_path / "a.wav", recipe("wav", 16_000, 1), tmp_path)
        assert output.span.duration_s == 0.5
        assert len(samples(path, 1)) == len(drawn)

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        seconds=st.floats(0.1, 25.0),
        limit_s=st.floats(9.0, 30.0),
        predicted=st.integers(1, 4),
        container=st.sampled_from(["wav", "flac"]),
    )
    def test_any_length_under_any_cap(self, tmp_path_factory, seconds, limit_s, predicted, container):
        folder = tmp_path_factory.mktemp("any")
        drawn = noise(folder / "a.wav", seconds, 8_000)
        facts = probe(Source.of(folder / "a.wav"))
        within = caps(container, limit_s)
        outputs = list(
            encode_audio(
                Source.of(folder / "a.wav"), facts, recipe(container, 8_000, 1), within, predicted_clips=predicted
            )
        )
        spans = [o.span for o in outputs]
        assert spans[0].start_s == 0.0
        assert all(a.end_s == b.start_s for a, b in itertools.pairwise(spans))
        assert spans[-1].end_s == pytest.approx(len(drawn) / 8_000)
        assert all(s.duration_s <= limit_s for s in spans)
        # Where the prediction asks for shorter clips than the least, nobody else can mend it.
        if seconds / predicted > 4.2:
            assert all(s.duration_s >= min(4.0, seconds) for s in spans)


class TestChannels:
    def test_surround_is_mixed_down_and_no_channel_is_lost(self, tmp_path):
        """A voice in the centre alone must be heard on both sides."""
        drawn = np.zeros((16_000, 6), np.int16)
        drawn[:, 2] = (8_000 * np.sin(np.arange(16_000) / 5)).astype(np.int16)
        raw = ["-f", "s16le", "-ar", "16000", "-channel_layout", "5.1", "-i", "-"]
        run(*raw, str(tmp_path / "a.flac"), data=drawn.tobytes())
        ((_, path),) = encoded(tmp_path / "a.flac", recipe("wav", 16_000, 2), tmp_path)
        heard = samples(path, 2)
        assert np.abs(heard).max(axis=0).min() > 1_500
        assert np.array_equal(heard[:, 0], heard[:, 1])

    def test_more_channels_than_any_layout_has(self, tmp_path):
        """Sixteen tracks of a recorder, which no one has given places."""
        drawn = np.random.default_rng(1).integers(-3_000, 3_000, (16_000, 16), dtype=np.int16)
        run("-f", "s16le", "-ar", "16000", "-ac", "16", "-i", "-", str(tmp_path / "a.wav"), data=drawn.tobytes())
        ((_, path),) = encoded(tmp_path / "a.wav", recipe("wav", 16_000, 2), tmp_path)
        assert len(samples(path, 2)) == 16_000
        assert np.abs(samples(path, 2)).max() > 500


class TestDamage:
    def damaged(self) -> bytes:
        data = bytearray(catalogue.case("audio/m4a_aac").path.read_bytes())
        start = data.find(b"mdat") + 4
        middle = (start + data.find(b"moov")) // 2
        data[middle : middle + 900] = b"\xff" * 900
        return bytes(data)

    def test_packets_that_cannot_be_decoded_are_counted_and_silent(self, tmp_path):
        path = tmp_path / "damaged.m4a"
        path.write_bytes(self.damaged())
        ((output, made),) = encoded(path, recipe("wav"), tmp_path)
        assert any("could not be decoded" in step for step in output.steps)
        assert any("with silence" in step for step in output.steps)
        assert strictest_duration_s(made) == pytest.approx(5.0, abs=0.07)  # a frame more, as it has no edit list

    def test_sound_that_is_whole_reports_no_damage(self, media, tmp_path):
        ((output, _),) = encoded(media("audio/m4a_aac"), recipe("wav"), tmp_path)
        assert output.steps == ("encoded 16 bit, 44100 Hz, in wav",)

    def test_decoding_in_full_finds_damage(self, media):
        decode_fully(Source.of(media("audio/m4a_aac")))
        with pytest.raises(BrokenMediaError):
            decode_fully(Source.of(self.damaged()))

    def test_nothing_to_decode_is_our_error(self, media):
        data = bytearray(media("audio/m4a_aac").read_bytes())
        start, end = data.find(b"mdat") + 4, data.find(b"moov") - 4
        data[start:end] = b"\xff" * (end - start)
        facts = probe(Source.of(media("audio/m4a_aac")))
        with pytest.raises(BrokenMediaError, match="not one sample"):
            list(encode_audio(Source.of(bytes(data)), facts, recipe("wav"), caps("wav"), predicted_clips=1))

    def test_no_sound_any_more_is_our_error(self, media):
        facts = probe(Source.of(media("audio/m4a_aac")))
        with pytest.raises(BrokenMediaError, match="no sound"):
            list(
                encode_audio(Source.of(media("video/silent_mp4")), facts, recipe("wav"), caps("wav"), predicted_clips=1)
            )
        with pytest.raises(BrokenMediaError, match="no sound"):
            decode_fully(Source.of(media("video/silent_mp4")))


def test_the_sound_of_a_film(media, tmp_path):
    ((_, path),) = encoded(media("video/h264_aac_mp4"), recipe("wav", 48_000, 2), tmp_path)
    assert strictest_duration_s(path) == pytest.approx(5.0, abs=0.03)
    assert {p.stream for p in coded_packets(path)} == {0}


def test_the_first_clip_comes_before_the_source_is_read_to_its_end(tmp_path):
    noise(tmp_path / "a.wav", 60.0)
    facts = probe(Source.of(tmp_path / "a.wav"))
    clips = encode_audio(
        Source.of(tmp_path / "a.wav"), facts, recipe("wav", 16_000, 1), caps("wav", 10.5), predicted_clips=6
    )
    assert next(clips).span.start_s == 0.0
    clips.close()


class TestMp3:
    RECIPE = EncodeAudio(container="mp3", sample_rate=16_000, channels=1, bit_rate=96_000)

    def test_every_sample_is_there_and_no_more(self, tmp_path):
        """LAME's tag has decoders leave out what the encoder put in front and behind: the source's length, exactly."""
        noise(tmp_path / "a.wav", 25.0)
        made = encoded(tmp_path / "a.wav", self.RECIPE, tmp_path, caps("mp3", 10.0), predicted_clips=3)
        assert len(made) == 3
        assert all(strictest_duration_s(p) <= 10.0 for _, p in made)
        assert [len(samples(p, 1)) for _, p in made] == [round(o.span.duration_s * 16_000) for o, _ in made]
        assert made[-1][0].span.end_s == 25.0

    def test_the_byte_cap_is_kept(self, tmp_path):
        noise(tmp_path / "a.wav", 25.0)
        within = caps("mp3", max_bytes=100_000)
        made = encoded(tmp_path / "a.wav", self.RECIPE, tmp_path, within)
        sizes = [p.stat().st_size for _, p in made]
        assert all(90_000 < size <= 100_000 for size in sizes[:-2])
        assert max(sizes) <= 100_000
        assert all(o.span.duration_s >= 4.0 for o, _ in made)

    @pytest.mark.parametrize(("rate", "bit_rate"), [(8_000, 48_000), (16_000, 96_000), (44_100, 128_000)])
    def test_the_bit_rate_is_the_one_that_was_planned(self, tmp_path, rate, bit_rate):
        noise(tmp_path / "a.wav", 20.0, rate)
        wanted = EncodeAudio(container="mp3", sample_rate=rate, channels=1, bit_rate=bit_rate)
        ((output, path),) = encoded(tmp_path / "a.wav", wanted, tmp_path)
        assert path.stat().st_size * 8 / 20.0 == pytest.approx(bit_rate, rel=0.02)
        assert output.steps == (f"encoded {bit_rate // 1_000} kbit/s, {rate} Hz, in mp3",)
