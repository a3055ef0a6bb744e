"""The tag of an MP3: it has decoders leave out what the source leaves out, and nothing else."""

from __future__ import annotations

import pytest

from preflight.transformers.mp3_tag import _crc16, with_true_delay
from tests.judges import coded_packets, samples


class TestDelayOfMp3:
    """FFmpeg's muxer writes a tag that has decoders leave out 93 ms of sound that it knows nothing of."""

    def test_its_own_checksum_is_the_one_that_is_computed(self, media):
        made = media("audio/mp3").read_bytes()
        frame = made.rfind(b"\xff", 0, max(made.find(b"Info"), made.find(b"Xing")))
        assert int.from_bytes(made[frame + 190 : frame + 192]) == _crc16(made[frame : frame + 190])

    @pytest.mark.parametrize("skipped", [0, 529, 1_105])
    def test_what_the_source_leaves_out_is_left_out_and_no_more(self, media, tmp_path, skipped):
        patched = with_true_delay(media("audio/mp3").read_bytes(), skipped)
        path = tmp_path / "patched.mp3"
        path.write_bytes(patched)
        frames = [p for p in coded_packets(path) if p.size]
        assert len(samples(path, 2)) == 1_152 * len(frames) - max(skipped, 529)
        frame = patched.rfind(b"\xff", 0, max(patched.find(b"Info"), patched.find(b"Xing")))
        assert int.from_bytes(patched[frame + 190 : frame + 192]) == _crc16(patched[frame : frame + 190])

    def test_what_is_no_mp3_of_ffmpegs_stays_as_it_is(self):
        assert with_true_delay(b"\xff\xfb\x90\x00" + bytes(500), 0) == b"\xff\xfb\x90\x00" + bytes(500)
