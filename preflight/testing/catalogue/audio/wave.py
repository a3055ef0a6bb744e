"""Every flavour of WAV: what it is that is coded, in which wrapping, and what else lies in the file."""

from __future__ import annotations

from preflight.testing.catalogue.audio.making import (
    CONVERTED,
    LOSSLESS,
    REWRAPPED,
    WAV,
    heard,
    remade,
    sound,
)
from preflight.testing.catalogue.interface import Case, says
from preflight.testing.recipes.wave import Chunk, Wave
from preflight.testing.recipes.written import Renamed

_DAMAGED = says("audio_packets_damaged", gives=LOSSLESS)
_UNTRUE = says("audio_duration_mismatch", gives=LOSSLESS)
# Who believes such a header refuses the file for its length.
_UNTRUE_BY_HOURS = says("audio_duration_mismatch", "audio_duration_too_long", gives=LOSSLESS)
# That some is missing, and how much.
_BROKEN_OFF = says("audio_packets_damaged", "audio_duration_mismatch", gives=LOSSLESS)

_STEREO, _5_1, _7_1 = 0x3, 0x3F, 0x63F
"""Speakers, a bit each."""

CODINGS: tuple[Case, ...] = (
    heard("wav_s16", "What most programs mean by WAV: 16 bits, stereo, 44.1 kHz.", WAV, bit_depth=16),
    heard(
        "wav_u8",
        "8 bits, which alone are unsigned, as old games and telephone menus keep them.",
        sound(".wav", "pcm_u8"),
        bit_depth=8,
    ),
    heard("wav_s24", "24 bits, as studios record.", sound(".wav", "pcm_s24le"), bit_depth=24),
    heard("wav_s32", "32 bits, as field recorders and measuring programs write.", Wave(coding="s32"), bit_depth=32),
    heard(
        "wav_float32", "Floating point, as audio editors and Python keep it.", sound(".wav", "pcm_f32le"), bit_depth=32
    ),
    heard("wav_float64", "Floating point of 64 bits, as NumPy writes what nobody converted.", Wave(coding="f64")),
    heard(
        "wav_float_without_fact",
        "Floating point without the chunk that must state its samples, as small libraries write it.",
        Wave(coding="f32", has_fact=False),
    ),
    heard(
        "wav_20_in_24_bits",
        "20 bits that count in 24 that are stored, as converters of old deliver.",
        Wave(coding="s20in24", channel_mask=_STEREO),
    ),
    heard(
        "wav_24_in_32_bits",
        "24 bits that count in 32 that are stored, as sound cards deliver; FFmpeg takes them for something else and "
        "hears noise.",
        Wave(coding="s24in32", channel_mask=_STEREO),
        REWRAPPED,
    ),
    heard(
        "wav_alaw",
        "Companded, as European telephone exchanges record calls.",
        sound(".wav", "pcm_alaw", sample_rate=8_000, channels=1),
        CONVERTED,
    ),
    heard(
        "wav_mulaw",
        "Companded, as American call centers record calls.",
        sound(".wav", "pcm_mulaw", sample_rate=8_000, channels=1),
        CONVERTED,
    ),
    heard(
        "wav_adpcm_ima",
        "A quarter of the bits, as dictation machines save.",
        sound(".wav", "adpcm_ima_wav"),
        CONVERTED,
        slack_s=0.06,
    ),
    heard(
        "wav_adpcm_ms",
        "A quarter of the bits, as old Windows saved.",
        sound(".wav", "adpcm_ms"),
        CONVERTED,
        slack_s=0.06,
    ),
    heard(
        "wav_gsm",
        "The codec of mobile phones in a WAV, as voice mail keeps messages.",
        Wave(coding="gsm", samples=40_000, sample_rate=8_000, channels=1),
        CONVERTED,
    ),
    heard(
        "wav_mp3",
        "MP3 frames in a WAV, as radio automation stores spots.",
        sound(".wav", "libmp3lame"),
        REWRAPPED,
        slack_s=0.06,
    ),
    heard(
        "wav_ac3",
        "AC-3 dressed up as samples, as a capture of a digital output gives: played as it is, it is noise.",
        Wave(
            sample_rate=48_000,
            samples=240_000,
            holds=sound(".spdif", "ac3", sample_rate=48_000, options={"f": "spdif"}),
        ),
        CONVERTED,
        codec="ac3",
        slack_s=0.06,
    ),
)

SHAPES: tuple[Case, ...] = (
    heard(
        "wav_8_khz",
        "Mono at 8 kHz, as a telephone call sounds.",
        sound(".wav", "pcm_s16le", sample_rate=8_000, channels=1),
        bit_depth=16,
    ),
    heard("wav_192_khz", "The highest rate that studios use.", Wave(sample_rate=192_000, samples=960_000)),
    heard(
        "wav_6_channels",
        "Surround sound, as a film's sound track is exported.",
        Wave(channels=6, sample_rate=48_000, samples=240_000, channel_mask=_5_1),
    ),
    heard(
        "wav_8_channels",
        "Eight channels, as a microphone array or a mixing desk records them.",
        Wave(channels=8, sample_rate=48_000, samples=240_000, channel_mask=_7_1),
    ),
    heard("wav_silent", "Five seconds of zeros, as a muted microphone records.", Wave(is_silent=True)),
    heard(
        "wav_extensible",
        "16 bits in stereo, with a header that names the speakers, as newer Windows programs write.",
        Wave(channel_mask=_STEREO),
    ),
)

FORMS: tuple[Case, ...] = (
    heard(
        "wav_rf64",
        "A header with room for more than 4 GB, as broadcasters record; many readers of WAV do not know it.",
        Wave(form="RF64"),
        REWRAPPED,
    ),
    heard(
        "wav_bw64",
        "The successor of RF64, as immersive mixes are exported; hardly any reader of WAV knows it.",
        Wave(form="BW64"),
        REWRAPPED,
    ),
    heard(
        "wav_rifx",
        "A big-endian WAV, as old Macintosh and UNIX programs wrote: FFmpeg opens it and hears noise.",
        Wave(form="RIFX"),
        CONVERTED,  # if only in the order of bytes: no sample changes its value
        codec="pcm_s16be",
    ),
    remade("wav_named_mp3", "A WAV that somebody renamed to make it an MP3.", Renamed(suffix=".mp3", of=WAV), WAV),
)


def _info(title: bytes) -> Chunk:
    return b"LIST", b"INFOINAM" + len(title).to_bytes(4, "little") + title + bytes(len(title) % 2)


_BROADCAST: Chunk = (b"bext", b"A field recording".ljust(602, b"\0"))
_ID3: Chunk = (b"id3 ", b"ID3\x04\0\0\0\0\0\x10TIT2\0\0\0\x06\0\0\x03Title")
_RESERVED: Chunk = (b"JUNK", bytes(28))

CHUNKS: tuple[Case, ...] = (
    heard(
        "wav_tags_before",
        "Tags, a broadcast header and reserved space before the sound, as recorders of news teams write.",
        Wave(before=(_RESERVED, _BROADCAST, _info(b"Title"), _ID3)),
    ),
    heard(
        "wav_tags_after",
        "The same behind the sound, as editors append them.",
        Wave(after=(_info(b"Title"), _ID3, _BROADCAST)),
    ),
    heard(
        "wav_odd",
        "An odd number of bytes of sound, and the byte that makes them even.",
        Wave(coding="u8", channels=1, samples=220_501),
    ),
    heard(
        "wav_odd_without_padding",
        "An odd number of bytes of sound and nothing behind them, as simple programs write.",
        Wave(coding="u8", channels=1, samples=220_501, is_padded=False),
    ),
    heard(
        "wav_odd_without_padding_and_tags",
        "An odd number of bytes of sound, with tags behind them that start a byte early.",
        Wave(coding="u8", channels=1, samples=220_501, is_padded=False, after=(_info(b"Title"),)),
    ),
    heard(
        "wav_streamed",
        "A header that was written before anybody knew the length (FFFFFFFF), as FFmpeg does into a pipe.",
        Wave(claims=0xFFFF_FFFF),
        _UNTRUE_BY_HOURS,
    ),
    heard(
        "wav_data_size_zero",
        "A header that still says that there is no sound, as of a recorder that was switched off.",
        Wave(claims=0),
        _UNTRUE,
    ),
    heard(
        "wav_data_beyond_the_end",
        "A header that promises ten seconds where there are five, as of a download that broke off.",
        Wave(claims=2 * 882_000),
        _BROKEN_OFF,
    ),
    heard(
        "wav_last_sample_incomplete",
        "A byte is missing at the end, and the header knows it, as of a recording that was cut by its bytes.",
        Wave(cut_bytes=1),
        _DAMAGED,
    ),
)

CASES: tuple[Case, ...] = (*CODINGS, *SHAPES, *FORMS, *CHUNKS)
