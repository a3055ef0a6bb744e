"""Audio and video: which rung of the ladder, and with which cuts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from preflight.limits import Limits, TimedLimits
from preflight.media import AudioFacts, Fidelity, Span, VideoFacts
from preflight.planner.cuts import Sized, caps_for, choose_cuts
from preflight.planner.geometry import fit_picture
from preflight.planner.interface import (
    CutBetweenUnits,
    EncodeAudio,
    EncodeVideo,
    Muxer,
    Plan,
    PlannedOutput,
    Policy,
    SendAsIs,
)
from preflight.rules import Report

# Errors that new packets in a new file mend, the coded data staying as they are.
_MENDED_BY_CUTTING = frozenset(
    {
        "video_duration_too_long",
        "video_filesize_too_large",
        "video_duration_mismatch",
        "audio_duration_too_long",
        "audio_filesize_too_large",
        "audio_duration_mismatch",
    }
)

# Of sound, besides: the same coded data, written anew in a container that the API takes.
_MENDED_BY_REWRAPPING = _MENDED_BY_CUTTING | {"unsupported_file_type"}

# PCM that WAV has a name for.
_WAV_AUDIO = frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_s64le", "pcm_f32le", "pcm_f64le"})
# The same, big-endian, as RIFX has it: there the bytes are swapped while the samples are copied.
_RIFX_AUDIO = frozenset({"pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_s64be", "pcm_f32be", "pcm_f64be"})

# What FFmpeg's MP4 muxer takes and players expect there.
_MP4_VIDEO = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
_MP4_AUDIO = frozenset({None, "aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"})
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

# Measured on talks and phone videos at CRF 23; only used to predict.
_BITS_PER_PIXEL_AND_FRAME = 0.07
_AAC_BITS_PER_SECOND = 128_000
_WAV_BYTES_PER_SAMPLE = 2
_FLAC_SHARE = 0.6
_MAX_CHANNELS = 2


def needs_units(report: Report) -> bool:
    """Whether planning wants to know where the source can be cut."""
    codes = {f.code for f in report.errors}
    if isinstance(report.facts, VideoFacts) and report.facts.container != "mpegts":
        # What the end of the file cut off is the last packet of a stream, and is left out; a transport stream may
        # have lost packets anywhere.
        codes.discard("video_packets_damaged")
    if isinstance(report.facts, AudioFacts) and _container_of(report.facts) is not None:
        if report.facts.container == "wav":
            codes.discard("audio_packets_damaged")  # samples that are not there, or a part of one: the rest is whole
        return bool(report.errors) and codes <= _MENDED_BY_REWRAPPING
    return bool(report.errors) and codes <= _MENDED_BY_CUTTING


def plan_timed(
    report: Report,
    facts: AudioFacts | VideoFacts,
    units: Sequence[Sized] | None,
    limits: Limits,
    policy: Policy,
) -> Plan:
    """`units` are where it can be cut, or None where cutting alone would not help."""
    if report.verdict == "pass":
        return _send(report, facts)
    why = tuple(f.message for f in report.errors)
    if units:
        plan = _plan_cut(report, facts, units, limits, policy, why=why)
        if isinstance(plan, Plan):
            return plan
        why = (*why, plan)
    elif units is not None:
        why = (*why, "It cannot be cut losslessly: its packets do not say where.")
    return _plan_encoding(report, facts, limits, policy, why)


def plan_encoding(report: Report, facts: AudioFacts | VideoFacts, limits: Limits, policy: Policy) -> Plan:
    """The last rung, whatever the report says: for what turned out to be damaged when it was copied."""
    why = tuple(f.message for f in report.errors) or ("Its coded data are damaged.",)
    return _plan_encoding(report, facts, limits, policy, why)


def _plan_encoding(
    report: Report, facts: AudioFacts | VideoFacts, limits: Limits, policy: Policy, why: tuple[str, ...]
) -> Plan:
    if isinstance(facts, VideoFacts):
        return _plan_video(report, facts, limits, policy, why)
    return _plan_audio(report, facts, limits, policy, why)


def _send(report: Report, facts: AudioFacts | VideoFacts) -> Plan:
    span = Span(0.0, facts.duration_s) if facts.duration_s is not None else None
    return Plan(
        source=report.source,
        input_type=facts.kind,
        fidelity=Fidelity.IDENTICAL,
        recipe=SendAsIs(),
        why=("It fits every limit.",),
        steps=("send as it is",),
        outputs=(PlannedOutput(span=span, media_bytes=facts.size_bytes),),
    )


def _plan_cut(
    report: Report,
    facts: AudioFacts | VideoFacts,
    units: Sequence[Sized],
    limits: Limits,
    policy: Policy,
    *,
    why: tuple[str, ...],
) -> Plan | str:
    """The lossless plan, or why there is none that the policy wants."""
    bounds: TimedLimits = limits.video if isinstance(facts, VideoFacts) else limits.audio
    container = _container_of(facts)
    if container is None:
        return "Its coded data cannot be cut without decoding them."
    caps = caps_for(container, bounds.max_media_bytes, bounds.max_duration_s.value, bounds.min_duration_s.value)
    cuts = choose_cuts(units, caps)
    if cuts is None:
        return "It cannot be cut losslessly: the stretch between two places to cut is over the limit."
    starts = (0, *cuts)
    clips = [units[a:b] for a, b in zip(starts, (*cuts, len(units)), strict=True)]
    lengths = [sum(u.duration_s for u in clip) for clip in clips]
    average = sum(lengths) / len(lengths)
    if cuts and min(lengths) < bounds.min_duration_s.value:
        return f"A lossless clip would last {min(lengths):.1f} s, the least is {bounds.min_duration_s.value:g} s."
    if isinstance(facts, VideoFacts) and cuts and average < policy.min_clip_s:
        return f"Lossless clips would last {average:.0f} s on average, less than min_clip_s={policy.min_clip_s:g}."
    if isinstance(facts, VideoFacts) and policy.prefer == "requests":
        fewer = math.ceil(sum(lengths) / caps.max_s)
        if len(clips) > max(fewer, math.ceil(_predicted_video_bytes(facts, limits, policy) / caps.max_bytes)):
            return f"Lossless clips would make {len(clips)} requests, and the policy prefers fewer."
    edges = [0.0]
    for length in lengths:
        edges.append(edges[-1] + length)
    what = "keyframes" if isinstance(facts, VideoFacts) else "packets"
    is_swapped = isinstance(facts, AudioFacts) and facts.codec in _RIFX_AUDIO
    return Plan(
        source=report.source,
        input_type=facts.kind,
        fidelity=Fidelity.TRANSCODED if is_swapped else Fidelity.LOSSLESS,
        recipe=CutBetweenUnits(container=container, cuts_s=tuple(edges[1:-1])),
        why=why,
        steps=(f"cut at {what} into {container}",) if cuts else (f"remux into {container}",),
        outputs=tuple(
            PlannedOutput(
                span=Span(a, b),
                media_bytes=sum(u.size_bytes for u in clip),
            )
            for a, b, clip in zip(edges, edges[1:], clips, strict=False)
        ),
    )


def _container_of(facts: AudioFacts | VideoFacts) -> Muxer | None:
    """What the packets can be copied into: the source's own container where we write that one."""
    if isinstance(facts, AudioFacts):
        if facts.codec in _WAV_AUDIO or (facts.container == "wav" and facts.codec in _RIFX_AUDIO):
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


def _plan_video(report: Report, facts: VideoFacts, limits: Limits, policy: Policy, why: tuple[str, ...]) -> Plan:
    geometry = fit_picture(facts.displayed_width, facts.displayed_height, limits.video, policy.fit)
    steps = ["decode"]
    if facts.rotation:
        steps.append(f"turn {facts.rotation} degrees clockwise")
    upright = (facts.height, facts.width) if facts.rotation in (90, 270) else (facts.width, facts.height)
    if (geometry.scale_width, geometry.scale_height) != upright:
        steps.append(f"scale {upright[0]}x{upright[1]} to {geometry.scale_width}x{geometry.scale_height}")
    if (geometry.crop_width, geometry.crop_height) != (geometry.scale_width, geometry.scale_height):
        steps.append(f"crop to {geometry.crop_width}x{geometry.crop_height}")
    if (geometry.width, geometry.height) != (geometry.crop_width, geometry.crop_height):
        steps.append(f"pad to {geometry.width}x{geometry.height}")
    steps.append("encode H.264 and AAC in mp4" if facts.audio_codec else "encode H.264 in mp4")
    return Plan(
        source=report.source,
        input_type="video",
        fidelity=Fidelity.TRANSCODED,
        recipe=EncodeVideo(geometry=geometry, rotation=facts.rotation),
        why=why,
        steps=tuple(steps),
        outputs=_even_outputs(facts.duration_s, _predicted_video_bytes(facts, limits, policy), limits.video),
    )


def _plan_audio(report: Report, facts: AudioFacts, limits: Limits, policy: Policy, why: tuple[str, ...]) -> Plan:
    rate = facts.sample_rate or 48_000
    channels = min(facts.channels or _MAX_CHANNELS, _MAX_CHANNELS)
    wav_bytes = int((facts.duration_s or 0.0) * rate * channels * _WAV_BYTES_PER_SAMPLE)
    container = policy.audio
    if container == "auto":
        as_wav = len(_even_outputs(facts.duration_s, wav_bytes, limits.audio))
        as_flac = len(_even_outputs(facts.duration_s, int(wav_bytes * _FLAC_SHARE), limits.audio))
        container = "flac" if as_flac < as_wav else "wav"
    steps = [f"decode {facts.codec}"]
    if facts.channels is not None and facts.channels > channels:
        steps.append(f"mix {facts.channels} channels down to {channels}")
    steps.append(f"encode 16 bit, {rate} Hz, in {container}")
    size = wav_bytes if container == "wav" else int(wav_bytes * _FLAC_SHARE)
    return Plan(
        source=report.source,
        input_type="audio",
        fidelity=Fidelity.TRANSCODED,
        recipe=EncodeAudio(container=container, sample_rate=rate, channels=channels),
        why=why,
        steps=tuple(steps),
        outputs=_even_outputs(facts.duration_s, size, limits.audio),
    )


def _predicted_video_bytes(facts: VideoFacts, limits: Limits, policy: Policy) -> int:
    geometry = fit_picture(facts.displayed_width, facts.displayed_height, limits.video, policy.fit)
    pixels = geometry.crop_width * geometry.crop_height
    bits = pixels * float(facts.frame_rate or 25) * _BITS_PER_PIXEL_AND_FRAME
    if facts.audio_codec is not None:
        bits += _AAC_BITS_PER_SECOND
    return int((facts.duration_s or 0.0) * bits / 8)


def _even_outputs(duration_s: float | None, size: int, bounds: TimedLimits) -> tuple[PlannedOutput, ...]:
    if not duration_s:
        return (PlannedOutput(span=None, media_bytes=None),)
    most_s = bounds.max_duration_s.value - 0.6  # what the caps allow, less what clips of whole frames fall short of
    count = max(1, math.ceil(duration_s / most_s), math.ceil(size / bounds.max_media_bytes))
    return tuple(
        PlannedOutput(span=Span(duration_s * i / count, duration_s * (i + 1) / count), media_bytes=size // count)
        for i in range(count)
    )
