"""The same content is the same input, by whatever name; anything that may change the outcome makes it another."""

from __future__ import annotations

import io
import os

import pytest

from preflight.errors import UnreadableError
from preflight.inputs import opened_once
from preflight.limits import load
from preflight.media import InvalidRequest, MultiInput, NamedImage, Text, TextImage
from preflight.pipeline import Preflight
from preflight.planner import Policy
from preflight.runs.identity import held_bytes, input_key, made_by, request_key, settings_key, state_of

SETTINGS = settings_key(load(), Policy(), "r", "sync", None)


def key(source: object, settings: bytes = SETTINGS) -> bytes:
    return input_key(opened_once(source), settings, lambda: None)


def test_a_name_is_no_content(tmp_path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(b"the same" * 100_000)
    same = {key(tmp_path / "a.txt"), key(tmp_path / "b.txt"), key(b"the same" * 100_000)}
    assert len(same | {key(io.BytesIO(b"the same" * 100_000))}) == 1
    assert key(Text("x", name="one")) == key(Text("x", name="two"))


def test_what_differs_is_another() -> None:
    image, other = b"image", b"other"
    inputs = [
        b"a",
        b"b",
        b"",
        Text("a"),
        Text("\ud800"),
        Text("\ud801"),
        TextImage("a", image),
        TextImage("b", image),
        TextImage("a", other),
        MultiInput([NamedImage(image)]),
        MultiInput([NamedImage(image)], "a"),
        MultiInput([NamedImage(image, "a")]),
        MultiInput([NamedImage(image), NamedImage(other)]),
        MultiInput([NamedImage(other), NamedImage(image)]),
        InvalidRequest("a"),
        InvalidRequest("b"),
    ]
    assert len({key(source) for source in inputs}) == len(inputs)


def test_so_do_the_settings() -> None:
    settings = [
        SETTINGS,
        settings_key(load("marengo3.0-2026-08"), Policy(), "r", "sync", None),
        settings_key(load(), Policy(prefer="requests"), "r", "sync", None),
        settings_key(load(), Policy(), "emulator", "sync", None),
        settings_key(load(), Policy(), "r", "auto", None),
        settings_key(load(), Policy(), "r", "sync", "text"),
    ]
    assert len({key(b"a", each) for each in settings}) == len(settings)
    assert settings_key(load(), Policy(), "r", "sync", None) == SETTINGS


def test_a_request_is_known_by_its_body_and_where_it_goes() -> None:
    preflight = Preflight()
    one, two, other = (next(preflight.prepare(Text(t, name=n))) for t, n in (("a", "x"), ("a", "y"), ("b", "x")))
    assert request_key(one, "r") == request_key(two, "r")
    assert len({request_key(one, "r"), request_key(one, "s"), request_key(other, "r")}) == 3


def test_a_request_of_media_by_theirs(media) -> None:
    preflight = Preflight()
    path = media("image/gray_jpeg")
    one = next(preflight.prepare(path))
    two = next(preflight.prepare(path.read_bytes()))
    changed = next(preflight.prepare(media("image/square_128")))
    assert request_key(one, "r") == request_key(two, "r") != request_key(changed, "r")


def test_what_is_uploaded_first_by_its_media_and_by_how_it_is_sent(media) -> None:
    """It has no body yet, by which it could be known."""
    files = [media("video/h264_aac_mp4"), media("audio/wav_s16")]
    ways = [Preflight(limits=name) for name in ("marengo3.0", "marengo3.0-async", "marengo3.0-asset")]
    payloads = [next(way.prepare(path)) for way in ways for path in files]
    assert len({request_key(payload, "r") for payload in payloads}) == len(payloads)


def test_reading_can_be_stopped(tmp_path) -> None:
    (tmp_path / "a").write_bytes(bytes(1_000_000))

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        input_key(opened_once(tmp_path / "a"), SETTINGS, stop)


def test_a_file_that_is_written_to_betrays_itself(tmp_path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    before = state_of(opened_once(path))
    assert state_of(opened_once(path)) == before
    os.utime(path, ns=(1, 1))
    assert state_of(opened_once(path)) != before
    path.unlink()
    with pytest.raises(UnreadableError):
        state_of(opened_once(path))


def test_memory_is_held_by_what_is_in_no_file(tmp_path) -> None:
    (tmp_path / "a").write_bytes(bytes(1_000))
    assert held_bytes(opened_once(tmp_path / "a")) == 0
    assert held_bytes(opened_once(bytes(1_000))) == 1_000
    assert held_bytes(opened_once(TextImage("abc", bytes(1_000)))) == 1_003


def test_a_judgement_hangs_on_the_ending_of_the_name() -> None:
    assert made_by("a.MP4") == made_by("/x/b.mp4") != made_by("a.txt")
