"""What else sound is kept in: the formats that are taken, and those that must become one of them."""

from __future__ import annotations

from preflight.testing.catalogue.audio.making import (
    CONVERTED,
    FLAC,
    M4A,
    MP3,
    REWRAPPED,
    heard,
    remade,
    sound,
)
from preflight.testing.catalogue.interface import Case
from preflight.testing.recipes.film import Mux, Tone, Track
from preflight.testing.recipes.written import Renamed

# LAME's frames begin before the sound and end after it.
_MP3_S = 0.08
_VBR = sound(".mp3", "libmp3lame", options={"q:a": 4})

TAKEN: tuple[Case, ...] = (
    heard("mp3", "MP3 of a constant bit rate, as everything plays.", MP3, slack_s=_MP3_S),
    heard("mp3_vbr", "MP3 of a variable bit rate, with the table that says so (Xing).", _VBR, slack_s=_MP3_S),
    heard(
        "mp3_vbr_without_header",
        "MP3 of a variable bit rate without that table, as streams are recorded: its length can only be guessed.",
        sound(".mp3", "libmp3lame", options={"q:a": 4, "write_xing": 0}),
        slack_s=_MP3_S,
    ),
    heard(
        "mp3_8_khz",
        "MP3 at 8 kHz, which is a later addition to the standard (MPEG 2.5), as voice recorders write.",
        sound(".mp3", "libmp3lame", sample_rate=8_000, channels=1, options={"b:a": "16k"}),
        slack_s=0.2,
    ),
    remade(
        "mp3_named_wav",
        "An MP3 that somebody renamed because a form asked for WAV.",
        Renamed(suffix=".wav", of=MP3),
        MP3,
        slack_s=_MP3_S,
    ),
    heard("flac", "FLAC of 16 bits, as CDs are archived.", FLAC),
    heard("flac_24_bits", "FLAC of 24 bits, as FFmpeg writes it unless it is told otherwise.", sound(".flac", "flac")),
    heard(
        "flac_6_channels",
        "Surround sound in FLAC, as of a concert film.",
        sound(".flac", "flac", sample_rate=48_000, channels=6),
    ),
)

REWRAPPABLE: tuple[Case, ...] = (
    heard(
        "mka_flac", "FLAC in Matroska, as a film's sound is extracted.", sound(".mka", "flac"), REWRAPPED, slack_s=0.11
    ),
    heard("ogg_flac", "FLAC in Ogg, as some streams are recorded.", sound(".oga", "flac"), REWRAPPED),
    heard("mp4_flac", "FLAC in MP4, as streaming services deliver it.", sound(".mp4", "flac"), REWRAPPED, slack_s=0.11),
    heard("mka_mp3", "MP3 in Matroska, as downloaders of web videos save.", sound(".mka", "libmp3lame"), REWRAPPED),
    heard("mp4_mp3", "MP3 in MP4, as old film editors export sound.", sound(".mp4", "libmp3lame"), REWRAPPED),
    heard("mka_pcm", "Samples in Matroska, as screen recorders keep sound.", sound(".mka", "pcm_s16le"), REWRAPPED),
    heard("mov_pcm", "Samples in QuickTime, as film editors export sound.", sound(".mov", "pcm_s16le"), REWRAPPED),
    heard("caf_pcm", "Samples in Apple's Core Audio Format.", sound(".caf", "pcm_s16le"), REWRAPPED),
    heard("w64_pcm", "Samples in Wave64, as long recordings are kept.", sound(".w64", "pcm_s16le"), REWRAPPED),
)

FOREIGN: tuple[Case, ...] = (
    heard("m4a_aac", "AAC in M4A, as shops sell music.", M4A, CONVERTED),
    heard(
        "m4a_alac", "Apple's lossless codec, as CDs are imported there.", sound(".m4a", "alac"), CONVERTED, slack_s=0.1
    ),
    heard(
        "m4a_voice_memo",
        "A voice memo of a phone: AAC, mono, 48 kHz.",
        sound(".m4a", "aac", sample_rate=48_000, channels=1, options={"b:a": "64k"}),
        CONVERTED,
    ),
    heard(
        "m4a_fragmented",
        "AAC in fragments without an index, as adaptive streams are saved.",
        sound(
            ".m4a",
            "aac",
            options={"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": 1_000_000},
        ),
        CONVERTED,
    ),
    heard(
        "mp4_audio_only", "An MP4 that holds sound alone, named as if it were a film.", sound(".mp4", "aac"), CONVERTED
    ),
    heard("adts_aac", "AAC without a container, as broadcasts are cut.", sound(".aac", "aac"), CONVERTED, slack_s=0.1),
    heard("opus", "Opus in Ogg, as messengers send voice.", sound(".opus", "libopus", sample_rate=48_000), CONVERTED),
    heard("ogg_vorbis", "Vorbis in Ogg, as encyclopedias and games keep sound.", sound(".ogg", "libvorbis"), CONVERTED),
    heard(
        "webm_opus",
        "Opus in WebM, as sound without its video is downloaded.",
        sound(".webm", "libopus", sample_rate=48_000),
        CONVERTED,
    ),
    heard(
        "webm_opus_recorded",
        "Opus in WebM that states no length, as browsers record a microphone.",
        sound(".webm", "libopus", sample_rate=48_000, options={"live": 1}),
        CONVERTED,
    ),
    heard("ac3", "AC-3, as the sound of a DVD.", sound(".ac3", "ac3"), CONVERTED),
    heard("eac3", "E-AC-3, as the sound of streamed films.", sound(".eac3", "eac3", sample_rate=48_000), CONVERTED),
    heard(
        "dts",
        "DTS, as the sound of a disc.",
        sound(".dts", "dca", sample_rate=48_000, options={"strict": -2}),
        CONVERTED,
    ),
    heard(
        "amr",
        "AMR, as phones of old record and MMS carries.",
        sound(".amr", "libopencore_amrnb", sample_rate=8_000, channels=1),
        CONVERTED,
    ),
    heard(
        "3gp_amr",
        "AMR in 3GP, as phones of old record memos.",
        sound(".3gp", "libopencore_amrnb", sample_rate=8_000, channels=1),
        CONVERTED,
    ),
    heard("mp2", "MPEG layer II, as digital radio broadcasts.", sound(".mp2", "mp2", sample_rate=48_000), CONVERTED),
    heard("aiff", "AIFF, the big-endian WAV of Macintosh studios.", sound(".aiff", "pcm_s16be"), CONVERTED),
    heard("aiff_24_bits", "AIFF of 24 bits, as sample libraries are sold.", sound(".aiff", "pcm_s24be"), CONVERTED),
    heard("au", "AU, as UNIX and old Java programs write.", sound(".au", "pcm_s16be"), CONVERTED),
    heard("wma", "Windows Media Audio, as old Windows imported CDs.", sound(".wma", "wmav2"), CONVERTED),
    heard("wavpack", "WavPack, as collectors archive.", sound(".wv", "wavpack"), CONVERTED),
    heard("tta", "True Audio, as collectors once archived.", sound(".tta", "tta"), CONVERTED),
    remade(
        "two_tracks",
        "Two languages in one M4A; the first is sent, as it is what players start with.",
        Mux(
            suffix=".m4a",
            tracks=(
                Track(of=Tone(sample_rate=44_100), takes="a"),
                Track(of=Tone(sample_rate=22_050, channels=1), takes="a"),
            ),
            options={"c:a": "aac"},
        ),
        M4A,
        CONVERTED,
    ),
)

CASES: tuple[Case, ...] = (*TAKEN, *REWRAPPABLE, *FOREIGN)
