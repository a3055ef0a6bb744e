"""The header of a WAV: read as the standard has it, whatever FFmpeg makes of it, and however hostile it is."""

from __future__ import annotations

import io
import itertools
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preflight.media import AudioFacts, Source, Unprobed
from preflight.probers import probe
from preflight.probers.cut_points import probe_units
from preflight.probers.wav import WavLayout, layout_of, read_wav, units_of_wav
from preflight.rules import examples
from preflight.testing.recipes.wave import Wave
from tests.rules.asking import codes

GUID_END = bytes.fromhex("0000 1000 8000 00aa 0038 9b71")
STEREO = 0x3
SAMPLES, RATE = 1_000, 8_000


def written(folder: Path, **fields: object) -> bytes:
    path = folder / "a.wav"
    path.unlink(missing_ok=True)
    Wave(**{"samples": SAMPLES, "sample_rate": RATE, **fields}).write(path, None)
    return path.read_bytes()


def layout(data: bytes) -> WavLayout | None:
    return read_wav(Source.of(data))


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<L", len(body) if size is None else size) + body + bytes(len(body) % 2)


def described(number=1, channels=2, rate=RATE, block=4, bits=16, more=b"") -> bytes:
    return chunk(b"fmt ", struct.pack("<HHLLHH", number, channels, rate, rate * block % (1 << 32), block, bits) + more)


def extensible(valid: int, bits: int, number: int = 1, mask: int = STEREO) -> bytes:
    more = struct.pack("<HHLL", 22, valid, mask, number) + GUID_END
    return described(0xFFFE, block=bits // 4, bits=bits, more=more)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<L", len(body)) + body


SOUND = chunk(b"data", bytes(range(200)) * 24)


class TestWhatItSays:
    @pytest.mark.parametrize(
        ("coding", "codec", "bits", "valid"),
        [
            ("u8", "pcm_u8", 8, 8),
            ("s16", "pcm_s16le", 16, 16),
            ("s24", "pcm_s24le", 24, 24),
            ("s20in24", "pcm_s24le", 24, 20),
            ("s24in32", "pcm_s32le", 32, 24),
            ("s32", "pcm_s32le", 32, 32),
            ("f32", "pcm_f32le", 32, 32),
            ("f64", "pcm_f64le", 64, 64),
        ],
    )
    @pytest.mark.parametrize("channels", [1, 2, 6])
    @pytest.mark.parametrize("form", ["RIFF", "RF64", "BW64"])
    def test_every_coding_in_every_form(self, tmp_path, coding, codec, bits, valid, channels, form):
        data = written(tmp_path, coding=coding, channels=channels, form=form, channel_mask=0x3F >> (6 - channels))
        found = layout(data)
        assert found is not None
        assert (found.form, found.codec, found.stored_bits, found.valid_bits) == (form, codec, bits, valid)
        assert (found.channels, found.sample_rate, found.samples) == (channels, RATE, SAMPLES)
        assert found.claimed_bytes == found.held_bytes == SAMPLES * channels * bits // 8
        assert data[found.data_offset - 8 :][:4] == b"data"
        assert found.channel_mask == 0x3F >> (6 - channels)
        assert not found.breaks_off

    @pytest.mark.parametrize(("coding", "codec"), [("u8", "pcm_u8"), ("s16", "pcm_s16be"), ("f32", "pcm_f32be")])
    def test_rifx_is_big_endian_throughout(self, tmp_path, coding, codec):
        found = layout(written(tmp_path, coding=coding, form="RIFX"))
        assert found is not None
        assert (found.form, found.codec, found.samples, found.sample_rate) == ("RIFX", codec, SAMPLES, RATE)

    @pytest.mark.parametrize(
        ("valid", "bits", "number", "dialect"),
        [
            (16, 16, 1, None),
            (12, 16, 1, None),
            (0, 16, 1, None),
            (20, 24, 1, None),
            (32, 32, 3, None),
            # FFmpeg goes by the valid bits alone, and takes these for what they are not.
            (8, 16, 1, "8 bits in 16"),
            (16, 24, 1, "16 bits in 24"),
            (20, 32, 1, "20 bits in 32"),
            (24, 32, 1, "24 bits in 32"),
            (24, 32, 3, "24 bits in 32"),
            (32, 64, 3, "32 bits in 64"),
            (32, 16, 1, "32 bits in 16"),
        ],
    )
    def test_valid_bits_that_readers_stumble_over(self, valid, bits, number, dialect):
        data = riff(extensible(valid, bits, number), SOUND)
        found = layout(data)
        assert found is not None
        assert (found.dialect, found.stored_bits) == (dialect, bits)
        facts = probe(Source.of(data))
        assert isinstance(facts, AudioFacts)
        assert (facts.dialect, facts.codec, facts.bit_depth) == (dialect, found.codec, bits)
        assert facts.duration_s == 4_800 * 4 / bits / RATE
        assert ("unsupported_file_type" in codes(facts)) == (dialect is not None)

    @pytest.mark.parametrize("form", ["RF64", "BW64", "RIFX"])
    def test_dialects_are_not_taken(self, tmp_path, form):
        facts = probe(Source.of(written(tmp_path, form=form, samples=5 * RATE)))
        assert facts.dialect == form
        assert codes(facts) == ["unsupported_file_type"]

    def test_rifx_that_ffmpeg_does_not_open_is_read_all_the_same(self, tmp_path):
        """Of floating point its header is longer, and FFmpeg gives up."""
        facts = probe(Source.of(written(tmp_path, form="RIFX", coding="f32", samples=5 * RATE)))
        assert isinstance(facts, AudioFacts)
        assert (facts.codec, facts.duration_s, facts.channels) == ("pcm_f32be", 5.0, 2)

    def test_the_format_may_stand_behind_the_samples(self):
        found = layout(riff(SOUND, described()))
        assert found is not None
        assert (found.data_offset, found.samples) == (20, 1_200)

    def test_sizes_of_64_bits(self):
        """Ten gigabytes that are not there: nothing is read but the header."""
        size = 10_000_000_000
        long = chunk(b"ds64", struct.pack("<QQQL", size + 100, size, size // 4, 0))
        data = b"RF64\xff\xff\xff\xffWAVE" + long + described() + b"data\xff\xff\xff\xff" + bytes(64)
        found = layout(data)
        assert found is not None
        assert (found.claimed_bytes, found.samples, found.breaks_off) == (size, 16, True)


class TestLengths:
    """What is there counts, and what is claimed is remembered."""

    @pytest.mark.parametrize("claims", [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x7FFF_F000, 0xFFFF_FFFF - 36, 0x8000_0000])
    def test_a_length_that_was_never_filled_in_is_false_and_nothing_is_missing(self, tmp_path, claims):
        facts = probe(Source.of(written(tmp_path, claims=claims)))
        assert (facts.duration_s, facts.damaged_packets) == (SAMPLES / RATE, 0)
        assert facts.claimed_duration_s == claims // 4 / RATE
        assert "audio_duration_mismatch" in codes(facts)
        assert ("audio_duration_too_long" in codes(facts)) == (claims > 0)

    @pytest.mark.parametrize("lost", [1, 3, 4, 500, 16_384, 100_000])
    def test_what_breaks_off_is_damaged_wherever_readers_blocks_end(self, tmp_path, lost):
        facts = probe(Source.of(written(tmp_path, samples=5 * RATE)[:-lost]))
        whole = (5 * RATE * 4 - lost) // 4
        assert (facts.duration_s, facts.claimed_duration_s, facts.damaged_packets) == (whole / RATE, 5.0, 1)
        is_much = lost > RATE * 4
        assert codes(facts)[: 1 + is_much] == ["audio_packets_damaged", "audio_duration_mismatch"][: 1 + is_much]

    @pytest.mark.parametrize("cut", [1, 2, 3])
    def test_a_last_sample_that_is_not_whole_is_damaged_though_the_header_knows(self, tmp_path, cut):
        facts = probe(Source.of(written(tmp_path, samples=5 * RATE, cut_bytes=cut)))
        assert (facts.duration_s, facts.damaged_packets) == ((5 * RATE - 1) / RATE, 1)
        assert codes(facts) == ["audio_packets_damaged"]

    @pytest.mark.parametrize(("samples", "is_padded"), [(1_001, True), (1_001, False), (1_000, True)])
    def test_the_byte_that_makes_an_odd_number_even_is_no_sample(self, tmp_path, samples, is_padded):
        fields = {"coding": "s24", "channels": 1, "samples": samples, "is_padded": is_padded}
        for claims in (None, 0, 0xFFFF_FFFF):
            found = layout(written(tmp_path, claims=claims, **fields))
            assert found is not None
            assert (found.samples, found.breaks_off) == (samples, False)

    def test_no_sound_with_tags_behind_it_is_no_sound(self):
        """FFmpeg takes the tags for samples: where the size is 0, it reads to the end."""
        tags = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Title\0"))
        facts = probe(Source.of(riff(described(), chunk(b"data", b""), tags)))
        assert isinstance(facts, Unprobed)
        assert facts.code == "audio_file_broken"

    def test_less_than_a_sample_is_no_sound(self):
        facts = probe(Source.of(riff(described(), chunk(b"data", b"\1\2\3"))))
        assert isinstance(facts, Unprobed)
        assert facts.code == "audio_file_broken"

    def test_a_plain_file_is_as_ffmpeg_finds_it(self, tmp_path):
        for coding, channels in itertools.product(("u8", "s16", "s24", "f32"), (1, 2)):
            facts = probe(Source.of(written(tmp_path, coding=coding, channels=channels, samples=5 * RATE)))
            assert (facts.duration_s, facts.claimed_duration_s, facts.damaged_packets) == (5.0, 5.0, 0)
            assert (facts.dialect, facts.duration_source, facts.has_timestamps) == (None, "packets", True)
            assert codes(facts) == []


class TestLeftToFfmpeg:
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"RIFF",
            b"RIFF\0\0\0\0AVI ",
            b"OggS" + bytes(40),
            riff(SOUND),
            riff(described()),
            riff(described()[:20], SOUND),
            riff(described(number=6, block=2, bits=8), SOUND),  # companded
            riff(described(number=0x55, block=1, bits=0), SOUND),  # MP3
            riff(described(number=0xFFFE), SOUND),  # without the rest
            riff(described(channels=0), SOUND),
            riff(described(rate=0), SOUND),
            riff(described(block=0), SOUND),
            riff(described(block=5), SOUND),
            riff(described(bits=0, block=0), SOUND),
            riff(described(bits=24, block=8), SOUND),  # of Adobe Audition, or integers
            riff(described(bits=40, block=10), SOUND),
            riff(described(number=3, bits=16, block=4), SOUND),
            riff(described(), SOUND, SOUND),
        ],
    )
    def test_none(self, data):
        assert layout(data) is None

    @pytest.mark.parametrize(("bits", "block"), [(24, 8), (24, 4)])
    def test_what_nobody_can_tell_is_not_taken(self, bits, block):
        facts = probe(Source.of(riff(described(channels=block // 4, bits=bits, block=block), SOUND)))
        assert (facts.codec, facts.dialect) == ("pcm_f24le", "24 bits in 32")
        assert "unsupported_file_type" in codes(facts)

    def test_compressed_sound_passed_off_as_samples_stays_what_it_is(self, media):
        facts = probe(Source.of(media("audio/wav_ac3")))
        assert (facts.codec, facts.dialect) == ("ac3", None)
        assert layout_of(Source.of(media("audio/wav_ac3")), facts) is None

    def test_facts_of_others_have_no_layout(self, media):
        wav = Source.of(media("audio/wav_s16"))
        assert layout_of(wav, probe(wav)) is not None
        assert layout_of(wav, examples.video()) is None
        assert layout_of(wav, examples.audio(container="w64")) is None
        assert layout_of(wav, examples.audio(codec="pcm_s24le")) is None


class Counted(io.BytesIO):
    """Counts what is asked of it."""

    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        return super().read(size)


class TestHostile:
    @pytest.mark.parametrize("size", [0, 1, 8])
    def test_very_many_chunks(self, size):
        file = Counted(riff(described(), *[chunk(b"JUNK", bytes(size))] * 300_000, SOUND))
        assert read_wav(Source.of(file)) is None
        assert file.reads < 5_000

    @pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x7FFF_FFFF, 0xFFFF_FFF0])
    def test_a_chunk_that_is_longer_than_the_file(self, size):
        assert layout(riff(described(), chunk(b"JUNK", b"", size), SOUND)) is None

    def test_a_file_of_gigabytes_is_not_read(self, tmp_path):
        data = riff(described(), chunk(b"data", b"", 0xEEEE_EEEC))
        path = tmp_path / "a.wav"
        with path.open("wb") as file:
            file.write(data)
            file.truncate(len(data) + 0xEEEE_EEEC)
        found = read_wav(Source.of(path))
        assert found is not None
        assert found.samples == 0xEEEE_EEEC // 4

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_blows_on_the_header(self, tmp_path, data):
        content = bytearray(written(tmp_path, coding=data.draw(st.sampled_from(["s16", "f32", "s24in32"]))))
        for _ in range(data.draw(st.integers(1, 8))):
            content[data.draw(st.integers(0, 60))] = data.draw(st.integers(0, 255))
        found = layout(bytes(content))
        if found is not None:
            assert 0 <= found.held_bytes <= max(len(content) - found.data_offset, 0)
            assert found.block_bytes > 0
            assert sum(u.size_bytes for u in units_of_wav(found)) == found.samples * found.block_bytes
        facts = probe(Source.of(bytes(content)))
        assert facts.kind in ("audio", "unknown")


class TestUnits:
    def test_they_are_all_samples_once(self, media):
        source = Source.of(media("audio/wav_s24"))
        units = probe_units(source, probe(source))
        assert sum(u.size_bytes for u in units) == 220_500 * 6
        assert sum(u.duration_s for u in units) == pytest.approx(5.0)
        assert all(a.start_s + a.duration_s == pytest.approx(b.start_s) for a, b in itertools.pairwise(units))
        # FFmpeg 5 reads as many whole samples as 4,096 bytes hold: 682.
        assert all(u.size_bytes % (682 * 6) == 0 for u in units[:-1])

    def test_there_are_never_too_many_of_them(self):
        plain = layout(riff(described(), SOUND))
        assert plain is not None
        huge = replace(plain, claimed_bytes=10**12, held_bytes=10**12)
        units = units_of_wav(huge)
        assert len(units) <= 500_000
        assert sum(u.size_bytes for u in units) == 10**12

    @pytest.mark.parametrize("rate", [0, (1 << 24) + 1, 1 << 30, (1 << 32) - 1])
    def test_a_rate_that_nothing_could_have_is_for_ffmpeg_to_judge(self, rate):
        assert layout(riff(described(rate=rate), SOUND)) is None

    @pytest.mark.parametrize(("rate", "channels"), [(1, 1), (7, 2), (1 << 24, 1), (48_000, 65_535 // 2)])
    def test_they_are_short_and_small(self, rate, channels):
        found = layout(
            riff(described(rate=rate, channels=channels, block=2 * channels), chunk(b"data", bytes(500_000)))
        )
        assert found is not None
        for unit in units_of_wav(found):
            assert unit.duration_s <= 1.0
            assert unit.size_bytes <= max(1 << 20, 2 * channels)
