"""A download that broke off: it is said, and what is left of it is sent as a file that is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

import preflight
from tests.judges import complaints

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"


def judged(media: bytes, tmp_path: Path) -> str:
    path = tmp_path / "judged"
    path.write_bytes(media)
    return complaints(path)


@pytest.mark.parametrize("share", [0.3, 0.95])
def test_video(share, tmp_path):
    whole = (SAMPLES / "talk.mp4").read_bytes()
    left = whole[: int(len(whole) * share)]
    assert judged(left, tmp_path), "the judge must be able to tell"
    report = preflight.check(left)
    assert {"video_packets_damaged", "video_duration_mismatch"} <= {f.code for f in report.errors}
    assert report.verdict == "fixable"
    # Behind its index the file is coded at an even rate: a share of the bytes is a share of the time.
    index = whole.index(b"mdat")
    assert report.facts.duration_s == pytest.approx(1500 * (len(left) - index) / (len(whole) - index), rel=0.1)
    payloads = list(preflight.prepare(left))
    assert {p.fidelity for p in payloads} == {"lossless"}
    assert any("cut off" in step for p in payloads for step in p.steps)
    for payload in payloads:
        (media,) = payload.media
        assert judged(media.source.read(), tmp_path) == ""


def test_sound(tmp_path):
    whole = (SAMPLES / "field_recording.wav").read_bytes()
    left = whole[: len(whole) // 2 + 1]
    report = preflight.check(left)
    assert {"audio_packets_damaged", "audio_duration_mismatch"} & {f.code for f in report.errors}
    assert report.facts.duration_s == pytest.approx(4.0, abs=0.05)
    (payload,) = preflight.prepare(left)
    (media,) = payload.media
    assert judged(media.source.read(), tmp_path) == ""
    assert payload.span.end_s == pytest.approx(4.0, abs=0.05)


@pytest.mark.parametrize("name", ["photo.jpg", "icon.png", "picture.webp"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_an_image_that_is_not_whole_is_never_sent(name, share):
    whole = (SAMPLES / name).read_bytes()
    with pytest.raises(preflight.errors.RejectedError, match="image_file_broken"):
        list(preflight.prepare(whole[: int(len(whole) * share)]))


@pytest.mark.parametrize("name", ["video/open_gop_ts", "video/h264_aac_ts", "video/open_gop_hevc_ts"])
@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_a_recording_from_the_middle_on(name, share, media, tmp_path):
    """What hangs on what is missing is left out; and where decoding cannot start at what is left, it is encoded."""
    data = media(name).read_bytes()
    left = data[int(len(data) * share) // 188 * 188 :]
    payloads = list(preflight.prepare(left, policy=preflight.Policy(), profile="marengo3.0"))
    (payload,) = payloads
    assert judged(payload.media[0].source.read(), tmp_path) == ""


def test_a_recording_without_a_keyframe_is_nothing_that_can_be_decoded(media):
    data = media("video/h264_aac_ts").read_bytes()
    report = preflight.check(data[int(len(data) * 0.9) // 188 * 188 :])
    assert report.verdict == "rejected"
    (finding,) = report.errors
    assert finding.code == "video_file_broken"
    assert "no keyframe" in finding.message
