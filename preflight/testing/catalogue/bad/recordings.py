"""Films and sound that break off or lost bits: uploads that were cut, full disks, cameras without power."""

from __future__ import annotations

from dataclasses import replace

from preflight.testing.catalogue.audio.making import sound
from preflight.testing.catalogue.audio.making import truth_of as sound_truth
from preflight.testing.catalogue.bad.making import corrupted, left, rejected
from preflight.testing.catalogue.interface import Case, says
from preflight.testing.catalogue.video.making import H264, LOSSLESS, TRANSCODED, Options
from preflight.testing.catalogue.video.making import truth_of as film_truth
from preflight.testing.corrupt import Corrupter, DropPackets, FlipBits, Truncate
from preflight.testing.recipes.film import X264, Film, Scene, Tone
from preflight.testing.recipes.foreign import Overwritten, Zeroed
from preflight.testing.recipes.interface import Recipe
from preflight.testing.recipes.wave import Wave
from preflight.testing.truth import Expected

_DAMAGED, _MISMATCH = "video_packets_damaged", "video_duration_mismatch"

# Half of the bytes is not half of the time to the frame.
_ABOUT_S = 0.8
_MPEG_4: Options = {"c:v": "mpeg4", "q:v": 5, "c:a": "libmp3lame"}


def _ten_seconds(suffix: str, options: Options = X264) -> Film:
    """Long enough that half of it is long enough, and so full that nearly every cut is within a frame."""
    return Film(suffix=suffix, scene=Scene(shows="motion", seconds=10.0), tones=(Tone(seconds=10.0),), options=options)


_INDEX_AT_END = _ten_seconds(".mp4")
_INDEX_IN_FRONT = _ten_seconds(".mp4", {**X264, "movflags": "+faststart"})
_FRAGMENTED = _ten_seconds(".mp4", {**X264, "movflags": "+frag_keyframe+empty_moov+default_base_moof"})
_FLV = _ten_seconds(".flv")
_WAV = Wave(samples=441_000)
_FLAC = sound(".flac", "flac", seconds=10.0, options={"sample_fmt": "s16"})


def _no_film(name: str, what: str, of: Recipe, by: Corrupter) -> Case:
    return rejected(name, what, corrupted(of, by), "video_file_broken")


def _cut_film(
    name: str, what: str, of: Film, by: Corrupter, strict: Expected, *, duration_s: float = 5.0, start_s: float = 0.0
) -> Case:
    truth = film_truth(of, duration_s=duration_s, start_s=start_s, slack_s=_ABOUT_S)
    return left(name, what, corrupted(of, by), truth, strict)


def _cut_sound(
    name: str, what: str, of: Film | Wave, by: Corrupter, strict: Expected, *, duration_s: float = 5.0
) -> Case:
    truth = sound_truth(of, duration_s=duration_s, slack_s=_ABOUT_S)
    return left(name, what, corrupted(of, by), truth, strict)


def _sent(*codes: str) -> Expected:
    """What is left is sent as a whole file."""
    return says(*codes, gives=LOSSLESS if codes else says().gives)


FILMS = (
    _no_film("mp4_cut_in_its_first_box", "16 bytes of an MP4.", _INDEX_AT_END, Truncate(part="ftyp", keep="half")),
    _no_film(
        "mp4_cut_before_its_index",
        "An MP4 whose index was never written, as by a camera that lost power: nothing says where a frame begins.",
        _INDEX_AT_END,
        Truncate(part="moov", keep="nothing"),
    ),
    _no_film(
        "mp4_cut_in_its_index",
        "An MP4 that breaks off in its index, just before its end.",
        _INDEX_AT_END,
        Truncate(part="moov", keep="half"),
    ),
    _no_film(
        "mp4_without_its_data",
        "The index of an MP4 for the web, and nothing after it.",
        _INDEX_IN_FRONT,
        Truncate(part="mdat", keep="header"),
    ),
    _cut_film(
        "mp4_cut_in_its_data",
        "Half an MP4 for the web, as a download that broke off: its index still counts all of it.",
        _INDEX_IN_FRONT,
        Truncate(part="mdat", keep="half"),
        _sent(_DAMAGED, _MISMATCH),
    ),
    _cut_film(
        "fragmented_mp4_cut_in_a_fragment",
        "A recording in fragments that breaks off in the data of one, as a crashed recorder leaves it.",
        _FRAGMENTED,
        Truncate(part="mdat[6]", keep="half"),
        _sent(_DAMAGED),
        duration_s=6.5,
    ),
    _cut_film(
        "fragmented_mp4_cut_between_fragments",
        "A recording in fragments of which some whole ones are missing: a shorter film, with nothing wrong.",
        _FRAGMENTED,
        Truncate(part="moof[6]", keep="nothing"),
        _sent(),
        duration_s=6.0,
    ),
    _cut_film(
        "mkv_cut",
        "Half a Matroska, as a download that broke off.",
        _ten_seconds(".mkv"),
        Truncate(keep=0.5),
        _sent(_MISMATCH),
    ),
    _cut_film(
        "avi_cut",
        "Half an AVI, without the index that was at its end.",
        _ten_seconds(".avi", _MPEG_4),
        Truncate(keep=0.5),
        _sent(_DAMAGED),
    ),
    _cut_film(
        "flv_cut", "Half an FLV, as a live stream that broke off.", _FLV, Truncate(keep=0.5), _sent(_DAMAGED, _MISMATCH)
    ),
    _cut_film(
        "flv_cut_behind_a_header",
        "Half an FLV that breaks off where a packet begins: a reader finds a new kind of sound there.",
        _FLV,
        Truncate(part="audio[225]", keep="header"),
        _sent(_MISMATCH),
    ),
    _cut_film(
        "ts_cut",
        "Half a transport stream, as every recording of a broadcast is: it has neither start nor end.",
        _ten_seconds(".ts"),
        Truncate(keep=0.5),
        _sent(),
        start_s=1.4,
    ),
)

SOUNDS = (
    rejected(
        "wav_cut_in_its_format",
        "24 bytes of a WAV.",
        corrupted(_WAV, Truncate(part="fmt", keep="half")),
        "audio_file_broken",
    ),
    rejected(
        "wav_without_its_data",
        "The header of a WAV, and nothing after it.",
        corrupted(_WAV, Truncate(part="data", keep="header")),
        "audio_file_broken",
    ),
    _cut_sound(
        "wav_cut",
        "Half a WAV, whose header still counts all of it.",
        _WAV,
        Truncate(keep=0.5),
        _sent("audio_packets_damaged", "audio_duration_mismatch"),
    ),
    _cut_sound(
        "wav_cut_at_a_block",
        "Half a WAV, cut where a reader's block ends: no sample is torn, only the header says that some are gone.",
        _WAV,
        Truncate(keep=44 + 54 * 16_384),
        _sent("audio_packets_damaged", "audio_duration_mismatch"),
    ),
    _cut_sound(
        "mp3_cut",
        "Half an MP3, which has no length of its own: a shorter one, with half a frame behind it.",
        sound(".mp3", "libmp3lame", seconds=10.0),
        Truncate(keep=0.5),
        _sent(),
    ),
    _cut_sound(
        "flac_cut",
        "Two thirds of a FLAC, whose header still counts all of it.",
        _FLAC,
        Truncate(keep=0.65),
        _sent("audio_duration_mismatch"),
        duration_s=5.6,
    ),
    _cut_sound(
        "flac_frames_lost",
        "A FLAC of which a second is missing in the middle, as copied from a failing card: players go on without it.",
        _FLAC,
        DropPackets(indices=tuple(range(50, 60))),
        says("audio_frames_missing", gives=TRANSCODED),
        duration_s=10.0,
    ),
    _cut_sound(
        "ogg_cut",
        "Two thirds of a voice message in Opus.",
        sound(".ogg", "libopus", seconds=10.0, sample_rate=48_000),
        Truncate(keep=0.65),
        says("unsupported_file_type", gives=TRANSCODED),
        duration_s=5.6,
    ),
)

_TS = Film(suffix=".ts", options=X264)
_WEBM = Film(suffix=".webm", options={"c:v": "libvpx", "b:v": "300k", "c:a": "libvorbis"})

BITS = (
    _no_film(
        "mp4_wrong_bits_in_header", "An MP4 with 64 wrong bits in its headers.", H264, FlipBits(where="header", bits=64)
    ),
    _no_film(
        "mp4_wrong_bits_in_index", "An MP4 with 64 wrong bits in its index.", H264, FlipBits(where="index", bits=64)
    ),
    left(
        "mp4_wrong_bits_in_data",
        "An MP4 with eight wrong bits in its frames, which a decoder conceals.",
        corrupted(H264, FlipBits(where="data", bits=8)),
        film_truth(H264),
    ),
    rejected(
        "mp4_of_zeros",
        "An MP4 whose frames are all zeros, as a download leaves that made room on the disk: it decodes to nothing.",
        Zeroed(suffix=".mp4", of=H264, part="mdat"),
        "video_starts_without_keyframe",
    ),
    left(
        "webm_wrong_bits_in_vorbis_header",
        "A WebM that says of its sound nothing that a decoder makes sense of: it is a film without sound.",
        Overwritten(suffix=".webm", of=_WEBM, mark=b"\x05vorbis", patch=b"\xff" * 64),
        replace(film_truth(_WEBM), audio_codec=None, sample_rate=None, channels=None),
        says("video_sound_broken", gives=LOSSLESS),
    ),
    left(
        "ts_with_losses",
        "A broadcast of which every fiftieth packet was lost on the way.",
        corrupted(_TS, DropPackets(every=50)),
        film_truth(_TS, start_s=1.4, slack_s=0.1),
        says(_DAMAGED, gives=TRANSCODED),
    ),
    left(
        "ts_wrong_bits",
        "A broadcast in a storm: wrong bits in its packets, some of which seem to belong to another programme.",
        corrupted(_TS, FlipBits(where="data", bits=64)),
        film_truth(_TS, start_s=1.4, slack_s=0.1),
        says(_DAMAGED, gives=TRANSCODED),
    ),
)

CASES: tuple[Case, ...] = (*FILMS, *SOUNDS, *BITS)
