"""What coded audio and video can be copied into without being coded anew."""

from __future__ import annotations

from preflight.media import AudioFacts, VideoFacts
from preflight.planner.interface import Muxer

# PCM that WAV has a name for.
_WAV_AUDIO = frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_s64le", "pcm_f32le", "pcm_f64le"})
# The same, big-endian, as RIFX has it: there the bytes are swapped while the samples are copied.
RIFX_AUDIO = frozenset({"pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_s64be", "pcm_f32be", "pcm_f64be"})

# What FFmpeg's MP4 muxer takes and players expect there.
_MP4_VIDEO = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
_MP4_AUDIO = frozenset({None, "aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"})
# What it takes, too, though it is seldom seen there: where only an edit list can hide the end of a clip.
_OLD_VIDEO, _OLD_AUDIO = frozenset({"mpeg1video", "mpeg2video"}), frozenset({"mp2"})
_WEBM_VIDEO = frozenset({"vp8", "vp9", "av1"})
_WEBM_AUDIO = frozenset({None, "opus", "vorbis"})
# What Matroska has a name for; the rest of its codecs would go by a foreign name that few players know.
_MATROSKA_VIDEO = _MP4_VIDEO | _WEBM_VIDEO | {"mpeg1video", "mpeg2video", "mjpeg", "theora", "prores", "ffv1", "snow"}
_MATROSKA_AUDIO = (
    _MP4_AUDIO
    | _WEBM_AUDIO
    | {"mp1", "mp2", "dts", "truehd", "mlp", "tta", "wavpack", "pcm_u8", "pcm_f32le", "pcm_f64le"}
    | {f"pcm_s{bits}{order}" for bits in (16, 24, 32) for order in ("le", "be")}
)


def container_of(facts: AudioFacts | VideoFacts) -> Muxer | None:
    """What the packets can be copied into: the source's own container where we write that one."""
    if isinstance(facts, AudioFacts):
        if facts.codec in _WAV_AUDIO or (facts.container == "wav" and facts.codec in RIFX_AUDIO):
            return "wav"
        if facts.codec == "mp3":
            return "mp3"
        if facts.codec == "flac":
            return "flac"
        return None
    is_matroska = "matroska" in facts.container
    if is_matroska and facts.video_codec in _WEBM_VIDEO and facts.audio_codec in _WEBM_AUDIO:
        return "webm"
    if not is_matroska and facts.video_codec in _MP4_VIDEO and facts.audio_codec in _MP4_AUDIO:
        return "mp4"
    if facts.video_codec in _MATROSKA_VIDEO and facts.audio_codec in _MATROSKA_AUDIO:
        return "matroska"
    return None


def container_with_edit_lists(facts: AudioFacts | VideoFacts) -> Muxer | None:
    """MP4, where the packets can be copied into that: clips of open GOPs end with a picture that is not shown."""
    if not isinstance(facts, VideoFacts):
        return None
    is_known = facts.video_codec in _MP4_VIDEO | _OLD_VIDEO and facts.audio_codec in _MP4_AUDIO | _OLD_AUDIO
    return "mp4" if is_known else None
