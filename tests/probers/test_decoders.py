"""What decoders say of wrong bits once they are set up."""

from __future__ import annotations

import io
import random
import re
from pathlib import Path

import av

import preflight
from preflight.probers.decoders import be_strict


def complains(film: bytes, frames: int) -> bool:
    """A decoder that refuses a picture has none to show. The packets are FFmpeg's own: of one that is made of Python's
    bytes, a thread of the decoder waits for Python when it is closed, and Python for the thread.
    """
    came = 0
    with av.open(io.BytesIO(film)) as container:
        video = container.streams.video[0]
        be_strict(video)
        for packet in container.demux(video):
            try:
                came += len(packet.decode())
            except av.FFmpegError:
                return True
    return came != frames


def test_four_of_five_wrong_bits_in_av1_are_found(media):
    """53 of 60. One that is not strict finds fewer: to it, what follows the last symbol of a tile may be anything."""
    whole = media("video/av1_opus_webm").read_bytes()
    with av.open(io.BytesIO(whole)) as container:
        packets = [(packet.pos, bytes(packet)) for packet in container.demux(video=0) if packet.size]
    found = 0
    for seed in range(60):
        draw = random.Random(seed)
        at, packet = draw.choice(packets)
        data = bytearray(whole)
        start = whole.index(packet, at)
        data[start + draw.randrange(len(packet) // 2, len(packet))] ^= 1 << draw.randrange(8)
        found += complains(bytes(data), len(packets))
    assert found >= 48
    assert not complains(whole, len(packets))


def test_who_makes_a_decoder_of_its_own_gives_it_one_thread():
    """The trap of `preflight.probers.decoders`: those that are a container's are fed what its demuxer reads. FLAC's and
    the still pictures' have no threads that keep a packet.
    """
    found = []
    for path in Path(preflight.__file__).parent.rglob("*.py"):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            if "CodecContext.create(" not in line:
                continue
            around = "\n".join(lines[number : number + 6])
            if '"r"' in around and not re.search(r'"(?:flac|mjpeg)", "r"', around):
                found.append(path.name)
                assert "thread_count = 1" in around, f"{path}:{number + 1}"
    assert "seams.py" in found
