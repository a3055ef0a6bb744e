"""Real audio and video, whole and broken: nothing but a rejection comes out, and what comes out passes again."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from preflight.errors import RejectedError
from preflight.media import AudioFacts, Source, Unprobed, VideoFacts
from preflight.pipeline import Preflight
from preflight.probers import probe
from preflight.probers.cut_points import probe_units
from preflight.rules import check_facts
from tests.foreseen import foreseen, prepared, unforeseen

pytestmark = pytest.mark.corpus

FOLDERS = ("audio", "video", "bad")


def pytest_generate_tests(metafunc) -> None:
    folder = Path(__file__).resolve().parents[3] / "shared" / "corpus"
    found = sorted(f for name in FOLDERS for f in (folder / name).glob("*"))
    metafunc.parametrize("path", found, ids=lambda f: f"{f.parent.name}/{f.name}")


def test_probing_gives_facts_or_a_reason(corpus, path):
    facts = probe(Source.of(path))
    assert facts.size_bytes == path.stat().st_size
    match facts:
        case Unprobed():
            assert facts.reason
            assert facts.code != "file_unreadable"
        case AudioFacts() | VideoFacts():
            assert facts.duration_s is None or facts.duration_s >= 0
            units = probe_units(Source.of(path), facts)
            assert all(u.duration_s >= 0 and u.packets > 0 for u in units)
            assert all(a.start_s <= b.start_s for a, b in itertools.pairwise(units))


# Of an MP3 that begins with as much garbage as FFmpeg looks at, only the file's name tells it what to look for.
KNOWN_BY_NAME = {"media__100kB-garbage-prefix.mp3", "media__200kB-garbage-prefix.mp3"}


def test_from_bytes_it_is_the_same(corpus, path):
    facts, from_bytes = probe(Source.of(path)), probe(Source.of(path.read_bytes(), name=path.name))
    if isinstance(facts, Unprobed) or path.name in KNOWN_BY_NAME:
        assert isinstance(from_bytes, Unprobed)
    else:
        assert from_bytes == facts


_DAMAGED = "damage in a frame that no header tells of"
_AS_STATED = "the length that the header states is believed, and is not what decoding gives"

UNFORESEEN: dict[str, tuple[set[str], str]] = {
    "audio/mutagen__52-too-short-block-size.flac": ({"rung"}, _DAMAGED),
    "audio/picard__test-sv8.mpc": ({"spans"}, _AS_STATED),
    "audio/quodlibet__silence-44-s.sv8.mpc": ({"spans"}, _AS_STATED),
}
"""In what `prepare` does something else than `plan` said: exactly that, or the test fails; and why."""
# Pictures that only their decoder finds to be broken, of which `bad` has many: `plan` reads metadata.
BROKEN_PICTURES = "image_file_broken"


def test_what_is_prepared_is_what_plan_said_and_passes_again_and_the_rest_is_rejected_with_a_reason(corpus, path):
    preflight = Preflight()
    plan, made = foreseen(preflight, path), prepared(preflight, path)
    if isinstance(made, RejectedError):
        assert made.findings
        assert all(f.code and f.message for f in made.findings)
    else:
        assert made
        for payload in made:
            for medium in payload.media:
                facts = probe(Source.of(medium.source.read(), name=path.name), payload.input_type)
                assert not check_facts("again", facts, preflight.limits).errors
    if isinstance(made, RejectedError) and {f.code for f in made.findings} == {BROKEN_PICTURES}:
        return
    aspects, _ = UNFORESEEN.get(f"{path.parent.name}/{path.name}", (set(), ""))
    assert unforeseen(plan, made) == aspects
