"""Sound that an edit list hides must not be heard in a copy that has no edit lists."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from preflight.media import Fidelity, Source
from preflight.pipeline import Preflight
from preflight.probers import probe
from preflight.probers.container import open_media
from preflight.probers.cut_points import probe_units
from preflight.probers.hidden import HiddenSound
from preflight.probers.timed import pick_streams
from preflight.testing.recipes.encoder import run
from tests.judges import samples


def trimmed(source: Path, folder: Path, from_s: float) -> Path:
    """The same packets, with an edit list that has a player start later."""
    path = folder / f"trimmed{source.suffix}"
    run("-ss", "0.3", "-i", str(source), "-c", "copy", str(path))  # it starts within a packet: this makes the list
    data = bytearray(path.read_bytes())
    struct.pack_into(">i", data, data.index(b"elst") + 16, int(from_s * 44_100))
    path.write_bytes(data)
    return path


def hidden(path: Path) -> bool:
    with open_media(Source.of(path)) as container:
        _, audio = pick_streams(container)
        assert audio is not None
        counted = HiddenSound(audio)
        for packet in container.demux(audio):
            counted.follow(packet)
        return counted.is_more_than_padding


@pytest.mark.parametrize("name", ["audio/mov_pcm", "audio/mp4_flac", "audio/mp4_mp3"])
@pytest.mark.parametrize("from_s", [0.5, 1.3])
def test_what_an_edit_list_hides_is_not_sent(media, name, from_s, tmp_path):
    path = trimmed(media(name), tmp_path, from_s)
    assert hidden(path)
    assert probe_units(Source.of(path), probe(Source.of(path))) == ()
    (verified,) = Preflight().verified(Source.of(path), Preflight().check(path))
    assert verified.output.fidelity is Fidelity.TRANSCODED
    made = tmp_path / "made.wav"
    made.write_bytes(verified.output.media.read())
    # 0.3 s were cut off before, and 5 s there were; the list ends where the file does.
    heard_s = len(samples(made, 2)) / 44_100
    assert heard_s <= 5.0 - 0.2 - from_s + 0.1


@pytest.mark.parametrize(
    "name",
    [
        f"audio/{name}"
        for name in (
            "mka_flac",
            "ogg_flac",
            "mp4_flac",
            "mka_mp3",
            "mp4_mp3",
            "mka_pcm",
            "mov_pcm",
            "caf_pcm",
            "w64_pcm",
        )
    ],
)
def test_an_encoders_padding_is_not_hidden(media, name):
    assert not hidden(media(name))
    assert probe_units(Source.of(media(name)), probe(Source.of(media(name))))
